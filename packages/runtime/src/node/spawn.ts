/** Starting node daemons as processes of their own, and knowing when they are ready. The URL travels in the environment, not in argv. */

import { type ChildProcess, fork } from 'node:child_process';
import { closeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GodwitError } from '@godwit/checkpoint/base';
import { nodeLimits } from './limits.js';
import { openNodeLog } from './node-log.js';

export interface SpawnedNode {
  readonly node: number;
  readonly url: string;
  readonly child: ChildProcess;
}

export interface SpawnNodeOptions {
  readonly url?: string | undefined;
  readonly name?: string | undefined;
  readonly cores?: number | undefined;
  readonly pools?: readonly string[] | undefined;
  /** False: it moves nothing by itself. */
  readonly isBalancing?: boolean | undefined;
  /** Ends with this process. Otherwise it goes on by itself. */
  readonly isTied: boolean;
  /** Ends one that is not ready yet. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws GODWIT_NODE_START with the daemon's reason */
export function spawnNode(options: SpawnNodeOptions): Promise<SpawnedNode> {
  const log = options.isTied ? undefined : openNodeLog(process.env, Date.now());
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    GODWIT_CLUSTER: options.url ?? '',
    GODWIT_NODE_NAME: options.name ?? '',
    ...(options.pools === undefined ? {} : { GODWIT_NODE_POOLS: options.pools.join(',') }),
    ...(options.cores === undefined ? {} : { GODWIT_NODE_CORES: String(options.cores) }),
    ...(options.isBalancing === undefined ? {} : { GODWIT_NODE_BALANCE: options.isBalancing ? 'on' : 'off' }),
    GODWIT_NODE_LOG: log?.file ?? '',
    GODWIT_NODE_TIED: options.isTied ? '1' : '',
  };
  const child = fork(fileURLToPath(new URL('../../bin/node-daemon.js', import.meta.url)), [], {
    env: environment,
    detached: !options.isTied,
    execArgv: [],
    stdio: ['ignore', 'ignore', log?.descriptor ?? 'inherit', 'ipc'],
  });
  if (log) closeSync(log.descriptor);
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new GodwitError('GODWIT_NODE_START', `Cannot start a node: ${reason}`));
    };
    const timer = setTimeout(() => fail('it was not ready in time'), nodeLimits.daemonReadyMs);
    const unwanted = () => fail('it is not wanted any more');
    options.signal?.addEventListener('abort', unwanted);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`it ended with ${code}`));
    child.once('message', (message: { ready?: { node: number; url: string }; failed?: string }) => {
      if (!message.ready) return fail(message.failed ?? 'it said nothing');
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', unwanted);
      child.removeAllListeners('exit');
      resolve({ ...message.ready, child });
    });
  });
}
