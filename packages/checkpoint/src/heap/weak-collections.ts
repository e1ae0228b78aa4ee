/**
 * Entries of WeakMaps and WeakSets. An entry belongs to an image only if its key is reachable otherwise; its value may make further
 * keys reachable, so the encoder asks again until nothing is added.
 */
import { types } from 'node:util';
import type { Internals } from './internals.js';
import { type List, list } from './primordials.js';

const { isWeakMap } = types;

interface WeakEntry {
  key: WeakKey;
  value: unknown;
}
interface Pending {
  collection: object;
  entries: List<WeakEntry> | undefined;
}

export class WeakCollections {
  readonly #internals: Internals;
  readonly #pending: List<Pending> = list();

  constructor(internals: Internals) {
    this.#internals = internals;
  }

  add(collection: object): void {
    this.#pending[this.#pending.length] = { collection, entries: undefined };
  }

  /** Hands over `[collection, key, value, key, value …]` (sets: keys only) for entries that became reachable; false when none did. */
  eachReachable(isReachable: (key: WeakKey) => boolean, take: (fill: List<unknown>, name: string) => void): boolean {
    let found = false;
    for (let i = 0; i < this.#pending.length; i++) {
      const pending = this.#pending[i]!;
      const keyed = isWeakMap(pending.collection);
      const entries = pending.entries ?? this.#read(pending.collection, keyed);
      const fill = list<unknown>();
      const rest = list<WeakEntry>();
      fill[0] = pending.collection;
      for (let e = 0; e < entries.length; e++) {
        const { key, value } = entries[e]!;
        if (!isReachable(key)) rest[rest.length] = entries[e]!;
        else {
          fill[fill.length] = key;
          if (keyed) fill[fill.length] = value;
        }
      }
      pending.entries = rest;
      if (fill.length === 1) continue;
      found = true;
      take(fill, keyed ? 'a WeakMap' : 'a WeakSet');
    }
    return found;
  }

  #read(collection: object, keyed: boolean): List<WeakEntry> {
    const entries = list<WeakEntry>();
    const raw = this.#internals.of(collection)['[[Entries]]'] as List<{ key: WeakKey; value: unknown }>;
    for (let i = 0; i < raw.length; i++) {
      entries[i] = { key: keyed ? raw[i]!.key : (raw[i]!.value as WeakKey), value: raw[i]!.value };
    }
    return entries;
  }
}
