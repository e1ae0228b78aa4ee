/**
 * Statements: lists, declarations, hoisting, conditionals, switch, try. Loops are in loops.ts.
 *
 * Keeps true: after lowering, a statement holds at most one call, and that call is its outermost expression; blocks keep their
 * native `let` and `const` unless captured; every scope with captured variables starts with its environment.
 */
import {
  anyNode,
  assign,
  binary,
  block,
  breaks,
  call,
  declare,
  id,
  isLoop,
  literal,
  located,
  type Node,
  patternNames,
  returns,
  statement,
  throws,
  unary,
  undefinedValue,
  when,
} from './ast.js';
import { lowerClass } from './classes.js';
import { type FunctionContext, hasCall } from './context.js';
import { isComplex, keep, lowerCall, lowerExpression, lowerForEffect } from './expressions.js';
import { lowerFunction, makeClosure, makeEnvironment } from './functions.js';
import { lowerDoWhile, lowerFor, lowerForIn, lowerForOf, lowerWhile } from './loops.js';
import { isOnlyRest, lowerPatternInto } from './patterns.js';
import type { Binding, Scope } from './scope.js';

export function lowerStatements(list: Node[], context: FunctionContext, out: Node[]): void {
  for (const node of list) lowerStatement(node, context, out);
}

const CALL_NODE = /^(Call|New|Await|Yield|TaggedTemplate)/;

export function lowerStatement(node: Node, context: FunctionContext, out: Node[], labels: string[] = []): void {
  switch (node.type) {
    case 'ExpressionStatement':
      if (!node.directive) lowerForEffect(node.expression, context, out);
      return;
    case 'VariableDeclaration':
      lowerDeclaration(node, context, out);
      return;
    case 'FunctionDeclaration':
      annexB(node, context, out);
      return;
    case 'ClassDeclaration':
      lowerClassDeclaration(node, context, out);
      return;
    case 'ReturnStatement':
      lowerReturnStatement(node, context, out);
      return;
    case 'ThrowStatement':
      out.push(throws(lowerExpression(node.argument, context, out), node));
      return;
    case 'BlockStatement':
      out.push(lowerBlock(node, context));
      return;
    case 'IfStatement':
      lowerIf(node, context, out);
      return;
    case 'LabeledStatement':
      lowerLabeled(node, context, out, labels);
      return;
    case 'BreakStatement':
      out.push(node);
      return;
    case 'ContinueStatement':
      out.push(lowerContinue(node, context));
      return;
    case 'SwitchStatement':
      lowerSwitch(node, context, out);
      return;
    case 'TryStatement':
      lowerTry(node, context, out);
      return;
    case 'WhileStatement':
      lowerWhile(node, context, out, labels);
      return;
    case 'DoWhileStatement':
      lowerDoWhile(node, context, out, labels);
      return;
    case 'ForStatement':
      lowerFor(node, context, out, labels);
      return;
    case 'ForInStatement':
      lowerForIn(node, context, out, labels);
      return;
    case 'ForOfStatement':
      lowerForOf(node, context, out, labels);
      return;
    case 'EmptyStatement':
    case 'DebuggerStatement':
      return;
    case 'WithStatement':
      out.push(node);
      return;
    default:
      throw new Error(`lowerStatement: ${node.type}`);
  }
}

/** A block with its environment, hoisted functions and statements. */
export function lowerBlock(node: Node, context: FunctionContext, first: (out: Node[]) => void = () => {}): Node {
  const scope = context.scopeOf(node);
  const outer = context.envs;
  const out: Node[] = [];
  if (scope?.env !== undefined) out.push(makeEnvironment(scope, context, []));
  if (scope) hoistFunctions(node.body, scope, context, out, false);
  first(out);
  lowerStatements(node.body, context, out);
  context.envs = outer;
  return block(out, node);
}

/** A statement in a position that takes one statement. */
export function lowerToBlock(node: Node, context: FunctionContext): Node {
  if (node.type === 'BlockStatement') return lowerBlock(node, context);
  const out: Node[] = [];
  lowerStatement(node, context, out);
  return block(out);
}

function lowerDeclaration(node: Node, context: FunctionContext, out: Node[]): void {
  for (const d of node.declarations) {
    if (d.id.type !== 'Identifier') {
      lowerDestructuring(d, node.kind, context, out);
      continue;
    }
    const binding = context.bindingOf(d.id)!;
    if (!d.init) {
      if (binding.home === 'native' && !(node.kind === 'var' && binding.kind === 'param'))
        out.push(declare(node.kind, binding.out, null, node));
      else if (node.kind !== 'var') out.push(statement(assign(context.place(binding), undefinedValue())));
      continue;
    }
    const value = CALL_NODE.test(d.init.type)
      ? lowerCall(d.init, context, out).node
      : lowerExpression(d.init, context, out, d.id.name);
    if (binding.native) declareNative(binding, value, d, context, out);
    else if (binding.home === 'native' && binding.kind !== 'param') out.push(declare(node.kind, binding.out, value, d));
    else out.push(statement(assign(context.place(binding, d.id), value), d));
  }
}

/** A captured function in a variable of its own and in its environment: native-functions.ts. */
function declareNative(binding: Binding, closure: Node, from: Node, context: FunctionContext, out: Node[]): void {
  out.push(declare('var', binding.native!, closure, from));
  out.push(statement(assign(context.field(binding), id(binding.native!))));
}

function lowerDestructuring(d: Node, kind: 'var' | 'let' | 'const', context: FunctionContext, out: Node[]): void {
  const names = patternNames(d.id).map((n) => context.bindingOf(n)!);
  const native = names.every((b) => b.home === 'native' && b.out === b.name && b.kind !== 'param');
  if (!hasCall(d.init) && native && !isComplex(d.id) && plainPattern(d.id)) {
    out.push(declare(kind, d.id, lowerExpression(d.init, context, out), d));
    return;
  }
  const value = keep({ type: '' }, lowerExpression(d.init, context, out), context, out);
  if (native && plainPattern(d.id)) {
    out.push(declare(kind, d.id, value, d));
    return;
  }
  lowerPatternInto(d.id, value, context, out, kind);
}

/** A pattern of names only: no defaults, no computed keys, nothing to rewrite. */
function plainPattern(pattern: Node): boolean {
  switch (pattern?.type) {
    case undefined:
    case 'Identifier':
      return true;
    case 'RestElement':
      return plainPattern(pattern.argument);
    case 'ArrayPattern':
      return pattern.elements.every((e: Node) => !e || plainPattern(e));
    case 'ObjectPattern':
      return (
        !isOnlyRest(pattern) &&
        pattern.properties.every((p: Node) => (p.type === 'RestElement' ? plainPattern(p) : !p.computed && plainPattern(p.value)))
      );
    default:
      return false;
  }
}

/** Makes the closures of the function declarations of a list before anything else in it runs. */
export function hoistFunctions(list: Node[], scope: Scope, context: FunctionContext, out: Node[], top: boolean): void {
  const latest = new Map<string, Node>();
  for (const raw of list) {
    let node = raw;
    while (node.type === 'LabeledStatement') node = node.body;
    if (node.type === 'FunctionDeclaration' && node.id) latest.set(node.id.name, node);
  }
  for (const node of latest.values()) {
    const binding = scope.bindings.get(node.id.name) ?? context.bindingOf(node.id)!;
    if (binding.home === 'module' && declareAtModule(node, binding.out, context)) continue;
    const anonymous = {
      ...node,
      type: 'FunctionExpression',
      id: binding.out === node.id.name && binding.home === 'native' ? node.id : null,
    };
    const facts = context.program.analysis.functions.get(node)!;
    context.program.analysis.functions.set(anonymous, facts);
    anonymous.id = null;
    const closure = makeClosure(anonymous, context, out, node.id.name);
    if (binding.native) declareNative(binding, closure, node, context, out);
    else if (binding.home === 'native' && binding.kind !== 'param')
      out.push(declare(top ? 'var' : 'let', binding.out, closure, node));
    else out.push(statement(assign(context.place(binding), closure), node));
  }
}

/** A function of a scope that exists once is a native declaration of the module. */
function declareAtModule(node: Node, out: string, context: FunctionContext): boolean {
  if (out !== node.id.name || node.async || context.envs.length > 0) return false;
  const facts = context.program.analysis.functions.get(node)!;
  const lowered = lowerFunction(node, facts, context, node.generator ? 'generator' : 'sync', { native: false });
  lowered.type = 'FunctionDeclaration';
  lowered.id = id(out);
  const fid = context.program.newFid(lowered, {
    kind: 'declaration',
    name: out,
    envs: [],
    classEnv: context.classEnv,
    strict: facts.strict,
    source: [node.start, node.end],
  });
  context.program.closureText.set(fid, lowered);
  context.program.moduleFunctions.push(lowered);
  context.program.moduleStatements.push(statement(call(id('$$fd'), [id(out), literal(fid)])));
  return true;
}

/** Sloppy functions in blocks also set the function-level variable when their declaration is reached (Annex B.3.3). */
function annexB(node: Node, context: FunctionContext, out: Node[]): void {
  const inner = context.bindingOf(node.id);
  const { scope, isEval } = context.facts;
  const outer = scope.bindings.get(node.id?.name) ?? (isEval ? context.program.analysis.evalVars.get(node.id?.name) : undefined);
  if (!inner || !outer || inner === outer || context.facts.strict || (outer.kind !== 'var' && outer.kind !== 'function')) return;
  if (outer.home === 'native') out.push(declare('var', outer.out, context.place(inner)));
  else out.push(statement(assign(context.place(outer), context.place(inner))));
}

function lowerClassDeclaration(node: Node, context: FunctionContext, out: Node[]): void {
  const binding = context.bindingOf(node.id)!;
  const value = lowerClass(node, context, out, node.id.name);
  if (binding.home === 'native') out.push(declare('let', binding.out, value, node));
  else out.push(statement(assign(context.place(binding), value), node));
}

function lowerReturnStatement(node: Node, context: FunctionContext, out: Node[]): void {
  if (!node.argument) {
    out.push(returns(null, node));
    return;
  }
  const argument =
    context.kind === 'asyncGenerator'
      ? { type: 'AwaitExpression', argument: node.argument, loc: node.loc, start: node.start }
      : node.argument;
  if (CALL_NODE.test(argument.type)) {
    const lowered = lowerCall(argument, context, out).node;
    if (lowered.type === 'YieldExpression') {
      // A resumed yield must be an assignment; returning it directly would hide its value from the peeled code.
      const slot = context.temp();
      out.push(statement(assign({ ...slot }, lowered), node));
      out.push(returns(slot, node));
    } else out.push(returns(lowered, node));
    return;
  }
  out.push(returns(lowerExpression(argument, context, out), node));
}

function lowerIf(node: Node, context: FunctionContext, out: Node[]): void {
  const test = lowerExpression(node.test, context, out);
  out.push(
    located(
      when(test, lowerToBlock(node.consequent, context), node.alternate ? lowerToBlock(node.alternate, context) : null),
      node,
    ),
  );
}

function lowerLabeled(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  const name = node.label.name;
  if (isLoop(node.body) || node.body.type === 'LabeledStatement') {
    lowerStatement(node.body, context, out, [...labels, name]);
    return;
  }
  context.targets.push({ labels: [name], loop: false, continueAs: undefined });
  const body = lowerToBlock(node.body, context);
  context.targets.pop();
  out.push({ type: 'LabeledStatement', label: id(name), body });
}

function lowerContinue(node: Node, context: FunctionContext): Node {
  for (let i = context.targets.length - 1; i >= 0; i--) {
    const target = context.targets[i]!;
    if (!target.loop) continue;
    if (node.label && !target.labels.includes(node.label.name)) continue;
    return target.continueAs ? breaks(target.continueAs) : node;
  }
  return node;
}

function lowerSwitch(node: Node, context: FunctionContext, out: Node[]): void {
  const outer = context.envs;
  const discriminant = keepIfCalls(node, lowerExpression(node.discriminant, context, out), context, out);
  const scope = context.scopeOf(node);
  const inner: Node[] = [];
  if (scope?.env !== undefined) inner.push(makeEnvironment(scope, context, []));
  const all = node.cases.flatMap((c: Node) => c.consequent);
  if (scope) hoistFunctions(all, scope, context, inner, false);
  // Lexical names of the cases live before the switch, so that code resumed inside one case sees those of the others.
  const lexical = new Set<string>();
  for (const s of all) {
    if (s.type === 'VariableDeclaration' && s.kind !== 'var')
      for (const d of s.declarations)
        for (const n of patternNames(d.id)) {
          const binding = context.bindingOf(n)!;
          if (binding.home === 'native') lexical.add(binding.out);
        }
    if (s.type === 'ClassDeclaration') {
      const binding = context.bindingOf(s.id)!;
      if (binding.home === 'native') lexical.add(binding.out);
    }
  }
  for (const name of lexical) inner.push(declare('let', name, null));
  context.targets.push({ labels: [], loop: false, continueAs: undefined });
  const callsInTests = node.cases.some((c: Node) => hasCall(c.test));
  let subject = discriminant;
  let tests: (Node | null)[];
  if (callsInTests) {
    subject = matchCases(node, discriminant, context, inner);
    tests = node.cases.map((c: Node, i: number) => (c.test ? literal(i) : null));
  } else tests = node.cases.map((c: Node) => c.test && lowerExpression(c.test, context, inner));
  const cases = node.cases.map((c: Node, i: number) => {
    const consequent: Node[] = [];
    lowerStatements(c.consequent, context, consequent);
    return located({ type: 'SwitchCase', test: tests[i], consequent: consequent.flatMap((s) => withoutLexical(s, lexical)) }, c);
  });
  context.targets.pop();
  context.envs = outer;
  const lowered = located({ type: 'SwitchStatement', discriminant: subject, cases }, node);
  if (inner.length > 0) out.push(block([...inner, lowered]));
  else out.push(lowered);
}

function keepIfCalls(node: Node, lowered: Node, context: FunctionContext, out: Node[]): Node {
  return node.cases.some((c: Node) => hasCall(c.test)) ? keep({ type: '' }, lowered, context, out) : lowered;
}

/** With calls in case tests the matching case is found first, its number switched on after. */
function matchCases(node: Node, discriminant: Node, context: FunctionContext, out: Node[]): Node {
  const found = context.temp();
  out.push(statement(assign({ ...found }, unary('-', literal(1)))));
  const label = context.label('match');
  const body: Node[] = [];
  node.cases.forEach((c: Node, i: number) => {
    if (!c.test) return;
    const test = lowerExpression(c.test, context, body);
    body.push(
      when(binary('===', { ...discriminant }, test), block([statement(assign({ ...found }, literal(i))), breaks(label)])),
    );
  });
  out.push({ type: 'LabeledStatement', label: id(label), body: block(body) });
  return found;
}

function withoutLexical(s: Node, lexical: Set<string>): Node[] {
  if (s.type !== 'VariableDeclaration' || s.kind === 'var') return [s];
  return s.declarations.flatMap((d: Node) => {
    const names = patternNames(d.id).map((n) => n.name);
    if (!names.some((n) => lexical.has(n))) return [{ ...s, declarations: [d] }];
    return [statement(assign(d.id, d.init ?? undefinedValue()), s)];
  });
}

function lowerTry(node: Node, context: FunctionContext, out: Node[]): void {
  const natively = context.kind === 'generator' || context.kind === 'asyncGenerator';
  if (node.finalizer && hasCall(node.finalizer) && !(natively && yields(node.block))) {
    lowerFinally(node, context, out);
    return;
  }
  if (node.handler && hasCall(node.handler.body)) {
    const guarded = lowerCatchOutside(node, context);
    out.push(
      node.finalizer
        ? { type: 'TryStatement', block: block([guarded]), handler: null, finalizer: lowerBlock(node.finalizer, context) }
        : guarded,
    );
    return;
  }
  out.push(
    located(
      {
        type: 'TryStatement',
        block: lowerBlock(node.block, context),
        handler: node.handler && lowerHandler(node.handler, context),
        finalizer: node.finalizer && lowerBlock(node.finalizer, context),
      },
      node,
    ),
  );
}

/**
 * A catch block with calls runs behind the try statement: V8 shows no variables of an optimised frame that stands inside a catch clause.
 *
 *   before:  try { A } catch (e) { B }
 *   after:   $done: { try { A; break $done } catch ($x) { $1 = $x } { const e = $1; B } }
 */
function lowerCatchOutside(node: Node, context: FunctionContext): Node {
  const done = context.label('done');
  const caught = context.label('caught');
  const slot = context.temp();
  const attempt = lowerBlock(node.block, context);
  attempt.body.push(breaks(done));
  const scope = context.scopeOf(node.handler)!;
  const outer = context.envs;
  const body: Node[] = [];
  if (scope.env !== undefined) body.push(makeEnvironment(scope, context, []));
  if (node.handler.param) lowerPatternInto(node.handler.param, { ...slot }, context, body, 'let');
  hoistFunctions(node.handler.body.body, scope, context, body, false);
  lowerStatements(node.handler.body.body, context, body);
  context.envs = outer;
  const handler = { type: 'CatchClause', param: id(caught), body: block([statement(assign({ ...slot }, id(caught)))]) };
  return {
    type: 'LabeledStatement',
    label: id(done),
    body: block([located({ type: 'TryStatement', block: attempt, handler, finalizer: null }, node), block(body)]),
  };
}

function lowerHandler(handler: Node, context: FunctionContext): Node {
  const scope = context.scopeOf(handler)!;
  const outer = context.envs;
  const body: Node[] = [];
  let param: Node | null = null;
  if (scope.env !== undefined) body.push(makeEnvironment(scope, context, []));
  if (handler.param) {
    const binding =
      handler.param.type === 'Identifier'
        ? (context.bindingOf(handler.param) ?? scope.bindings.get(handler.param.name))
        : undefined;
    if (binding?.home === 'native') param = id(binding.out);
    else {
      param = id(context.label('caught'));
      if (binding) body.push(statement(assign(context.place(binding), { ...param })));
      else lowerPatternInto(handler.param, { ...param }, context, body, 'let');
    }
  }
  hoistFunctions(handler.body.body, scope, context, body, false);
  lowerStatements(handler.body.body, context, body);
  context.envs = outer;
  return located({ type: 'CatchClause', param, body: block(body) }, handler);
}

const yields = (node: Node): boolean =>
  anyNode(
    [node],
    (n) => n.type === 'YieldExpression',
    (n) => /Function/.test(n.type),
  );

/**
 * A finally block with calls: its pending completion becomes two temporaries, so that a frame stopped inside it is plain data.
 *
 *   before:  try { A } finally { F }
 *   after:   $k = 0; $out: { try { A, with `return e` as `$k = 2; $v = e; break $out` } catch ($x) { $k = 1; $v = $x } }
 *            F; if ($k === 1) throw $v; if ($k === 2) return $v
 */
function lowerFinally(node: Node, context: FunctionContext, out: Node[]): void {
  const kind = context.temp();
  const value = context.temp();
  const label = context.label('finally');
  const exits: Node[] = [];
  const exitAs = (made: Node, carried: Node | null): Node => {
    exits.push(made);
    const leave: Node[] = [statement(assign({ ...kind }, literal(exits.length + 1)))];
    if (carried) leave.unshift(statement(assign({ ...value }, carried)));
    return block([...leave, breaks(label)]);
  };
  const guarded = node.handler ? { type: 'TryStatement', block: node.block, handler: node.handler, finalizer: null } : node.block;
  const inner: Node[] = [];
  lowerStatement(guarded.type === 'TryStatement' ? { type: 'BlockStatement', body: [guarded] } : guarded, context, inner);
  const body = inner.map((s) => redirectExits(s, exitAs, value));
  const caught = context.label('caught');
  out.push(statement(assign({ ...kind }, literal(0))));
  out.push({
    type: 'LabeledStatement',
    label: id(label),
    body: block([
      {
        type: 'TryStatement',
        block: block(body),
        handler: {
          type: 'CatchClause',
          param: id(caught),
          body: block([statement(assign({ ...value }, id(caught))), statement(assign({ ...kind }, literal(1)))]),
        },
        finalizer: null,
      },
    ]),
  });
  out.push(lowerBlock(node.finalizer, context));
  out.push(when(binary('===', { ...kind }, literal(1)), throws({ ...value })));
  exits.forEach((exit, i) => {
    out.push(when(binary('===', { ...kind }, literal(i + 2)), exit));
  });
}

/** Replaces returns, breaks and continues that leave a lowered statement. */
function redirectExits(root: Node, exitAs: (made: Node, carried: Node | null) => Node, value: Node): Node {
  const visit = (node: Node, labels: Set<string>, inLoop: boolean, inSwitch: boolean): Node => {
    if (!node || typeof node.type !== 'string' || /Function|Class/.test(node.type)) return node;
    switch (node.type) {
      case 'ReturnStatement': {
        const exit = exitAs(returns({ ...value }), node.argument ?? undefinedValue());
        return located(exit, node);
      }
      case 'BreakStatement':
        if (node.label ? labels.has(node.label.name) : inLoop || inSwitch) return node;
        return exitAs(node, null);
      case 'ContinueStatement':
        if (node.label ? labels.has(node.label.name) : inLoop) return node;
        return exitAs(node, null);
      case 'LabeledStatement':
        return { ...node, body: visit(node.body, new Set([...labels, node.label.name]), inLoop, inSwitch) };
    }
    const loop = inLoop || isLoop(node);
    const sw = inSwitch || node.type === 'SwitchStatement';
    const copy: Node = { ...node };
    for (const key of ['body', 'consequent', 'alternate', 'block', 'handler', 'finalizer', 'cases']) {
      const child = node[key];
      if (Array.isArray(child)) copy[key] = child.map((c) => visit(c, labels, loop, sw));
      else if (child && typeof child.type === 'string') copy[key] = visit(child, labels, loop, sw);
    }
    return copy;
  };
  return visit(root, new Set(), false, false);
}
