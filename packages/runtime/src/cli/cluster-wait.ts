/** cluster-wait: waits for processes to end; exits as the last one did (128+N by signal N, 125 lost). */

import { signalExitCode } from '../node/signals.js';
import { openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { forEach, pidArguments, waitForEnd } from './processes.js';

const program = command('cluster-wait', 'waits for processes to end')
  .argument('<pids...>', 'the processes', pidArguments)
  .addHelpText('after', '\nExamples:\n  cluster-wait 130')
  .action(async (pids: number[], options: { cluster?: string }) => {
    const cluster = await openRunningCluster(commandHost(), options.cluster);
    let last = 0;
    const failed = await forEach(pids, 'cluster-wait', async (pid) => {
      const { exit, state, reason } = await waitForEnd(cluster, pid);
      if (state === 'lost') process.stderr.write(`cluster-wait: process ${pid} was lost: ${reason}\n`);
      last = state === 'lost' || !exit ? 125 : 'code' in exit ? exit.code : signalExitCode(exit.signal);
    });
    process.exitCode = failed || last;
    await cluster.close();
  });

void main(program);
