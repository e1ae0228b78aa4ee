/**
 * What one guest uses: CPU, demand and memory, from its start or arrival here; CPU time and demand come along when it moves.
 * Keeps true: what the thread did before it had this guest does not count.
 */

import type { Host } from '@godwit/checkpoint/base';
import { smoothed } from '@godwit/scheduler';
import type { GuestWorker } from './guest-worker.js';
import { nodeLimits } from './limits.js';
import type { ThreadTimes } from './thread-times.js';

/** What travels with a guest. */
export interface UseBefore {
  readonly cpuMs: number;
  readonly demandCores: number | undefined;
}

export class GuestUse {
  /** Undefined until it was measured, here or before. */
  demandCores: number | undefined;
  /** CPU in use, in cores. */
  usedCores = 0;
  readonly #base: ThreadTimes;
  readonly #sinceMs: number;
  #last: { times: ThreadTimes; atMs: number };
  #lastRate: { wanted: number; used: number } | undefined;

  constructor(
    private readonly worker: GuestWorker,
    private readonly host: Host,
    private readonly before: UseBefore = { cpuMs: 0, demandCores: undefined },
  ) {
    this.#base = worker.times();
    this.#sinceMs = host.monotonicMs();
    this.#last = { times: this.#base, atMs: this.#sinceMs };
    this.demandCores = before.demandCores;
  }

  /** CPU time of its life. */
  get cpuMs(): number {
    return this.before.cpuMs + Math.max(0, this.worker.times().cpuMs - this.#base.cpuMs);
  }

  get hereForMs(): number {
    return this.host.monotonicMs() - this.#sinceMs;
  }

  /** Measures from the last sample until now. */
  sample(): void {
    const atMs = this.host.monotonicMs();
    const times = this.worker.times();
    const intervalMs = atMs - this.#last.atMs;
    if (intervalMs < nodeLimits.shortestSampleMs) return;
    const rate = (more: number, less: number) => Math.min(1, Math.max(0, (more - less) / intervalMs));
    const wanted = rate(times.wantedMs, this.#last.times.wantedMs);
    const used = rate(times.cpuMs, this.#last.times.cpuMs);
    const isFirst = this.#last.times === this.#base;
    this.demandCores = smoothed(this.demandCores, wanted, intervalMs);
    this.usedCores = smoothed(isFirst ? undefined : this.usedCores, used, intervalMs);
    this.#lastRate = { wanted, used };
    this.#last = { times, atMs };
  }

  /** Whether it is at work now, as `ps` would tell R from S; a timer that fires now and then is not work. */
  get isRunning(): boolean {
    const times = this.worker.times();
    const intervalMs = this.host.monotonicMs() - this.#last.atMs;
    const isLongEnough = intervalMs >= nodeLimits.shortestSampleMs;
    const wanted = isLongEnough ? (times.wantedMs - this.#last.times.wantedMs) / intervalMs : this.#lastRate?.wanted;
    const used = isLongEnough ? (times.cpuMs - this.#last.times.cpuMs) / intervalMs : this.#lastRate?.used;
    if (wanted === undefined || used === undefined) return times.isRunnable ?? true;
    if (used >= nodeLimits.runningAboveCores || wanted >= nodeLimits.restlessAboveCores) return true;
    // A thread that wakes now and then and waits for a core each time wants more than it does.
    return used >= nodeLimits.idleBelowCores && (times.isRunnable ?? true);
  }
}
