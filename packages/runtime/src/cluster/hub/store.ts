/**
 * The key-value buckets of the embedded hub, in memory, as a pure structure: time comes in with each call.
 * Keeps true: revisions grow within the whole store and never repeat, even over a restart of the hub (they start from
 * the clock in microseconds), so that a compare-and-swap from before a restart cannot succeed by accident;
 * an expired entry is absent for every operation.
 * Not durable: the embedded cluster lives as long as the process its hub runs in.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../../limits.js';

export interface StoredEntry {
  readonly value: Uint8Array;
  readonly revision: number;
  readonly writtenAtMs: number;
}

export interface StoreChange {
  readonly bucket: string;
  readonly key: string;
  /** Absent for a delete and an expiry. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

interface Bucket {
  readonly ttlMs: number | undefined;
  /** In order of last write, so that the first entry is the next to expire. */
  readonly entries: Map<string, StoredEntry>;
}

export class KeyValueStore {
  readonly #buckets = new Map<string, Bucket>();
  #revision: number;

  constructor(
    startMs: number,
    private readonly onChange: (change: StoreChange) => void,
  ) {
    this.#revision = Math.floor(startMs) * 1000;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Opens or makes a bucket; the first opener's time to live holds. @throws GODWIT_TOO_MANY */
  open(name: string, ttlMs: number | undefined): void {
    if (this.#buckets.has(name)) return;
    if (this.#buckets.size >= clusterLimits.maxBuckets) throw tooMany('bucket', name);
    this.#buckets.set(name, { ttlMs, entries: new Map() });
  }

  get(bucket: string, key: string, nowMs: number): StoredEntry | undefined {
    this.expire(nowMs);
    return this.#bucket(bucket).entries.get(key);
  }

  /** `expected`: undefined writes anyway, 0 wants the key absent, else its revision. @throws GODWIT_CONFLICT, GODWIT_TOO_MANY */
  write(bucket: string, key: string, value: Uint8Array, expected: number | undefined, nowMs: number): number {
    const entries = this.#checked(bucket, key, expected, nowMs);
    if (!entries.has(key) && entries.size >= clusterLimits.maxKeysPerBucket) throw tooMany('key', key);
    entries.delete(key); // so that the map stays in order of writing
    const entry = { value, revision: ++this.#revision, writtenAtMs: nowMs };
    entries.set(key, entry);
    this.onChange({ bucket, key, value, revision: entry.revision });
    return entry.revision;
  }

  /** @throws GODWIT_CONFLICT */
  delete(bucket: string, key: string, expected: number | undefined, nowMs: number): void {
    const entries = this.#checked(bucket, key, expected, nowMs);
    if (entries.delete(key)) this.onChange({ bucket, key, value: undefined, revision: ++this.#revision });
  }

  /** All entries of a bucket, in no particular order. */
  entries(bucket: string, nowMs: number): IterableIterator<[string, StoredEntry]> {
    this.expire(nowMs);
    return this.#bucket(bucket).entries.entries();
  }

  /** Removes what was not written for its bucket's time to live; gives the time at which to look again. */
  expire(nowMs: number): number | undefined {
    let nextMs: number | undefined;
    for (const [name, bucket] of this.#buckets) {
      if (bucket.ttlMs === undefined) continue;
      for (const [key, entry] of bucket.entries) {
        const dueMs = entry.writtenAtMs + bucket.ttlMs;
        if (dueMs > nowMs) {
          nextMs = Math.min(nextMs ?? dueMs, dueMs);
          break;
        }
        bucket.entries.delete(key);
        this.onChange({ bucket: name, key, value: undefined, revision: ++this.#revision });
      }
    }
    return nextMs;
  }

  #checked(bucket: string, key: string, expected: number | undefined, nowMs: number): Map<string, StoredEntry> {
    this.expire(nowMs);
    const { entries } = this.#bucket(bucket);
    const present = entries.get(key)?.revision ?? 0;
    if (expected === undefined || expected === present) return entries;
    throw new GodwitError('GODWIT_CONFLICT', `Cannot write "${key}": its revision is ${present}, not ${expected}`, {
      fields: { key, revision: present, expected },
    });
  }

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new GodwitError('GODWIT_NO_BUCKET', `Cannot use the bucket "${name}": it was not opened`);
    return bucket;
  }
}

function tooMany(what: string, name: string): GodwitError {
  return new GodwitError('GODWIT_TOO_MANY', `Cannot make the ${what} "${name}": the store is full`, { fields: { name } });
}
