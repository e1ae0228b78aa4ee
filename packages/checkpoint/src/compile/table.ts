/**
 * The safepoint table: printed code → for each position at which V8 can report a frame, the function, the statement and the callee.
 *
 * It is made of the printed tree, whose nodes say where they stand in the text. Positions are offsets of what V8 reports as line and column.
 *   call    `f(x)`      position of `f`;    `a.b(x)` position of `b`;   `a[b](x)`, `a.#b(x)`, `a.catch(x)` position of `(`
 *   new     `new C(x)`  position of `new`
 *   delegate  `a = yield* b`  position of `yield` where it is suspended, of the statement while `b` runs
 *   loop    position of the loop statement: V8 checks for interrupts at its back edge
 */

import * as acorn from 'acorn';
import { assert } from '../base/index.js';
import { anyNode, isClass, isFunction, isLeaf, isOwnFunction, isPlainLoop, type Node } from './ast.js';
import { isNamedMember } from './print.js';
import { namesArguments, sharesArguments } from './shared-arguments.js';

/** How to find, at capture, the function a call statement calls: a variable, then property names or variables holding keys. */
export type CalleePath = (string | { variable: string } | { key: string | number } | { path: CalleePath })[];

export type LabelKind = 'call' | 'new' | 'yield' | 'delegate' | 'loop' | 'super';

export interface Label {
  /** Offset in the text of the position V8 reports. */
  at: number;
  kind: LabelKind;
  /** Offset of the statement in the bundle's text: the label's name in images. */
  statement: number;
  fid: number;
  callee?: CalleePath | undefined;
  /** `f.call(receiver, …)`: the callee path is of `f`, this is the receiver's. */
  receiver?: CalleePath | undefined;
  /** `f.call(…)`, `f.apply(…)`, `Reflect.apply(f, …)`: the first argument's path. */
  given?: CalleePath | undefined;
}

export interface FunctionRange {
  fid: number;
  start: number;
  end: number;
  /** Range of the first statement: a topmost frame stopped in it, and at no label, stands at the function's entry. */
  entry: [number, number] | undefined;
  /** Range of the text that makes the closure, when evaluated alone. */
  text: [number, number] | undefined;
  /** Temporaries with the range of offsets in which each is live. */
  temps: Record<string, [number, number]>;
  simpleParams: boolean;
  generator: boolean;
  usesArguments: boolean;
  /** In sloppy code: see shared-arguments.ts. */
  sharesArguments: boolean;
  usesNewTarget: boolean;
  /** What it answers, if all it does is to read that. */
  returned: CalleePath | undefined;
  /** Long expressions of the statements of the body itself: a frame that stands behind one never runs it again. */
  passable: [number, number][];
}

export interface SafepointTable {
  labels: Label[];
  functions: FunctionRange[];
}

export interface TableInput {
  fids: Map<Node, number>;
  closureText: Map<number, Node>;
}

export const parsePrinted = (text: string): Node =>
  acorn.parse(text, {
    ecmaVersion: 'latest',
    sourceType: 'script',
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    checkPrivateFields: false, // code of a method is parsed alone when its frame is resumed
  });

/** Builds the table of a tree that has just been printed: its nodes say where (print.ts). */
export function buildTable(root: Node, text: string, { fids, closureText }: TableInput): SafepointTable {
  const table: SafepointTable = { labels: [], functions: [] };
  collect(root, text, fids, (start) => start, table);
  for (const f of table.functions) {
    const closure = closureText.get(f.fid);
    if (closure) f.text = [closure.start, closure.end];
  }
  return table;
}

/** A class has no code of its own to stop in. */
const classRange = ({ start, end }: Node, fid: number): FunctionRange => ({
  fid,
  start,
  end,
  entry: undefined,
  text: undefined,
  temps: {},
  simpleParams: true,
  generator: false,
  usesArguments: false,
  sharesArguments: false,
  usesNewTarget: false,
  returned: undefined,
  passable: [],
});

/** Walks printed code and lists labels and functions; `nameOf` turns a statement's offset into its label. */
export function collect(
  parsed: Node,
  text: string,
  fidOf: Map<Node, number>,
  nameOf: (start: number) => number | undefined,
  table: SafepointTable,
): void {
  const mentions = new Mentions(text);
  const work: { node: Node; fid: number }[] = [{ node: parsed, fid: -1 }];
  for (let item = work.pop(); item; item = work.pop()) {
    const { node } = item;
    let fid = item.fid;
    if (isFunction(node)) {
      fid = fidOf.get(node) ?? -1;
      if (fid >= 0) table.functions.push(functionRange(node, fid, mentions));
    } else if (isClass(node)) {
      const classFid = fidOf.get(node);
      if (classFid !== undefined) table.functions.push(classRange(node, classFid));
    } else if (node.type === 'StaticBlock' || node.type === 'PropertyDefinition') fid = -1;
    else if (fid >= 0) {
      const label = labelOf(node, fid, nameOf);
      if (label) table.labels.push(label);
      if (label?.kind === 'delegate' && node.start !== label.at) table.labels.push({ ...label, at: node.start });
    }
    for (const key in node) {
      const value = node[key];
      if (typeof value !== 'object' || value === null) continue;
      if (Array.isArray(value)) {
        for (const child of value)
          if (child && typeof child.type === 'string' && !isLeaf(child))
            work.push({ node: child, fid: childFid(node, key, fid) });
      } else if (typeof value.type === 'string' && !isLeaf(value)) work.push({ node: value, fid: childFid(node, key, fid) });
    }
  }
}

/**
 * Frames stopped in a default value of a parameter, in a native finally block (whose pending completion is hidden) or inside a with
 * statement are put off.
 */
const childFid = (node: Node, key: string, fid: number): number =>
  (key === 'params' && isFunction(node)) ||
  (key === 'finalizer' && node.type === 'TryStatement') ||
  (key === 'body' && node.type === 'WithStatement')
    ? -1
    : fid;

function labelOf(node: Node, fid: number, nameOf: (start: number) => number | undefined): Label | undefined {
  if (isPlainLoop(node)) {
    const name = nameOf(node.start);
    return name === undefined ? undefined : { at: node.start, kind: 'loop', statement: name, fid };
  }
  const expression = callOf(node);
  if (!expression) return undefined;
  const name = nameOf(node.start);
  if (name === undefined) return undefined;
  const base = { statement: name, fid };
  if (expression.type === 'YieldExpression')
    return {
      ...base,
      at: expression.start,
      kind: expression.delegate ? 'delegate' : 'yield',
      callee: expression.delegate ? pathOf(expression.argument) : undefined,
    };
  if (expression.type === 'NewExpression')
    return { ...base, at: expression.start, kind: 'new', callee: pathOf(expression.callee) };
  const callee = expression.callee;
  if (callee.type === 'Super') return { ...base, at: expression.start, kind: 'super' };
  if (callee.type === 'Identifier' && callee.name === '$$generatorStep')
    return { ...base, at: callee.start, kind: 'call', callee: [callee.name], receiver: pathOf(expression.arguments[0]) };
  if (callee.type === 'Identifier') return { ...base, at: callee.start, kind: 'call', callee: [callee.name] };
  // V8 puts it at the parenthesis of the arguments.
  const at = callee.end + (callee.type === 'SequenceExpression' || isNamedMember(callee) ? ')'.length : 0);
  if (callee.type === 'SequenceExpression') return { ...base, at, kind: 'call', callee: pathOf(callee.expressions.at(-1)) };
  if (callee.type !== 'MemberExpression') return undefined;
  if (callee.object.type === 'Super') {
    const key = callee.computed ? keyOf(callee.property) : callee.property.name;
    return key === undefined ? undefined : { ...base, at, kind: 'call', callee: ['%super', key] };
  }
  const path = pathOf(callee);
  // `$$natives.call(f, receiver, …)` is the same, whatever properties `f` has.
  if (path?.length === 2 && path[0] === '$$natives' && path[1] === 'call')
    return { ...base, at, kind: 'call', callee: pathOf(expression.arguments[0]), receiver: pathOf(expression.arguments[1]) };
  if (!callee.computed && callee.property.name === 'call' && callee.object.type === 'Identifier' && expression.arguments[0]) {
    const [receiver, given] = expression.arguments;
    return { ...base, at, kind: 'call', callee: [callee.object.name], receiver: pathOf(receiver), given: given && pathOf(given) };
  }
  if (callee.computed || !/^(call|apply)$/.test(callee.property.name ?? '')) return { ...base, at, kind: 'call', callee: path };
  const [first] = expression.arguments;
  return { ...base, at, kind: 'call', callee: path, given: first && pathOf(first) };
}

const isCall = ({ type }: Node): boolean => type === 'CallExpression' || type === 'NewExpression' || type === 'YieldExpression';

/** The one call of a statement, if it is where the passes put it. */
export function callOf(node: Node): Node | undefined {
  let expression: Node | undefined;
  if (node.type === 'ExpressionStatement') expression = node.expression;
  else if (node.type === 'ReturnStatement') expression = node.argument;
  else if (node.type === 'VariableDeclaration' && node.declarations.length === 1) expression = node.declarations[0].init;
  while (expression?.type === 'AssignmentExpression' && expression.operator === '=') expression = expression.right;
  return expression && isCall(expression) ? expression : undefined;
}

function keyOf(node: Node): CalleePath[number] | undefined {
  if (node.type === 'Literal') return { key: node.value };
  if (node.type === 'Identifier') return { variable: node.name };
  const path = pathOf(node);
  return path && { path };
}

/** A path of plain reads, or undefined when the callee is not one. */
export function pathOf(node: Node): CalleePath | undefined {
  if (node.type === 'Identifier') return [node.name];
  if (node.type === 'ThisExpression') return ['this'];
  if (node.type !== 'MemberExpression') return undefined;
  const base = pathOf(node.object);
  if (!base) return undefined;
  if (!node.computed)
    return node.property.type === 'PrivateIdentifier' ? [...base, `#${node.property.name}`] : [...base, node.property.name];
  const key = keyOf(node.property);
  return key === undefined ? undefined : [...base, key];
}

function functionRange(node: Node, fid: number, mentions: Mentions): FunctionRange {
  const simpleParams = node.params.every((p: Node) => p.type === 'Identifier');
  const usesArguments = mentions.arguments(node.body);
  return {
    fid,
    start: node.start,
    end: node.end,
    entry: node.generator ? undefined : entryOf(node.body),
    text: undefined,
    temps: tempRanges(node),
    simpleParams,
    generator: node.generator === true,
    usesArguments,
    sharesArguments: usesArguments && simpleParams && sharesArguments(node),
    usesNewTarget: mentions.newTarget(node.body),
    returned: node.params.length === 0 && !node.generator ? returnedBy(node.body) : undefined,
    passable: passableExpressions(node.body),
  };
}

function returnedBy({ type, body }: Node): CalleePath | undefined {
  const [first] = type === 'BlockStatement' && body.length === 1 ? body : [];
  return first?.type === 'ReturnStatement' && first.argument ? pathOf(first.argument) : undefined;
}

const passableCharacters = 24;

function passableExpressions(body: Node): [number, number][] {
  if (body.type !== 'BlockStatement') return [];
  return body.body
    .flatMap((s: Node) =>
      s.type === 'VariableDeclaration' ? s.declarations.map((d: Node) => d.init) : s.directive ? [] : [s.expression],
    )
    .filter((e: Node | null | undefined) => e && e.end - e.start > passableCharacters)
    .map((e: Node) => [e.start, e.end]);
}

/** The first statement that has code, down into blocks and loop heads. */
export function entryOf(node: Node): [number, number] | undefined {
  switch (node.type) {
    case 'BlockStatement':
      for (const s of node.body) {
        const found = entryOf(s);
        if (found) return found;
      }
      return undefined;
    case 'VariableDeclaration':
      return node.kind !== 'var' || node.declarations.some((d: Node) => d.init) ? [node.start, node.end] : undefined;
    case 'EmptyStatement':
      return undefined;
    case 'ExpressionStatement':
      return node.directive ? undefined : [node.start, node.end];
    case 'LabeledStatement':
      return entryOf(node.body);
    case 'TryStatement':
      return entryOf(node.block) ?? undefined;
    case 'IfStatement':
      return [node.start, node.test.end];
    case 'SwitchStatement':
      return [node.start, node.discriminant.end];
    case 'WithStatement':
      return [node.start, node.object.end];
    case 'ForStatement': {
      const head = node.init ?? node.test;
      return head ? [head.start, head.end] : entryOf(node.body);
    }
    case 'WhileStatement':
      // V8 makes no code for a test that always holds.
      return node.test.type === 'Literal' && node.test.value ? entryOf(node.body) : [node.test.start, node.test.end];
    case 'DoWhileStatement':
      return entryOf(node.body);
    default:
      return [node.start, node.end];
  }
}

/** Which functions mention what has a meaning of its own in each function. Few do: the text is asked before the tree. */
class Mentions {
  readonly #arguments: number[];
  readonly #newTarget: number[];

  constructor(text: string) {
    this.#arguments = placesOf('arguments', text);
    this.#newTarget = placesOf('new.target', text);
  }

  arguments(body: Node): boolean {
    if (!isAnyIn(this.#arguments, body)) return false;
    return namesArguments(body);
  }

  newTarget(body: Node): boolean {
    return isAnyIn(this.#newTarget, body) && anyNode([body], (node) => node.type === 'MetaProperty', isOwnFunction);
  }
}

function placesOf(word: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) places.push(at);
  return places;
}

/** Is one of the ascending places in the node's text? */
function isAnyIn(places: readonly number[], { start, end }: Node): boolean {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (places[middle]! < start) low = middle + 1;
    else high = middle;
  }
  return low < places.length && places[low]! < end;
}

/**
 * Where each temporary is live: from its first mention to its last, to the end of every loop that uses it but does not define it.
 * Temporaries never carry a value around a back edge otherwise. What a loop's head begins with counts from the loop's own start: that is
 * the name of its back edge, where the index of a for-in is as alive as anywhere in the loop.
 */
function tempRanges(fn: Node): Record<string, [number, number]> {
  const ranges: Record<string, [number, number]> = {};
  const uses = new Map<string, { at: number; loops: Node[]; write: boolean }[]>();
  const visit = (node: Node, loops: Node[], write: boolean, head: number | undefined): void => {
    if (node.type === 'Identifier') {
      // Environments (`$e1`) are no temporaries: closures that are not called yet mention them too.
      if (node.name[0] === '$' && /^\$(?!e)[a-z]?\d+$/.test(node.name)) {
        assert(head !== undefined || node.start >= 0, 'a name was printed');
        const list = uses.get(node.name) ?? [];
        list.push({ at: head ?? node.start, loops, write });
        uses.set(node.name, list);
      }
      return;
    }
    if (node !== fn && isFunction(node)) return;
    if (node.type === 'VariableDeclarator' && node.init === null) return;
    const inner = isPlainLoop(node) ? [...loops, node] : loops;
    for (const key in node) {
      const value = node[key];
      if (typeof value !== 'object' || value === null) continue;
      const isWrite =
        (node.type === 'AssignmentExpression' && key === 'left') || (node.type === 'VariableDeclarator' && key === 'id');
      const from = key === 'init' && node.type === 'ForStatement' ? node.start : head;
      if (Array.isArray(value)) {
        for (const child of value) if (child && typeof child.type === 'string') visit(child, inner, false, from);
      } else if (typeof value.type === 'string') visit(value, inner, isWrite, from);
    }
  };
  visit(fn, [], false, undefined);
  for (const [name, list] of uses) {
    let from = Number.POSITIVE_INFINITY;
    let to = -1;
    const writes = list.filter((u) => u.write);
    for (const u of list) {
      from = Math.min(from, u.at);
      to = Math.max(to, u.at);
      for (const loop of u.loops) {
        // A loop that uses it without defining it, or that also uses it before it defines it, keeps it to its end.
        const definedInside = writes.some((w) => w.loops.includes(loop) && w.at < u.at);
        if (!definedInside) to = Math.max(to, loop.end);
      }
    }
    ranges[name] = [from, to];
  }
  return ranges;
}
