/**
 * The `require` of code whose modules are bundled: what is left to it when the guest runs are built-ins, modules that were not there when the
 * bundle was made, and names that the program works out itself. Of these it reads built-ins and JSON files (by their whole path); what it
 * does not find it answers as Node does, because packages ask for optional modules and look at the error's code.
 */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { isAbsolute } from 'node:path';

type NativeRequire = NodeJS.Require;

/** `load` gives a built-in as guests see it. `entry`: the program's file, from which names are resolved. */
export function makeRequire(load: (name: string) => unknown, native: NativeRequire, entry: string): (name: unknown) => unknown {
  const json = new Map<string, unknown>();
  const require = (given: unknown): unknown => {
    const name = String(given);
    if (isBuiltin(name) || name === 'godwit:host') return load(name);
    if (!isAbsolute(name) || !name.endsWith('.json')) throw notFound(name, entry);
    let found = json.get(name);
    if (found === undefined) {
      found = JSON.parse(readText(name, entry).replace(/^\uFEFF/, ''));
      json.set(name, found);
    }
    return found;
  };
  require.resolve = (name: string, options?: { paths?: string[] }): string => native.resolve(name, options);
  return require;
}

function readText(file: string, entry: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? notFound(file, entry) : error;
  }
}

/** What Node's `require` throws. */
function notFound(name: string, entry: string): Error {
  const requireStack = [entry];
  return Object.assign(new Error(`Cannot find module '${name}'\nRequire stack:\n- ${entry}`), {
    code: 'MODULE_NOT_FOUND',
    requireStack,
  });
}

/** What Node's `import()` rejects with. */
export function importNotFound(name: string, entry: string): Error {
  const what = name.startsWith('.') || isAbsolute(name) ? 'module' : 'package';
  return Object.assign(new Error(`Cannot find ${what} '${name}' imported from ${entry}`), { code: 'ERR_MODULE_NOT_FOUND' });
}
