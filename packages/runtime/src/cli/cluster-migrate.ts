/** cluster-migrate: moves one process and waits until it runs there. `best` is the node with the fewest processes. */

import { GodwitError } from '@godwit/checkpoint/base';
import { askOwner, type MoveReport } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { type CommandCluster, findNode, listNodes, openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { pidArgument } from './processes.js';
import { bytesText } from './table.js';

const program = command('cluster-migrate', 'moves a process to another node')
  .argument('<pid>', 'the process', pidArgument)
  .argument('[node]', 'a node, home or best', 'best')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-migrate 130\n  cluster-migrate 130 2\n  cluster-migrate 130 home')
  .action(async (pid: number, node: string, options: { json?: boolean; cluster?: string }) => {
    const host = commandHost();
    const cluster = await openRunningCluster(host, options.cluster);
    const to = await target(cluster, pid, node);
    const report = await askOwner<MoveReport>(
      cluster.bus,
      host,
      cluster.locations,
      pid,
      { op: 'migrate', pid, to },
      nodeLimits.migrateTimeoutMs,
    );
    const { from, pauseMs, essenceBytes, pages, faults } = report;
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.migrate/1', pid, ...report })}\n`);
    else
      process.stdout.write(
        `${pid}: node ${from} -> ${to}, pause ${pauseMs.toFixed(1)} ms, ${bytesText(essenceBytes)} in ${pages} pages, ${faults} faults\n`,
      );
    await cluster.close();
  });

await main(program);

async function target({ bus, locations }: CommandCluster, pid: number, node: string): Promise<number> {
  const location = await locations.read(pid);
  if (!location) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot move process ${pid}: there is none`);
  if (node === 'home') return location.home;
  if (node !== 'best') return (await findNode(bus, node)).id;
  const running = (await locations.list()).filter(({ state }) => state === 'running');
  const load = (id: number) => running.filter((other) => other.node === id).length;
  const others = (await listNodes(bus)).filter(({ id }) => id !== location.node).sort((a, b) => load(a.id) - load(b.id));
  if (!others[0]) throw new GodwitError('GODWIT_BAD_NODE', `Cannot move process ${pid}: there is no other node`);
  return others[0].id;
}
