/**
 * Resume by peeling (related: Pettyjohn et al. 2005, Loitsch 2007): a frame stopped at a label is re-entered through code made
 * on demand: the rest of the statement that holds the label, then the statements after it, outwards. A loop that holds the label
 * becomes "rest of this iteration, then the ordinary loop", so nothing is left in the loop and it runs at full speed again.
 *
 *   stopped in:  for (let i = 0; i < n; i++) { a(); b(i); }     at b
 *   peeled:      { let i = $f.i; $b1: { $c1: { $$next(); } i++; for (; i < n; i++) { a(); b(i); } } }
 */

import * as acorn from 'acorn';
import { assert, GodwitError } from '../base/index.js';
import {
  assign,
  block,
  breaks,
  call,
  declare,
  eachNode,
  id,
  isSuperProperty,
  labeled,
  literal,
  member,
  type Node,
  patternNames,
  statement,
  undefinedValue,
} from '../compile/ast.js';
import type { NativeFunction } from '../compile/native-functions.js';
import { print } from '../compile/print.js';
import { callOf, type FunctionRange, type Label } from '../compile/table.js';
import type { CodeText } from '../guest/code-unit.js';

export interface PeelRequest {
  code: CodeText;
  range: FunctionRange;
  /** undefined: the frame stands at the function's entry. */
  label: Label | undefined;
  /** A suspended generator or coroutine: the label's yield waits for a value. Otherwise the label's call is running. */
  suspended: boolean;
  /** Environments of enclosing scopes that the code reads, innermost first; parameters of the factory. */
  envs: number[];
  /** Functions of these that the code names natively. */
  natives: readonly NativeFunction[];
  strict: boolean;
  generator: boolean;
  isStatic: boolean;
}

export interface Peeled {
  /** `(function ($e2, $e1) { var f; return function ($f) { f = $f.f; … } })` */
  text: string;
  /** The tree the text was printed from: its nodes say where they stand in it. */
  tree: Node;
  /** Where those of the author's code stand in the bundle. */
  origins: Map<Node, number>;
}

/** Makes the resume code of one frame. */
export function peel(request: PeelRequest): Peeled {
  const fn = parseFunction(request.code, request.range, request.label?.statement ?? request.range.start);
  const peeler = new Peeler(request);
  const body = request.label === undefined ? fn.body.body : peeler.rest(fn.body.body, request.label.statement);
  const names = functionLevelNames(fn);
  const head: Node[] = [];
  if (request.strict) head.push({ type: 'ExpressionStatement', expression: literal('use strict'), directive: 'use strict' });
  for (const name of names) head.push(declare('var', name, member(id('$f'), name)));
  // Not as locals, whose values V8 may give up after their last use: captures find by them who was called.
  for (const [name] of request.natives) head.push(statement(assign(id(name), member(id('$f'), name))));
  const own = request.range.usesArguments ? [declare('var', '$arguments', member(id('$f'), 'arguments'))] : [];
  const rewritten = body.map((s: Node) => peeler.rewrite(s));
  const made: Node = {
    type: 'FunctionExpression',
    id: null,
    params: [id('$f')],
    body: block([...head, ...own, ...rewritten]),
    generator: request.generator,
    async: false,
    expression: false,
    start: request.range.start,
  };
  const tree = statement({
    type: 'FunctionExpression',
    id: null,
    params: request.envs.map((env) => id(`$e${env}`)),
    body: block([...request.natives.map(([name]) => declare('var', name, null)), { type: 'ReturnStatement', argument: made }]),
    generator: false,
    async: false,
    expression: false,
  });
  const origins = new Map<Node, number>();
  const program = { type: 'Program', body: [tree] };
  return { text: print(program, origins).text, tree: program, origins };
}

const PARSE: acorn.Options & { checkPrivateFields: boolean } = {
  ecmaVersion: 'latest',
  sourceType: 'script',
  allowSuperOutsideMethod: true,
  allowReturnOutsideFunction: true,
  checkPrivateFields: false,
};

/**
 * Parses one function of the bundle; its nodes say where they stand there. Long expressions that a frame at `from` has left behind are left
 * out: the body of a program is mostly these.
 */
export function parseFunction(code: CodeText, range: FunctionRange, from: number): Node {
  const parts: Part[] = [];
  let text = '';
  const add = (part: string, at: number): void => {
    parts.push({ from: text.length, by: at - text.length });
    text += part;
  };
  let at = range.start;
  for (const [start, end] of range.passable) {
    if (end > from) break;
    add(`${code.slice(at, start)}0`, at);
    at = end;
  }
  add(code.slice(at, range.end), at);
  const isMethod = text.startsWith('(') && !isArrow(text);
  if (!isMethod) {
    const root: Node = acorn.parseExpressionAt(`(${text})`, 0, PARSE);
    moveBack(root, '('.length, parts);
    return root;
  }
  // A method's text starts at its parameters.
  const prefix = range.generator
    ? 'class $ extends $ { *m'
    : /\bsuper\(/.test(text)
      ? 'class $ extends $ { constructor'
      : 'class $ extends $ { m';
  const root: Node = acorn.parseExpressionAt(`${prefix}${text} }`, 0, PARSE);
  const method = root.body.body[0].value;
  moveBack(method, prefix.length, parts);
  return method;
}

function isArrow(text: string): boolean {
  try {
    return acorn.parseExpressionAt(text, 0, PARSE).type === 'ArrowFunctionExpression';
  } catch {
    return false;
  }
}

/** A part of a parsed text: from where on, and by how much its places differ from those in the bundle. */
interface Part {
  from: number;
  by: number;
}

/** Gives nodes of a text that was parsed behind a prefix their places in the bundle. */
function moveBack(root: Node, prefix: number, parts: readonly Part[]): void {
  const placeOf = (offset: number): number => {
    let [low, high] = [0, parts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (parts[middle]!.from <= offset) low = middle;
      else high = middle - 1;
    }
    return offset + parts[low]!.by;
  };
  eachNode(root, (node) => {
    node.start = placeOf(node.start - prefix);
    node.end = placeOf(node.end - 1 - prefix) + 1;
  });
}

/** Parameters and `var`s: restored at the top of the resume function. */
function functionLevelNames(fn: Node): Set<string> {
  const names = new Set<string>();
  for (const p of fn.params) for (const n of patternNames(p)) names.add(n.name);
  eachNode(
    fn.body,
    (node) => {
      if (node.type !== 'VariableDeclaration' || node.kind !== 'var') return;
      for (const d of node.declarations) for (const n of patternNames(d.id)) names.add(n.name);
    },
    (node) => /^(Function|ArrowFunction|Class)/.test(node.type),
  );
  return names;
}

class Peeler {
  private count = 0;

  constructor(private readonly request: PeelRequest) {}

  private fresh(hint: string): string {
    return `$${hint}r${++this.count}`;
  }

  /** The rest of a statement list from the label on; what the list declared before is restored. */
  rest(list: Node[], at: number): Node[] {
    const index = list.findIndex((s) => s.start <= at && at < s.end);
    if (index < 0)
      throw new GodwitError(
        'GODWIT_CANNOT_RESUME',
        `Cannot resume frame: no statement at ${at} of function ${this.request.range.fid}`,
      );
    const restored: Node[] = [];
    for (const s of list.slice(0, index)) restored.push(...restoreLexical(s));
    return [...restored, ...this.resume(list[index], at, []), ...list.slice(index + 1)];
  }

  private resume(s: Node, at: number, labels: string[]): Node[] {
    const label = this.request.label!;
    if (s.start === at && /^(For|While|DoWhile)Statement$/.test(s.type) && label.kind === 'loop') return this.again(s, labels);
    if (s.start === at && callOf(s) && label.kind !== 'loop') return this.atCall(s);
    switch (s.type) {
      case 'BlockStatement':
        return [block(this.rest(s.body, at))];
      case 'IfStatement':
        return [block(this.restOf(contains(s.consequent, at) ? s.consequent : s.alternate, at))];
      case 'LabeledStatement':
        if (/^(For|While|DoWhile)Statement$/.test(s.body.type) || s.body.type === 'LabeledStatement')
          return this.resume(s.body, at, [...labels, s.label.name]);
        return [{ type: 'LabeledStatement', label: s.label, body: block(this.restOf(s.body, at)) }];
      case 'TryStatement':
        return [this.inTry(s, at)];
      case 'SwitchStatement':
        return [this.inSwitch(s, at)];
      case 'ForStatement':
      case 'WhileStatement':
      case 'DoWhileStatement':
        return this.inLoop(s, at, labels);
      default:
        throw new GodwitError('GODWIT_CANNOT_RESUME', `Cannot resume frame: label ${at} inside ${s.type}`);
    }
  }

  private restOf(node: Node, at: number): Node[] {
    return node.type === 'BlockStatement' ? this.rest(node.body, at) : this.resume(node, at, []);
  }

  /** Stopped at the back edge: the update is done, the test (or for do-while the body) comes next. */
  private again(s: Node, labels: string[]): Node[] {
    if (s.type !== 'ForStatement') return [wrap(labels, s)];
    const loop = { ...s, init: null };
    const lets = loopLets(s);
    return lets.length > 0 ? [block([...lets, wrap(labels, loop)])] : [wrap(labels, loop)];
  }

  private inLoop(s: Node, at: number, labels: string[]): Node[] {
    const out = this.fresh('b');
    const next = this.fresh('c');
    const iteration = redirect(block(this.restOf(s.body, at)), { out, next, labels });
    const first = labeled(next, iteration);
    if (s.type === 'WhileStatement') return [labeled(out, block([first, wrap(labels, { ...s })]))];
    if (s.type === 'DoWhileStatement') {
      const again: Node = { type: 'IfStatement', test: s.test, consequent: block([wrap(labels, { ...s })]), alternate: null };
      return [labeled(out, block([first, again]))];
    }
    const loop = wrap(labels, { ...s, init: null });
    const update = s.update ? [statement(s.update)] : [];
    return [block([...loopLets(s), labeled(out, block([first, ...update, loop]))])];
  }

  private inTry(s: Node, at: number): Node {
    if (contains(s.block, at)) return { ...s, block: block(this.rest(s.block.body, at)) };
    assert(s.handler && contains(s.handler.body, at), 'a label inside a native finally block is never captured');
    const restored: Node[] = s.handler.param
      ? patternNames(s.handler.param).map((n) => declare('let', n.name, member(id('$f'), n.name)))
      : [];
    const body = block([...restored, ...this.rest(s.handler.body.body, at)]);
    return s.finalizer ? { type: 'TryStatement', block: body, handler: null, finalizer: s.finalizer } : body;
  }

  private inSwitch(s: Node, at: number): Node {
    const index = s.cases.findIndex((c: Node) => c.consequent.some((x: Node) => contains(x, at)));
    const list = [...this.rest(s.cases[index].consequent, at), ...s.cases.slice(index + 1).flatMap((c: Node) => c.consequent)];
    const out = this.fresh('s');
    return labeled(out, redirect(block(list), { out, next: undefined, labels: [] }));
  }

  /** The statement of the label itself: its call becomes the next frame, its yield waits again. */
  private atCall(s: Node): Node[] {
    const label = this.request.label!;
    const before: Node[] = [];
    const replace = (node: Node): Node => {
      if (node.type === 'AssignmentExpression') return { ...node, right: replace(node.right) };
      if (label.kind === 'yield') return { type: 'YieldExpression', delegate: false, argument: undefinedValue() };
      if (label.kind === 'delegate') {
        // A variable: V8 would show the place of a call for as long as the delegation lasts.
        const delegate = this.fresh('$d');
        before.push(declare('let', delegate, call(id('$$redelegate'), [node.argument, literal(this.request.suspended)])));
        return { type: 'YieldExpression', delegate: true, argument: id(delegate) };
      }
      return call(id('$$next'), []);
    };
    let rest: Node;
    if (s.type === 'ExpressionStatement') rest = { ...s, expression: replace(s.expression) };
    else if (s.type === 'ReturnStatement') rest = { ...s, argument: replace(s.argument) };
    else rest = { ...s, declarations: [{ ...s.declarations[0], init: replace(s.declarations[0].init) }] };
    return [...before, rest];
  }

  /** `arguments` and `super` have no meaning of their own in resume code. */
  rewrite(root: Node): Node {
    const { isStatic } = this.request;
    const self = this.request.range.usesArguments;
    const visit = (node: Node, own: boolean): Node => {
      if (node.type === 'Identifier') return own && self && node.name === 'arguments' ? id('$arguments') : node;
      if (node.type === 'AssignmentExpression' && isSuperProperty(node.left) && own)
        return { ...node, left: superPlace(node.left, isStatic), right: visit(node.right, own) };
      if ((node.type === 'UpdateExpression' || node.operator === 'delete') && isSuperProperty(node.argument) && own)
        return { ...node, argument: superPlace(node.argument, isStatic) };
      if (node.type === 'MemberExpression' && node.object.type === 'Super' && own) return superRead(node, isStatic);
      if (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && node.callee.object.type === 'Super' && own)
        return {
          ...call(member(superRead(node.callee, isStatic), 'call'), [
            { type: 'ThisExpression' },
            ...node.arguments.map((a: Node) => visit(a, own)),
          ]),
          start: node.start,
        };
      if (/^(FunctionExpression|FunctionDeclaration)$/.test(node.type) || /^Class/.test(node.type)) return node;
      let copy: Node | undefined;
      for (const key of Object.keys(node)) {
        if (
          key === 'loc' ||
          (node.type === 'Property' && key === 'key' && !node.computed) ||
          (node.type === 'MemberExpression' && key === 'property' && !node.computed)
        )
          continue;
        const value = node[key];
        if (Array.isArray(value)) {
          const list = value.map((item) => (item && typeof item.type === 'string' ? visit(item, own) : item));
          if (list.some((item, i) => item !== value[i])) (copy ??= { ...node })[key] = list;
        } else if (value && typeof value.type === 'string') {
          const next = visit(value, own);
          if (next !== value) (copy ??= { ...node })[key] = next;
        }
      }
      return copy ?? node;
    };
    return visit(root, true);
  }
}

const superParts = (node: Node, isStatic: boolean): Node[] => [
  id('$home'),
  literal(isStatic),
  node.computed ? node.property : literal(node.property.name),
  { type: 'ThisExpression' },
];
const superRead = (node: Node, isStatic: boolean): Node => call(id('$$super'), superParts(node, isStatic));
const superPlace = (node: Node, isStatic: boolean): Node => member(call(id('$$superAt'), superParts(node, isStatic)), 'value');

const contains = (node: Node | null, at: number): boolean =>
  node !== null && node !== undefined && node.start <= at && at < node.end;
const wrap = (labels: string[], loop: Node): Node => labels.reduceRight((body, label) => labeled(label, body), loop);

/** `let i = $f.i` for the variables a for head declares. */
const loopLets = (s: Node): Node[] =>
  s.init?.type === 'VariableDeclaration' && s.init.kind !== 'var'
    ? s.init.declarations.flatMap((d: Node) =>
        patternNames(d.id).map((n) => declare(s.init.kind, n.name, member(id('$f'), n.name))),
      )
    : [];

function restoreLexical(s: Node): Node[] {
  if (s.type !== 'VariableDeclaration' || s.kind === 'var') return [];
  return s.declarations.flatMap((d: Node) => patternNames(d.id).map((n) => declare(s.kind, n.name, member(id('$f'), n.name))));
}

interface Exits {
  out: string;
  next: string | undefined;
  labels: string[];
}

/** Breaks and continues of the peeled loop (or switch) leave or end the peeled iteration. */
function redirect(root: Node, exits: Exits): Node {
  const visit = (node: Node, inLoop: boolean, inSwitch: boolean): Node => {
    if (/^(Function|ArrowFunction|Class)/.test(node.type)) return node;
    if (node.type === 'BreakStatement') {
      if (node.label ? exits.labels.includes(node.label.name) : !inLoop && !inSwitch) return breaks(exits.out);
      return node;
    }
    if (node.type === 'ContinueStatement') {
      if (exits.next === undefined) return node;
      if (node.label ? exits.labels.includes(node.label.name) : !inLoop) return breaks(exits.next);
      return node;
    }
    const loop = inLoop || /^(For|While|DoWhile|ForIn|ForOf)Statement$/.test(node.type);
    const sw = inSwitch || node.type === 'SwitchStatement';
    let copy: Node | undefined;
    for (const key of ['body', 'consequent', 'alternate', 'block', 'handler', 'finalizer', 'cases']) {
      const value = node[key];
      if (Array.isArray(value)) {
        const list = value.map((item) => visit(item, loop, sw));
        if (list.some((item, i) => item !== value[i])) (copy ??= { ...node })[key] = list;
      } else if (value && typeof value.type === 'string') {
        const next = visit(value, loop, sw);
        if (next !== value) (copy ??= { ...node })[key] = next;
      }
    }
    return copy ?? node;
  };
  return visit(root, false, false);
}
