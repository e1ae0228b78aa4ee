/**
 * Every process of the cluster as one row each: from the location table, and what the node that owns it says of it now. A node that does not
 * answer leaves what only it knows empty; it never holds the list up for longer than one short request.
 *
 * STAT: R running, S idle, M moving, P its node does not answer (paused as far as can be told), T stopped, Z ended and not waited for, X lost.
 */

import { askNode, type GuestReport, type NodeLoadReport } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { type Location, type SystemRole, systemPid } from '../process/index.js';
import { type CommandCluster, listNodes, type NodeEntry } from './cluster.js';

export type ProcessStat = 'R' | 'S' | 'M' | 'P' | 'T' | 'Z' | 'X';

export interface ProcessRow {
  readonly pid: number;
  /** Its mother node. */
  readonly home: number;
  readonly node: number;
  /** The mother's daemon, where that has a PID. */
  readonly parent: number | null;
  readonly stat: ProcessStat;
  readonly epoch: number;
  readonly moves: number;
  readonly name: string;
  readonly cpuPercent: number | null;
  readonly residentBytes: number | null;
  /** At the node that it came from, about; null when the node that has it does not say. */
  readonly remoteBytes: number | null;
  readonly cpuMs: number | null;
  readonly elapsedMs: number;
  readonly command: string;
  readonly pinned: readonly string[];
  readonly exit: Location['exit'] | null;
  readonly reason: string | null;
}

export interface RowsWanted {
  readonly isEndedWanted: boolean;
  readonly isSystemWanted: boolean;
}

/** The rows, by PID. @throws what the bus throws */
export async function processRows(cluster: CommandCluster, stride: number, wanted: RowsWanted): Promise<ProcessRow[]> {
  const nodes = await listNodes(cluster.bus);
  const [locations, answers, system] = await Promise.all([
    cluster.locations.list(),
    Promise.all(nodes.map(async ({ id }) => ({ id, guests: await guestsOf(cluster, id) }))),
    wanted.isSystemWanted ? systemRows(cluster, nodes, stride) : [],
  ]);
  const reports = new Map(answers.flatMap(({ guests }) => guests ?? []).map((report) => [report.pid, report]));
  const silent = new Set(answers.filter(({ guests }) => !guests).map(({ id }) => id));
  const nowMs = cluster.host.nowMs();
  // A lost process is news until it is cleared away; an ended one is not.
  const shown = locations.filter(({ state }) => wanted.isEndedWanted || state !== 'ended');
  const guests = shown.map((location) => guestRow(location, reports.get(location.pid), silent, stride, nowMs));
  return [...system, ...guests].sort((a, b) => a.pid - b.pid);
}

function guestRow(
  location: Location,
  report: GuestReport | undefined,
  silent: ReadonlySet<number>,
  stride: number,
  nowMs: number,
): ProcessRow {
  const { pid, home, node, epoch, moves, startedAtMs, endedAtMs, argv, name, exit, reason } = location;
  return {
    ...{ pid, home, node, epoch, moves, name, parent: systemPid('daemon', home, stride) ?? null },
    stat: statOf(location, report, silent),
    cpuPercent: report ? round(100 * report.cpuCores) : null,
    residentBytes: report?.memoryBytes ?? null,
    remoteBytes: report?.remoteBytes ?? (location.state === 'running' ? null : 0),
    cpuMs: report ? Math.round(report.cpuMs) : null,
    elapsedMs: (endedAtMs ?? nowMs) - startedAtMs,
    command: argv.join(' '),
    pinned: report?.pinned ?? [],
    exit: exit ?? null,
    reason: reason ?? null,
  };
}

function statOf({ state, node }: Location, report: GuestReport | undefined, silent: ReadonlySet<number>): ProcessStat {
  if (state === 'lost') return 'X';
  if (state === 'ended') return 'Z';
  if (!report && silent.has(node)) return 'P';
  // Its owner answered and does not have it yet, or not any more: it is on its way.
  if (!report || report.moving) return 'M';
  return report.isRunning ? 'R' : 'S';
}

/** PIDs 1–100: a node's daemon, and the scheduler, which is a part of the daemon's process. */
async function systemRows({ bus }: CommandCluster, nodes: readonly NodeEntry[], stride: number): Promise<ProcessRow[]> {
  const ask = async ({ id }: NodeEntry) =>
    askNode<NodeLoadReport>(bus, id, { op: 'load' }, nodeLimits.listTimeoutMs).catch(() => undefined);
  const rows = await Promise.all(
    nodes.map(async (node) => {
      const load = await ask(node);
      return (['daemon', 'scheduler'] as const).map((role) => systemRow(node, role, load, stride));
    }),
  );
  return rows.flat().flatMap((row) => (row ? [row] : []));
}

function systemRow(node: NodeEntry, role: SystemRole, load: NodeLoadReport | undefined, stride: number): ProcessRow | undefined {
  const pid = systemPid(role, node.id, stride);
  if (pid === undefined) return undefined;
  const isDaemon = role === 'daemon';
  return {
    ...{ pid, home: node.id, node: node.id, epoch: 0, moves: 0, remoteBytes: 0, exit: null, reason: null },
    parent: isDaemon ? null : (systemPid('daemon', node.id, stride) ?? null),
    stat: load ? 'S' : 'P',
    name: `godwit-${role}`,
    cpuPercent: load && isDaemon ? round(100 * load.usedCores) : null,
    residentBytes: load && isDaemon ? load.residentBytes : null,
    cpuMs: load && isDaemon ? Math.round(load.processCpuMs) : null,
    elapsedMs: Math.round(load?.upForMs ?? 0),
    command: `godwit ${role} of node ${node.id} (${node.name})`,
    pinned: ['it belongs to its node'],
  };
}

/** Undefined: the node did not answer in time. */
function guestsOf({ bus }: CommandCluster, node: number): Promise<GuestReport[] | undefined> {
  return askNode<GuestReport[]>(bus, node, { op: 'list' }, nodeLimits.listTimeoutMs).catch(() => undefined);
}

const round = (value: number) => Math.round(value * 10) / 10;
