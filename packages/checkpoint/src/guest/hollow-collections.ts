/**
 * Methods of Maps and Sets while a guest's heap comes in parcels. A hollow collection (heap/hollow.ts) that is asked for one gives a stand-in,
 * which asks a large collection for its key alone (heap/late-collection.ts) and makes others whole. `delete` and `clear` have stand-ins on the
 * prototypes too: what a program deletes is told, for iterators that come later (heap/places.ts).
 * The others are V8's own there: a call that V8 has seen with two functions is a slower one for good, and once what gives iterators was
 * another, so is each spread. So a program that calls methods as functions is told by its code (compile/touch-first.ts) or by its heap
 * (isCollectionMethod); its collections are never hollow.
 * The stand-ins bear the names of V8's, and go when the guest is whole.
 */
import type { LateCollection, NamedBuiltins, PagedHeap } from '../heap/index.js';
import { bare, getOwnPropertyDescriptor, hasOwn, reflectDefine, SafeMap, SafeSet, uncurry } from '../heap/primordials.js';
import { likeNative } from './stand-ins.js';

const prototypes: readonly object[] = [Map.prototype, Set.prototype];

/** Whether a built-in of this name is a method of Map's or Set's: a guest that holds one may call it as a function. */
export const isCollectionMethod = (name: string): boolean =>
  name.startsWith('globalThis.Map.prototype.') || name.startsWith('globalThis.Set.prototype.');

type Method = (this: object, ...given: unknown[]) => unknown;

/** What they do with one that is not whole and has learned of the key. */
const ofKeys: Readonly<Record<string, (late: LateCollection, self: object, key: unknown, item: unknown) => unknown>> = {
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
const told: readonly string[] = ['delete', 'clear'];

interface StandIn {
  readonly native: Method;
  readonly made: Method;
}

export class CollectionMethods {
  readonly #standIns = new SafeMap<object, SafeMap<PropertyKey, StandIn>>();
  readonly #made = new SafeSet<unknown>();

  constructor(heap: () => PagedHeap, builtins: NamedBuiltins) {
    for (let i = 0; i < prototypes.length; i++) this.#make(prototypes[i]!, heap, builtins);
  }

  /** What a hollow collection with this prototype answers to the look-up of a method, or of `size` with a getter; undefined: it must be whole. */
  of(prototype: object, key: PropertyKey): Method | undefined {
    const standIn = this.#standIns.get(prototype)?.get(key);
    if (standIn === undefined) return undefined;
    const now = methodAt(prototype, key);
    return now === standIn.native || now === standIn.made ? standIn.made : undefined;
  }

  isStandIn(value: unknown): boolean {
    return this.#made.has(value);
  }

  /** Where the program has V8's own still. */
  putIn(): void {
    this.#eachTold((prototype, key, { native, made }) => replace(prototype, key, native, made));
  }

  takeOut(): void {
    this.#eachTold((prototype, key, { native, made }) => replace(prototype, key, made, native));
  }

  #eachTold(work: (prototype: object, key: string, standIn: StandIn) => void): void {
    for (let i = 0; i < prototypes.length; i++)
      for (let k = 0; k < told.length; k++) {
        const standIn = this.#standIns.get(prototypes[i]!)?.get(told[k]!);
        if (standIn !== undefined) work(prototypes[i]!, told[k]!, standIn);
      }
  }

  #make(prototype: object, heap: () => PagedHeap, builtins: NamedBuiltins): void {
    const all = new SafeMap<PropertyKey, StandIn>();
    this.#standIns.set(prototype, all);
    for (const key of [...Object.keys(ofKeys), ...told, 'size']) {
      const native = methodAt(prototype, key);
      // What the program or its library put there is theirs: to look it up makes a collection whole.
      if (native === undefined || builtins.numberOf(native) === undefined || all.has(key)) continue;
      const made = standInFor(native, key, heap);
      builtins.alias(made, native);
      this.#made.add(made);
      all.set(key, { native, made });
    }
  }
}

/** A property's value if that is a function, or its getter. */
function methodAt(prototype: object, key: PropertyKey): Method | undefined {
  const own = getOwnPropertyDescriptor(prototype, key);
  const value: unknown = own && (hasOwn(own, 'value') ? own.value : own.get);
  return typeof value === 'function' ? (value as Method) : undefined;
}

function replace(prototype: object, key: string, before: Method, after: Method): void {
  const own = getOwnPropertyDescriptor(prototype, key);
  // Bare: the guest may have put fields of descriptors on Object.prototype.
  if (own?.value === before && own.configurable) reflectDefine(prototype, key, bare({ ...own, value: after }));
}

function standInFor(native: Method, key: string, heapOf: () => PagedHeap): Method {
  const run = uncurry(native) as unknown as (self: object, a: unknown, b: unknown) => unknown;
  const ofKey = ofKeys[key];
  const { made } = {
    made(this: object, a: unknown, b: unknown): unknown {
      const heap = heapOf();
      const late = key === 'size' ? heap.late(this) : ofKey !== undefined ? heap.learned(this, a) : undefined;
      if (late !== undefined) return ofKey === undefined ? late.size : ofKey(late, this, a, b);
      heap.touch(this);
      if (key === 'delete') heap.places.deleting(this, a);
      else if (key === 'clear') heap.places.clearing(this);
      return run(this, a, b);
    },
  };
  return likeNative(made, native);
}
