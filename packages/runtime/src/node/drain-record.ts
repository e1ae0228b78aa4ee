/**
 * What one drain came to, seen from its target: parcels and bytes as the node takes them, faults as the guest's thread tells of them.
 * A fault is one object, or one key of a Map or Set, that the guest stood still for, however many parcels came before it had it; its time is
 * what the thread waited for them, not what it took to read them. A parcel that came while nobody waited is prefetched.
 * Bounded: of many faults every second time is forgotten, again and again.
 */
import { assert, type Host } from '@godwit/checkpoint/base';
import { isSameWish, type Wish } from '@godwit/checkpoint/heap/wish';
import { nodeLimits } from './limits.js';

/** `none`: everything came in the pause. `ended`: the process did, and needed no more. */
export type DrainState = 'none' | 'under way' | 'whole' | 'ended' | 'lost';

export interface DrainFigures {
  readonly drain: DrainState;
  /** Why the process was lost. */
  readonly drainReason: string | null;
  readonly faults: number;
  readonly faultMs: number;
  /** Null without faults. */
  readonly faultP50Ms: number | null;
  readonly faultP99Ms: number | null;
  /** After the first, with which the guest came. */
  readonly parcels: number;
  readonly prefetchedParcels: number;
  /** Null without parcels. */
  readonly prefetchShare: number | null;
  readonly drainBytes: number;
  /** From the guest's start here to its last parcel. */
  readonly drainMs: number;
  readonly drainBytesPerS: number | null;
}

/** Of a move that brought everything in its pause. */
export const noDrain: DrainFigures = {
  drain: 'none',
  drainReason: null,
  faults: 0,
  faultMs: 0,
  faultP50Ms: null,
  faultP99Ms: null,
  parcels: 0,
  prefetchedParcels: 0,
  prefetchShare: null,
  drainBytes: 0,
  drainMs: 0,
  drainBytesPerS: null,
};

/** The answer to `progress`; told over the bus when the drain is over. */
export interface DrainReport {
  readonly epoch: number;
  /** At the source still, about. */
  readonly leftBytes: number;
  readonly figures: DrainFigures;
}

interface Fault {
  readonly wanted: Wish | undefined;
  readonly waitedMs: number;
}

export class DrainRecord {
  readonly #faults = new FaultTimes();
  /** The last fault, as far as it is known: more parcels may be waited for. */
  #fault: Fault | undefined;
  #standsSinceMs: number | undefined;
  #onGoing: () => void = () => {};
  #parcels = 0;
  #waitedParcels = 0;
  #bytes = 0;
  #isWhole = false;
  #state: DrainState = 'under way';
  #reason: string | undefined;
  readonly #beganAtMs: number;
  #endedAtMs: number | undefined;

  constructor(
    private readonly host: Host,
    readonly epoch: number,
    private left: number,
  ) {
    this.#beganAtMs = host.monotonicMs();
  }

  /** At the source still, about. */
  get leftBytes(): number {
    return this.#endedAtMs === undefined ? this.left : 0;
  }

  parcel(bytes: number, isLast: boolean, leftBytes: number): void {
    this.#parcels++;
    this.#bytes += bytes;
    // What came with the guest may be less than what its source says now.
    this.left = Math.min(this.left, leftBytes);
    if (!isLast) return;
    this.#isWhole = true;
    this.#endedAtMs ??= this.host.monotonicMs();
  }

  /** The guest's thread begins to wait. */
  stands(): void {
    this.#standsSinceMs = this.host.monotonicMs();
  }

  /** It has a parcel. */
  stood(wanted: Wish | undefined, waitedMs: number): void {
    this.#standsSinceMs = undefined;
    this.#waitedParcels++;
    this.#fault = this.#waited(wanted, waitedMs);
    this.#onGoing();
  }

  /** Nothing more comes: everything is here, the guest needs no more, or it is lost for this reason. The first word counts. */
  end(lostBecause: string | undefined): void {
    if (this.#state !== 'under way') return;
    this.#endedAtMs ??= this.host.monotonicMs();
    this.#state = this.#isWhole ? 'whole' : lostBecause === undefined ? 'ended' : 'lost';
    if (this.#state === 'lost') this.#reason = lostBecause;
  }

  /** Resolves when the guest does not stand still any more, of which its thread tells a little later. */
  going(): Promise<void> {
    return new Promise((resolve) => {
      this.#onGoing = resolve;
      if (this.#standsSinceMs === undefined) resolve();
    });
  }

  get report(): DrainReport {
    return { epoch: this.epoch, leftBytes: this.leftBytes, figures: this.#figures() };
  }

  #figures(): DrainFigures {
    const atMs = this.#endedAtMs ?? this.host.monotonicMs();
    // A guest that is lost or asked in the midst of a wait stood still as well.
    const standsMs = this.#standsSinceMs === undefined ? undefined : Math.max(0, atMs - this.#standsSinceMs);
    const times = [this.#fault?.waitedMs, standsMs].filter((ms) => ms !== undefined);
    const sorted = [...this.#faults.times, ...times].sort((a, b) => a - b);
    const faultMs = times.reduce((sum, ms) => sum + ms, this.#faults.totalMs);
    const prefetched = Math.max(0, this.#parcels - this.#waitedParcels);
    const drainMs = atMs - this.#beganAtMs;
    return {
      drain: this.#state,
      drainReason: this.#reason ?? null,
      faults: this.#faults.count + times.length,
      faultMs,
      faultP50Ms: quantile(sorted, 0.5),
      faultP99Ms: quantile(sorted, 0.99),
      parcels: this.#parcels,
      prefetchedParcels: prefetched,
      prefetchShare: this.#parcels === 0 ? null : prefetched / this.#parcels,
      drainBytes: this.#bytes,
      drainMs,
      drainBytesPerS: drainMs > 0 ? (1000 * this.#bytes) / drainMs : null,
    };
  }

  /** Each is waited for once; whoever waits for everything waits on. */
  #waited(wanted: Wish | undefined, waitedMs: number): Fault {
    const last = this.#fault;
    if (last && isSameWish(last.wanted, wanted)) return { wanted, waitedMs: last.waitedMs + waitedMs };
    if (last) this.#faults.add(last.waitedMs);
    return { wanted, waitedMs };
  }
}

class FaultTimes {
  times: number[] = [];
  count = 0;
  totalMs = 0;
  #every = 1;

  add(ms: number): void {
    if (this.count % this.#every === 0) this.times.push(ms);
    this.count++;
    this.totalMs += ms;
    if (this.times.length < nodeLimits.faultTimesKept) return;
    this.times = this.times.filter((_, i) => i % 2 === 0);
    this.#every *= 2;
  }
}

/** The smallest value that so large a part of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number | null {
  if (sorted.length === 0) return null;
  const at = Math.ceil(part * sorted.length) - 1;
  assert(at >= 0 && at < sorted.length, 'a quantile is one of the values');
  return sorted[at]!;
}
