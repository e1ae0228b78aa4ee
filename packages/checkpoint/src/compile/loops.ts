/**
 * Loops. A loop whose head makes no calls and captures nothing stays as it was. Otherwise:
 *   - calls in a test or update move into the body, where each is a statement of its own;
 *   - a captured loop variable lives in an environment that is fresh for each iteration;
 *   - for-in walks a snapshot of the keys, for-of an explicit iterator (arrays by index), so that no loop hides state.
 *
 *   before:  for (const x of list) use(x)
 *   after:   $1 = list; $2 = $$array($1); if ($2 === undefined) { $3 = $$iterator($1); $4 = $3.next } $5 = 0
 *            for (;;) {
 *              if ($2 !== undefined) { if ($5 >= $2.length) break; $7 = $2[$5++] }
 *              else { $8 = $4.call($3) (see nextResult); if ($$done($8)) break; $7 = $8.value }
 *              try { const x = $7; use(x) } catch ($c) { if ($2 === undefined) $$closeQuietly($3); throw $c }
 *            }
 *   or, where its body may leave the loop:
 *            $6 = true; try { for (;;) { … $6 = true; $8 = …; $7 = $8.value; $6 = false … const x = $7; use(x)
 *            } } catch ($c) { if (!$6) { $6 = true; $$closeQuietly($3) } throw $c } finally { if (!$6) $$close($3) }
 */
import {
  assign,
  binary,
  block,
  breaks,
  call,
  declare,
  forever,
  id,
  isClass,
  isFunction,
  isLoop,
  labeled,
  literal,
  located,
  member,
  type Node,
  not,
  object,
  property,
  someChild,
  statement,
  throws,
  undefinedValue,
  when,
} from './ast.js';
import { envField, envName, type FunctionContext, type LoopTarget } from './context.js';
import { beginIteration, isComplex, leaveWhenDone, lowerExpression, lowerForEffect } from './expressions.js';
import { makeEnvironment } from './functions.js';
import { lowerPatternInto } from './patterns.js';
import type { Scope } from './scope.js';
import { hoistFunctions, lowerStatement, lowerStatements, lowerToBlock } from './statements.js';

const withLabels = (labels: string[], loop: Node): Node => labels.reduceRight((body, label) => labeled(label, body), loop);

function inLoop<T>(context: FunctionContext, labels: string[], continueAs: string | undefined, action: () => T): T {
  const target: LoopTarget = { labels, loop: true, continueAs };
  context.targets.push(target);
  const result = action();
  context.targets.pop();
  return result;
}

/** `if (!test) break;`, the test's calls before it. */
function leaveUnless(test: Node, context: FunctionContext, out: Node[]): void {
  out.push(when(not(lowerExpression(test, context, out)), breaks(null)));
}

export function lowerWhile(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  if (!isComplex(node.test)) {
    const test = lowerExpression(node.test, context, out);
    const body = inLoop(context, labels, undefined, () => lowerToBlock(node.body, context));
    out.push(withLabels(labels, located({ type: 'WhileStatement', test, body }, node)));
    return;
  }
  const body: Node[] = [];
  leaveUnless(node.test, context, body);
  inLoop(context, labels, undefined, () => body.push(lowerToBlock(node.body, context)));
  out.push(withLabels(labels, forever(body, node)));
}

export function lowerDoWhile(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  const calls = isComplex(node.test);
  const continueAs = calls ? context.label('continue') : undefined;
  const body = inLoop(context, labels, continueAs, () => lowerToBlock(node.body, context));
  if (!calls) {
    out.push(
      withLabels(labels, located({ type: 'DoWhileStatement', body, test: lowerExpression(node.test, context, out) }, node)),
    );
    return;
  }
  const tail: Node[] = [];
  const result = context.temp();
  tail.push(statement(assign({ ...result }, lowerExpression(node.test, context, tail))));
  out.push(
    withLabels(
      labels,
      located({ type: 'DoWhileStatement', body: block([labeled(continueAs!, body), ...tail]), test: result }, node),
    ),
  );
}

export function lowerFor(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  const scope = context.scopeOf(node);
  if (scope?.env !== undefined) {
    lowerCapturedFor(node, scope, context, out, labels);
    return;
  }
  const before: Node[] = [];
  let init: Node | null = null;
  if (node.init) {
    if (node.init.type === 'VariableDeclaration') {
      lowerStatement(node.init, context, before);
      // Loop variables are declared around the loop: V8 does not show variables of the head at the back edge.
      if (node.init.kind === 'var' && before.length === 1 && before[0].type === 'VariableDeclaration' && !isComplex(node.init))
        init = before.pop();
      else declareBeforeLoop(before);
    } else if (isComplex(node.init)) lowerForEffect(node.init, context, before);
    else init = lowerExpression(node.init, context, before);
  }
  const testCalls = isComplex(node.test);
  const updateCalls = isComplex(node.update);
  const continueAs = updateCalls ? context.label('continue') : undefined;
  const test = node.test && !testCalls ? lowerExpression(node.test, context, before) : null;
  const body: Node[] = [];
  if (testCalls) leaveUnless(node.test, context, body);
  const inner = inLoop(context, labels, continueAs, () => lowerToBlock(node.body, context));
  let update: Node | null = null;
  if (updateCalls) {
    body.push(labeled(continueAs!, inner));
    lowerForEffect(node.update, context, body);
  } else {
    body.push(inner);
    if (node.update) update = lowerExpression(node.update, context, body);
  }
  const single = body.length === 1 ? body[0] : block(body);
  const loop = withLabels(labels, located({ type: 'ForStatement', init, test, update, body: single }, node));
  if (before.length > 0) out.push(block([...before, loop]));
  else out.push(loop);
}

/** `const` in a head becomes `let`-free to assign: nobody reassigns it, and it is set once either way. */
function declareBeforeLoop(list: Node[]): void {
  for (const s of list) if (s.type === 'VariableDeclaration' && s.kind === 'const') s.kind = 'let';
}

/** `for (let i = …; …; …)` with a captured variable: each iteration starts with a copy of the environment before it. */
function lowerCapturedFor(node: Node, scope: Scope, context: FunctionContext, out: Node[], labels: string[]): void {
  const name = envName(scope.env!);
  const carried = context.label('carried');
  const going = context.label('going');
  const outer = context.envs;
  const head: Node[] = [makeEnvironment(scope, context, [])];
  lowerStatement(node.init, context, head);
  const inits = head.slice();
  const copies = [...scope.bindings.values()]
    .filter((b) => b.home === 'env')
    .map((b) => property(envField(b), member(id(carried), envField(b))));
  if (outer.length > 0) copies.unshift(property('$p', id(envName(outer[0]!))));
  const body: Node[] = [declare('const', name, object(...copies)), statement(assign(id(carried), id(name)))];
  if (node.update) {
    const update: Node[] = [];
    lowerForEffect(node.update, context, update);
    body.push({ type: 'IfStatement', test: id(going), consequent: block(update), alternate: null });
    body.push(statement(assign(id(going), literal(true))));
  }
  if (node.test) leaveUnless(node.test, context, body);
  body.push(inLoop(context, labels, undefined, () => lowerToBlock(node.body, context)));
  context.envs = outer;
  // Native names declared beside captured ones stay outside of the loop: nobody sees them per iteration.
  const natives = inits.filter((s) => s.type === 'VariableDeclaration' && s !== head[0]);
  const start = [
    ...natives.map((s) => declare('let', s.declarations[0].id, null)),
    declare('let', carried, null),
    declare('let', going, literal(false)),
    block([
      ...inits.map((s) =>
        natives.includes(s) ? statement(assign(s.declarations[0].id, s.declarations[0].init ?? undefinedValue()), s) : s,
      ),
      statement(assign(id(carried), id(name))),
    ]),
  ];
  out.push(block([...start, withLabels(labels, forever(body, node))]));
}

/** The statements that give a for-in or for-of head its next value. */
function bindHead(node: Node, value: Node, scope: Scope | undefined, context: FunctionContext, out: Node[]): void {
  if (scope?.env !== undefined) out.push(makeEnvironment(scope, context, []));
  if (node.left.type === 'VariableDeclaration')
    lowerPatternInto(node.left.declarations[0].id, value, context, out, node.left.kind);
  else lowerPatternInto(node.left, value, context, out, 'assign');
}

/** The author's loop body; its own block scope comes along. */
function loopBody(node: Node, context: FunctionContext, labels: string[], out: Node[]): void {
  inLoop(context, labels, undefined, () => {
    if (node.body.type === 'BlockStatement' && context.scopeOf(node.body)?.env === undefined) {
      const scope = context.scopeOf(node.body);
      const inner: Node[] = [];
      if (scope) hoistFunctions(node.body.body, scope, context, inner, false);
      lowerStatements(node.body.body, context, inner);
      out.push(block(inner));
    } else out.push(lowerToBlock(node.body, context));
  });
}

export function lowerForIn(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  const scope = context.scopeOf(node);
  const subject = context.temp();
  const keys = context.temp();
  const index = context.temp();
  const outer = context.envs;
  out.push(statement(assign({ ...subject }, lowerExpression(node.right, context, out))));
  out.push(statement(assign({ ...keys }, call(id('$$keys'), [{ ...subject }])), node));
  const body: Node[] = [];
  const key = context.temp();
  body.push(statement(assign({ ...key }, member({ ...keys }, { ...index }))));
  body.push(when(not(call(id('$$has'), [{ ...subject }, { ...key }])), { type: 'ContinueStatement', label: null }));
  bindHead(node, { ...key }, scope, context, body);
  loopBody(node, context, labels, body);
  context.envs = outer;
  const loop = located(
    {
      type: 'ForStatement',
      init: assign({ ...index }, literal(0)),
      test: binary('<', { ...index }, member({ ...keys }, 'length')),
      update: { type: 'UpdateExpression', operator: '++', prefix: false, argument: { ...index } },
      body: block(body),
    },
    node,
  );
  out.push(withLabels(labels, loop));
}

export function lowerForOf(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  if (node.await) {
    lowerForAwait(node, context, out, labels);
    return;
  }
  const scope = context.scopeOf(node);
  const [subject, list, iterator, next, index, done, value, result] = Array.from({ length: 8 }, () => context.temp());
  const text = context.program.source.slice(node.right.start, node.right.end);
  const outer = context.envs;
  lowerSubject(subject, node, context, out);
  out.push(statement(assign({ ...list }, call(id('$$array'), [{ ...subject }]))));
  out.push(
    when(
      binary('===', { ...list }, undefinedValue()),
      block([...beginIteration(iterator, next, subject, text, node.right, { ...node, right: id('$$') })]),
    ),
  );
  out.push(statement(assign({ ...index }, literal(0))));
  const endsByItself = !leavesEarly(node.body, labels) && !leavesEarly(node.left, labels);
  const setDone = (to: boolean): Node[] => (endsByItself ? [] : [statement(assign({ ...done }, literal(to)))]);
  out.push(...setDone(true));
  const body: Node[] = [
    when(
      binary('!==', { ...list }, undefinedValue()),
      block([
        when(binary('>=', { ...index }, member({ ...list }, 'length')), breaks(null)),
        statement(
          assign(
            { ...value },
            member({ ...list }, { type: 'UpdateExpression', operator: '++', prefix: false, argument: { ...index } }),
          ),
        ),
      ]),
      block([
        ...setDone(true),
        nextResult(result, iterator, next, node.right),
        leaveWhenDone(result),
        statement(assign({ ...value }, member({ ...result }, 'value'))),
        ...setDone(false),
      ]),
    ),
  ];
  const turn: Node[] = endsByItself ? [] : body;
  bindHead(node, { ...value }, scope, context, turn);
  loopBody(node, context, labels, turn);
  context.envs = outer;
  if (endsByItself) {
    body.push(closedAfterError(block(turn), iterator, binary('===', { ...list }, undefinedValue()), context));
    out.push(withLabels(labels, forever(body, node)));
    return;
  }
  out.push(closedAfter(block([withLabels(labels, forever(body, node))]), iterator, done, context));
}

/** Can the body of a loop with these labels leave it other than by an error: by a break, a return, or the end of a generator? */
function leavesEarly(body: Node, labels: readonly string[]): boolean {
  const visit = (node: Node, inner: readonly string[], breakable: boolean): boolean => {
    if (isFunction(node) || isClass(node)) return false;
    switch (node.type) {
      case 'ReturnStatement':
      case 'YieldExpression':
        return true;
      case 'BreakStatement':
        return node.label ? !inner.includes(node.label.name) : !breakable;
      case 'ContinueStatement':
        return node.label !== null && node.label !== undefined && ![...inner, ...labels].includes(node.label.name);
    }
    const within = node.type === 'LabeledStatement' ? [...inner, node.label.name] : inner;
    const target = breakable || isLoop(node) || node.type === 'SwitchStatement';
    return someChild(node, (child) => visit(child, within, target));
  };
  return visit(body, [], false);
}

/** Closes an iterator, if there is one, after an error of what is guarded. */
function closedAfterError(guarded: Node, iterator: Node, isOpen: Node, context: FunctionContext): Node {
  const caught = context.label('caught');
  const close = statement(call(id('$$closeQuietly'), [{ ...iterator }]));
  return {
    type: 'TryStatement',
    block: guarded,
    handler: { type: 'CatchClause', param: id(caught), body: block([when(isOpen, block([close])), throws(id(caught))]) },
    finalizer: null,
  };
}

/** Closes an iterator that is not `done` when what is guarded is left: quietly after an error, as ECMAScript 7.4.11 has it. */
export function closedAfter(guarded: Node, iterator: Node, done: Node, context: FunctionContext): Node {
  const caught = context.label('caught');
  const close = (name: string): Node => statement(call(id(name), [{ ...iterator }]));
  return {
    type: 'TryStatement',
    block: guarded,
    handler: {
      type: 'CatchClause',
      param: id(caught),
      body: block([
        when(not({ ...done }), block([statement(assign({ ...done }, literal(true))), close('$$closeQuietly')])),
        throws(id(caught)),
      ]),
    },
    finalizer: block([when(not({ ...done }), close('$$close'))]),
  };
}

/**
 * What is iterated. Of `list.entries()`, `map.values()`, `text.matchAll(pattern)` and the like nobody but the loop sees the iterator,
 * so the runtime may give a cursor in its place:
 *   $1 = list; $2 = $$loopOver($1, "entries"); if ($2 === undefined) $2 = $1.entries()
 */
function lowerSubject(subject: Node, node: Node, context: FunctionContext, out: Node[]): void {
  const { right } = node;
  if (!callsForIterator(right)) {
    out.push(statement(assign({ ...subject }, lowerExpression(right, context, out)), node));
    return;
  }
  const { callee } = right;
  const owner = context.temp();
  out.push(statement(assign({ ...owner }, lowerExpression(callee.object, context, out))));
  const given: Node[] = [];
  for (const argument of right.arguments) {
    const kept = context.temp();
    out.push(statement(assign({ ...kept }, lowerExpression(argument, context, out))));
    given.push(kept);
  }
  const name = callee.property.name;
  out.push(
    statement(assign({ ...subject }, call(id('$$loopOver'), [{ ...owner }, literal(name), ...given.map((g) => ({ ...g }))]))),
  );
  const asWritten = call(
    member({ ...owner }, name),
    given.map((g) => ({ ...g })),
    right,
  );
  out.push(when(binary('===', { ...subject }, undefinedValue()), block([statement(assign({ ...subject }, asWritten), node)])));
}

/** A call of a method named like those that make native iterators. The method is read after a plain argument, which calls nothing. */
function callsForIterator({ type, callee, arguments: given, optional }: Node): boolean {
  if (type !== 'CallExpression' || optional || callee.type !== 'MemberExpression') return false;
  if (callee.computed || callee.optional || callee.object.type === 'Super' || callee.property.type !== 'Identifier') return false;
  if (callee.property.name === 'matchAll')
    return (
      given.length === 1 && (given[0].type === 'Identifier' || (given[0].type === 'Literal' && given[0].regex !== undefined))
    );
  return /^(keys|values|entries)$/.test(callee.property.name) && given.length === 0;
}

/**
 * `result = next.call(iterator)`, said so that V8 knows the function where it is one of the usual: of native generators, and of the
 * runtime's cursors.
 */
function nextResult(result: Node, iterator: Node, next: Node, from: Node): Node {
  const step = (made: Node): Node => block([statement(assign({ ...result }, made), from)]);
  return when(
    binary('===', { ...next }, id('$$cursorNext')),
    step(call(member({ ...iterator }, 'advance'), [])),
    when(
      binary('===', { ...next }, id('$$generatorNext')),
      step(call(id('$$generatorStep'), [{ ...iterator }])),
      step(call(member({ ...next }, 'call'), [{ ...iterator }])),
    ),
  );
}

/** for await: as for-of with each result awaited; closing awaits too, so its finally goes through the author's-finally lowering. */
function lowerForAwait(node: Node, context: FunctionContext, out: Node[], labels: string[]): void {
  const [iterator, next, done] = [context.temp(), context.temp(), context.temp()];
  const source = id('$$asyncIterator');
  const set = (target: Node, value: Node): Node => ({ type: 'ExpressionStatement', expression: assign({ ...target }, value) });
  const step = context.temp();
  const awaited = (argument: Node): Node => ({ type: 'AwaitExpression', argument });
  const head =
    node.left.type === 'VariableDeclaration'
      ? {
          ...node.left,
          declarations: [{ ...node.left.declarations[0], init: member({ ...step }, 'value') }],
        }
      : { type: 'ExpressionStatement', expression: assign(node.left, member({ ...step }, 'value')) };
  const value = context.temp();
  const headValue = { ...value };
  if (head.type === 'VariableDeclaration') head.declarations[0].init = headValue;
  else head.expression.right = headValue;
  const body: Node = {
    type: 'BlockStatement',
    body: [
      set(done, literal(true)),
      set(step, awaited(call(member({ ...next }, 'call'), [{ ...iterator }]))),
      leaveWhenDone(step),
      set(value, member({ ...step }, 'value')),
      set(done, literal(false)),
      head,
      node.body,
    ],
  };
  const scope = context.scopeOf(node);
  if (scope) context.program.analysis.scopes.set(body, scope);
  const caught = id(context.label('caught'));
  const guarded: Node = {
    type: 'TryStatement',
    block: {
      type: 'BlockStatement',
      body: [
        withLabels(labels, {
          type: 'ForStatement',
          init: null,
          test: null,
          update: null,
          body,
          loc: node.loc,
          start: node.start,
        }),
      ],
    },
    handler: null,
    finalizer: {
      type: 'BlockStatement',
      body: [
        when(not({ ...done }), {
          type: 'BlockStatement',
          body: [set(step, awaited(call(id('$$closeAsync'), [{ ...iterator }])))],
        }),
      ],
    },
  };
  // An error from the body wins over an error from closing.
  const quiet: Node = {
    type: 'TryStatement',
    block: guarded.block,
    handler: {
      type: 'CatchClause',
      param: caught,
      body: {
        type: 'BlockStatement',
        body: [
          when(not({ ...done }), {
            type: 'BlockStatement',
            body: [set(done, literal(true)), set(step, awaited(call(id('$$closeAsyncQuietly'), [{ ...iterator }])))],
          }),
          { type: 'ThrowStatement', argument: { ...caught } },
        ],
      },
    },
    finalizer: guarded.finalizer,
  };
  const catchScope = makeCatchScope(quiet.handler, context, caught);
  void catchScope;
  lowerStatement(
    {
      type: 'BlockStatement',
      body: [
        set(iterator, call(source, [node.right])),
        set(next, member({ ...iterator }, 'next')),
        set(done, literal(true)),
        quiet,
      ],
    },
    context,
    out,
  );
}

/** Registers a scope for a catch clause that the author did not write. */
function makeCatchScope(handler: Node, context: FunctionContext, param: Node): Scope {
  const base = context.facts.scope;
  const scope = Object.create(Object.getPrototypeOf(base)) as Scope;
  const binding = {
    name: param.name,
    out: param.name,
    kind: 'catch' as const,
    scope,
    captured: false,
    reassigned: false,
    home: 'native' as const,
  };
  Object.assign(scope, {
    kind: 'block',
    node: handler,
    parent: base,
    owner: base.owner,
    bindings: new Map([[param.name, binding]]),
    env: undefined,
  });
  context.program.analysis.scopes.set(handler, scope);
  context.program.analysis.references.set(param, binding);
  return scope;
}
