/** cluster-logs: what a detached process wrote, as its mother keeps it, wherever the process runs. */

import { GodwitError } from '@godwit/checkpoint/base';
import { askNode, pause } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import type { LogPiece } from '../node/logs.js';
import { type CommandCluster, openRunningCluster } from './cluster.js';
import { command, commandHost, main, wholeNumber } from './command.js';
import { pidArgument } from './processes.js';

const program = command('cluster-logs', 'prints the output of a detached process')
  .argument('<pid>', 'the process', pidArgument)
  .option('-f, --follow', 'go on until it ends')
  .option('--tail <lines>', 'the last lines only', wholeNumber)
  .addHelpText('after', '\nExamples:\n  cluster-logs -f 130\n  cluster-logs --tail 20 130')
  .action(async (pid: number, options: { follow?: boolean; tail?: number; cluster?: string }) => {
    const cluster = await openRunningCluster(commandHost(), options.cluster);
    const location = await cluster.locations.read(pid);
    if (!location) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot read the output of process ${pid}: there is none`);
    const past = await readAll(cluster, location.home, pid, 0);
    process.stdout.write(options.tail === undefined ? past.bytes : lastLines(past.bytes, options.tail));
    let { next, isEnded } = past;
    while (options.follow && !isEnded && (await cluster.locations.read(pid))?.state !== 'lost') {
      await pause(cluster.host, nodeLimits.outputRetryMaxMs);
      const more = await readAll(cluster, location.home, pid, next);
      process.stdout.write(more.bytes);
      ({ next, isEnded } = more);
    }
    await cluster.close();
  });

void main(program);

async function readAll({ bus }: CommandCluster, home: number, pid: number, from: number) {
  const pieces: Buffer[] = [];
  for (let next = from; ; ) {
    const piece = await askNode<LogPiece | null>(bus, home, { op: 'logs', pid, from: next });
    if (!piece)
      throw new GodwitError(
        'GODWIT_NO_LOG',
        `Cannot read the output of process ${pid}: it was not started with --detach, or is forgotten`,
      );
    pieces.push(Buffer.from(piece.text, 'base64'));
    next = piece.next;
    if (pieces.at(-1)!.length === 0 || piece.isEnded) return { bytes: Buffer.concat(pieces), next, isEnded: piece.isEnded };
  }
}

function lastLines(bytes: Buffer, count: number): Buffer {
  if (count === 0) return Buffer.alloc(0);
  let at = bytes.length - (bytes.at(-1) === 10 ? 1 : 0);
  for (let lines = 0; lines < count && at > 0; lines++) at = bytes.lastIndexOf(10, at - 1);
  return bytes.subarray(at + 1);
}
