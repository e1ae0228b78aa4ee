/**
 * Bundles a script with its npm packages through esbuild: TypeScript, ESM and CommonJS in, one module out. Node built-ins stay
 * external, except those that a guest-side implementation replaces. What cannot run is refused here, with the file and line.
 */
import fs from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BuildFailure, type BuildResult, build, type Metafile, type Plugin } from 'esbuild';
import { GodwitError } from '../base/index.js';
import { unwrapMap, wrapCommonJs } from './commonjs.js';
import { MissingModules } from './missing.js';

export interface EsbuildBundle {
  code: string;
  /** esbuild's source map, JSON text. */
  map: string;
  /** Every module is CommonJS: the program is sloppy unless it says otherwise. */
  sloppy: boolean;
  files: string[];
  /** Those of them that no import names in full, and what was looked for: another file beside these might be found in their place. */
  searchedFor: string[];
}

export interface BundleOptions {
  /** Guest-side implementations of built-ins: bare name (no `node:`) → file. A replacement itself gets Node's own under its name. */
  replacements?: Record<string, string>;
  /** Other names for specifiers, for modules in one folder only: what a package written for browsers calls a built-in. */
  aliases?: { within: string; names: Record<string, string> };
  /** Folder of guest-side modules: they take the mode (sloppy or strict) of the program they are bundled with. */
  guestFolder?: string;
  /** Guest-side files that run before the entry, in order. */
  prelude?: string[];
  /** The same for programs in whose modules, guest-side ones apart, a pattern is found. */
  preludeOnMention?: { readonly pattern: RegExp; readonly file: string }[];
}

/** What is asked of esbuild that decides the type of its answer. */
type BundleSettings = { write: false; metafile: true };

/** Bundles `entry` (absolute path). Errors: GODWIT_NO_SCRIPT, GODWIT_SYNTAX, GODWIT_UNRESOLVED, GODWIT_NATIVE_ADDON. */
export async function bundleScript(entry: string, options: BundleOptions = {}): Promise<EsbuildBundle> {
  if (!fs.existsSync(entry))
    throw new GodwitError('GODWIT_NO_SCRIPT', `Cannot run "${entry}": no such file`, { fields: { file: entry } });
  const wrapped: WrappedTexts = new Map();
  const missing = new MissingModules();
  const mentioned = new Set<string>();
  let prelude = options.prelude ?? [];
  const bundled = async (format: 'esm' | 'cjs'): Promise<BuildResult<BundleSettings>> =>
    build({
      ...entryPoint(entry, prelude),
      bundle: true,
      format,
      platform: 'node',
      target: 'esnext',
      write: false,
      sourcemap: 'external',
      outfile: path.join(path.dirname(entry), 'bundle.js'),
      metafile: true,
      keepNames: true,
      logLevel: 'silent',
      logLimit: 0,
      charset: 'utf8',
      legalComments: 'none',
      absWorkingDir: path.dirname(entry),
      plugins: [missing.plugin, builtins(options), nativeAddons(), modules(entry, options, wrapped, mentioned)],
    }).catch((refused: BuildFailure) => {
      if (missing.learn(refused, path.dirname(entry))) return bundled(format);
      throw refused;
    });
  try {
    // What only sloppy code may say (`with`, say) is refused in the first of these.
    let format: 'esm' | 'cjs' = 'esm';
    let result = await bundled('esm').catch((refused: unknown) => {
      format = 'cjs';
      return bundled('cjs').catch(() => Promise.reject(refused));
    });
    const inputsOf = ({ metafile }: typeof result) =>
      Object.entries(metafile.inputs).filter(([name]) => !name.startsWith('godwit-'));
    const preludeFolders = new Set((options.prelude ?? []).map((f) => path.dirname(f)));
    const sloppy = inputsOf(result).every(
      ([name, input]) =>
        preludeFolders.has(path.dirname(path.resolve(path.dirname(entry), name))) ||
        isInside(path.resolve(path.dirname(entry), name), options.guestFolder) ||
        input.format === 'cjs' ||
        (input.format === undefined && !usesModuleSyntax(name, entry)),
    );
    if (sloppy) format = 'cjs';
    prelude = [...prelude, ...mentioned];
    if (sloppy || mentioned.size > 0) result = await bundled(format);
    const inputs = inputsOf(result);
    const code = result.outputFiles.find((f) => f.path.endsWith('.js'))!.text;
    const printedMap = result.outputFiles.find((f) => f.path.endsWith('.map'))!.text;
    const map = wrapped.size > 0 ? unwrapMap(printedMap, path.dirname(entry), wrapped) : printedMap;
    const placeOf = (name: string): string => path.resolve(path.dirname(entry), name);
    const files = [entry, ...inputs.map(([name]) => placeOf(name))]; // it may be a link to the first of these
    return { code, map, sloppy, files, searchedFor: filesSearchedFor(inputs, placeOf) };
  } catch (error) {
    throw refusal(error as BuildFailure, entry);
  }
}

function filesSearchedFor(inputs: [string, Metafile['inputs'][string]][], placeOf: (name: string) => string): string[] {
  const found = new Set<string>();
  for (const [importer, { imports }] of inputs)
    for (const { path: name, original = '', external } of imports) {
      const named = path.resolve(path.dirname(placeOf(importer)), original);
      if (external || named === placeOf(name)) continue;
      found.add(placeOf(name));
      if (original.startsWith('.') || path.isAbsolute(original)) found.add(named);
    }
  return [...found];
}

/** A plain script without any import, export or require has no module format: the nearest package.json decides, as in Node. */
function usesModuleSyntax(name: string, entry: string): boolean {
  const file = path.resolve(path.dirname(entry), name);
  if (/\.(mjs|mts)$/.test(file)) return true;
  if (/\.(cjs|cts|json)$/.test(file)) return false;
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    const manifest = path.join(dir, 'package.json');
    if (fs.existsSync(manifest)) {
      try {
        return JSON.parse(fs.readFileSync(manifest, 'utf8')).type === 'module';
      } catch {
        return false;
      }
    }
    if (dir === path.dirname(dir)) return false;
  }
}

function entryPoint(entry: string, prelude: string[]) {
  if (prelude.length === 0) return { entryPoints: [entry] };
  return { entryPoints: [entry], inject: prelude };
}

const isInside = (file: string, folder: string | undefined): boolean =>
  folder !== undefined && file.startsWith(path.join(folder, path.sep));

/** Built-in modules stay external under their `node:` names unless a guest-side file replaces them. */
function builtins({ replacements = {}, aliases }: BundleOptions): Plugin {
  return {
    name: 'builtins',
    setup(b) {
      b.onResolve({ filter: /.*/ }, (args) => {
        if (args.path === 'godwit:host') return { path: args.path, external: true };
        const alias = isInside(args.importer, aliases?.within) ? aliases?.names[args.path] : undefined;
        if (alias !== undefined) return { path: alias, external: true };
        if (!isBuiltin(args.path)) return undefined;
        const bare = args.path.replace(/^node:/, '');
        const replacement = replacements[bare];
        if (replacement && args.importer !== replacement) return { path: replacement };
        return { path: `node:${bare}`, external: true };
      });
    },
  };
}

function nativeAddons(): Plugin {
  return {
    name: 'native-addons',
    setup(b) {
      // On resolve, not on load: that is where esbuild knows the place of the import.
      b.onResolve({ filter: /\.node$/ }, ({ path: file }) => ({
        errors: [{ text: `native add-on "${file}"`, detail: 'GODWIT_NATIVE_ADDON' }],
      }));
    },
  };
}

/** The texts of modules that were put into a function, and how much longer that made their first lines. */
type WrappedTexts = Map<string, { text: string; prefixLength: number }>;

/** The author's own modules, as opposed to packages and to what Godwit bundles with them. */
const isAuthors = (file: string, { guestFolder, prelude = [] }: BundleOptions): boolean =>
  !file.includes(`${path.sep}node_modules${path.sep}`) && !isInside(file, guestFolder) && !prelude.includes(file);

/**
 * Notes what they mention, gives each module its own `import.meta`, `__filename` and `__dirname`, and puts the author's CommonJS modules into functions
 * (commonjs.ts), on the first line so that line numbers stay.
 */
function modules(entry: string, options: BundleOptions, wrapped: WrappedTexts, mentioned: Set<string>): Plugin {
  return {
    name: 'modules',
    setup(b) {
      b.onLoad({ filter: /\.([cm]?[jt]s|[jt]sx)$/ }, async (args) => {
        const text = await fs.promises.readFile(args.path, 'utf8');
        for (const { pattern, file } of options.preludeOnMention ?? [])
          if (!isInside(args.path, options.guestFolder) && pattern.test(text)) mentioned.add(file);
        const isCommonJs = /\.c?js$/.test(args.path) && isAuthors(args.path, options) && !usesModuleSyntax(args.path, entry);
        const around = isCommonJs ? wrapCommonJs(args.path, text) : undefined;
        if (around && 'line' in around)
          return { errors: [{ text: around.text, location: { file: args.path, line: around.line, column: 0 } }] };
        const before = locations(args.path, text);
        if (before === undefined && !around) return undefined;
        const bang = /^#!.*/.exec(text)?.[0] ?? '';
        const rest = text.slice(bang.length);
        const body = /\bimport\.meta\b/.test(text) ? rest.replace(/\bimport\.meta\b/g, '$$$$importMeta') : rest;
        const strictFirst = strictDirective.exec(body)?.[0] ?? '';
        // Its `;` may be missing, and what comes next stands on the same line.
        const start = `${around?.prefix ?? ''}${strictFirst}${strictFirst && before ? ';' : ''}${before ?? ''}`;
        if (start.length > strictFirst.length)
          wrapped.set(args.path, { text, prefixLength: start.includes('\n') ? 0 : start.length - strictFirst.length });
        const contents = `${start}${body.slice(strictFirst.length)}${around?.suffix ?? ''}`;
        return { contents, loader: loaderOf(args.path), resolveDir: path.dirname(args.path) };
      });
    },
  };
}

/** A directive that makes a module strict, and the comments before it: nothing may be put in front of it. */
const strictDirective = /^(?:\s|\/\/.*|\/\*(?:[^*]|\*(?!\/))*\*\/)*(['"])use strict\1;?/;

/** What a module gets in front of its text to know where it is; undefined where it does not ask. */
function locations(file: string, text: string): string | undefined {
  const meta = /\bimport\.meta\b/.test(text);
  const names = /\b__(filename|dirname)\b/.test(text);
  if (!meta && !names) return undefined;
  const dirname = path.dirname(file);
  let prefix = '';
  if (meta)
    prefix += `const $$importMeta = { dirname: ${JSON.stringify(dirname)}, filename: ${JSON.stringify(file)}, url: ${JSON.stringify(pathToFileURL(file).href)} };`;
  if (names && !/\b(const|let|var)\s+__(filename|dirname)\b/.test(text) && !/\{[^}]*__(filename|dirname)[^}]*\}\s*=/.test(text))
    prefix += `var __filename = ${JSON.stringify(file)}, __dirname = ${JSON.stringify(dirname)};`;
  return prefix;
}

const loaderOf = (file: string): 'ts' | 'tsx' | 'jsx' | 'js' =>
  /\.[cm]?ts$/.test(file) ? 'ts' : file.endsWith('.tsx') ? 'tsx' : file.endsWith('.jsx') ? 'jsx' : 'js';

/** One clear line out of esbuild's report. */
function refusal(error: BuildFailure, entry: string): GodwitError {
  const first = error.errors?.[0];
  if (!first) return new GodwitError('GODWIT_SYNTAX', `Cannot run "${entry}": ${error.message}`, { cause: error });
  const where = first.location ? `${path.resolve(path.dirname(entry), first.location.file)}:${first.location.line}` : entry;
  const fields = { file: where };
  if (first.detail === 'GODWIT_NATIVE_ADDON')
    return new GodwitError(
      'GODWIT_NATIVE_ADDON',
      `Cannot run "${entry}": ${where}: it needs the ${first.text}, and native code cannot move`,
      { fields },
    );
  if (/Could not resolve/.test(first.text))
    return new GodwitError(
      'GODWIT_UNRESOLVED',
      `Cannot run "${entry}": ${where}: ${first.text.replace(/^Could/, 'could')} (is it installed?)`,
      { fields },
    );
  return new GodwitError('GODWIT_SYNTAX', `Cannot run "${entry}": ${where}: ${first.text}`, { fields });
}
