/**
 * The load of this node: its own process, its guests and its machine, sampled at each round of gossip.
 * Several nodes of one machine each measure themselves: a node's guests are threads of its own process.
 * Keeps true: sampling costs a few small reads a guest, whatever the guest does.
 */

import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { Host } from '@godwit/checkpoint/base';
import { type GuestLoad, type NodeReport, schedulerLimits, smoothed } from '@godwit/scheduler';
import type { Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';
import { machineName } from './machine.js';

type Measured = Omit<NodeReport, 'node' | 'incarnation' | 'sequence' | 'reservedCores' | 'pools' | 'isDraining'>;

export class LoadMeter {
  #atMs: number;
  #processMs: number;
  #machine = machineTimes();
  #usedCores: number | undefined;
  #busyCores: number | undefined;
  #memoryAtMs = Number.NEGATIVE_INFINITY;
  readonly #cores: number;

  /** `cores`: what this node may count on, when it has cores of its own; else it shares those of its machine with the other nodes there. */
  constructor(
    private readonly guests: Guests,
    private readonly host: Host,
    private readonly ownMachine: { name: string; cores: number } | undefined,
  ) {
    this.#cores = ownMachine?.cores ?? availableParallelism();
    this.#atMs = host.monotonicMs();
    this.#processMs = processMs();
  }

  /** Measures from the last sample until now. */
  sample(): void {
    const atMs = this.host.monotonicMs();
    const intervalMs = atMs - this.#atMs;
    if (intervalMs < nodeLimits.shortestSampleMs) return;
    const usedMs = processMs();
    const machine = machineTimes();
    const isBusy = (machine.busyMs - this.#machine.busyMs) / Math.max(1, machine.allMs - this.#machine.allMs);
    this.#usedCores = smoothed(this.#usedCores, (usedMs - this.#processMs) / intervalMs, intervalMs);
    this.#busyCores = smoothed(this.#busyCores, Math.min(1, Math.max(0, isBusy)) * this.#cores, intervalMs);
    this.#atMs = atMs;
    this.#processMs = usedMs;
    this.#machine = machine;
    for (const guest of this.guests.hosted.values()) guest.use.sample();
    if (atMs - this.#memoryAtMs < nodeLimits.memorySampleMs) return;
    this.#memoryAtMs = atMs;
    void this.sampleMemory();
  }

  /** Asks the guests' heaps for their size; a guest that does not answer soon keeps the last figure. */
  async sampleMemory(): Promise<void> {
    const ask = async (guest: HostedGuest) => {
      const bytes = guest.moving
        ? undefined
        : await this.guests.inspector.heapBytes(guest.worker.threadId, nodeLimits.memoryLookMs);
      if (bytes !== undefined) guest.memoryBytes = bytes;
    };
    await Promise.all([...this.guests.hosted.values()].map(ask));
  }

  get node(): Measured {
    const hosted = [...this.guests.hosted.values()];
    const usedCores = this.#usedCores ?? 0;
    return {
      machine: this.ownMachine?.name ?? machineName,
      cores: this.#cores,
      // Of a machine of its own nothing is known but itself.
      machineBusyCores: this.ownMachine ? usedCores : (this.#busyCores ?? 0),
      usedCores,
      demandCores: hosted.reduce((sum, { use }) => sum + (use.demandCores ?? 0), 0),
      unmeasuredCores: hosted.reduce(
        (sum, { use, meta }) => sum + (use.demandCores === undefined ? weightOf(meta.weight) : 0),
        0,
      ),
      guests: hosted.length,
      freeMemoryBytes: freemem(),
      totalMemoryBytes: totalmem(),
    };
  }

  /** The guests for the policy; `retryAtMs` by PID, of those that could not be moved. */
  loads(retryAtMs: ReadonlyMap<number, number>): GuestLoad[] {
    return [...this.guests.hosted.values()].map(({ pid, epoch, meta, moving, memoryBytes, use, worker }) => ({
      pid,
      demandCores: use.demandCores,
      cpuMs: use.cpuMs,
      hereForMs: use.hereForMs,
      hasMoved: epoch > 1,
      memoryBytes,
      pool: meta.pool,
      isFixed: moving || meta.pin || meta.isShaken === true || worker.pinReasons.length > 0,
      retryAtMs: retryAtMs.get(pid) ?? Number.NEGATIVE_INFINITY,
    }));
  }
}

/** What a guest of this weight is taken to want until it was measured, in cores. */
export function weightOf(weight: number | undefined): number {
  const { unmeasuredDemandCores, maxWeightCores } = schedulerLimits;
  return weight !== undefined && weight >= 0 ? Math.min(weight, maxWeightCores) : unmeasuredDemandCores;
}

function processMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function machineTimes(): { busyMs: number; allMs: number } {
  let busyMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    allMs += all;
    busyMs += all - times.idle;
  }
  return { busyMs, allMs };
}
