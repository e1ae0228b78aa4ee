/**
 * How much of a guest is still at its source, in bytes of parcels. Nobody knows before the last one: what is behind objects that were not read
 * is not known yet. There are two guesses:
 *   by the frontier  objects that are known and in no parcel, of the size that objects had so far; where each object that was read showed d
 *                    new ones, there are 1 / (1 - d) times as many. Right for many like things in one place, useless for a list (d = 1)
 *   by the heap      what V8 holds of the guest, and what such a heap is in parcels: all there is for a list, and too much where there is
 *                    garbage, as after a move
 * So the more is new in what is read, the more the heap counts, as long as it says that anything is left.
 * Keeps true: the figure never grows, and is above 0 until the last parcel, so that the part which is here neither falls nor is 1 too early.
 */
import { migrateLimits } from '../limits.js';

/** A d above which the frontier says nothing of what is behind it. */
const endless = 0.98;
/** Objects that say something about d. */
const enoughObjects = 50;

export class DrainEstimate {
  readonly #wholeBytes: number;
  #sentBytes = 0;
  #written = 0;
  #known = 0;
  /** Objects that one object showed which were not known, in the last parcel. */
  #newShare = 1;
  leftBytes: number;

  /** What V8 had in the guest's old generation, and buffers outside, which are as large in parcels. */
  constructor({ old, external }: { old: number; external: number }) {
    const heap = Math.max(0, old - migrateLimits.emptyHeapBytes) / migrateLimits.heapToParcels;
    const buffers = Math.max(0, external - migrateLimits.emptyBuffersBytes);
    this.#wholeBytes = Math.max(migrateLimits.parcelMinBytes, Math.ceil(heap + buffers));
    this.leftBytes = this.#wholeBytes;
  }

  /** A parcel was made; `written` objects are in parcels now, `left` are known and in none. */
  made(bytes: number, { written, left, isLast }: { written: number; left: number; isLast: boolean }): void {
    this.#sentBytes += bytes;
    const objects = written - this.#written;
    const found = written + left - this.#known;
    if (objects >= enoughObjects) this.#newShare = Math.min(1, Math.max(0, found / objects));
    this.#written = written;
    this.#known = written + left;
    const least = Math.max(1, this.#sentBytes / 100);
    this.leftBytes = isLast ? 0 : Math.min(this.leftBytes, Math.ceil(Math.max(this.#guess(left), least)));
  }

  #guess(left: number): number {
    const byHeap = Math.max(0, this.#wholeBytes - this.#sentBytes);
    const behind = this.#newShare > endless ? 1 : 1 / (1 - this.#newShare);
    const byFrontier = (left * behind * this.#sentBytes) / Math.max(1, this.#written);
    const heapCounts = this.#newShare ** 8 * (byHeap / this.#wholeBytes);
    return heapCounts * byHeap + (1 - heapCounts) * byFrontier;
  }
}
