/** cluster-migrate: moves one process and waits until it runs there. `best` is the choice of the scheduler's policy. */

import { GodwitError } from '@godwit/checkpoint/base';
import { askOwner, type MoveReport } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { type CommandCluster, findNode, openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { pidArgument } from './processes.js';
import { bytesText } from './table.js';

const program = command('cluster-migrate', 'moves a process to another node')
  .argument('<pid>', 'the process', pidArgument)
  .argument('[node]', 'a node, home or best', 'best')
  .option('--no-wait', 'return when the move has begun')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-migrate 130\n  cluster-migrate 130 2\n  cluster-migrate --no-wait 130 home')
  .action(async (pid: number, node: string, options: { json?: boolean; wait: boolean; cluster?: string }) => {
    const host = commandHost();
    const cluster = await openRunningCluster(host, options.cluster);
    const to = await target(cluster, pid, node);
    const ask = (timeoutMs: number) =>
      askOwner<MoveReport>(
        cluster.bus,
        host,
        cluster.locations,
        pid,
        { op: 'migrate', pid, to, isWaited: options.wait },
        timeoutMs,
      );
    const report = await ask(options.wait ? nodeLimits.migrateTimeoutMs : nodeLimits.controlTimeoutMs);
    // Offsets in the bundle's code say nothing without it; `--stats` of cluster-run has places.
    const putOff = report.putOff?.map(({ reason, times, waitedMs }) => ({ reason, times, waitedMs }));
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.migrate/1', pid, ...report, putOff })}\n`);
    else process.stdout.write(`${pid}: node ${report.from} -> ${report.to}${options.wait ? costText(report) : ', begun'}\n`);
    await cluster.close();
  });

void main(program);

function costText({ pauseMs, essenceBytes, pages, faults }: MoveReport): string {
  return `, pause ${pauseMs.toFixed(1)} ms, ${bytesText(essenceBytes)} in ${pages} pages, ${faults} faults`;
}

async function target({ bus, host, locations }: CommandCluster, pid: number, node: string): Promise<number> {
  const location = await locations.read(pid);
  if (!location) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot move process ${pid}: there is none`);
  if (node === 'home') return location.home;
  if (node !== 'best') return (await findNode(bus, node)).id;
  return (await askOwner<{ node: number }>(bus, host, locations, pid, { op: 'best', pid })).node;
}
