/**
 * Prints a lowered tree and keeps, for each printed node that stands for author's code, where it came from.
 * Mappings are flat quadruples: printed line, printed column, esbuild's line, esbuild's column (zero-based lines).
 */
import { baseGenerator, type Generator, generate, type State } from 'astring';
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
    generator: marking,
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

/**
 * astring maps names, literals and the like. V8 also reports where a `new`, a `throw` or a `super()` begins, and where a call of a helper
 * of ours stands; those are marked here, or an error made there would show the place of whatever was printed before.
 */
const marking: Generator = {
  ...baseGenerator,
  NewExpression: marked(baseGenerator.NewExpression),
  ThrowStatement: marked(baseGenerator.ThrowStatement),
  Super: marked(baseGenerator.Super),
  CallExpression(node, state) {
    if (!(node.callee as Node).loc) mark(node, state);
    baseGenerator.CallExpression.call(this, node, state);
  },
};

type Print<T> = (this: Generator, node: T, state: State) => void;

function marked<T>(print: Print<T>): Print<T> {
  return function (node, state) {
    mark(node, state);
    print.call(this, node, state);
  };
}

/** Writing nothing makes a mapping; `write` with a node is astring's own way, missing in its typings. */
function mark(node: unknown, state: State): void {
  if ((node as Node).loc) (state as unknown as { write(text: string, node: unknown): void }).write('', node);
}
