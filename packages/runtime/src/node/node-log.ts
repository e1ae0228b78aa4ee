/**
 * Where a daemon that stays writes what it has to say: `<home>/logs/node-<time>-<n>.log`, one a daemon.
 * Keeps true: bounded in number; what a daemon says at its level `error` is a line at its end.
 */

import { mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../cluster/index.js';
import { nodeLimits } from './limits.js';

export function openNodeLog(environment: Environment, nowMs: number): { descriptor: number; file: string } {
  const folder = join(environment.GODWIT_HOME || join(homedir(), '.godwit'), 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logs = readdirSync(folder)
    .filter((name) => /^node-.*\.log$/.test(name))
    .sort();
  for (const oldest of logs.slice(0, Math.max(0, logs.length - nodeLimits.nodeLogsKept + 1)))
    rmSync(join(folder, oldest), { force: true });
  const file = join(folder, `node-${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}-${process.pid}.log`);
  return { descriptor: openSync(file, 'a', 0o600), file };
}
