/**
 * Prints a lowered tree. Afterwards each of its nodes says by `start` and `end` where it stands in the text, as a parser of the text would
 * (test/compile/print.test.ts compares them), and the mappings say where what stands for author's code came from: flat
 * quadruples of printed line, printed column, esbuild's line, esbuild's column (zero-based lines).
 * What stands at several places of the tree is copied.
 */
import { baseGenerator, type Generator, generate, type State } from 'astring';
import { assert } from '../base/index.js';
import { isClass, isFunction, isLeaf, type Node, sequence } from './ast.js';

export interface Printed {
  text: string;
  mappings: number[];
}

interface Mapping {
  original: { line: number; column: number } | null;
  generated: { line: number; column: number };
}

/** `origins` gets what each node's `start` was before; without it functions stand at one place each. */
export function print(root: Node, origins?: Map<Node, number>): Printed {
  ownNodes(root, origins);
  const mappings: number[] = [];
  let lastLine = -1;
  let lastColumn = -1;
  const text = generate(root, {
    indent: ' ',
    generator: placing,
    // astring calls this for each node with a `loc`, of which resume code has none; its typings ask for a whole source-map generator.
    sourceMap: (origins === undefined && {
      file: 'bundle.js',
      addMapping({ original, generated }: Mapping) {
        if (!original || (original.line === lastLine && original.column === lastColumn)) return;
        lastLine = original.line;
        lastColumn = original.column;
        mappings.push(generated.line - 1, generated.column, original.line - 1, original.column);
      },
    }) as never,
  });
  // The last statement's semicolon and line end are left off.
  const trimmed = text.trim().replace(/;$/, '');
  assert(text.startsWith(trimmed), 'places count from the first character');
  place(root, 0, trimmed.length);
  place(root.body.at(-1), root.body.at(-1).start, trimmed.length);
  return { text: trimmed, mappings };
}

const unplaced = -1;

/** Makes a node of its own of each place in the tree. Nothing is placed yet. */
function ownNodes(root: Node, origins: Map<Node, number> | undefined): void {
  root.start = unplaced;
  const own = (child: Node): Node => {
    let node = child;
    if (child.start === unplaced) {
      assert(origins !== undefined || !(isFunction(child) || isClass(child)), `a ${child.type} stands at two places of a tree`);
      node = { ...child };
      for (const key in node) if (Array.isArray(node[key])) node[key] = node[key].slice();
      if (origins?.has(child)) origins.set(node, origins.get(child)!);
    } else {
      if (child.start !== undefined) origins?.set(child, child.start);
      child.start = unplaced;
    }
    if (!isLeaf(node)) work.push(node);
    return node;
  };
  const work: Node[] = [root];
  for (let node = work.pop(); node; node = work.pop()) {
    for (const key in node) {
      const value = node[key];
      if (typeof value !== 'object' || value === null) continue;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (typeof value[i]?.type === 'string') value[i] = own(value[i]);
      } else if (typeof value.type === 'string') node[key] = own(value);
    }
  }
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
    const { callee } = node;
    const printed = isNamedMember(callee) ? { ...node, callee: sequence(callee) as never } : node;
    baseGenerator.CallExpression.call(this, printed, state);
  },
};

/**
 * Is it called in parentheses? Without them V8 puts the call where it puts the reading of the property, and a getter that runs could not be
 * told from the method.
 */
export const isNamedMember = (callee: Node): boolean =>
  callee.type === 'MemberExpression' && !callee.computed && callee.property.type !== 'PrivateIdentifier';

/** Where astring does not ask for the printing of a node, or prints more than the node, its place follows from its neighbours. */
const places: Record<string, (node: Node) => void> = {
  MethodDefinition({ value, end }) {
    const [first] = value.params;
    place(value, first ? first.start - '('.length : value.body.start - '() '.length, end);
  },
  Property(node) {
    if (node.method || node.kind !== 'init') places.MethodDefinition!(node);
    else if (node.shorthand) placeName(node.key, node.start);
  },
  ForStatement({ init, start }) {
    if (init?.type === 'VariableDeclaration') place(init, start + 'for ('.length, init.declarations.at(-1).end);
  },
  SequenceExpression(node) {
    place(node, node.start + 1, node.end - 1); // its parentheses
  },
  BinaryExpression(node) {
    if (node.operator === 'in') place(node, node.start + 1, node.end - 1); // always in parentheses
  },
  MetaProperty({ meta, property, start, end }) {
    placeName(meta, start);
    placeName(property, end - property.name.length);
  },
  ArrowFunctionExpression({ async, params, start }) {
    if (params.length !== 1 || params[0].type !== 'Identifier') return;
    placeName(params[0], start + (async ? 'async '.length : 0));
  },
  FunctionDeclaration({ id, async, generator, start }) {
    if (!id) return;
    const at = start + (async ? 'async '.length : 0) + (generator ? 'function* ' : 'function ').length;
    placeName(id, at);
  },
  ClassDeclaration({ id, start }) {
    if (id) placeName(id, start + 'class '.length);
  },
};
places.FunctionExpression = places.FunctionDeclaration!;
places.ClassExpression = places.ClassDeclaration!;

function place(node: Node, start: number, end: number): void {
  node.start = start;
  node.end = end;
}

const placeName = (node: Node, start: number): void => place(node, start, start + node.name.length);

const placing = { ...marking };
for (const type of Object.keys(marking) as (keyof Generator)[]) {
  const print = marking[type] as Print<Node>;
  const correct = places[type];
  (placing as Record<string, Print<Node>>)[type] = function (node, state) {
    const start = (state as unknown as Written).output.length;
    print.call(this, node, state);
    place(node, start, (state as unknown as Written).output.length);
    correct?.(node);
  };
}

/** What astring has written; missing in its typings. */
interface Written {
  output: string;
}

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
