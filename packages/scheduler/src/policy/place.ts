/**
 * Where a guest should be when somebody asks: where a new one starts, and where `best` is for one that is to move.
 * All fresh, undrained nodes are looked at; no chance is involved, because one guest is placed at a time by one node, which tells the
 * target at once (policy/reserve.ts).
 * Keeps true: a new guest stays with the asked node, its mother then, unless another is better by the margin of balance.ts.
 */

import { hasRoom, isInPool, loadWith, type NodeLoad, nodeLoads } from '../load/loads.js';
import type { KnownReport } from '../load/report.js';
import { isBetter } from './balance.js';

/** What is known of a guest that looks for a place. */
export interface Wanted {
  readonly demandCores: number;
  readonly memoryBytes: number;
  readonly pool?: string | undefined;
}

/**
 * Nodes for a new guest, best first; the first that keeps a place takes it. `home` is among them unless it may not take it;
 * without a report of `home` it is `home` alone.
 */
export function placesForNew(wanted: Wanted, home: number, reports: Iterable<KnownReport>, nowMs: number): number[] {
  const loads = nodeLoads(reports, nowMs);
  const own = loads.get(home);
  if (!own) return [home];
  const open = ordered(loads.values(), wanted);
  if (!open.includes(own)) return open.map(nodeOf);
  const ownLoad = loadWith(own, wanted.demandCores);
  const better = open.filter((node) => node !== own && isBetter(loadWith(node, wanted.demandCores), ownLoad));
  return [...better.map(nodeOf), home];
}

/** The least loaded other node for a guest that is to leave `self`; undefined: there is none that could take it. */
export function bestFor(wanted: Wanted, self: number, reports: Iterable<KnownReport>, nowMs: number): number | undefined {
  const others = ordered(nodeLoads(reports, nowMs).values(), wanted).filter(({ report }) => report.node !== self);
  return others[0] && nodeOf(others[0]);
}

/** Those that may take it, the least loaded first. */
function ordered(loads: Iterable<NodeLoad>, { demandCores, memoryBytes, pool }: Wanted): NodeLoad[] {
  return [...loads]
    .filter((node) => !node.report.isDraining && hasRoom(node, memoryBytes) && isInPool(node, pool))
    .sort((a, b) => loadWith(a, demandCores) - loadWith(b, demandCores) || a.report.node - b.report.node);
}

const nodeOf = ({ report }: NodeLoad) => report.node;
