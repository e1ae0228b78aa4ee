/**
 * Who knows what of whom: the newest report of each node, spread by gossip. In each round a node tells a few others its own report and the
 * newest it has of others (Barak, Guday and Wheeler, "The MOSIX Distributed Operating System", 1993; Demers et al. 1987).
 * Keeps true: a report is replaced only by a later one of the same life or by one of another life heard more recently; ages travel, clocks do not.
 * Not a failure detector: membership says who is alive.
 */

import { schedulerLimits } from '../limits.js';
import { type KnownReport, type NodeReport, parseReport } from './report.js';

/** What is known, by node. */
export type LoadView = ReadonlyMap<number, KnownReport>;

/** A report on the wire: its age where it was sent. */
export interface GossipEntry {
  readonly report: NodeReport;
  readonly ageMs: number;
}

/** The view after hearing some reports; entries nobody speaks of any more are gone. */
export function heard(view: LoadView, entries: readonly GossipEntry[], nowMs: number): LoadView {
  const next = new Map(view);
  for (const { report, ageMs } of entries) {
    const atMs = nowMs - ageMs;
    const known = next.get(report.node);
    if (!known && next.size >= schedulerLimits.maxReports) continue;
    if (!known || isLater({ report, atMs }, known)) next.set(report.node, { report, atMs });
  }
  for (const [node, { atMs }] of next) if (nowMs - atMs > schedulerLimits.forgetAfterMs) next.delete(node);
  return next;
}

/** What to say in one round: the newest reports first, `self` always. */
export function toTell(view: LoadView, self: number, nowMs: number): GossipEntry[] {
  const others = [...view.values()]
    .filter(({ report, atMs }) => report.node !== self && nowMs - atMs <= schedulerLimits.staleAfterMs)
    .sort((a, b) => b.atMs - a.atMs || a.report.node - b.report.node)
    .slice(0, schedulerLimits.gossipWindow);
  const own = view.get(self);
  return [...(own ? [own] : []), ...others].map(({ report, atMs }) => ({ report, ageMs: Math.max(0, nowMs - atMs) }));
}

/** Whom to tell: `gossipFanout` of the others, by chance. `random` is uniform in [0, 1). */
export function toWhom(others: readonly number[], random: () => number): number[] {
  const left = [...others].sort((a, b) => a - b);
  const chosen: number[] = [];
  while (left.length > 0 && chosen.length < schedulerLimits.gossipFanout)
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  return chosen;
}

/** Entries from the wire; what is malformed is left out. */
export function parseGossip(value: unknown): GossipEntry[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, schedulerLimits.gossipWindow + 1).flatMap((entry: { report?: unknown; ageMs?: unknown } | null) => {
    const report = parseReport(entry?.report);
    const ageMs = entry?.ageMs;
    return report && typeof ageMs === 'number' && ageMs >= 0 ? [{ report, ageMs }] : [];
  });
}

function isLater(one: KnownReport, other: KnownReport): boolean {
  const isSameLife = one.report.incarnation === other.report.incarnation;
  return isSameLife ? one.report.sequence > other.report.sequence : one.atMs > other.atMs;
}
