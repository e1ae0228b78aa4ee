/**
 * `module` and `require` of CommonJS modules, made what Node makes them where a program asks (compile/module-objects.ts puts in the calls).
 *
 * The objects are the guest's: plain data with a prototype that images name, so they move as they are. The table of a program's modules is
 * named too, and what it holds goes along as a changed built-in's contents do. `require` is a host closure that knows its module's file.
 */
import nativeModule from 'node:module';
import path from 'node:path';
import { hostClosureKind } from './host-closures.js';

const { defineProperty, setPrototypeOf, create } = Object;

/** What the runtime does for a module's `require`, beside what is bundled. `file`: that of the module. */
export interface RequireHost {
  load(name: unknown, file: string, parents: readonly string[]): unknown;
  resolve(name: string, options: { paths?: string[] } | undefined, file: string): string;
  paths(name: string, file: string): string[] | null;
}

interface ModuleFields {
  id: string;
  path: string;
  exports: unknown;
  filename: string;
  loaded: boolean;
  children: object[];
  paths: string[];
}

type Files<T> = Record<string, T>;

/** The modules of one program by file. Named in images; everything in it is the guest's. */
export class ModuleTable {
  main: object | undefined = undefined;
  /** Who asks for the module that begins next. */
  requirer: string | null = null;
  readonly known: Files<ModuleFields> = create(null);
  readonly parents: Files<object | null | undefined> = create(null);
  /** ES modules' exports and what `require` gave for them, one after the other. */
  readonly required: unknown[] = [];
  /** What programs see of it as `require.cache`. */
  readonly cache: Files<object> = create(null);
}

let table = new ModuleTable();
let host: RequireHost | undefined;

/** Which program's modules those are that ask for their parent, or load something. */
export function setModules(current: ModuleTable, requireHost: RequireHost | undefined): void {
  table = current;
  host = requireHost;
}

const parentsOf = (file: string): string[] => {
  const found: string[] = [];
  for (let at: string | undefined = file; at !== undefined && !found.includes(at); )
    at = found[found.push(at) - 1] && (table.parents[at] as ModuleFields | null | undefined)?.filename;
  return found;
};

/** The class of module objects: what Node's prototype has, but with a `require` and a `parent` of this program. */
export class ModuleObject {
  require(this: ModuleFields, name: unknown): unknown {
    return host!.load(name, this.filename, parentsOf(this.filename));
  }
  get parent(): object | null | undefined {
    return table.parents[(this as unknown as ModuleFields).filename];
  }
  set parent(parent: object | null | undefined) {
    table.parents[(this as unknown as ModuleFields).filename] = parent;
  }
}
// `constructor`, and so `instanceof`, are those of node:module, which has it as an accessor.
setPrototypeOf(ModuleObject.prototype, nativeModule.prototype as object);
delete (ModuleObject.prototype as { constructor?: unknown }).constructor;

const extensions = (nativeModule as unknown as { _extensions: object })._extensions;

/** What images refer to by name. */
export const commonJsClasses = { ModuleObject, ModuleTable, extensions };

const makeRequire = hostClosureKind(
  'require',
  (record: { file: string }) =>
    function require(name: unknown): unknown {
      return host!.load(name, record.file, parentsOf(record.file));
    },
);
const makeResolve = hostClosureKind(
  'require.resolve',
  (record: { file: string }) =>
    function resolve(name: string, options?: { paths?: string[] }): string {
      return host!.resolve(name, options, record.file);
    },
);
const makePaths = hostClosureKind(
  'require.resolve.paths',
  (record: { file: string }) =>
    function paths(name: string): string[] | null {
      return host!.paths(name, record.file);
    },
);

/** What the compiled program calls, by the names it calls them. `program`: the `require` of all modules that ask for none of their own. */
export function moduleHelpers(modules: ModuleTable, program: unknown): Record<string, (...args: never[]) => unknown> {
  const completed = (require: object): object => Object.assign(require, { main: modules.main, extensions, cache: modules.cache });
  if (typeof program === 'function') completed(program);
  return {
    $$describe(module: ModuleFields, file: string, isMain: boolean) {
      begin(modules, module, file, isMain);
      if (!isMain) return;
      modules.main = module;
      if (typeof program === 'function') completed(program);
      defineProperty(globalThis.process, 'mainModule', { value: module, writable: true, enumerable: true, configurable: true });
    },
    $$requiring(from: string | null, to: string) {
      modules.requirer = from;
      const child = modules.known[to];
      const children = from === null ? undefined : modules.known[from]?.children;
      if (child && children && !children.includes(child)) children.push(child);
    },
    $$failed(module: ModuleFields | undefined) {
      if (module) forget(modules, module);
    },
    $$loaded(module: ModuleFields, result?: unknown) {
      module.loaded = true;
      return result;
    },
    $$asCommonJs: (namespace: object, copy: object) => asCommonJs(modules, namespace, copy),
    $$requireOf(file: string) {
      const require = makeRequire({ file });
      const resolve = Object.assign(makeResolve({ file }), { paths: makePaths({ file }) });
      return completed(Object.assign(require, { resolve }));
    },
  };
}

/** Fills a module in, in Node's order, `exports` as it is. */
function begin(modules: ModuleTable, module: ModuleFields, file: string, isMain: boolean): void {
  const { exports } = module;
  const { requirer, known } = modules;
  const parent = requirer === null ? undefined : known[requirer];
  modules.requirer = null;
  delete (module as Partial<ModuleFields>).exports;
  setPrototypeOf(module, ModuleObject.prototype);
  Object.assign(module, {
    id: isMain ? '.' : file,
    path: path.dirname(file),
    exports,
    filename: file,
    loaded: false,
    children: [],
    paths: modulePaths(path.dirname(file)),
  });
  known[file] = module;
  modules.cache[file] = module;
  modules.parents[file] = isMain ? null : parent;
  parent?.children.push(module);
}

/**
 * What `require` gives of an ES module: its export named "module.exports", if it has one, else its namespace, the same each time, which
 * says `__esModule` where there is a default export. `copy`: esbuild's, which always says so.
 */
function asCommonJs({ required }: ModuleTable, namespace: object, copy: object): unknown {
  if (Object.hasOwn(namespace, 'module.exports')) return (namespace as { 'module.exports': unknown })['module.exports'];
  const known = required.indexOf(namespace);
  if (known >= 0) return required[known + 1];
  const given = Object.hasOwn(namespace, '__esModule') ? copy : marked(copy, Object.hasOwn(namespace, 'default'));
  required.push(namespace, given);
  return given;
}

function marked(copy: object, hasDefault: boolean): object {
  const { __esModule, ...exports } = Object.getOwnPropertyDescriptors(copy as { __esModule: true });
  return Object.defineProperties({}, hasDefault ? { __esModule: { ...__esModule, enumerable: true }, ...exports } : exports);
}

/** A module that throws was never there, but to who kept it. */
function forget({ known, cache, parents }: ModuleTable, module: ModuleFields): void {
  const file = Object.keys(known).find((name) => known[name] === module);
  if (file === undefined) return;
  delete known[file];
  if (cache[file] === module) delete cache[file];
  const children = (parents[file] as ModuleFields | null | undefined)?.children;
  const place = children?.indexOf(module) ?? -1;
  if (place >= 0) children!.splice(place, 1);
}

/** Folders in which packages are looked for. */
function modulePaths(folder: string): string[] {
  const found: string[] = [];
  for (let at = folder; ; at = path.dirname(at)) {
    if (path.basename(at) !== 'node_modules') found.push(path.join(at, 'node_modules'));
    if (at === path.dirname(at)) return found;
  }
}
