/**
 * From positions in a bundle's code to the author's files: through the passes' mappings (compile/print.ts), then esbuild's source map.
 * Needs the bundle only, so that images can be looked into without running anything. Resumed code has positions of its own: errors.ts.
 */
import path from 'node:path';
import type { Bundle } from '@godwit/checkpoint/compile';
import { ofPrelude } from '@godwit/checkpoint/compile/prelude';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { nameOfModule } from './modules.js';

/** One-based line and column of an author's file. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

export class BundlePlaces {
  private map: TraceMap | undefined;
  private readonly directory: string;

  constructor(private readonly bundle: Bundle) {
    this.directory = path.dirname(bundle.entry);
  }

  /** The place of a zero-based line and column of the bundle's code; undefined for the runtime's own. */
  at(line: number, column: number): Place | undefined {
    const original = this.throughPasses(line, column);
    return original && this.ofSource(original.line + 1, original.column);
  }

  /** The place of a captured frame: a statement of the bundle's code by offset, or the entry of a function when it is -1. */
  ofFrame({ fid, statement }: { fid: number; statement: number }): Place | undefined {
    const { functions } = this.bundle.table;
    const range = functions.find((known) => known.fid === fid);
    const offset = statement >= 0 ? statement : (range?.entry?.[0] ?? range?.start);
    if (offset === undefined) return undefined;
    const before = this.bundle.code.slice(0, offset);
    const lineStart = before.lastIndexOf('\n') + 1;
    return this.at(before.split('\n').length - 1, offset - lineStart);
  }

  /** The place of a one-based line and zero-based column of esbuild's output. */
  ofSource(line: number, column: number): Place | undefined {
    this.map ??= new TraceMap(this.bundle.sourceMap);
    const found = originalPositionFor(this.map, { line, column });
    if (found.source === null || ofPrelude.test(found.source)) return undefined;
    const file = nameOfModule(path.resolve(this.directory, found.source));
    return { file, line: found.line, column: found.column + 1 };
  }

  /** The last mapping at or before a printed position: quadruples are sorted by printed position. */
  private throughPasses(line: number, column: number): { line: number; column: number } | undefined {
    const m = this.bundle.mappings;
    let low = 0;
    let high = m.length / 4 - 1;
    let best = -1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const l = m[middle * 4]!;
      if (l < line || (l === line && m[middle * 4 + 1]! <= column)) {
        best = middle;
        low = middle + 1;
      } else high = middle - 1;
    }
    return best < 0 ? undefined : { line: m[best * 4 + 2]!, column: m[best * 4 + 3]! };
  }
}
