/**
 * Prints a lowered tree and keeps, for each printed node that stands for author's code, where it came from.
 * Mappings are flat quadruples: printed line, printed column, esbuild's line, esbuild's column (zero-based lines).
 */
import { generate } from 'astring';
import type { Node } from './ast.js';

export interface Printed {
  text: string;
  mappings: number[];
}

interface Mapping {
  original: { line: number; column: number } | null;
  generated: { line: number; column: number };
}

export function print(root: Node): Printed {
  const mappings: number[] = [];
  let lastLine = -1;
  let lastColumn = -1;
  const text = generate(root, {
    indent: ' ',
    // astring calls this for each node with a `loc`; its typings ask for a whole source-map generator.
    sourceMap: {
      file: 'bundle.js',
      addMapping({ original, generated }: Mapping) {
        if (!original || (original.line === lastLine && original.column === lastColumn)) return;
        lastLine = original.line;
        lastColumn = original.column;
        mappings.push(generated.line - 1, generated.column, original.line - 1, original.column);
      },
    } as never,
  });
  return { text, mappings };
}
