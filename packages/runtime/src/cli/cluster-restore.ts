/**
 * cluster-restore: runs a process out of an image, attached as cluster-run is: its output, its exit code, its signals.
 * The image is verified here before anything is asked of a cluster, and again by the node that runs it.
 */

import { askNode } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { Offers } from '../node/pieces.js';
import { AttachedProcess } from './attached.js';
import { command, commandHost, main, nodeCount } from './command.js';
import { readImageFile } from './image-file.js';
import { placeFor } from './placement.js';
import { exitCodeOf, forwardSignals, openCluster } from './run.js';

interface Options {
  readonly samePid: boolean;
  readonly detach: boolean;
  readonly node?: string;
  readonly nodes?: number;
  readonly cluster?: string;
}

const program = command('cluster-restore', 'runs a process out of an image')
  .argument('<file>', 'the image')
  .option('--same-pid', 'under its old PID, which must be free', false)
  .option('-d, --detach', 'print the PID and return', false)
  .option('--node <node>', 'the node to run it on')
  .option('--nodes <count>', 'size of a cluster made for this command', nodeCount)
  .addHelpText('after', '\nExamples:\n  cluster-restore counter.image\n  cluster-restore -d --same-pid --node 2 counter.image')
  .action(async (file: string, options: Options) => {
    const { bytes } = await readImageFile(file);
    const host = commandHost();
    const cluster = await openCluster(options, host);
    try {
      const { node, reservation } = await placeFor(cluster, options.node);
      const image = new Offers(cluster.bus, host).offer(bytes);
      const { samePid, detach: detached } = options;
      const restored = await askNode<{ pid: number; firstSeq: number }>(
        cluster.bus,
        node,
        { op: 'restore', image, samePid, detached, reservation },
        nodeLimits.migrateTimeoutMs,
      );
      if (detached) process.stdout.write(`${restored.pid}\n`);
      else process.exitCode = await follow(cluster, restored);
    } finally {
      await cluster.close();
    }
  });

void main(program);

async function follow(cluster: Awaited<ReturnType<typeof openCluster>>, { pid, firstSeq }: { pid: number; firstSeq: number }) {
  const attached = await AttachedProcess.attach(cluster, pid, firstSeq);
  const stopForwarding = forwardSignals(cluster, pid);
  const end = await attached.ended;
  stopForwarding();
  attached.detach();
  return exitCodeOf(end, pid, 'cluster-restore');
}
