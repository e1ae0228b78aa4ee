/**
 * cluster-node: node daemons: start one on this machine, stop, list, drain and look at any. The first one makes the cluster and makes it
 * findable. A daemon balances by itself unless told not to.
 */

import type { Bus } from '../cluster/index.js';
import { askNode, type NodeLoadReport, pause } from '../node/control.js';
import type { DrainStatus } from '../node/drain.js';
import { nodeLimits } from '../node/limits.js';
import { spawnNode } from '../node/spawn.js';
import { clusterUrl, findNode, listNodes, type NodeEntry, openRunningCluster } from './cluster.js';
import { command, commandHost, main, poolName, positiveNumber } from './command.js';
import { bytesText, table, timeText } from './table.js';

const program = command('cluster-node', 'starts, stops, lists, drains and describes nodes').addHelpText(
  'after',
  '\nExamples:\n  cluster-node start\n  cluster-node ls\n  cluster-node info 0\n  cluster-node drain 1\n  cluster-node stop 1',
);
const clusterOption = () => (program.opts() as { cluster?: string }).cluster;
const open = () => openRunningCluster(commandHost(), clusterOption());

program
  .command('start')
  .description('starts a node; prints its id')
  .option('--name <name>', 'its name')
  .option(
    '--cores <count>',
    'cores it may count on (else it shares those of this machine with the other nodes here)',
    positiveNumber,
  )
  .option('--pool <name>', 'a pool it belongs to, may be repeated', poolNames)
  .option('--no-balance', 'move nothing by itself')
  .action(async ({ name, cores, pool: pools, balance }: StartOptions) => {
    const url = await clusterUrl(commandHost(), clusterOption());
    const { node, child } = await spawnNode({ url, name, cores, pools, isBalancing: balance, isTied: false });
    child.unref();
    process.stdout.write(`${node}\n`);
  });

program
  .command('stop')
  .description('stops nodes; what runs there ends (drain first to keep it)')
  .argument('<nodes...>')
  .action(async (names: string[]) => {
    const cluster = await open();
    for (const name of names) await askNode(cluster.bus, (await findNode(cluster.bus, name)).id, { op: 'stop' });
    await cluster.close();
  });

program
  .command('ls')
  .description('lists the nodes')
  .option('--json', 'one JSON document')
  .action(async (options: { json?: boolean }) => {
    const cluster = await open();
    const running = (await cluster.locations.list()).filter(({ state }) => state === 'running');
    const entries = await listNodes(cluster.bus);
    const nodes = await Promise.all(
      entries.map(async (entry) => ({
        ...entry,
        processes: running.filter(({ node }) => node === entry.id).length,
        load: (await loadOf(cluster.bus, entry.id)) ?? null,
      })),
    );
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.nodes/1', nodes })}\n`);
    else {
      const header = ['NODE', 'NAME', 'OS-PID', 'ADDRESS', 'PROCESSES', 'LOAD', '%CPU', 'CORES', 'FREE', 'STATE'];
      process.stdout.write(table(header, nodes.map(rowOf)));
    }
    await cluster.close();
  });

program
  .command('info')
  .description('describes a node')
  .argument('<node>')
  .option('--json', 'one JSON document')
  .action(async (name: string, options: { json?: boolean }) => {
    const cluster = await open();
    const entry = await findNode(cluster.bus, name);
    const load = await askNode<NodeLoadReport>(cluster.bus, entry.id, { op: 'load' }, nodeLimits.listTimeoutMs);
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.node/1', ...entry, load })}\n`);
    else process.stdout.write(descriptionOf(entry, load));
    await cluster.close();
  });

program
  .command('drain')
  .description('moves every process away from a node and takes no more; returns when none is left, or none that can move')
  .argument('<node>')
  .action(async (name: string) => {
    const cluster = await open();
    const { id } = await findNode(cluster.bus, name);
    const { moved, left } = await drained(cluster.bus, id);
    process.stdout.write(`moved ${moved}, stayed ${left.length}\n`);
    for (const { pid, reason } of left) process.stderr.write(`cluster-node: process ${pid} stayed: it is pinned (${reason})\n`);
    if (left.length > 0) process.exitCode = 1;
    await cluster.close();
  });

void main(program);

interface StartOptions {
  readonly name?: string;
  readonly cores?: number;
  readonly pool?: string[];
  readonly balance: boolean;
}

function poolNames(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), poolName(text)];
}

/** Waits until the node is empty, or holds only what is pinned; says on stderr, once each, what it waits for. */
async function drained(bus: Bus, id: number): Promise<DrainStatus> {
  const told = new Set<string>();
  for (let round = 0; ; round++) {
    const status = await askNode<DrainStatus>(bus, id, { op: 'drain' });
    if (status.isDone || (status.left.length > 0 && status.left.every(({ isPinned }) => isPinned))) return status;
    for (const { pid, reason } of status.left) {
      if (round * nodeLimits.drainRoundMs < nodeLimits.drainQuietMs || told.has(`${pid} ${reason}`)) continue;
      told.add(`${pid} ${reason}`);
      process.stderr.write(`cluster-node: waiting for process ${pid}: ${reason}\n`);
    }
    await pause(commandHost(), nodeLimits.drainRoundMs);
  }
}

/** Undefined: it did not answer in time. */
function loadOf(bus: Bus, node: number): Promise<NodeLoadReport | undefined> {
  return askNode<NodeLoadReport>(bus, node, { op: 'load' }, nodeLimits.listTimeoutMs).catch(() => undefined);
}

type NodeRow = NodeEntry & { processes: number; load: NodeLoadReport | null };

function rowOf({ id, name, osPid, address, processes, load }: NodeRow): string[] {
  const measured = load
    ? [load.load.toFixed(2), (100 * load.usedCores).toFixed(0), String(load.cores), bytesText(load.freeMemoryBytes)]
    : ['-', '-', '-', '-'];
  const state = load ? (load.isDraining ? 'draining' : 'up') : 'silent';
  return [String(id), name, String(osPid), address, String(processes), ...measured, state];
}

function descriptionOf({ id, name, osPid, address, logFile }: NodeEntry, load: NodeLoadReport): string {
  const lines = {
    node: id,
    name,
    'os-pid': osPid,
    address,
    log: logFile || '-',
    platform: load.platform,
    'up for': timeText(load.upForMs),
    state: load.isDraining ? 'draining: takes no processes' : 'up',
    processes: load.guests,
    pools: load.pools.join(', ') || '-',
    load: `${load.load.toFixed(2)} (1 is what its share of ${load.cores} cores can do)`,
    'cpu used': `${(100 * load.usedCores).toFixed(0)} % of a core, wanted by processes ${(100 * load.demandCores).toFixed(0)} %`,
    'cpu reserved': `${(100 * load.reservedCores).toFixed(0)} % of a core`,
    'daemon memory': bytesText(load.residentBytes),
    memory: `${bytesText(load.freeMemoryBytes)} free of ${bytesText(load.totalMemoryBytes)}`,
  };
  return Object.entries(lines)
    .map(([title, value]) => `${`${title}:`.padEnd(15)}${value}\n`)
    .join('');
}
