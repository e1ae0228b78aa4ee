/**
 * Finding the cluster that runs on this machine for this user: a small file that only its owner can read, since the URL
 * in it holds the hub's token. `GODWIT_HOME` names the folder; else `$XDG_RUNTIME_DIR/godwit`, else `~/.godwit/godwit`.
 * Keeps true: the file is written whole or not at all; an entry whose process is dead or whose hub does not answer is
 * recognised as stale and removed, so that a crash needs no cleaning up by hand.
 */

import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import type { Bus } from './bus.js';
import { connectBus } from './connect.js';

export interface ClusterEntry {
  readonly url: string;
  /** The process that runs the hub. */
  readonly pid: number;
  readonly startedAtMs: number;
}

/** The part of the environment that says where the file is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where this user's entry is kept. */
export function clusterFile(environment: Environment): string {
  const folder = environment.GODWIT_HOME || join(environment.XDG_RUNTIME_DIR || join(homedir(), '.godwit'), 'godwit');
  return join(folder, 'cluster.json');
}

/**
 * The running cluster, or undefined. Removes an entry that is stale.
 * @throws GODWIT_DISCOVERY when the file belongs to somebody else or others may read or write it: then nothing in it is believed
 */
export async function findCluster(host: Host, environment: Environment): Promise<ClusterEntry | undefined> {
  const found = await connectFound(host, environment, 'discovery');
  await found?.bus.close();
  return found?.entry;
}

/** The same, connected to it. @throws GODWIT_DISCOVERY */
export async function connectFound(
  host: Host,
  environment: Environment,
  name: string,
): Promise<{ entry: ClusterEntry; bus: Bus } | undefined> {
  const file = clusterFile(environment);
  const entry = readEntry(file);
  if (!entry) return undefined;
  const bus = isAlive(entry.pid) ? await connectIfAnswered(entry.url, host, name) : undefined;
  if (bus) return { entry, bus };
  // Removed only if it is still the stale one: a new cluster may have announced itself meanwhile.
  if (readEntry(file)?.url === entry.url) rmSync(file, { force: true });
  return undefined;
}

/**
 * Makes a cluster findable.
 * @throws GODWIT_CLUSTER_RUNS when another cluster is announced already; findCluster first, it removes a stale entry
 */
export function announceCluster(environment: Environment, entry: ClusterEntry): void {
  const file = clusterFile(environment);
  const folder = join(file, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, `.cluster-${randomUUID()}`);
  writeFileSync(draft, JSON.stringify(entry), { mode: 0o600, flag: 'wx' });
  chmodSync(draft, 0o600);
  try {
    // link() fails when the name is taken, where rename() would replace it: of two starters one wins.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw discoveryError(file, messageOf(error));
    throw new GodwitError('GODWIT_CLUSTER_RUNS', `Cannot announce the cluster in "${file}": another one is announced`, {
      fields: { file },
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the entry if it is this cluster's own. */
export function withdrawCluster(environment: Environment, entry: ClusterEntry): void {
  const file = clusterFile(environment);
  if (readEntry(file)?.url === entry.url) rmSync(file, { force: true });
}

function readEntry(file: string): ClusterEntry | undefined {
  let text: string;
  try {
    const { mode, uid } = statSync(file);
    if (process.getuid && uid !== process.getuid()) throw discoveryError(file, 'it belongs to another user');
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw discoveryError(file, 'other users may read or write it');
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error instanceof GodwitError ? error : discoveryError(file, messageOf(error));
  }
  return parseEntry(text) ?? { url: '', pid: 0, startedAtMs: 0 }; // unreadable: stale, and so removed
}

function parseEntry(text: string): ClusterEntry | undefined {
  try {
    const { url, pid, startedAtMs } = JSON.parse(text) as Record<string, unknown>;
    const good = typeof url === 'string' && Number.isSafeInteger(pid) && typeof startedAtMs === 'number';
    return good ? { url, pid: pid as number, startedAtMs } : undefined;
  } catch {
    return undefined; // no JSON: the caller treats it as stale
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function connectIfAnswered(url: string, host: Host, name: string): Promise<Bus | undefined> {
  try {
    return await connectBus(url, host, name);
  } catch (error) {
    host.log('debug', 'the announced cluster does not answer', { reason: messageOf(error) });
    return undefined;
  }
}

function discoveryError(file: string, state: string): GodwitError {
  return new GodwitError('GODWIT_DISCOVERY', `Cannot use "${file}": ${state}`, { fields: { file } });
}
