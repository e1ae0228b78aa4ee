/**
 * Child processes of a guest, below Node's JavaScript: they begin in the guest's folder, and what they inherit of its stdout and stderr is the
 * guest's. A child that inherits one writes to a socket whose bytes are told as the guest's output: as they come, before whatever the guest
 * itself writes next, and all of them before the guest hears of the child's end. Of the synchronous forms it writes to a file
 * that is told when the call has ended. Stdin that is inherited is at its end. The environment comes by thread-process.ts.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processState } from '../services/process/state.js';
import { setChildrenFirst, tellOutput } from '../services/stdio/stdio.js';
import { absolutePath } from './directory.js';

/** One of the child's descriptors, as Node's JavaScript hands it to the system. */
interface Stdio {
  readonly type: string;
  readonly fd?: number;
  readonly handle?: PipeHandle;
}
interface SpawnOptions {
  cwd?: string | null | undefined;
  stdio?: Stdio[];
}
interface PipeHandle {
  readonly fd: number;
  close(): void;
}
interface ProcessHandle {
  spawn(options: SpawnOptions): number;
  onexit: (this: unknown, ...how: unknown[]) => void;
}
type Output = 1 | 2;

const thread = process as NodeJS.Process & { binding(name: string): Record<string, unknown> };
const bindingOf = thread.binding.bind(thread);
const { openSync, closeSync, unlinkSync, readSync } = fs;
const { apply } = Reflect;
/** Of the machine, not what the guest's environment says. */
const temporary = tmpdir();

export function installChildProcesses(): void {
  const { Process } = bindingOf('process_wrap') as unknown as { Process: { prototype: ProcessHandle } };
  const { spawn } = Process.prototype;
  Process.prototype.spawn = function (this: ProcessHandle, options) {
    return spawnInGuest(this, spawn, options);
  };
  const binding = bindingOf('spawn_sync') as unknown as { spawn(options: SpawnOptions): unknown };
  const spawnSync = binding.spawn;
  binding.spawn = (options) => spawnSyncInGuest(spawnSync, options);
}

function spawnInGuest(handle: ProcessHandle, spawn: ProcessHandle['spawn'], options: SpawnOptions): number {
  const { Pipe, constants } = bindingOf('pipe_wrap') as unknown as {
    Pipe: new (type: number) => PipeHandle;
    constants: { SOCKET: number };
  };
  options.cwd = folderOf(options.cwd);
  const shared: { pipe: PipeHandle; output: Output }[] = [];
  options.stdio = withoutNodes(options.stdio, (output) => {
    const pipe = new Pipe(constants.SOCKET);
    shared.push({ pipe, output });
    return { type: 'pipe', handle: pipe };
  });
  const failure = apply(spawn, handle, [options]);
  if (failure !== 0) for (const { pipe } of shared) pipe.close();
  else if (shared.length > 0) {
    const open = shared.map(({ pipe, output }) => new SharedOutput(pipe, output));
    const { onexit } = handle;
    handle.onexit = function (...how) {
      for (const output of open) output.bring();
      apply(onexit, this, how);
    };
  }
  return failure;
}

function spawnSyncInGuest(spawn: (options: SpawnOptions) => unknown, options: SpawnOptions): unknown {
  bringAll();
  options.cwd = folderOf(options.cwd);
  const files = new Map<Output, number>();
  options.stdio = withoutNodes(options.stdio, (output) => {
    const fd = files.get(output) ?? namelessFile();
    files.set(output, fd);
    return { type: 'fd', fd };
  });
  try {
    return spawn(options);
  } finally {
    for (const [output, fd] of [...files].sort(([a], [b]) => a - b)) {
      tellAll(fd, output, 0);
      closeSync(fd);
    }
  }
}

/** Node lets the child begin where the parent is, which for the system is the daemon's folder. */
const folderOf = (given: string | null | undefined): string =>
  given === undefined || given === null || given === '' ? processState().cwd : (absolutePath(given) as string);

/** Descriptors of the node itself replaced by `share(output)` for the guest's output, and by nothing for the rest. */
function withoutNodes(stdio: Stdio[] | undefined, share: (output: Output) => Stdio): Stdio[] {
  return (stdio ?? []).map((entry, at) => {
    const fd = entry.type === 'inherit' ? (entry.fd ?? at) : entry.type === 'fd' ? entry.fd : undefined;
    if (fd === 1 || fd === 2) return share(fd);
    // A descriptor from 3 on that is named is a file that the guest opened.
    return fd === 0 || entry.type === 'inherit' ? { type: 'ignore' } : entry;
  });
}

function namelessFile(): number {
  const path = join(temporary, `godwit-${randomUUID()}`);
  const fd = openSync(path, 'ax+', 0o600);
  unlinkSync(path);
  return fd;
}

const PIECE_BYTES = 65_536;

/** What can be read of it now. `at`: where a file begins; a socket has no place. */
function tellAll(fd: number, output: Output, at: number | null): void {
  const piece = new Uint8Array(PIECE_BYTES);
  for (;;) {
    const length = readNow(fd, piece, at);
    if (length === 0) return;
    tellOutput(output, piece.subarray(0, length));
    if (at !== null) at += length;
  }
}

function readNow(fd: number, piece: Uint8Array, at: number | null): number {
  try {
    return readSync(fd, piece, 0, piece.byteLength, at);
  } catch {
    return 0; // nothing there yet, or it is closed
  }
}

/** The guest's end of what a child has for stdout or stderr. It keeps nothing alive: the child does, as in Node. */
class SharedOutput {
  private readonly socket: Socket;

  constructor(
    private readonly pipe: PipeHandle,
    private readonly output: Output,
  ) {
    this.socket = new Socket({ handle: pipe, writable: false } as never);
    this.socket.on('data', (bytes: Buffer) => tellOutput(output, bytes));
    this.socket.on('error', () => {});
    this.socket.on('close', () => open.delete(this));
    this.socket.unref();
    open.add(this);
    setChildrenFirst(bringAll);
  }

  /** Tells what the child has written till now. */
  bring(): void {
    const { fd } = this.pipe;
    if (!this.socket.destroyed && fd >= 0) tellAll(fd, this.output, null);
  }
}

const open = new Set<SharedOutput>();

/** What all children have written till now: before the guest writes, and before it ends. */
export function bringAll(): void {
  for (const output of open) output.bring();
}
