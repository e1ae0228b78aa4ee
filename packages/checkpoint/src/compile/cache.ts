/**
 * The cache of compiled programs: by esbuild's output, and before that by what the output was made of, so that a program which nobody changed
 * starts without esbuild and the passes being loaded.
 *
 * Keeps true: an entry is used only if a compile would give the same. It names the content of each file that went in, of each package.json
 * and tsconfig.json that had a say, and the times of the folders in which another file could have been found instead. What changed while or
 * just before it was compiled is not entered. A torn or deleted cache file is only a slower start.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { limits } from '../limits.js';
import type { BundleOptions, EsbuildBundle } from './bundle.js';
import type { Bundle } from './index.js';
import { COMPILER_VERSION } from './version.js';

export interface CompileOptions extends BundleOptions {
  /** Directory of the cache; none means no cache. */
  cacheDir?: string;
  /**
   * Told once it is known how much there is to compile, in characters; none where the cache has it. Compiling them holds this thread up, a
   * second or more for each million, so who has other work to begin or to put off does it now.
   */
  onSize?: (length: number) => void;
}

/** What a bundle was made of: content hashes of files (null: there was none) and times of folders. */
interface Origin {
  key: string;
  /** Of the bundle's text. */
  sha256: string;
  files: Record<string, string | null>;
  folders: Record<string, number | null>;
}

const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 32);
};

const compiler = `${COMPILER_VERSION}\0${process.versions.node.split('.')[0]}\0`;

/**
 * Compiles a script and its packages.
 * Errors: GODWIT_NO_SCRIPT, GODWIT_SYNTAX, GODWIT_UNRESOLVED, GODWIT_NATIVE_ADDON.
 */
export async function compileScript(script: string, options: CompileOptions = {}): Promise<Bundle> {
  const { bundle, text } = await compile(script, options);
  return bundle ?? (JSON.parse(text!.toString('utf8')) as Bundle); // its hash says that a compiler wrote it
}

/** The same as text, a Bundle in JSON: whoever only hands it on need not parse it. */
export async function compileToText(script: string, options: CompileOptions): Promise<Uint8Array> {
  const { bundle, text } = await compile(script, options);
  return text ?? Buffer.from(JSON.stringify(bundle));
}

/** The bundle, its text, or both. */
async function compile(script: string, options: CompileOptions): Promise<{ bundle?: Bundle; text?: Buffer }> {
  const entry = path.resolve(script);
  const { cacheDir, onSize = () => {}, ...bundleOptions } = options;
  const originFile = cacheDir && path.join(cacheDir, `origin-${sha256(compiler, entry, JSON.stringify(bundleOptions))}.json`);
  const origin = originFile ? readJson<Origin>(originFile) : undefined;
  if (cacheDir && origin && isUnchanged(origin)) {
    onSize(0);
    const known = readText(path.join(cacheDir, `${origin.key}.json`), origin.sha256);
    if (known) return { text: known };
  }

  const startedMs = Date.now();
  const [{ bundleScript }, { compileText }] = await Promise.all([import('./bundle.js'), import('./index.js')]);
  const bundled = await bundleScript(entry, bundleOptions);
  // Lines move without a change of the code: the map counts too.
  const key = sha256(compiler, entry, '\0', bundled.code, bundled.map);
  const cached = cacheDir && path.join(cacheDir, `${key}.json`);
  onSize(cached && fs.existsSync(cached) ? 0 : bundled.code.length);
  const libraries = [options.guestFolder, options.aliases?.within].filter((folder) => folder !== undefined);
  const bundle = (cached && readJson<Bundle>(cached)) || compileText(entry, bundled.code, bundled.map, bundled.sloppy, libraries);
  if (!cached || !originFile) return { bundle };
  const text = Buffer.from(JSON.stringify(bundle));
  if (!fs.existsSync(cached)) write(cached, text);
  const made = originOf(bundled, startedMs - limits.unsettledFileMs);
  if (made) write(originFile, JSON.stringify({ key, sha256: sha256(text), ...made } satisfies Origin));
  return { bundle, text };
}

/** A file's text, if it is the one that was written. */
function readText(file: string, hash: string): Buffer | undefined {
  try {
    const text = fs.readFileSync(file);
    return sha256(text) === hash ? text : undefined;
  } catch {
    return undefined;
  }
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') fs.rmSync(file, { force: true });
    return undefined;
  }
}

function write(file: string, text: string | Uint8Array): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, text);
  fs.renameSync(partial, file);
}

const contentOf = (file: string): string | null => {
  try {
    return sha256(fs.readFileSync(file));
  } catch {
    return null;
  }
};

const changedMs = (place: string): number | null => fs.statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? null;

const isUnchanged = ({ files, folders }: Origin): boolean =>
  Object.entries(folders).every(([folder, ms]) => changedMs(folder) === ms) &&
  Object.entries(files).every(([file, content]) => contentOf(file) === content);

/** What the bundle was made of; undefined when something of it changed after `settledMs`: it may have been read before or after. */
function originOf(
  { files: inputs, searchedFor }: EsbuildBundle,
  settledMs: number,
): Pick<Origin, 'files' | 'folders'> | undefined {
  const files = new Set(inputs);
  const folders = new Set<string>();
  for (const input of searchedFor) {
    const folder = path.dirname(input);
    folders.add(folder);
    // `./lib` that is `lib/index.js` would be `lib.js`, if there were one.
    if (path.basename(input).startsWith('index.')) folders.add(path.dirname(folder));
  }
  for (const input of inputs) {
    for (let at = path.dirname(input); ; at = path.dirname(at)) {
      files.add(path.join(at, 'package.json')).add(path.join(at, 'tsconfig.json'));
      addPackageFolders(path.join(at, 'node_modules'), folders);
      if (at === path.dirname(at)) break;
    }
  }
  const isSettled = (place: string): boolean => (changedMs(place) ?? 0) < settledMs;
  if (![...files, ...folders].every(isSettled)) return undefined;
  return {
    files: Object.fromEntries([...files].map((file) => [file, contentOf(file)])),
    folders: Object.fromEntries([...folders].map((folder) => [folder, changedMs(folder)])),
  };
}

/** A package that is added shows in the time of its node_modules, or of its scope there. */
function addPackageFolders(folder: string, folders: Set<string>): void {
  if (folders.has(folder)) return;
  folders.add(folder);
  if (!fs.existsSync(folder)) return;
  for (const name of fs.readdirSync(folder)) if (name.startsWith('@')) folders.add(path.join(folder, name));
}
