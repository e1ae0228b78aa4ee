/**
 * Which guest of this node moves where, if any: sender-initiated balancing with a threshold (Eager, Lazowska and Zahorjan 1986).
 *
 *   transfer   this node is busy: its load is above `busyAboveLoad`
 *   selection  a guest with a history, not just moved, not fixed, that wants enough and has used enough CPU: a process is expected to
 *              live on for as long as it has lived, so its age pays for the move (Harchol-Balter and Downey 1997)
 *   location   of two fitting nodes drawn by chance the less loaded one (power of two choices, Mitzenmacher 2001), so that many busy
 *              nodes with the same old news do not all run to the one idle node
 *   hysteresis the target, with the guest, must stay below this node's load without it moved, by a margin: so no move can be undone by
 *              the same rule while demands stay as they are, and each move lowers the sum of the squares of the loads
 *
 * A node that is short of memory sends its largest guest to another machine that has plenty, whatever the loads.
 * Keeps true: never a fixed guest, never out of its pool, never to a stale or draining node, never within the minimum stay. Pure.
 */

import { schedulerLimits } from '../limits.js';
import { hasRoom, isInPool, loadWith, type NodeLoad, nodeLoads } from '../load/loads.js';
import type { GuestLoad, KnownReport } from '../load/report.js';

export interface BalanceInput {
  readonly self: number;
  readonly nowMs: number;
  /** Of all nodes that are alive, this one included. */
  readonly reports: Iterable<KnownReport>;
  readonly guests: readonly GuestLoad[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface PlannedMove {
  readonly pid: number;
  readonly to: number;
  readonly demandCores: number;
  readonly memoryBytes: number;
  readonly pool?: string | undefined;
  /** For the target, which decides by its own newer knowledge; absent when memory is the reason. */
  readonly sourceLoad?: number | undefined;
}

/** The move this node should make now; undefined: none. */
export function balance(input: BalanceInput): PlannedMove | undefined {
  const loads = nodeLoads(input.reports, input.nowMs);
  const source = loads.get(input.self);
  if (!source || source.report.isDraining) return undefined;
  const targets = [...loads.values()].filter(({ report }) => report.node !== input.self && !report.isDraining);
  const move = isShort(source) ? forMemory(source, targets, input) : undefined;
  return move ?? (source.load > schedulerLimits.busyAboveLoad ? forLoad(source, targets, input) : undefined);
}

function forLoad(source: NodeLoad, targets: readonly NodeLoad[], input: BalanceInput): PlannedMove | undefined {
  for (const { pid, memoryBytes, demandCores, cpuMs, pool } of movable(input.guests, input.nowMs)) {
    const fits = targets.filter((target) => {
      const after = loadWith(target, demandCores);
      const isAllowed = hasRoom(target, memoryBytes) && isInPool(target, pool);
      return isAllowed && isBetter(after, source.load) && pays(cpuMs, memoryBytes, after, source.load);
    });
    const target = betterOfTwo(fits, demandCores, input.random);
    if (target) return { pid, to: target.report.node, demandCores, memoryBytes, pool, sourceLoad: source.load };
  }
  return undefined;
}

function forMemory(source: NodeLoad, targets: readonly NodeLoad[], input: BalanceInput): PlannedMove | undefined {
  const largestFirst = atRest(input.guests, input.nowMs).sort((a, b) => b.memoryBytes - a.memoryBytes || a.pid - b.pid);
  for (const { pid, memoryBytes, demandCores = 0, pool } of largestFirst) {
    const fits = targets.filter((target) => {
      const { machine, freeMemoryBytes, totalMemoryBytes } = target.report;
      const isAmple = freeMemoryBytes - memoryBytes >= schedulerLimits.ampleMemoryShare * totalMemoryBytes;
      return machine !== source.report.machine && isAmple && hasRoom(target, memoryBytes) && isInPool(target, pool);
    });
    const target = betterOfTwo(fits, demandCores, input.random);
    if (target) return { pid, to: target.report.node, demandCores, memoryBytes, pool };
  }
  return undefined;
}

function isShort({ report }: NodeLoad): boolean {
  return report.freeMemoryBytes < schedulerLimits.shortMemoryShare * report.totalMemoryBytes;
}

/** Whether a load after a move is below the source's before it, by the margin. */
export function isBetter(after: number, sourceLoad: number): boolean {
  return after + Math.max(schedulerLimits.marginLoad, schedulerLimits.marginShare * sourceLoad) <= sourceLoad;
}

/** Those that want enough to be worth a move, the ones that want most first; of equals the one that is cheapest to move. */
function movable(guests: readonly GuestLoad[], nowMs: number): (GuestLoad & { demandCores: number })[] {
  return atRest(guests, nowMs)
    .flatMap((guest) => (guest.demandCores === undefined ? [] : [{ ...guest, demandCores: guest.demandCores }]))
    .filter(({ demandCores }) => demandCores >= schedulerLimits.minimumDemandCores)
    .sort((a, b) => b.demandCores - a.demandCores || a.memoryBytes - b.memoryBytes || a.pid - b.pid);
}

/** Those that may move at all: neither fixed nor just arrived nor waiting after a failure. */
function atRest(guests: readonly GuestLoad[], nowMs: number): GuestLoad[] {
  const { historyMs, minimumStayMs } = schedulerLimits;
  return guests.filter(({ isFixed, hereForMs, hasMoved, retryAtMs }) => {
    const stayMs = hasMoved ? Math.max(minimumStayMs, historyMs) : historyMs;
    return !isFixed && hereForMs >= stayMs && retryAtMs <= nowMs;
  });
}

/** Whether what it will probably be spared is more than what the move costs. */
function pays(cpuMs: number, memoryBytes: number, after: number, sourceLoad: number): boolean {
  const costMs = schedulerLimits.moveCostMs + memoryBytes / schedulerLimits.moveBytesPerMs;
  return cpuMs * (1 - after / sourceLoad) >= costMs;
}

function betterOfTwo(fits: readonly NodeLoad[], demandCores: number, random: () => number): NodeLoad | undefined {
  if (fits.length === 0) return undefined;
  const left = [...fits].sort((a, b) => a.report.node - b.report.node);
  const drawn = [0, 1].flatMap(() => (left.length > 0 ? left.splice(Math.floor(random() * left.length), 1) : []));
  return drawn.reduce((best, other) => (loadWith(other, demandCores) < loadWith(best, demandCores) ? other : best));
}
