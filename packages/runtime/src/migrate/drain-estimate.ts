/**
 * How much of a guest is still at its source, in bytes of parcels. Nobody knows before the last one: objects behind those that were read are
 * not known yet. Two guesses are at hand, and the one passes into the other as parcels come:
 *   by the heap      what V8 holds of the guest, and what such a heap is in parcels: all there is at the start
 *   by the frontier  objects that are known and not sent, of the size that objects had so far: right when nothing new is met any more
 * Keeps true: the figure never grows, and is above 0 until the last parcel, so that the part which is here neither falls nor is 1 too early.
 */
import { migrateLimits } from '../limits.js';

export class DrainEstimate {
  readonly #wholeBytes: number;
  #sentBytes = 0;
  leftBytes: number;

  /** What V8 had in the guest's old generation, and buffers outside, which are as large in parcels. */
  constructor({ old, external }: { old: number; external: number }) {
    const heap = Math.max(0, old - migrateLimits.emptyHeapBytes);
    this.#wholeBytes = Math.max(migrateLimits.parcelMinBytes, heap / migrateLimits.heapToParcels + external);
    this.leftBytes = Math.ceil(this.#wholeBytes);
  }

  /** A parcel was made; `written` objects are in parcels now, `left` are known and in none. */
  made(bytes: number, { written, left, isLast }: { written: number; left: number; isLast: boolean }): void {
    this.#sentBytes += bytes;
    const byHeap = this.#wholeBytes - this.#sentBytes;
    const byFrontier = (left * this.#sentBytes) / Math.max(1, written);
    const trust = Math.max(0, byHeap / this.#wholeBytes) ** 2;
    const guess = trust * byHeap + (1 - trust) * byFrontier;
    // A hundredth at least: what is left of a list is one object to the end.
    const least = Math.max(1, this.#sentBytes / 100);
    this.leftBytes = isLast ? 0 : Math.min(this.leftBytes, Math.ceil(Math.max(guess, least)));
  }
}
