/**
 * What one capture took: how often it was tried, what put it off and where, and how long it was waited for. It is kept also when the capture
 * fails in the end: those are the ones that a user asks about. Bounded: reasons beyond some are counted as one.
 */

import { nodeLimits } from './limits.js';

export interface PutOffReason {
  readonly reason: string;
  /** Where the guest's frames stood, from the one in the way outwards: offsets in the bundle's code. */
  readonly at: readonly number[];
  readonly times: number;
  /** All that was waited because of it, retries included. */
  readonly waitedMs: number;
}

/** Told over the bus for each capture of a process, for a move or an image. */
export interface CaptureNews {
  readonly atMs: number;
  readonly isCaptured: boolean;
  readonly tries: number;
  /** From the request to the capture, or until it was given up. */
  readonly waitedMs: number;
  readonly putOff: readonly PutOffReason[];
}

export class CaptureRecord {
  readonly #reasons = new Map<string, { reason: string; at: readonly number[]; times: number; waitedMs: number }>();
  tries = 0;
  waitedMs = 0;
  isCaptured = false;

  add(reason: string, at: readonly number[], waitedMs: number): void {
    const isFull = this.#reasons.size >= nodeLimits.putOffReasons;
    const key = isFull && !this.#reasons.has(keyOf(reason, at)) ? '' : keyOf(reason, at);
    const known = this.#reasons.get(key) ?? (key === '' ? { reason: 'other reasons', at: [], times: 0, waitedMs: 0 } : { reason, at, times: 0, waitedMs: 0 }); // biome-ignore format: one line
    known.times++;
    known.waitedMs += waitedMs;
    this.#reasons.set(key, known);
  }

  get putOff(): PutOffReason[] {
    return [...this.#reasons.values()];
  }

  news(atMs: number): CaptureNews {
    const { isCaptured, tries, waitedMs, putOff } = this;
    return { atMs, isCaptured, tries, waitedMs, putOff };
  }
}

const keyOf = (reason: string, at: readonly number[]): string => `${at.join()} ${reason}`;
