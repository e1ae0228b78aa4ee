/**
 * The properties of a guest's `process`: which there are, in Node's order and with Node's attributes. Each is one of
 *   fixed      a value that cannot be assigned        value, variable   one that can
 *   accessor   what the guest's state says (state.ts)
 * Members that this Node does not have are left out.
 */
import type { GuestSettings } from '../../guest/protocol.js';
import { environment } from './environment.js';
import { environmentFlags } from './environment-flags.js';
import { processFunctions, setExitCode } from './functions.js';
import { processState } from './state.js';

const real = process as NodeJS.Process & Record<string, unknown>;

const accessors = {
  get _exiting(): boolean {
    return processState().isExiting;
  },
  set _exiting(value: boolean) {
    processState().isExiting = Boolean(value);
  },
  get exitCode(): unknown {
    return processState().exitCode;
  },
  set exitCode(code: unknown) {
    setExitCode(code);
  },
  get sourceMapsEnabled(): boolean {
    return processState().usesSourceMaps;
  },
  get stdout(): object {
    return processState().stdout;
  },
  get stdin(): object {
    return processState().stdin;
  },
  get stderr(): object {
    return processState().stderr;
  },
  get report(): object {
    return processState().report;
  },
  get allowedNodeEnvironmentFlags(): unknown {
    const state = processState();
    state.environmentFlags ??= environmentFlags();
    return state.environmentFlags;
  },
};

/** Classes and functions that images name. */
export const memberFunctions = { ...processFunctions, accessors: Object.getOwnPropertyDescriptors(accessors) };

const order =
  'version versions arch platform release _rawDebug moduleLoadList binding _linkedBinding domain _exiting exitCode config dlopen uptime ' +
  '_getActiveRequests _getActiveHandles getActiveResourcesInfo reallyExit _kill loadEnvFile cpuUsage resourceUsage memoryUsage ' +
  'constrainedMemory availableMemory kill exit hrtime openStdin getuid geteuid getgid getegid getgroups allowedNodeEnvironmentFlags ' +
  'assert features setUncaughtExceptionCaptureCallback hasUncaughtExceptionCaptureCallback emitWarning nextTick sourceMapsEnabled ' +
  'setSourceMapsEnabled getBuiltinModule stdout stdin stderr abort umask chdir cwd initgroups setgroups setegid seteuid setgid setuid ' +
  'env title argv execArgv pid ppid execPath debugPort argv0 _preload_modules report';

const fixed = new Set([
  'version',
  'versions',
  'arch',
  'platform',
  'release',
  'moduleLoadList',
  'config',
  'pid',
  '_preload_modules',
]);
/** Not configurable in Node. */
const sealed = new Set(['exitCode', 'features', 'argv0']);

/** What of `process` is this guest's. */
const valuesOf = (settings: GuestSettings): Record<string, unknown> => ({
  domain: null,
  env: environment,
  title: 'node',
  argv: settings.argv,
  execArgv: settings.execArgv,
  pid: settings.pid,
  debugPort: 9229,
  argv0: 'node',
  _preload_modules: [],
});

/** Gives it to `target`, which has none of them. */
export function defineMembers(target: object, settings: GuestSettings): void {
  const values = valuesOf(settings);
  for (const name of order.split(' ')) {
    if (!(name in real)) continue;
    const configurable = !sealed.has(name);
    const accessor = Object.getOwnPropertyDescriptor(accessors, name);
    if (accessor) {
      Object.defineProperty(target, name, { ...accessor, enumerable: true, configurable });
      continue;
    }
    const value = name in processFunctions ? processFunctions[name] : name in values ? values[name] : real[name];
    const writable = configurable && !fixed.has(name);
    Object.defineProperty(target, name, { value, writable, enumerable: true, configurable });
  }
}
