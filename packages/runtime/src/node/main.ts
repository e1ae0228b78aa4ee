/**
 * The process of one node daemon. The bus's URL, a secret, comes in the environment (GODWIT_CLUSTER), the name in GODWIT_NODE_NAME, cores of its own in
 * GODWIT_NODE_CORES, pools in GODWIT_NODE_POOLS; GODWIT_NODE_BALANCE=off keeps it from moving processes by itself, GODWIT_PAGING says which move in
 * parcels (guest-worker.ts).
 * With an IPC channel it says `{ ready: { node, url } }` or `{ failed }`; with GODWIT_NODE_TIED it ends with its parent.
 */

import { type LogLevel, messageOf, realHost } from '@godwit/checkpoint/base';
import { isPool } from '@godwit/scheduler';
import { NodeDaemon } from './daemon.js';
import { checkPaging } from './guest-worker.js';
import { setGuestFlags } from './v8-flags.js';

const host = realHost((process.env.GODWIT_LOG as LogLevel | undefined) ?? 'error');

async function main(): Promise<void> {
  checkPaging();
  setGuestFlags();
  const isTied = process.env.GODWIT_NODE_TIED === '1';
  const daemon = await NodeDaemon.start({
    host,
    environment: process.env,
    url: process.env.GODWIT_CLUSTER || undefined,
    name: process.env.GODWIT_NODE_NAME || undefined,
    logFile: process.env.GODWIT_NODE_LOG || undefined,
    pools: (process.env.GODWIT_NODE_POOLS ?? '').split(',').filter(isPool),
    cores: Number(process.env.GODWIT_NODE_CORES) || undefined,
    isBalancing: process.env.GODWIT_NODE_BALANCE !== 'off',
    onEnd: (reason) => {
      if (reason !== undefined) host.log('error', 'the node ended', { reason });
      process.exit(reason === undefined ? 0 : 1);
    },
  });
  // Ctrl-C in a terminal reaches the whole group; the command that started this node decides for it.
  process.on('SIGINT', () => isTied || void daemon.stop());
  process.on('SIGTERM', () => void daemon.stop());
  if (isTied) process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: { node: daemon.node, url: daemon.url } });
  if (!isTied) process.disconnect?.();
}

main().catch((error: unknown) => {
  if (process.send) process.send({ failed: messageOf(error) }, undefined, {}, () => process.exit(1));
  else {
    host.log('error', 'the node could not start', { reason: messageOf(error) });
    process.exit(1);
  }
});
