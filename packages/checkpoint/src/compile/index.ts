/**
 * Compile: script → bundle. A bundle is code, safepoint table, function metadata and source maps, named by content hash,
 * and is all that a node needs beside an image to run or resume a guest. Bundles are cached on disk by the hash of what went in.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import * as acorn from 'acorn';
import { GodwitError } from '../base/index.js';
import type { Node } from './ast.js';
import type { FunctionMeta } from './context.js';
import { takeNames } from './names.js';
import { giveNamesBack } from './own-names.js';
import { print } from './print.js';
import { lowerProgram, type ProgramOptions } from './program.js';
import { buildTable, type SafepointTable } from './table.js';
import { touchFirst } from './touch-first.js';
import { noteHidden, noteSources } from './unknowns.js';

export interface Bundle {
  hash: string;
  entry: string;
  code: string;
  imports: string[];
  metas: FunctionMeta[];
  table: SafepointTable;
  mainFid: number;
  topLevelAwait: boolean;
  sloppy: boolean;
  /** Why it may hold what cannot be captured without anybody knowing when: reasons for a person (unknowns.ts). */
  unknowns: string[];
  /** Printed position → esbuild position, see print.ts. */
  mappings: number[];
  /** esbuild's code before lowering (what Function.prototype.toString answers) and its source map. */
  source: string;
  sourceMap: string;
}

/** The passes over esbuild's output, and what they print. `libraries`: folders of modules that are built-ins to the program. */
export function lowerText(entry: string, code: string, map: string, sloppy: boolean, libraries: readonly string[] = []) {
  let program: acorn.Program;
  try {
    program = acorn.parse(code, {
      ecmaVersion: 'latest',
      sourceType: sloppy ? 'script' : 'module',
      locations: true,
      allowReturnOutsideFunction: true,
      allowHashBang: true,
    });
  } catch (error) {
    throw new GodwitError('GODWIT_SYNTAX', `Cannot run "${entry}": ${(error as Error).message}`, { cause: error });
  }
  giveNamesBack(program);
  const names = takeNames(program);
  const places = authorPlaces(entry, map);
  const isLibrary = (file: string): boolean => libraries.some((folder) => file.startsWith(path.join(folder, path.sep)));
  const unknowns = noteSources(program, (node) => isLibrary(places.fileOf(node)));
  const lowered = lowerProgram(program, {
    strict: !sloppy,
    source: code,
    names,
    ...places,
    modules: { entries: [entry, realPath(entry)], isLibrary },
  });
  touchFirst(lowered.root);
  noteHidden(lowered.root);
  return { lowered, printed: print(lowered.root), unknowns };
}

function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    return file; // a text that is no file's
  }
}

/** esbuild's output → bundle. */
export function compileText(
  entry: string,
  code: string,
  map: string,
  sloppy: boolean,
  libraries: readonly string[] = [],
): Bundle {
  const { lowered, printed, unknowns } = lowerText(entry, code, map, sloppy, libraries);
  const { text } = printed;
  const table = buildTable(lowered.root, text, { fids: lowered.context.fids, closureText: lowered.context.closureText });
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  return {
    hash,
    entry,
    code: text,
    imports: lowered.imports,
    metas: lowered.context.metas,
    table,
    mainFid: lowered.mainFid,
    topLevelAwait: lowered.topLevelAwait,
    sloppy,
    unknowns,
    mappings: printed.mappings,
    source: code,
    sourceMap: map,
  };
}

/** `file:line` of a node of esbuild's output, for what is said about code while it runs; and what its author called it. */
function authorPlaces(entry: string, map: string): Pick<ProgramOptions, 'fileOf' | 'nameOf'> {
  let traced: TraceMap | undefined;
  const originOf = (node: Node) => {
    if (!node.loc) return undefined;
    traced ??= new TraceMap(map);
    const { source, line, column } = originalPositionFor(traced, { line: node.loc.start.line, column: node.loc.start.column });
    return source === null ? undefined : { source, file: path.resolve(path.dirname(entry), source), line, column };
  };
  const lines = new Map<string, string[]>();
  const linesOf = (source: string): string[] => {
    let known = lines.get(source);
    if (!known) lines.set(source, (known = (traced!.sourcesContent?.[traced!.sources.indexOf(source)] ?? '').split('\n')));
    return known;
  };
  return {
    fileOf(node) {
      const origin = originOf(node);
      return origin ? `${origin.file}:${origin.line}` : entry;
    },
    nameOf(node) {
      const origin = originOf(node);
      if (!origin) return undefined;
      const text = linesOf(origin.source)[origin.line - 1]?.slice(origin.column) ?? '';
      return { file: origin.file, name: /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(text)?.[0] };
    },
  };
}

export { type BundleOptions, bundleScript } from './bundle.js';
export { type CompileOptions, compileScript } from './cache.js';
export type { FunctionMeta } from './context.js';
export {
  type Finding,
  findHindrances,
  type Hindrance,
  type HindranceEffect,
  type HindrancePolicy,
  hindranceEffects,
  type NodeCall,
} from './hindrances/index.js';
export { HELPER_NAMES } from './program.js';
export type { CalleePath, FunctionRange, Label, SafepointTable } from './table.js';
export { COMPILER_VERSION } from './version.js';
