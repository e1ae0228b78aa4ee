/**
 * cluster-checkpoint: writes an image of a process to a file. The process goes on, or with --stop ends once the image is safe.
 * Keeps true: the file is there whole or not at all; a process is stopped only after its image reached the disk.
 */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import { askNode, askOwner, type CheckpointReport } from '../node/control.js';
import { nodeLimits } from '../node/limits.js';
import { fetchBytes } from '../node/pieces.js';
import { openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { pidArgument } from './processes.js';
import { bytesText } from './table.js';

interface Options {
  readonly output?: string;
  readonly stop?: boolean;
  readonly json?: boolean;
  readonly cluster?: string;
}

const program = command('cluster-checkpoint', 'writes an image of a process to a file')
  .argument('<pid>', 'the process', pidArgument)
  .option('-o, --output <file>', 'the file (else <pid>.image)')
  .option('--stop', 'end the process when its image is written')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-checkpoint 130\n  cluster-checkpoint 130 -o counter.image --stop')
  .action(async (pid: number, options: Options) => {
    const cluster = await openRunningCluster(commandHost(), options.cluster);
    const file = resolve(options.output ?? `${pid}.image`);
    const stop = options.stop === true;
    const { bus, host, locations } = cluster;
    const request = { op: 'checkpoint', pid, stop } as const;
    const report = await askOwner<CheckpointReport>(bus, host, locations, pid, request, nodeLimits.migrateTimeoutMs);
    const { node, image, pauseMs, frames } = report;
    let isSafe = false;
    try {
      writeSafely(file, await fetchBytes(bus, image));
      isSafe = true;
    } finally {
      // A held process must hear of it either way.
      const settled = askNode(bus, node, { op: 'settle', image: image.name, isSafe: isSafe && stop });
      await settled.catch((error: unknown) => isSafe && stop && Promise.reject(notStopped(file, pid, error)));
    }
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ schema: 'godwit.checkpoint/1', pid, file, imageBytes: image.size, pauseMs, frames, stopped: stop })}\n`,
      );
    else
      process.stdout.write(
        `${pid}: ${file}, ${bytesText(image.size)}${pauseMs === null ? ', stopped' : `, pause ${pauseMs.toFixed(1)} ms`}\n`,
      );
    await cluster.close();
  });

void main(program);

function writeSafely(file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}.part`;
  try {
    // The image holds the environment of the process: for its owner's eyes only.
    writeFileSync(draft, bytes, { mode: 0o600, flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new GodwitError('GODWIT_NOT_WRITTEN', `Cannot write "${file}": ${messageOf(error)}`, { cause: error });
  }
  syncFolder(dirname(file));
}

/** So that the new name outlives a power cut too; some file systems refuse it, and then nothing more can be done. */
function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {}
}

function notStopped(file: string, pid: number, cause: unknown): GodwitError {
  return new GodwitError(
    'GODWIT_NOT_STOPPED',
    `Cannot stop process ${pid}: ${messageOf(cause)} ("${file}" was written all the same)`,
    { cause },
  );
}
