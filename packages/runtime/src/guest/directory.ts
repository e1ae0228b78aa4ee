/**
 * Relative paths of a guest. The operating system knows one working folder, the node daemon's; the guest has its own (state.ts). So what Node
 * hands to the system is made absolute here, below Node's JavaScript: file names in streams, directory entries and filters stay as the program
 * wrote them, and errors and results are given back in its words. A table says which arguments of the bindings are paths.
 * While the guest is in the daemon's folder nothing is rewritten, and nothing installed before it first is not.
 */
import fs from 'node:fs';
import { isAbsolute } from 'node:path';
import { types } from 'node:util';
import { followDirectory } from '../services/process/state.js';

// biome-ignore lint/suspicious/noExplicitAny: functions of Node's bindings, called with what Node gives them
type Native = (this: unknown, ...args: any[]) => unknown;
type Binding = Record<string, Native>;

/** Functions of `internalBinding('fs')`: where their paths are. Those of other Nodes stand here too. */
const paths: Readonly<Record<string, readonly number[]>> = {
  access: [0], chmod: [0], chown: [0], copyFile: [0, 1], cpSyncCheckPaths: [0, 1], cpSyncCopyDir: [0, 1], cpSyncOverrideFile: [0, 1],
  existsSync: [0], lchown: [0], link: [0, 1], lstat: [0], lutimes: [0], mkdir: [0], mkdtemp: [0], open: [0], openFileHandle: [0],
  readFileUtf8: [0], readdir: [0], readlink: [0], realpath: [0], rename: [0, 1], rmSync: [0], rmdir: [0], stat: [0], statfs: [0],
  symlink: [1], unlink: [0], utimes: [0], writeFileUtf8: [0],
}; // biome-ignore format: one table
/** The path stands first, or behind an object of Node's in later versions. */
const looksInside = ['internalModuleStat'];
/** They give paths under the one they were given. */
const givesPath = new Set(['mkdtemp', 'mkdir']);
/** Methods of the other bindings' classes. */
const methods: readonly (readonly [binding: string, name: string, method: string, path: number])[] = [
  ['fs_event_wrap', 'FSEvent', 'start', 0],
  ['pipe_wrap', 'Pipe', 'bind', 0],
  ['pipe_wrap', 'Pipe', 'connect', 1],
];

const thread = process as NodeJS.Process & { binding(name: string): Record<string, unknown> };
const bindingOf = thread.binding.bind(thread);
const { existsSync, realpathSync, accessSync, statSync, constants } = fs;
const { apply } = Reflect;
const nativeThen = (async () => {})().then;
/** Node's JavaScript goes on with promises of V8's; the guest's are others. */
const NativePromise = Promise;

/** The guest's folder with a slash at its end, where it is not the daemon's. */
let folder: string | undefined;
let isInstalled = false;

/** The daemon's; undefined when it is gone. */
function daemonFolder(): string | undefined {
  try {
    return realpathSync.native('.');
  } catch {
    return undefined;
  }
}
const nativeFolder = daemonFolder();

/** From now on relative paths are the guest's. */
export function installDirectory(): void {
  followDirectory((cwd) => {
    folder = cwd === nativeFolder ? undefined : cwd.endsWith('/') ? cwd : `${cwd}/`;
    if (folder !== undefined && !isInstalled) rewritePaths();
  });
}

/** A path as the system must be given it. What is no relative path (a descriptor, an empty name) stays. */
export function absolutePath<T>(given: T): T | string | Buffer {
  if (folder === undefined) return given;
  if (typeof given === 'string') return given === '' || isAbsolute(given) ? given : folder + given;
  if (given instanceof Uint8Array && given.byteLength > 0 && given[0] !== SLASH)
    return Buffer.concat([Buffer.from(folder), given]);
  return given;
}
const SLASH = 47;

/** What `process.chdir` goes to: the folder's real path. @throws as Node */
export function directoryAt(given: string, cwd: string): string {
  try {
    const path = realpathSync.native(absolutePath(given) as string);
    if (!statSync(path).isDirectory()) accessSync(`${path}/.`); // ENOTDIR
    accessSync(path, constants.X_OK);
    return path;
  } catch (error) {
    const { errno, code, message } = error as NodeJS.ErrnoException;
    const text = message.slice(0, message.lastIndexOf(`, `, message.indexOf("'")));
    throw Object.assign(new Error(`${text}, chdir '${cwd}' -> '${given}'`), {
      errno,
      code,
      syscall: 'chdir',
      path: cwd,
      dest: given,
    });
  }
}

/** A path that was given and what the system got. */
export interface Change {
  readonly given: string;
  readonly absolute: string;
}

function rewritePaths(): void {
  isInstalled = true;
  const binding = bindingOf('fs') as Binding;
  for (const [name, at] of Object.entries(paths)) if (binding[name]) binding[name] = rewriting(name, binding[name], () => at);
  for (const name of looksInside)
    if (binding[name]) binding[name] = rewriting(name, binding[name], (args) => [typeof args[0] === 'string' ? 0 : 1]);
  for (const [bindingName, className, method, at] of methods) {
    const { prototype } = bindingOf(bindingName)[className] as { prototype: Binding };
    prototype[method] = rewriting(method, prototype[method]!, () => [at]);
  }
}

function rewriting(name: string, native: Native, positions: (args: readonly unknown[]) => readonly number[]): Native {
  return function rewritten(this: unknown, ...args) {
    if (folder === undefined) return apply(native, this, args);
    const inFolder = folder;
    const changes: Change[] = [];
    for (const at of positions(args)) {
      const given: unknown = args[at];
      const absolute = absolutePath(given);
      if (absolute === given) continue;
      args[at] = absolute;
      changes.push({ given: String(given), absolute: String(absolute) });
    }
    if (changes.length === 0) return apply(native, this, args);
    // Node would make the guest's own folder too, where a move led to a machine without it.
    if (name === 'mkdir' && args[2] === true && !existsSync(inFolder)) args[2] = false;
    const result = (value: unknown): unknown => (givesPath.has(name) ? withoutFolder(value, inFolder) : value);
    answerInGuestsWords(args, changes, result);
    try {
      const answer = apply(native, this, args);
      if (!types.isPromise(answer)) return result(answer);
      return settled(answer, result, changes);
    } catch (error) {
      throw inGuestsWords(error, changes);
    }
  };
}

/** A promise of V8's for what another will give. */
export function settled<T>(promise: unknown, result: (value: T) => unknown, changes: readonly Change[]): Promise<unknown> {
  return new NativePromise((resolve, reject) => {
    apply(nativeThen, promise, [(value: T) => resolve(result(value)), (error: unknown) => reject(inGuestsWords(error, changes))]);
  });
}

/** The request of a function with a callback. */
function answerInGuestsWords(args: readonly unknown[], changes: readonly Change[], result: (value: unknown) => unknown): void {
  const request = args.at(-1) as { oncomplete?: Native } | undefined;
  const oncomplete = typeof request === 'object' && request !== null ? request.oncomplete : undefined;
  if (typeof oncomplete !== 'function') return;
  request!.oncomplete = function answered(this: unknown, error: unknown, ...results: unknown[]) {
    // Node's callbacks look at how many arguments there are.
    if (error) return apply(oncomplete, this, [inGuestsWords(error, changes), ...results]);
    return apply(oncomplete, this, results.length === 0 ? [error] : [error, result(results[0]), ...results.slice(1)]);
  };
}

function withoutFolder(value: unknown, inFolder: string): unknown {
  if (typeof value === 'string') return value.startsWith(inFolder) ? value.slice(inFolder.length) : value;
  if (Buffer.isBuffer(value)) return value.subarray(Buffer.byteLength(inFolder));
  return value;
}

/** `process.loadEnvFile`. */
export function loadEnvFile(given: unknown): void {
  if (given === undefined || given === null || typeof given === 'string') {
    const name = given ?? '.env';
    const absolute = absolutePath(name);
    try {
      nativeLoadEnvFile.call(thread, absolute);
    } catch (error) {
      throw inGuestsWords(error, [{ given: name, absolute: String(absolute) }]);
    }
  } else nativeLoadEnvFile.call(thread, given as string); // a URL, or refused
}
const nativeLoadEnvFile = thread.loadEnvFile;

/** The error with the paths that the program gave. */
export function inGuestsWords(error: unknown, changes: readonly Change[]): unknown {
  if (!(error instanceof Error)) return error;
  const told = error as NodeJS.ErrnoException & { dest?: string };
  for (const { given, absolute } of changes) {
    // mkdtemp tells a name that begins with the one it was given.
    for (const key of ['path', 'dest'] as const)
      if (told[key]?.startsWith(absolute)) told[key] = given + told[key].slice(absolute.length);
    for (const key of ['stack', 'message'] as const) {
      const text = told[key];
      if (typeof text === 'string') Object.defineProperty(told, key, { value: text.replace(`'${absolute}`, () => `'${given}`) });
    }
  }
  return error;
}
