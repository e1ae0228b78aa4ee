/**
 * The guest's `process`: argv, env, cwd, exit, signals, ticks and clocks of this guest alone. Functions that need no handle are
 * Node's own; what would act on the whole node (chdir, setuid, abort) is replaced or refused.
 */
import { CallbackJob, enqueueTick } from '@godwit/checkpoint/guest';
import type { GuestSettings } from '../../guest/protocol.js';
import { GuestInput, GuestOutput } from '../stdio/stdio.js';
import { guestClock } from './clock.js';
import { ServiceEmitter } from './emitter.js';
import { warn, warningFunctions } from './warning.js';

const real = process;

export interface ProcessHost {
  /** Ends the guest now; does not return. */
  exit(code: number): never;
  /** What Node's own modules set: that of a program that set none. */
  exitCode(): number | string | null | undefined;
  kill(pid: number, signal: string | number): void;
}
let host: ProcessHost;
export const setProcessHost = (next: ProcessHost): void => {
  host = next;
};

export class GuestProcess extends ServiceEmitter {
  title = 'node';
  version = real.version;
  versions = real.versions;
  arch = real.arch;
  platform = real.platform;
  release = real.release;
  config = real.config;
  features = real.features;
  argv: string[];
  execArgv: string[];
  execPath = real.execPath;
  argv0 = 'node';
  env: Record<string, string>;
  pid: number;
  ppid = real.ppid;
  exitCode: number | string | undefined = undefined;
  stdout: GuestOutput;
  stderr: GuestOutput;
  stdin = new GuestInput();
  _exiting = false;
  /** The hint behind the first warning was shown. */
  _warned = false;
  private _cwd: string;

  constructor(settings: GuestSettings) {
    super();
    this.argv = settings.argv;
    this.execArgv = settings.execArgv;
    this.env = makeEnv(settings.env);
    this.pid = settings.pid;
    this._cwd = settings.cwd;
    this.stdout = new GuestOutput(1, settings.tty);
    this.stderr = new GuestOutput(2, settings.tty);
    for (const key of ['_cwd', '_exiting', '_warned', 'config', 'features'])
      Object.defineProperty(this, key, { enumerable: false });
  }
  cwd(): string {
    return this._cwd;
  }
  chdir(directory: string): void {
    this._cwd = directory.startsWith('/') ? directory : `${this._cwd}/${directory}`;
  }
  exit(code?: number | string): never {
    if (code !== undefined && code !== null) this.exitCode = code;
    this.exitCode ??= host.exitCode() ?? undefined;
    const status = () => Number(this.exitCode ?? 0) & 0xff;
    if (!this._exiting) {
      this._exiting = true;
      this.emit('exit', status());
    }
    return host.exit(status());
  }
  reallyExit(code?: number): never {
    return host.exit(code ?? 0);
  }
  abort(): never {
    return host.exit(134);
  }
  kill(pid: number, signal: string | number = 'SIGTERM'): true {
    host.kill(pid, signal);
    return true;
  }
  nextTick(callback: unknown, ...args: unknown[]): void {
    if (typeof callback !== 'function') {
      const error = new TypeError(
        `The "callback" argument must be of type function. Received ${callback === undefined ? 'undefined' : typeof callback}`,
      );
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    enqueueTick(new CallbackJob(callback as () => unknown, args));
  }
  uptime(): number {
    return guestClock.nowMs() / 1000;
  }
  memoryUsage(): NodeJS.MemoryUsage {
    return real.memoryUsage();
  }
  resourceUsage(): NodeJS.ResourceUsage {
    return real.resourceUsage();
  }
  cpuUsage(previous?: NodeJS.CpuUsage): NodeJS.CpuUsage {
    return real.cpuUsage(previous);
  }
  umask(): number {
    return real.umask();
  }
  getuid(): number {
    return real.getuid?.() ?? 0;
  }
  geteuid(): number {
    return real.geteuid?.() ?? 0;
  }
  getgid(): number {
    return real.getgid?.() ?? 0;
  }
  getegid(): number {
    return real.getegid?.() ?? 0;
  }
  emitWarning(warning: unknown, type?: unknown, code?: unknown): void {
    warn(this, warning, type, code);
  }
  binding(name: string): never {
    throw new Error(`No such module: ${name}`);
  }
}

function hrtime(previous?: [number, number]): [number, number] {
  const ns = BigInt(Math.round(guestClock.nowMs() * 1e6)) + 1_000_000_000n;
  let seconds = Number(ns / 1_000_000_000n);
  let nanos = Number(ns % 1_000_000_000n);
  if (previous) {
    seconds -= previous[0];
    nanos -= previous[1];
    if (nanos < 0) {
      seconds--;
      nanos += 1_000_000_000;
    }
  }
  return [seconds, nanos];
}
const hrtimeWithBigint = Object.assign(hrtime, { bigint: () => BigInt(Math.round(guestClock.nowMs() * 1e6)) + 1_000_000_000n });
Object.defineProperty(GuestProcess.prototype, 'hrtime', {
  value: hrtimeWithBigint,
  writable: true,
  configurable: true,
  enumerable: false,
});
Object.defineProperty(GuestProcess.prototype, Symbol.toStringTag, { value: 'process', configurable: true });
Object.defineProperty(GuestProcess.prototype, 'memoryUsage', {
  value: Object.assign(() => real.memoryUsage(), { rss: () => real.memoryUsage.rss() }),
  writable: true,
  configurable: true,
});

/** Environment values are strings, as in Node. Plain data otherwise. */
function makeEnv(values: Record<string, string>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) env[key] = value;
  return env;
}

export const processClasses = { GuestProcess, ServiceEmitter, ...warningFunctions };
