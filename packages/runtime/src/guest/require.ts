/**
 * The `require` of code whose modules are bundled: what is left to it when the guest runs are built-ins, modules that were not there when the
 * bundle was made, and names that the program works out itself. Of these it reads built-ins and JSON files (by their whole path); what it
 * does not find it answers as Node does, because packages ask for optional modules and look at the error's code.
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';
import type { RequireHost } from '@godwit/checkpoint/guest';

type NativeRequire = NodeJS.Require;

interface Requires {
  /** Of the program: names are resolved from its entry. */
  require: (name: unknown) => unknown;
  /** Of modules that ask for one of their own. */
  requireOf: RequireHost;
}

/** `load` gives a built-in as guests see it. `entry`: the program's file. */
export function makeRequire(load: (name: string) => unknown, native: NativeRequire, entry: string): Requires {
  const json = new Map<string, unknown>();
  const from = (given: unknown, requireStack: readonly string[]): unknown => {
    const name = String(given);
    if (isBuiltin(name) || name === 'godwit:host') return load(name);
    if (!isAbsolute(name) || !name.endsWith('.json')) throw notFound(name, requireStack);
    let found = json.get(name);
    if (found === undefined) {
      found = JSON.parse(readText(name, requireStack).replace(/^\uFEFF/, ''));
      json.set(name, found);
    }
    return found;
  };
  const require = (given: unknown): unknown => from(given, [entry]);
  const resolve = (name: string, options?: { paths?: string[] }): string => native.resolve(name, options);
  const paths = (name: string): string[] | null => native.resolve.paths(name);
  // The names are Node's, not those that a bundler may have given.
  for (const [name, fn] of Object.entries({ require, resolve, paths })) Object.defineProperty(fn, 'name', { value: name });
  Object.assign(require, { resolve: Object.assign(resolve, { paths }) });
  const nativeOf = (file: string): NativeRequire => (file === entry ? native : createRequire(file));
  return {
    require,
    requireOf: {
      load: (name, _file, requireStack) => from(name, requireStack),
      resolve: (name, options, file) => nativeOf(file).resolve(name, options),
      paths: (name, file) => nativeOf(file).resolve.paths(name),
    },
  };
}

function readText(file: string, requireStack: readonly string[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? notFound(file, requireStack) : error;
  }
}

/** What Node's `require` throws. */
function notFound(name: string, requireStack: readonly string[]): Error {
  const said = `Cannot find module '${name}'\nRequire stack:\n- ${requireStack.join('\n- ')}`;
  return Object.assign(new Error(said), { code: 'MODULE_NOT_FOUND', requireStack: [...requireStack] });
}

/** What Node's `import()` rejects with. */
export function importNotFound(name: string, entry: string): Error {
  const what = name.startsWith('.') || isAbsolute(name) ? 'module' : 'package';
  return Object.assign(new Error(`Cannot find ${what} '${name}' imported from ${entry}`), { code: 'ERR_MODULE_NOT_FOUND' });
}
