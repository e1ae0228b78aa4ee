/**
 * Relative paths of a guest (directory.ts) in what cannot be told below Node's JavaScript, because Node does not show its binding: directories
 * that are opened to be read entry by entry, and blobs of files. Their public functions get the absolute path; directory and entries tell the
 * one that was given.
 */
import fs from 'node:fs';
import { absolutePath, type Change, inGuestsWords, settled } from './directory.js';

// biome-ignore lint/suspicious/noExplicitAny: functions of node:fs, called with what the guest gives them
type Native = (this: unknown, ...args: any[]) => unknown;
const { apply } = Reflect;

type Opened = fs.Dir & Record<string, unknown>;

/** Before guests see node:fs. */
export function installOpenedDirectories(): void {
  const open = fs.opendir as Native;
  define(fs, 'opendir', function opendir(this: unknown, path: unknown, options: unknown, callback: unknown) {
    const done = (typeof options === 'function' ? options : callback) as Native;
    const given = typeof options === 'function' ? undefined : options;
    if (!isRelative(path) || typeof done !== 'function') return apply(open, this, [path, options, callback]);
    const change = changeOf(path);
    return apply(open, this, [
      absolutePath(path),
      given,
      (error: unknown, directory: Opened) =>
        error ? done(inGuestsWords(error, [change])) : done(null, asGiven(directory, change)),
    ]);
  });
  const openSync = fs.opendirSync as Native;
  define(fs, 'opendirSync', function opendirSync(this: unknown, path: unknown, options: unknown) {
    if (!isRelative(path)) return apply(openSync, this, [path, options]);
    const change = changeOf(path);
    try {
      return asGiven(apply(openSync, this, [absolutePath(path), options]) as Opened, change);
    } catch (error) {
      throw inGuestsWords(error, [change]);
    }
  });
  const openPromised = fs.promises.opendir as Native;
  define(fs.promises, 'opendir', function opendir(this: unknown, path: unknown, options: unknown) {
    if (!isRelative(path)) return apply(openPromised, this, [path, options]);
    const change = changeOf(path);
    const opened = apply(openPromised, this, [absolutePath(path), options]);
    return settled(opened, (directory: Opened) => asGiven(directory, change), [change]);
  });
  const { openAsBlob } = fs as unknown as { openAsBlob?: Native };
  if (openAsBlob)
    define(fs, 'openAsBlob', function openAsBlobOf(this: unknown, path: unknown, ...rest: unknown[]) {
      return apply(openAsBlob, this, [absolutePath(path), ...rest]);
    });
}

const changeOf = (path: unknown): Change => ({ given: String(path), absolute: String(absolutePath(path)) });
const isRelative = (path: unknown): boolean => absolutePath(path) !== path;

function define(target: object, name: string, value: Native): void {
  const native = (target as Record<string, Native>)[name]!;
  Object.defineProperty(value, 'name', { value: native.name });
  Object.defineProperty(value, 'length', { value: native.length });
  for (const key of Reflect.ownKeys(native))
    if (!Object.hasOwn(value, key)) Object.defineProperty(value, key, Object.getOwnPropertyDescriptor(native, key)!);
  (target as Record<string, Native>)[name] = value;
}

/** A directory that tells its path, and those of its entries, as it was opened. */
function asGiven(directory: Opened, { given, absolute }: Change): Opened {
  const entry = (found: unknown): unknown => {
    const told = found as Record<string, unknown> | null;
    if (told)
      for (const key of ['path', 'parentPath']) {
        const path = told[key];
        if (typeof path === 'string' && path.startsWith(absolute))
          Object.defineProperty(told, key, {
            ...Object.getOwnPropertyDescriptor(told, key),
            value: given + path.slice(absolute.length),
          });
      }
    return found;
  };
  const hide = (key: PropertyKey, value: unknown): void => {
    Object.defineProperty(directory, key, { value, writable: true, configurable: true, enumerable: false });
  };
  const { read, readSync, close } = directory;
  hide('path', given);
  hide('readSync', () => entry(apply(readSync, directory, [])));
  hide('read', (callback?: Native) => {
    if (callback === undefined) return settled(apply(read as Native, directory, []), entry, []);
    return apply(read as Native, directory, [(error: unknown, found: unknown) => callback(error, entry(found))]);
  });
  const entries = async function* () {
    try {
      for (;;) {
        const found = entry(await apply(read as Native, directory, []));
        if (found === null) return;
        yield found;
      }
    } finally {
      await apply(close as Native, directory, []);
    }
  };
  hide('entries', entries);
  hide(Symbol.asyncIterator, entries);
  return directory;
}
