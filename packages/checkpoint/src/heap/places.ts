/**
 * Places in Maps and Sets that came in parcels. An iterator's place travels as the number of entries before it when the guest was captured;
 * the guest may have deleted some of these when the iterator arrives, which guest/hollow-collections.ts tells. What it adds comes behind them.
 */
import { keysOf } from './collections.js';
import { type List, SafeMap, SafeSet } from './primordials.js';

/** What was deleted of a collection since it came, and all its keys before that, in order. */
interface Deletions {
  readonly keys: List<unknown>;
  readonly deleted: Set<unknown>;
}

export class Places {
  readonly #deletions = new SafeMap<object, Deletions | undefined>();

  /** A collection that comes; from now on deletions are to be told. */
  add(collection: object): void {
    this.#deletions.set(collection, undefined);
  }

  /** Before the guest deletes a key. */
  deleting(collection: object, key: unknown): void {
    this.#of(collection)?.deleted.add(key);
  }

  /** Before the guest deletes everything. */
  clearing(collection: object): void {
    const deletions = this.#of(collection);
    for (let i = 0; deletions !== undefined && i < deletions.keys.length; i++) deletions.deleted.add(deletions.keys[i]);
  }

  /** How many entries lie before a place now that had `entries` before it. */
  now(collection: object, entries: number): number {
    const deletions = this.#deletions.get(collection);
    if (deletions === undefined) return entries;
    let now = 0;
    for (let i = 0; i < entries; i++) if (!deletions.deleted.has(deletions.keys[i])) now++;
    return now;
  }

  #of(collection: object): Deletions | undefined {
    if (!this.#deletions.has(collection)) return undefined;
    const known = this.#deletions.get(collection);
    if (known !== undefined) return known;
    const made = { keys: keysOf(collection), deleted: new SafeSet<unknown>() };
    this.#deletions.set(collection, made);
    return made;
  }
}
