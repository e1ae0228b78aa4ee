/**
 * cluster-run: compile, start, stay attached, end as the script ended.
 * Exit codes: the guest's own; 128+N by signal N; 125 Godwit failed; 126 the script cannot be run; 127 no such script.
 */

import { realpathSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { GodwitError, type Host } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import { compileScript, compileToText } from '@godwit/checkpoint/compile/cache';
import { decodeJson } from '../cluster/json.js';
import { guestCompileOptions } from '../guest/modules.js';
import { BundleStore } from '../node/bundles.js';
import type { CaptureNews } from '../node/capture-record.js';
import {
  askNode,
  askOwner,
  capturedSubject,
  drainedSubject,
  type MoveReport,
  movedSubject,
  pause,
  type StartRequest,
} from '../node/control.js';
import type { DrainReport } from '../node/drain-record.js';
import { nodeLimits } from '../node/limits.js';
import { signalExitCode } from '../node/signals.js';
import { type AttachedEnd, AttachedProcess } from './attached.js';
import { Captures } from './captures.js';
import { type CommandCluster, findRunningCluster, listNodes } from './cluster.js';
import { openEmbeddedCluster } from './embedded-cluster.js';
import { Moves } from './moves.js';
import { placeFor } from './placement.js';

export interface RunOptions {
  readonly script: string;
  readonly args: readonly string[];
  readonly cluster?: string | undefined;
  readonly detach: boolean;
  readonly name?: string | undefined;
  readonly node?: string | undefined;
  readonly nodes?: number | undefined;
  readonly pin: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly memoryMb?: number | undefined;
  readonly pool?: string | undefined;
  readonly weight?: number | undefined;
  readonly shakeMs?: number | undefined;
  readonly stats?: string | undefined;
  /** Say each move, and the end of its drain, on stderr as it happens, a line of JSON each. */
  readonly showMoves?: boolean | undefined;
}

/** Compiles as every command does. @throws what compileScript throws */
export async function compileGuest(script: string, store: BundleStore) {
  return compileScript(script, { ...guestCompileOptions, cacheDir: store.compileCache });
}

/** The same as text, for those who only hand it on. */
async function compileGuestText(script: string, store: BundleStore, onSize: (length: number) => void): Promise<Uint8Array> {
  return compileToText(script, { ...guestCompileOptions, cacheDir: store.compileCache, onSize });
}

/** Runs and gives the exit code. @throws GodwitError when Godwit failed (125) */
export async function run(options: RunOptions, host: Host): Promise<number> {
  const store = new BundleStore(process.env);
  let opening: Promise<CommandCluster> | undefined;
  const open = (): Promise<CommandCluster> => {
    opening ??= openCluster(options, host);
    opening.catch(() => {}); // a script that cannot be compiled is the first thing to say
    return opening;
  };
  // The nodes of an embedded cluster renew their leases through this thread: they start beside a short compilation, after a long one.
  const openBeside = (length: number): unknown => length < nodeLimits.compiledBeside && open();
  let bundle: Uint8Array;
  try {
    bundle = await compileGuestText(options.script, store, openBeside);
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
    process.stderr.write(`cluster-run: ${error.message}\n`);
    await opening?.then((cluster) => cluster.close()).catch(() => {});
    return error.code === 'GODWIT_NO_SCRIPT' ? 127 : 126;
  }
  const cluster = await open();
  try {
    const bundleName = store.saveText(bundle);
    store.offer(bundleName, cluster.bus);
    const { node, reservation } = await placeFor(cluster, options.node, options);
    const request = { ...startRequest(options, bundleName, resolve(options.script)), reservation };
    const { pid } = await askNode<{ pid: number }>(cluster.bus, node, request, nodeLimits.daemonReadyMs);
    if (options.detach) {
      process.stdout.write(`${pid}\n`);
      return 0;
    }
    return await follow(options, cluster, pid, bundle);
  } finally {
    await cluster.close();
  }
}

/** The cluster a process is started in: a running one, else one for the life of the command. */
export async function openCluster(
  options: Pick<RunOptions, 'cluster' | 'nodes' | 'node' | 'shakeMs' | 'detach'>,
  host: Host,
): Promise<CommandCluster> {
  const running = options.nodes === undefined ? await findRunningCluster(host, options.cluster) : undefined;
  if (running) return running;
  if (options.detach)
    throw new GodwitError(
      'GODWIT_NO_CLUSTER',
      'Cannot detach: no cluster runs here, and one made for this command would end with it (cluster-node start makes one that stays)',
    );
  const isWhole = options.nodes !== undefined || options.node !== undefined || options.shakeMs !== undefined;
  return openEmbeddedCluster(host, options.nodes ?? 2, isWhole);
}

/** As a process that begins there would be told it. */
function folderOf(given: string): string {
  try {
    return realpathSync(given);
  } catch {
    return resolve(given); // the guest finds out
  }
}

function startRequest(options: RunOptions, bundle: string, entry: string): StartRequest {
  const { columns, rows, isTTY } = process.stdout;
  const tty = isTTY && process.stderr.isTTY ? { columns, rows, colors: process.stdout.hasColors() } : undefined;
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...process.env, ...options.env }))
    if (value !== undefined && key !== 'GODWIT_CLUSTER') env[key] = value;
  const settings = {
    argv: [process.execPath, entry, ...options.args],
    execArgv: [],
    env,
    cwd: folderOf(options.cwd ?? '.'),
    tty,
  };
  const { pin, detach: detached, memoryMb, pool, weight } = options;
  const isShaken = options.shakeMs !== undefined;
  return {
    op: 'start',
    bundle,
    settings,
    name: options.name ?? basename(options.script),
    pin,
    detached,
    memoryMb,
    pool,
    weight,
    isShaken,
  };
}

async function follow(options: RunOptions, cluster: CommandCluster, pid: number, bundle: Uint8Array): Promise<number> {
  const attached = await AttachedProcess.attach(cluster, pid);
  const stopForwarding = forwardSignals(cluster, pid);
  const captures = new Captures(() => JSON.parse(Buffer.from(bundle).toString('utf8')) as Bundle);
  const moves = new Moves(options.showMoves === true, captures);
  // Whoever moves it, the shaker, a user or the balancer: each move is told once it happened.
  const told = cluster.bus.subscribe(movedSubject(pid), ({ payload }) => {
    const report = decodeJson(payload, 'report of a move') as unknown as MoveReport; // from the node that moved it
    moves.add(report);
  });
  const drainsTold = cluster.bus.subscribe(drainedSubject(pid), ({ payload }) => {
    const report = decodeJson(payload, 'report of a drain') as unknown as DrainReport; // from the node that it came to
    moves.addDrain(report);
  });
  const capturesTold = cluster.bus.subscribe(capturedSubject(pid), ({ payload }) =>
    captures.add(decodeJson(payload, 'report of a capture') as unknown as CaptureNews),
  );
  const shaking = new AbortController();
  const shake =
    options.shakeMs === undefined ? Promise.resolve() : shakeGuest(cluster, pid, options.shakeMs, moves, shaking.signal);
  const end = await attached.ended;
  shaking.abort();
  stopForwarding();
  await Promise.race([shake, pause(cluster.host, nodeLimits.controlTimeoutMs)]);
  await Promise.race([moves.drained(), pause(cluster.host, nodeLimits.lastDrainMs)]);
  attached.detach();
  told.stop();
  drainsTold.stop();
  capturesTold.stop();
  const exitCode = exitCodeOf(end, pid, 'cluster-run');
  if (options.stats !== undefined) {
    const signal = 'signal' in end ? (end.signal ?? null) : null;
    const stats = { schema: 'godwit.run-stats/1', pid, exitCode, signal, captures: captures.summary, moves: moves.list };
    writeFileSync(options.stats, `${JSON.stringify(stats, undefined, 2)}\n`);
  }
  return exitCode;
}

/** As a shell reports it; what the exit code cannot say is said on stderr. */
export function exitCodeOf(end: AttachedEnd, pid: number, command: string): number {
  if ('lost' in end) {
    process.stderr.write(`${command}: process ${pid} was lost: ${end.lost}\n`);
    return 125;
  }
  if (end.reason !== undefined) process.stderr.write(`${command}: process ${pid} ended: ${end.reason}\n`);
  return end.signal === undefined ? end.code : signalExitCode(end.signal);
}

/** Signals to this command are the process's. Gives how to stop that. */
export function forwardSignals(cluster: CommandCluster, pid: number): () => void {
  const { bus, host, locations } = cluster;
  const forward = (signal: NodeJS.Signals) => {
    askOwner(bus, host, locations, pid, { op: 'signal', pid, signal }).catch((error: Error) =>
      host.log('debug', 'a signal was not delivered', { reason: error.message }),
    );
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, forward);
  // A reader that went away, as in `cluster-run … | head`, ends the guest as it would end node.
  process.stdout.on('error', () => forward('SIGPIPE'));
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

/** Moves the guest to the next node, round robin, every `intervalMs`, until told to stop. A move that did not happen is tried again. */
async function shakeGuest(
  cluster: CommandCluster,
  pid: number,
  intervalMs: number,
  moves: Moves,
  stop: AbortSignal,
): Promise<void> {
  const { bus, host, locations } = cluster;
  for (;;) {
    await pause(host, intervalMs);
    if (stop.aborted) return;
    try {
      const [nodes, location] = await Promise.all([listNodes(bus), locations.read(pid)]);
      if (location?.state !== 'running') return;
      const next = nodes.find(({ id }) => id > location.node) ?? nodes[0];
      if (!next || next.id === location.node) continue;
      const request = { op: 'migrate', pid, to: next.id } as const;
      const report = await askOwner<MoveReport>(bus, host, locations, pid, request, nodeLimits.migrateTimeoutMs);
      moves.add(report);
    } catch (error) {
      if (stop.aborted) return;
      host.log('info', 'the guest was not moved', { pid, reason: (error as Error).message });
    }
  }
}
