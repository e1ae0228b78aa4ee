/**
 * The functions of a guest's `process`. They use no `this`: programs take them off the object, import them by name and hold them over moves,
 * so each is a function of the runtime that images name. What only reads is Node's own; what acts on this guest is here; what would act on the
 * whole node is refused (refusals.ts).
 */
import { constants } from 'node:os';
import { CallbackJob, enqueueTick } from '@godwit/checkpoint/guest';
import { guestClock } from './clock.js';
import { refused, wrongType } from './refusals.js';
import { type Emitter, processState } from './state.js';
import { warn } from './warning.js';

const real = process;
const { signals } = constants;
const { hasOwn } = Object;
const { cpuUsage, resourceUsage, memoryUsage, constrainedMemory, availableMemory } = real;
const { getuid, geteuid, getgid, getegid, getgroups, assert } = real as NodeJS.Process & { assert: unknown };
const { hrtime: nativeHrtime, kill: nativeKill, umask: nativeUmask, nextTick: nativeNextTick } = real;

export interface ProcessHost {
  /** Ends the guest now; does not return. */
  exit(code: number): never;
  /** What Node's own modules set: that of a program that set none. */
  nodesExitCode(): number | string | null | undefined;
  kill(pid: number, signal: string | number): void;
  /** The guest's `process`. */
  current(): Emitter;
  /** What the guest's thread waits for, by Node's names, without what it always has. */
  openResources(): string[];
  chdir(directory: string): void;
  loadEnvFile(path: unknown): void;
  builtin(name: string): unknown;
}
let host: ProcessHost;
export const setProcessHost = (next: ProcessHost): void => {
  host = next;
};

/** The code that the guest would end with now, as listeners are told it. */
export const exitCode = (): number => (processState().exitCode ?? host.nodesExitCode() ?? 0) as number;

/** Tells once that the guest ends. */
export function announceExit(): void {
  const state = processState();
  if (state.isExiting) return;
  state.isExiting = true;
  state.exitCode ??= host.nodesExitCode();
  host.current().emit('exit', exitCode());
}

function exit(...args: unknown[]): never {
  if (args.length > 0) setExitCode(args[0]);
  announceExit();
  // Looked up: packages put their own there to be the last (signal-exit).
  return host.current().reallyExit(exitCode());
}

/** @throws as Node for what is no exit code */
export function setExitCode(code: unknown): void {
  real.exitCode = code as number; // of the thread, where it means nothing: Node judges it
  processState().exitCode = code as number | string | null | undefined;
}

function kill(pid: unknown, signal?: unknown): true {
  // biome-ignore lint/suspicious/noDoubleEquals: as Node asks
  if (pid != ((pid as number) | 0)) return nativeKill(pid as number); // refuses it
  if (typeof signal === 'string' && signal !== '' && !hasOwn(signals, signal)) return nativeKill(0, signal); // so too
  host.kill(Number(pid), signal === undefined || signal === null || signal === '' ? 'SIGTERM' : (signal as string | number));
  return true;
}

function nextTick(callback: unknown, ...args: unknown[]): void {
  if (typeof callback !== 'function') nativeNextTick(callback as never); // refuses it
  enqueueTick(new CallbackJob(callback as () => unknown, args));
}

const nowNs = (): bigint => BigInt(Math.round(guestClock.nowMs() * 1e6)) + 1_000_000_000n;

function hrtime(previous?: unknown): [number, number] {
  if (previous !== undefined && !(Array.isArray(previous) && previous.length === 2))
    return nativeHrtime(previous as [number, number]); // refuses it
  const now = nowNs();
  let seconds = Number(now / 1_000_000_000n);
  let nanos = Number(now % 1_000_000_000n);
  if (previous === undefined) return [seconds, nanos];
  seconds -= previous[0];
  nanos -= previous[1];
  return nanos < 0 ? [seconds - 1, nanos + 1_000_000_000] : [seconds, nanos];
}
function bigint(): bigint {
  return nowNs();
}

function umask(mask?: unknown): number {
  if (mask !== undefined) throw refused('umask', 'the mask is that of the whole node');
  return nativeUmask();
}

/** What a process may always be set to: what it is. */
function idSetter(name: string, now: (() => number) | undefined): (id: unknown) => void {
  const setter = (id: unknown): void => {
    if (typeof id !== 'number' && typeof id !== 'string') throw wrongType('id', 'one of type number or string', id);
    if (id !== now?.()) throw refused(name, 'it would change the whole node');
  };
  return named(name, setter);
}

const refusing = (name: string, why: string, length: number): ((...args: unknown[]) => never) => {
  const refuse = named(name, (..._args: unknown[]): never => {
    throw refused(name, why);
  });
  Object.defineProperty(refuse, 'length', { value: length });
  return refuse;
};

function named<F extends object>(name: string, fn: F): F {
  return Object.defineProperty(fn, 'name', { value: name });
}

function setUncaughtExceptionCaptureCallback(fn: unknown): void {
  const state = processState();
  if (fn !== null && typeof fn !== 'function') throw wrongType('fn', 'of type function or null', fn);
  if (fn !== null && state.uncaughtCallback !== null) {
    const error = new Error('`process.setupUncaughtExceptionCapture()` was called while a capture callback was already active');
    throw Object.assign(error, { code: 'ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET' });
  }
  state.uncaughtCallback = fn as (error: unknown) => unknown;
}

const stringArgument = (name: string, value: unknown): string => {
  if (typeof value !== 'string') throw wrongType(name, 'of type string', value);
  return value;
};

const openHandles = (real as unknown as { _getActiveHandles(): object[] })._getActiveHandles;
const openRequests = (real as unknown as { _getActiveRequests(): object[] })._getActiveRequests;
/** The thread's own: its port to the node. */
const handlesAtStart = new WeakSet<object>();
export const rememberHandles = (): void => {
  for (const handle of openHandles()) handlesAtStart.add(handle);
};

const own = {
  binding(name: unknown): never {
    throw new Error(`No such module: ${String(name)}`);
  },
  _linkedBinding(name: unknown): never {
    throw Object.assign(new Error(`No such binding: ${String(name)}`), { code: 'ERR_INVALID_MODULE' });
  },
  _rawDebug(...args: unknown[]): void {
    processState().stderr.write(`${args.map(String).join(' ')}\n`);
  },
  dlopen(_module: unknown, _filename?: unknown): never {
    const error = new Error('Cannot load native addon because loading addons is disabled.');
    throw Object.assign(error, { code: 'ERR_DLOPEN_DISABLED' });
  },
  uptime: (): number => guestClock.nowMs() / 1000,
  _getActiveHandles: (): object[] => openHandles().filter((handle) => !handlesAtStart.has(handle)),
  _getActiveRequests: (): object[] => openRequests(),
  getActiveResourcesInfo: (): string[] => host.openResources(),
  reallyExit: (code?: number): never => host.exit(code ?? 0),
  _kill(pid: number, signal: number): number {
    kill(pid, signal);
    return 0;
  },
  loadEnvFile: (path: unknown = undefined): void => host.loadEnvFile(path),
  kill,
  exit,
  hrtime: Object.assign(hrtime, { bigint }),
  openStdin(): unknown {
    return processState().stdin.resume();
  },
  setUncaughtExceptionCaptureCallback,
  hasUncaughtExceptionCaptureCallback: (): boolean => processState().uncaughtCallback !== null,
  emitWarning(warning: unknown, type?: unknown, code?: unknown, _constructor?: unknown): void {
    warn(host.current() as never, warning, type, code);
  },
  nextTick,
  setSourceMapsEnabled(isEnabled: unknown): void {
    if (typeof isEnabled !== 'boolean') throw wrongType('val', 'of type boolean', isEnabled);
    processState().usesSourceMaps = isEnabled;
  },
  getBuiltinModule: (id: unknown): unknown => host.builtin(stringArgument('id', id)),
  abort: (): never => host.exit(134),
  umask,
  chdir(directory: unknown): void {
    host.chdir(stringArgument('directory', directory));
  },
  cwd: (): string => processState().cwd,
  initgroups: refusing('initgroups', 'it would change the whole node', 2),
  setgroups: refusing('setgroups', 'it would change the whole node', 1),
  setegid: idSetter('setegid', getegid),
  seteuid: idSetter('seteuid', geteuid),
  setgid: idSetter('setgid', getgid),
  setuid: idSetter('setuid', getuid),
};

/** As Node's have them; of what bundling leaves the names are given too. */
const lengths: Record<string, number> = {
  kill: 2,
  exit: 1,
  nextTick: 1,
  umask: 1,
  hrtime: 1,
  emitWarning: 4,
  dlopen: 0,
  reallyExit: 0,
  _kill: 0,
};
for (const [name, fn] of Object.entries(own)) {
  named(name, fn);
  if (name in lengths) Object.defineProperty(fn, 'length', { value: lengths[name] });
}

/** What this Node has of them. */
export const processFunctions: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries({
    cpuUsage,
    resourceUsage,
    memoryUsage,
    constrainedMemory,
    availableMemory,
    getuid,
    geteuid,
    getgid,
    getegid,
    getgroups,
    assert,
    ...own,
  }).filter(([name]) => name in real),
);
