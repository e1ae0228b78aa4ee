/** cluster-kill: signals to processes, wherever they are. */

import { constants } from 'node:os';
import { askOwner } from '../node/control.js';
import { signalName } from '../node/signals.js';
import { openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { forEach, pidArguments } from './processes.js';

const program = command('cluster-kill', 'sends a signal to processes')
  .argument('[pids...]', 'the processes', pidArguments)
  .option('-s, --signal <signal>', 'its name or number', 'SIGTERM')
  .option('-l, --list', 'list the signals')
  .addHelpText('after', '\nExamples:\n  cluster-kill 130\n  cluster-kill -s INT 130 131\n  cluster-kill -s 0 130')
  .action(async (pids: number[] | undefined, options: { signal: string; list?: boolean; cluster?: string }) => {
    if (options.list) {
      process.stdout.write(`${Object.keys(constants.signals).join(' ')}\n`);
      return;
    }
    if (!pids?.length) program.error("error: missing required argument 'pids'");
    const signal = signalName(options.signal);
    const host = commandHost();
    const cluster = await openRunningCluster(host, options.cluster);
    const kill = (pid: number) => askOwner(cluster.bus, host, cluster.locations, pid, { op: 'signal', pid, signal });
    process.exitCode = await forEach(pids ?? [], 'cluster-kill', kill);
    await cluster.close();
  });

void main(program);
