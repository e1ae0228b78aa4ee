/**
 * The load of each node, from the reports: demand divided by capacity, 1 when its cores are just enough.
 * Nodes on one machine share its cores evenly, and what strangers use there counts evenly against each. So two nodes of one machine
 * differ by their own guests only, however busy the machine is.
 * Keeps true: a stale report gives no load.
 */

import { schedulerLimits } from '../limits.js';
import type { KnownReport, NodeReport } from './report.js';

export interface NodeLoad {
  readonly report: NodeReport;
  readonly capacityCores: number;
  /** Load by strangers on its machine. */
  readonly foreignLoad: number;
  /** Load as measured: what makes it a source. */
  readonly load: number;
  /** Load with everything it has promised to take and has not measured yet: what makes it a target. */
  readonly committedLoad: number;
}

/** The nodes with a fresh report. */
export function nodeLoads(known: Iterable<KnownReport>, nowMs: number): Map<number, NodeLoad> {
  const fresh = [...known].filter(({ atMs }) => nowMs - atMs <= schedulerLimits.staleAfterMs).map(({ report }) => report);
  const machines = new Map<string, NodeReport[]>();
  for (const report of fresh) machines.set(report.machine, [...(machines.get(report.machine) ?? []), report]);
  return new Map([...machines.values()].flatMap(loadsOfMachine).map((load) => [load.report.node, load]));
}

/** Its load once it has taken `demandCores` more. */
export function loadWith(node: NodeLoad, demandCores: number): number {
  return node.committedLoad + demandCores / node.capacityCores;
}

/** Whether its user lets a guest of this pool run there. */
export function isInPool({ report }: NodeLoad, pool: string | undefined): boolean {
  return pool === undefined || report.pools.includes(pool);
}

/** Whether a guest's image and the guest itself find room there. */
export function hasRoom({ report }: NodeLoad, memoryBytes: number): boolean {
  return report.freeMemoryBytes >= schedulerLimits.memoryHeadroom * memoryBytes;
}

function loadsOfMachine(reports: readonly NodeReport[]): NodeLoad[] {
  const count = reports.length;
  const cores = Math.max(...reports.map((report) => report.cores));
  const busyCores = sum(reports.map((report) => report.machineBusyCores)) / count;
  const ownCores = sum(reports.map((report) => report.usedCores));
  const foreignLoad = Math.max(0, busyCores - ownCores) / cores;
  const capacityCores = cores / count;
  return reports.map((report) => {
    const load = foreignLoad + report.demandCores / capacityCores;
    const promisedCores = report.reservedCores + report.unmeasuredCores;
    return { report, capacityCores, foreignLoad, load, committedLoad: load + promisedCores / capacityCores };
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
