/** cluster-node: node daemons on this machine: start, stop, list, drain. The first one makes the cluster and makes it findable. */

import { askNode } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { spawnNode } from '../node/spawn.js';
import { clusterUrl, findNode, listNodes, openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { table } from './table.js';

const program = command('cluster-node', 'starts, stops, lists and drains nodes').addHelpText(
  'after',
  '\nExamples:\n  cluster-node start\n  cluster-node drain 1\n  cluster-node stop 1',
);
const clusterOption = () => (program.opts() as { cluster?: string }).cluster;
const open = () => openRunningCluster(commandHost(), clusterOption());

program
  .command('start')
  .description('starts a node; prints its id')
  .option('--name <name>', 'its name')
  .action(async ({ name }: { name?: string }) => {
    const { node, child } = await spawnNode({ url: await clusterUrl(commandHost(), clusterOption()), name, isTied: false });
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
    const nodes = (await listNodes(cluster.bus)).map((node) => ({
      ...node,
      processes: running.filter((p) => p.node === node.id).length,
    }));
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.nodes/1', nodes })}\n`);
    else {
      const rows = nodes.map(({ id, name, osPid, address, processes }) => [
        String(id),
        name,
        String(osPid),
        address,
        String(processes),
      ]);
      process.stdout.write(table(['NODE', 'NAME', 'OS-PID', 'ADDRESS', 'PROCESSES'], rows));
    }
    await cluster.close();
  });

program
  .command('drain')
  .description('moves every process away from a node and takes no more')
  .argument('<node>')
  .action(async (name: string) => {
    const cluster = await open();
    const { id } = await findNode(cluster.bus, name);
    const result = await askNode<{ moved: number; stayed: { pid: number; reason: string }[] }>(
      cluster.bus,
      id,
      { op: 'drain' },
      nodeLimits.migrateTimeoutMs,
    );
    process.stdout.write(`moved ${result.moved}, stayed ${result.stayed.length}\n`);
    for (const { pid, reason } of result.stayed) process.stderr.write(`cluster-node: process ${pid} stayed: ${reason}\n`);
    if (result.stayed.length > 0) process.exitCode = 1;
    await cluster.close();
  });

await main(program);
