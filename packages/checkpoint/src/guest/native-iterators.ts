/**
 * How images hold native iterators of Maps and Sets (`const it = map.values()`): the collection, what the iterator gives, and how many live
 * entries lie before it. V8 tells what remains, but not of which collection. So each Map and Set of the image is given one entry more for a
 * moment: the iterator that then has it before itself goes through that one. A collection that only the iterator knows has no other
 * future than what remains, and is remade as that.
 *
 * Keeps true: an iterator is looked at only while its collection has that entry. V8 ends one that has nothing before it when it is looked at
 * (OrderedHashTableIterator::HasMore), and what is added to its collection later would be missed.
 */
import { types } from 'node:util';
import type { Internals, SpecialKind } from '../heap/index.js';
import type { Finishing } from './finishing.js';
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

/** What is known of one iterator. */
interface Standing {
  iterator: object;
  kind: CollectionKind;
  /** Keys or values; of a Map's entries `{ key, value }`. */
  remaining: unknown[];
  /** Undefined where only the iterator knows it. */
  source: object | undefined;
}

/** A collection and the entry that it has for a moment. */
interface Probe {
  collection: object;
  probe: object;
}

/** Collections by iterator, for one capture. */
export class IteratorSources {
  private known: Standing[] = [];
  /** Of one walk, which comes by each once. */
  private iterators: object[] = [];
  private collections: object[] = [];
  private searching = false;
  /** There is an iterator in the heap. */
  hasMet = false;

  /** `walk` comes by every object of the guest's; taken when there is an iterator whose collection is not known. */
  constructor(
    private readonly internals: Internals,
    private readonly walk: () => unknown = () => undefined,
  ) {}

  /** Finds the collection of each iterator that the walk comes by. Leaves every collection as it was. */
  private search(): void {
    let before: number;
    do {
      before = this.iterators.length + this.collections.length;
      this.iterators = [];
      this.collections = [];
      this.searching = true;
      try {
        this.walk();
      } finally {
        this.searching = false;
      }
      this.known = this.standings();
      // What only an iterator knows may hold more of both: the next walk sees it.
    } while (this.iterators.length + this.collections.length > before && this.hasAlone());
  }

  private hasAlone(): boolean {
    for (let i = 0; i < this.known.length; i++)
      if (this.known[i]!.source === undefined && this.known[i]!.remaining.length > 0) return true;
    return false;
  }

  private standings(): Standing[] {
    const probes: Probe[] = [];
    for (let i = 0; i < this.collections.length; i++) probes[i] = { collection: this.collections[i]!, probe: {} };
    const found: Standing[] = [];
    try {
      for (let i = 0; i < probes.length; i++) {
        const { collection, probe } = probes[i]!;
        if (isMap(collection)) apply(mapSet, collection, [probe, probe]);
        else apply(setAdd, collection, [probe]);
      }
      for (let i = 0; i < this.iterators.length; i++) found[i] = this.standingAmong(this.iterators[i]!, probes);
    } finally {
      for (let i = 0; i < probes.length; i++) {
        const { collection, probe } = probes[i]!;
        apply(isMap(collection) ? mapDelete : setDelete, collection, [probe]);
      }
    }
    return found;
  }

  private standingAmong(iterator: object, probes: Probe[]): Standing {
    const { kind, remaining } = this.look(iterator);
    const last = remaining[remaining.length - 1] as { key?: unknown } | undefined;
    for (let i = 0; i < probes.length; i++) {
      const { collection, probe } = probes[i]!;
      if (last !== probe && (kind !== 'map' || last?.key !== probe)) continue;
      remaining.length--;
      return { iterator, kind, remaining, source: collection };
    }
    return { iterator, kind, remaining, source: undefined };
  }

  /** Called for every object of a walk. */
  notes(value: object): boolean {
    const prototype = getPrototypeOf(value) as object | null;
    if (prototype === mapIteratorPrototype) return isMapIterator(value);
    if (prototype === setIteratorPrototype) return isSetIterator(value);
    if (this.searching && (isMap(value) || isSet(value))) this.collections[this.collections.length] = value;
    return false;
  }

  /** Where an iterator stands; while there is a search, of one that was not looked at, nothing. */
  standingOf(iterator: object): Standing {
    this.hasMet = true;
    if (this.searching) this.iterators[this.iterators.length] = iterator;
    const standing = this.knownOf(iterator);
    if (standing) return standing;
    if (this.searching) return { iterator, kind: 'map', remaining: [], source: undefined };
    this.search();
    return this.knownOf(iterator)!;
  }

  private knownOf(iterator: object): Standing | undefined {
    for (let i = 0; i < this.known.length; i++) if (this.known[i]!.iterator === iterator) return this.known[i]!;
    return undefined;
  }

  private look(iterator: object): Pick<Standing, 'kind' | 'remaining'> {
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
export function nativeIterators(sources: IteratorSources, finishing: Finishing): SpecialKind {
  return {
    tag: 'native iterator',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => sources.notes(value),
    save(value) {
      const { kind, remaining, source } = sources.standingOf(value);
      if (source === undefined) return { create: [kind, undefined, 0], fill: pairsOf(kind, remaining) };
      return { create: [kind, source, sizeOf(source, kind) - remaining.length] };
    },
    create([kind, given, position]) {
      sources.hasMet = true;
      const of = kind as CollectionKind;
      const source = (given as object | undefined) ?? (of === 'set' || of === 'setEntries' ? new NativeSet() : new NativeMap());
      const iterator = nativeIteratorOf(source, of);
      if (given !== undefined) finishing.place(source, position as number, (entries) => walkOn(iterator, of, entries));
      else finishing.later(() => fillAlone(source, iterator, of));
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
