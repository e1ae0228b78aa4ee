/**
 * Compilers with one deliberate fault each, to see that the conformance programs notice: a copy of the built passes in a folder of its own
 * with one piece of text replaced, or bundles that are changed after a right compile. Nothing of it is reachable from the product.
 */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Bundle, compileScript, type FunctionRange } from '@godwit/checkpoint/compile';
import { guestCompileOptions } from '../../../../packages/runtime/dist/guest/modules.js';

export type Compile = (file: string) => Promise<Bundle>;

interface Named {
  readonly name: string;
  /** The program of `programs/` that notices. */
  readonly noticedBy: string;
}
/** In a file of the built compile/: what is there exactly once becomes something else. */
export interface TextMutation extends Named {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}
export interface BundleMutation extends Named {
  /** Changes a bundle; says whether there was anything to change. */
  readonly change: (bundle: Bundle) => boolean;
}
export type Mutation = TextMutation | BundleMutation;

/** What tsc made of the package. */
const dist = path.dirname(path.dirname(fileURLToPath(import.meta.resolve('@godwit/checkpoint/compile'))));

export const rightCompile: Compile = (file) => compileScript(file, guestCompileOptions);

/** The compiler with the fault in it. `folder` is empty and its own. @throws when what is to be replaced is not there exactly once */
export async function mutantCompiler(mutation: Mutation, folder: string): Promise<Compile> {
  if ('change' in mutation)
    return async (file) => {
      const bundle = structuredClone(await rightCompile(file));
      if (!mutation.change(bundle)) throw new Error(`"${mutation.name}" changes nothing in ${file}`);
      return bundle;
    };
  cpSync(dist, path.join(folder, 'dist'), { recursive: true });
  symlinkSync(nodeModules(), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path.join(folder, 'dist/compile', mutation.file), mutatedText(mutation));
  const mutant = (await import(pathToFileURL(path.join(folder, 'dist/compile/index.js')).href)) as {
    compileScript: typeof compileScript;
  };
  return (script) => mutant.compileScript(script, guestCompileOptions);
}

/** The built file with the fault in it. @throws when what is to be replaced is not there exactly once */
export function mutatedText({ name, file, from, to }: TextMutation): string {
  const parts = readFileSync(path.join(dist, 'compile', file), 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`"${name}": its text is ${parts.length - 1} times in ${file}`);
  return parts.join(to);
}

/** Where the compiler's own packages are. */
const nodeModules = (): string => {
  const found = createRequire(import.meta.url).resolve('acorn/package.json');
  return path.dirname(path.dirname(found));
};

/** Drops what frames save: the temporaries that `isForgotten` names, by the code in which they are. */
export const forgetTemporaries =
  (isForgotten: (name: string, code: string) => boolean) =>
  ({ code, table }: Bundle): boolean => {
    let isChanged = false;
    for (const fn of table.functions)
      for (const name of Object.keys(fn.temps)) {
        if (!isForgotten(name, code.slice(fn.start, fn.end))) continue;
        fn.temps[name] = [0, -1];
        isChanged = true;
      }
    return isChanged;
  };

/** Calls go on at the statement of another call of their function: the one so many further on. */
export const shiftStatements =
  (by: number) =>
  ({ table }: Bundle): boolean => {
    for (const { fid } of table.functions) {
      const calls = table.labels.filter((label) => label.fid === fid && label.kind === 'call');
      calls.sort((a, b) => a.statement - b.statement);
      const statements = calls.map(({ statement }) => statement);
      for (const [i, label] of calls.entries()) label.statement = statements[i + by] ?? label.statement;
    }
    return true;
  };

export const changeFunctions =
  (change: (fn: FunctionRange) => void) =>
  ({ table }: Bundle): boolean => {
    for (const fn of table.functions) change(fn);
    return table.functions.length > 0;
  };
