/**
 * Where a guest should be when somebody asks: where a new one starts, and where `best` is for one that is to move.
 * All fresh, undrained nodes are looked at; no chance is involved, because one guest is placed at a time by one node, which tells the
 * target at once (policy/reserve.ts).
 * Keeps true: a new guest stays with the asked node, its mother then, unless another is better by the margin of balance.ts.
 */

import { schedulerLimits } from '../limits.js';
import { loadWith, type NodeLoad, nodeLoads } from '../load/loads.js';
import type { KnownReport } from '../load/report.js';
import { hasRoom, isBetter } from './balance.js';

/** Nodes for a new guest, best first; the first that keeps a place takes it. Without a report of `home` it is `home` alone. */
export function placesForNew(home: number, reports: Iterable<KnownReport>, nowMs: number): number[] {
  const demandCores = schedulerLimits.unmeasuredDemandCores;
  const loads = nodeLoads(reports, nowMs);
  const open = ordered(loads.values(), demandCores);
  const own = loads.get(home);
  if (!own) return [home];
  if (own.report.isDraining) return open.map(nodeOf);
  const better = open.filter((node) => isBetter(loadWith(node, demandCores), loadWith(own, demandCores)));
  return [...better.map(nodeOf).filter((node) => node !== home), home];
}

/** The least loaded other node for a guest that is to leave `self`; undefined: there is none that could take it. */
export function bestFor(
  guest: { demandCores: number; memoryBytes: number },
  self: number,
  reports: Iterable<KnownReport>,
  nowMs: number,
): number | undefined {
  const others = [...nodeLoads(reports, nowMs).values()].filter(
    (node) => node.report.node !== self && hasRoom(node, guest.memoryBytes),
  );
  const best = ordered(others, guest.demandCores)[0];
  return best && nodeOf(best);
}

function ordered(loads: Iterable<NodeLoad>, demandCores: number): NodeLoad[] {
  return [...loads]
    .filter(({ report }) => !report.isDraining)
    .sort((a, b) => loadWith(a, demandCores) - loadWith(b, demandCores) || a.report.node - b.report.node);
}

const nodeOf = ({ report }: NodeLoad) => report.node;
