/** What `cluster-run --stats` says of captures: how many were tried, how often they were put off, by what and where, and the longest wait. */

import type { Bundle } from '@godwit/checkpoint/compile';
import { BundlePlaces } from '../guest/places.js';
import type { CaptureNews, PutOffReason } from '../node/capture-record.js';

/** As people read it: the author's place instead of offsets. */
export interface ShownReason {
  readonly reason: string;
  /** `file:line:column` of the frame in the way; null where it is not known. */
  readonly place: string | null;
  readonly times: number;
  readonly waitedMs: number;
}

export interface CaptureSummary {
  /** Every attempt, those put off too. */
  readonly tried: number;
  readonly captured: number;
  readonly putOff: number;
  /** Asked for and not taken in the end: put off until they were given up, or refused. */
  readonly failed: number;
  /** From a request to its capture, or until it was given up. */
  readonly longestWaitMs: number;
  /** The most frequent first. */
  readonly reasons: readonly ShownReason[];
}

export class Captures {
  #places: BundlePlaces | undefined;
  readonly #news: CaptureNews[] = [];

  /** The bundle is asked for when a place is to be shown, and not before. */
  constructor(private readonly bundle: () => Bundle) {}

  add(news: CaptureNews): void {
    this.#news.push(news);
  }

  shown({ reason, at, times, waitedMs }: PutOffReason): ShownReason {
    return { reason, place: this.#placeOf(at), times, waitedMs };
  }

  get summary(): CaptureSummary {
    const reasons = new Map<string, { reason: string; place: string | null; times: number; waitedMs: number }>();
    for (const each of this.#news.flatMap(({ putOff }) => putOff.map((reason) => this.shown(reason)))) {
      const key = `${each.place} ${each.reason}`;
      const known = reasons.get(key) ?? { ...each, times: 0, waitedMs: 0 };
      reasons.set(key, { ...known, times: known.times + each.times, waitedMs: known.waitedMs + each.waitedMs });
    }
    const captured = this.#news.filter(({ isCaptured }) => isCaptured).length;
    return {
      tried: this.#news.reduce((sum, { tries }) => sum + tries, 0),
      captured,
      putOff: [...reasons.values()].reduce((sum, { times }) => sum + times, 0),
      failed: this.#news.length - captured,
      longestWaitMs: this.#news.reduce((most, { waitedMs }) => Math.max(most, waitedMs), 0),
      reasons: [...reasons.values()].sort((a, b) => b.times - a.times),
    };
  }

  /** The innermost frame that is the author's: built-ins in JavaScript stand in between. */
  #placeOf(at: readonly number[]): string | null {
    for (const statement of at) {
      this.#places ??= new BundlePlaces(this.bundle());
      const place = this.#places.ofFrame({ fid: -1, statement });
      if (place) return `${place.file}:${place.line}:${place.column}`;
    }
    return null;
  }
}
