/**
 * What one watch has shown its handler so far, so that a stream of changes and whole snapshots (at the start, after a
 * reconnection, after a silence) together give every key's latest state, in order, and nothing twice.
 * Keeps true: per key, revisions shown only grow; a key that vanished while nobody looked is shown as deleted.
 * Not a cache: values are not kept.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { KeyValueChange } from './bus.js';

export class WatchState {
  readonly #revisions = new Map<string, number>();
  /** Changes held back while a snapshot is being read; undefined when none is. */
  #heldBack: KeyValueChange[] | undefined;
  #initial = true;

  constructor(private readonly show: (change: KeyValueChange) => void) {}

  /** From now on changes are held back, until finishSync. A sync begun again starts over. */
  beginSync(): void {
    this.#heldBack ??= [];
  }

  /** A snapshot taken after beginSync: everything in it is present, everything else absent, as of about `revision`. */
  finishSync(entries: Iterable<{ key: string; value: Uint8Array; revision: number }>, revision: number): void {
    const present = new Set<string>();
    for (const { key, value, revision: entryRevision } of entries) {
      present.add(key);
      this.#apply({ key, value, revision: entryRevision, initial: this.#initial });
    }
    const heldBack = this.#heldBack ?? [];
    const writtenSince = new Set(heldBack.map((change) => change.key));
    for (const key of [...this.#revisions.keys()]) {
      if (present.has(key) || writtenSince.has(key)) continue;
      this.#apply({ key, value: undefined, revision: Math.max(revision, this.#revisions.get(key)! + 1), initial: false });
    }
    this.#heldBack = undefined;
    this.#initial = false;
    for (const change of heldBack) this.#apply(change);
  }

  /** One change, in order of revision per key. */
  change(key: string, value: Uint8Array | undefined, revision: number): void {
    const change = { key, value, revision, initial: false };
    if (!this.#heldBack) this.#apply(change);
    else if (this.#heldBack.push(change) > clusterLimits.maxKeysPerBucket) {
      throw new GodwitError('GODWIT_TOO_MANY', 'Cannot go on with a watch: too many changes came during a snapshot');
    }
  }

  /** The revision last shown for a key that is present. */
  revisionOf(key: string): number | undefined {
    return this.#revisions.get(key);
  }

  #apply(change: KeyValueChange): void {
    const shown = this.#revisions.get(change.key);
    if (change.value === undefined) {
      if (shown === undefined || change.revision <= shown) return;
      this.#revisions.delete(change.key);
    } else {
      if (shown !== undefined && change.revision <= shown) return;
      this.#revisions.set(change.key, change.revision);
    }
    this.show(change);
  }
}
