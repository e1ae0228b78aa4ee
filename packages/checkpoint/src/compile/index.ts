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
import { type BundleOptions, bundleScript } from './bundle.js';
import type { FunctionMeta } from './context.js';
import { takeNames } from './names.js';
import { print } from './print.js';
import { lowerProgram } from './program.js';
import { buildTable, type SafepointTable } from './table.js';

/** Raised whenever the passes change what they print for the same input. */
export const COMPILER_VERSION = 20;

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
  /** Printed position → esbuild position, see print.ts. */
  mappings: number[];
  /** esbuild's code before lowering (what Function.prototype.toString answers) and its source map. */
  source: string;
  sourceMap: string;
}

export interface CompileOptions extends BundleOptions {
  /** Directory of the cache; none means no cache. */
  cacheDir?: string;
}

/**
 * Compiles a script and its packages.
 * Errors: GODWIT_NO_SCRIPT, GODWIT_SYNTAX, GODWIT_UNRESOLVED, GODWIT_NATIVE_ADDON.
 */
export async function compileScript(script: string, options: CompileOptions = {}): Promise<Bundle> {
  const entry = path.resolve(script);
  const bundled = await bundleScript(entry, options);
  const key = createHash('sha256')
    .update(`${COMPILER_VERSION}\0${process.versions.node.split('.')[0]}\0${entry}\0`)
    .update(bundled.code)
    .update(bundled.map) // lines move without a change of the code
    .digest('hex')
    .slice(0, 32);
  const cached = options.cacheDir ? path.join(options.cacheDir, `${key}.json`) : undefined;
  if (cached && fs.existsSync(cached)) {
    try {
      return JSON.parse(fs.readFileSync(cached, 'utf8')) as Bundle;
    } catch {
      fs.rmSync(cached, { force: true }); // a torn cache file is only a slower start
    }
  }
  const bundle = compileText(entry, bundled.code, bundled.map, bundled.sloppy);
  if (cached) {
    fs.mkdirSync(path.dirname(cached), { recursive: true });
    const partial = `${cached}.${process.pid}`;
    fs.writeFileSync(partial, JSON.stringify(bundle));
    fs.renameSync(partial, cached);
  }
  return bundle;
}

/** The passes over esbuild's output. */
export function compileText(entry: string, code: string, map: string, sloppy: boolean): Bundle {
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
  const names = takeNames(program);
  const lowered = lowerProgram(program, {
    strict: !sloppy,
    source: code,
    names,
    fileOf: authorPlaces(entry, map),
  });
  const printed = print(lowered.root);
  const text = printed.text.trim().replace(/;$/, '');
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
    mappings: printed.mappings,
    source: code,
    sourceMap: map,
  };
}

/** `file:line` of a node of esbuild's output, for what is said about code while it runs. */
function authorPlaces(entry: string, map: string): (node: Node) => string {
  let traced: TraceMap | undefined;
  return (node) => {
    if (!node.loc) return entry;
    traced ??= new TraceMap(map);
    const { source, line } = originalPositionFor(traced, { line: node.loc.start.line, column: node.loc.start.column });
    return source === null ? entry : `${path.resolve(path.dirname(entry), source)}:${line}`;
  };
}

export { type BundleOptions, bundleScript } from './bundle.js';
export type { FunctionMeta } from './context.js';
export { findHindrances, type Hindrance, type HindranceEffect, type HindrancePolicy } from './hindrances.js';
export { HELPER_NAMES } from './program.js';
export type { CalleePath, FunctionRange, Label, SafepointTable } from './table.js';
