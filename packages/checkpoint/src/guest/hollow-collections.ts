/**
 * Methods of Maps and Sets while a guest's heap comes in parcels. They look for no property of the collection they are called with, which
 * may be hollow (heap/hollow.ts): one that is about a key asks a large collection for that alone (heap/late-collection.ts), and otherwise the
 * collection is made whole first. And what a program deletes is told, for iterators that come later (heap/places.ts).
 * What gives iterators stays V8's own: once it was another, V8 spreads Maps and Sets slowly for good. So a program that calls methods as
 * functions is told by its code (compile/touch-first.ts) or by its heap (isCollectionMethod); its collections are never hollow.
 * The stand-ins bear the names of V8's, and go when the guest is whole.
 */
import type { LateCollection, NamedBuiltins, PagedHeap } from '../heap/index.js';
import { uncurry } from '../heap/primordials.js';
import { likeNative } from './stand-ins.js';

const { defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const prototypes = [Map.prototype, Set.prototype] as const;
/** Whose methods give iterators, and what is no method. */
const untouched: readonly PropertyKey[] = ['constructor', 'entries', 'keys', 'values', Symbol.iterator, Symbol.toStringTag];

/** Whether a built-in of this name is a method of Map's or Set's: a guest that holds one may call it as a function. */
export const isCollectionMethod = (name: string): boolean =>
  name.startsWith('globalThis.Map.prototype.') || name.startsWith('globalThis.Set.prototype.');

type Method = (this: object, ...given: unknown[]) => unknown;

/** What they do with one that is not whole and has learned of the key. */
const ofKeys: Readonly<Record<PropertyKey, (late: LateCollection, self: object, key: unknown, item: unknown) => unknown>> = {
  __proto__: null as never,
  get: (late, _self, key) => late.get(key),
  has: (late, _self, key) => late.has(key),
  delete: (late, _self, key) => late.delete(key),
  add(late, self, key) {
    late.set(key, key);
    return self;
  },
  set(late, self, key, item) {
    late.set(key, item);
    return self;
  },
};

/** Puts them in; gives what takes them out. */
export function standInForCollections(heap: PagedHeap, builtins: NamedBuiltins): () => void {
  const takeOut: (() => void)[] = [];
  for (const prototype of prototypes) {
    for (const key of ownKeys(prototype)) {
      if (untouched.includes(key)) continue;
      const before = getOwnPropertyDescriptor(prototype, key)!;
      const part = before.get === undefined ? 'value' : 'get';
      const native = before[part] as unknown;
      // What the program or its library put there is theirs: to look it up makes a collection whole.
      if (typeof native !== 'function' || builtins.numberOf(native) === undefined) continue;
      const standIn = standInFor(native as Method, key, heap);
      builtins.alias(standIn, native);
      heap.knowsLate(standIn);
      defineProperty(prototype, key, { ...before, [part]: standIn });
      takeOut.push(() => {
        // The guest may have put something else there.
        const now = getOwnPropertyDescriptor(prototype, key);
        if (now?.[part] === standIn && now.configurable) defineProperty(prototype, key, { ...now, [part]: native });
      });
    }
  }
  return () => {
    // By index: the guest may have changed how lists are iterated.
    for (let i = 0; i < takeOut.length; i++) takeOut[i]!();
  };
}

function standInFor(native: Method, key: PropertyKey, heap: PagedHeap): Method {
  const run = uncurry(native) as unknown as (self: object, a: unknown, b: unknown) => unknown;
  const { places } = heap;
  const ofKey = ofKeys[key];
  const tell = (self: object, given: unknown): void => {
    heap.touch(self);
    if (key === 'delete') places.deleting(self, given);
    else if (key === 'clear') places.clearing(self);
  };
  const { made } = {
    made(this: object, a: unknown, b: unknown): unknown {
      if (key === 'size') {
        const late = heap.late(this);
        if (late !== undefined) return late.size;
      } else if (ofKey !== undefined) {
        const late = heap.learned(this, a);
        if (late !== undefined) return ofKey(late, this, a, b);
      }
      tell(this, a);
      return run(this, a, b);
    },
  };
  return likeNative(made, native);
}
