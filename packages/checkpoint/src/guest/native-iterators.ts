/**
 * How images hold native iterators of Maps and Sets (`const it = map.values()`): the collection, what the iterator gives, and how many live
 * entries lie before it. V8 tells what remains, but not of which collection. So each Map and Set of the image is given one entry more for a
 * moment: the iterator that then has it before itself goes through that one. A collection that only the iterator knows has no other
 * future than what remains, and is remade as that.
 */
import { types } from 'node:util';
import type { Internals, SpecialKind } from '../heap/index.js';
import { type CollectionKind, nativeIteratorOf, sizeOf, stepOf } from './iteration.js';

const getPrototypeOf = Object.getPrototypeOf;
const apply = Reflect.apply;
const NativeMap = Map;
const NativeSet = Set;
const mapIteratorPrototype = getPrototypeOf(new Map().entries()) as object;
const setIteratorPrototype = getPrototypeOf(new Set().values()) as object;
const { isMap, isSet, isMapIterator, isSetIterator } = types;
const { set: mapSet, delete: mapDelete } = Map.prototype;
const { add: setAdd, delete: setDelete } = Set.prototype;

/** Thrown out of a walk that meets an iterator of which the collection is not known. */
export class SourceUnknown extends Error {}

/** What V8 tells of one iterator. */
interface Standing {
  kind: CollectionKind;
  /** Keys or values; of a Map's entries `{ key, value }`. */
  remaining: unknown[];
}

/** A collection and the entry that it has for a moment. */
interface Probe {
  collection: object;
  probe: object;
}

/** Collections by iterator, for one capture. */
export class IteratorSources {
  private readonly known = new Map<object, object | undefined>();
  private readonly iterators: object[] = [];
  private readonly collections: object[] = [];
  private searching = false;

  constructor(private readonly internals: Internals) {}

  /** Finds the collection of each iterator that `walk` comes by. Leaves every collection as it was. */
  search(walk: () => unknown): void {
    this.searching = true;
    walk();
    this.searching = false;
    const probes: Probe[] = [];
    for (let i = 0; i < this.collections.length; i++) probes[i] = { collection: this.collections[i]!, probe: {} };
    for (const { collection, probe } of probes)
      if (isMap(collection)) apply(mapSet, collection, [probe, probe]);
      else apply(setAdd, collection, [probe]);
    try {
      for (const iterator of this.iterators) this.known.set(iterator, this.sourceAmong(iterator, probes));
    } finally {
      for (const { collection, probe } of probes) apply(isMap(collection) ? mapDelete : setDelete, collection, [probe]);
    }
  }

  private sourceAmong(iterator: object, probes: Probe[]): object | undefined {
    const { remaining } = this.standing(iterator);
    const last = remaining[remaining.length - 1] as { key?: unknown } | undefined;
    for (const { collection, probe } of probes)
      if (last === probe || (isMap(collection) && last?.key === probe)) return collection;
    return undefined;
  }

  /** Called for every object of a walk. */
  notes(value: object): boolean {
    const prototype = getPrototypeOf(value) as object | null;
    if (prototype === mapIteratorPrototype) return isMapIterator(value);
    if (prototype === setIteratorPrototype) return isSetIterator(value);
    if (this.searching && (isMap(value) || isSet(value))) this.collections.push(value);
    return false;
  }

  /** The collection; undefined where only the iterator knows it. */
  sourceOf(iterator: object): object | undefined {
    if (this.searching) this.iterators.push(iterator);
    else if (!this.known.has(iterator)) throw new SourceUnknown();
    return this.known.get(iterator);
  }

  standing(iterator: object): Standing {
    const slots = this.internals.of(iterator);
    const gives = slots['[[IteratorKind]]'] as string;
    const ofMap = gives === 'keys' ? 'mapKeys' : gives === 'values' ? 'mapValues' : 'map';
    const ofSet = gives === 'entries' ? 'setEntries' : 'set';
    const entries = (slots['[[Entries]]'] ?? []) as { key?: unknown; value: unknown }[];
    const kind: CollectionKind = isMapIterator(iterator) ? ofMap : ofSet;
    const remaining: unknown[] = [];
    for (let i = 0; i < entries.length; i++) remaining[i] = kind === 'map' ? entries[i] : entries[i]!.value;
    return { kind, remaining };
  }
}

/** The codec's kind for them. Collections are filled after their iterators are made, so these walk to their places at the end. */
export function nativeIterators(sources: IteratorSources, steps: (() => void)[]): SpecialKind {
  return {
    tag: 'native iterator',
    ownProperties: true,
    claims: (value) => sources.notes(value),
    save(value) {
      const source = sources.sourceOf(value);
      const { kind, remaining } = sources.standing(value);
      if (source === undefined) return { create: [kind, undefined, 0], fill: pairsOf(kind, remaining) };
      return { create: [kind, source, sizeOf(source, kind) - remaining.length] };
    },
    create([kind, given, position]) {
      const of = kind as CollectionKind;
      const source = (given as object | undefined) ?? (of === 'set' || of === 'setEntries' ? new NativeSet() : new NativeMap());
      const iterator = nativeIteratorOf(source, of);
      if (given !== undefined) steps.push(() => walkOn(iterator, of, position as number));
      else steps.push(() => fillAlone(source, iterator, of));
      return iterator;
    },
    fill(value, state) {
      pending.set(value, state as [unknown, unknown][]);
    },
  };
}

/** Entries of collections that only their iterator knows, until these are filled. */
const pending = new WeakMap<object, [unknown, unknown][]>();

function walkOn(iterator: Iterator<unknown>, kind: CollectionKind, position: number): void {
  for (let i = 0; i < position; i++) stepOf(iterator, kind);
}

function fillAlone(source: object, iterator: Iterator<unknown>, kind: CollectionKind): void {
  const entries = pending.get(iterator) ?? [];
  for (const [key, value] of entries)
    if (isMap(source)) apply(mapSet, source, [key, value]);
    else apply(setAdd, source, [value]);
  if (entries.length === 0) stepOf(iterator, kind); // at its end, for good
}

/** Of a Map's values the keys are not known, and nobody asks for them. */
function pairsOf(kind: CollectionKind, remaining: unknown[]): [unknown, unknown][] {
  const pairs: [unknown, unknown][] = [];
  for (let i = 0; i < remaining.length; i++) {
    const item = remaining[i];
    if (kind === 'map') pairs[i] = [(item as { key: unknown }).key, (item as { value: unknown }).value];
    else pairs[i] = kind === 'mapValues' ? [i, item] : [item, item];
  }
  return pairs;
}
