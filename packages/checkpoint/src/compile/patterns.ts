/**
 * Destructuring. A pattern whose defaults and keys make no calls and whose names are all native stays a native pattern;
 * otherwise it is written out step by step (ECMAScript 8.6.2 and 13.15.5), so that each call in it is a safepoint.
 *
 *   before:  const { a, b = f() } = value      (b captured)
 *   after:   $1 = value; a = $1.a; $2 = $1.b; if ($2 === undefined) { $2 = f() } $e1.b = $2
 */
import {
  anyNode,
  array,
  assign,
  binary,
  block,
  call,
  declare,
  id,
  isFunction,
  isSuperProperty,
  literal,
  member,
  type Node,
  not,
  patternNames,
  statement,
  undefinedValue,
  when,
} from './ast.js';
import { type FunctionContext, mayThrow } from './context.js';
import {
  appendAll,
  assignedConstant,
  beginIteration,
  isComplex,
  isDone,
  keep,
  lowerExpression,
  lowerInto,
  lowerTarget,
  writtenValue,
} from './expressions.js';
import { closedAfter } from './loops.js';

/** `initialise`: the names are declared already. */
type Mode = 'let' | 'const' | 'var' | 'assign' | 'initialise';

/** Does any part of the pattern need statements of its own? */
export function needsSteps(pattern: Node): boolean {
  if (isComplex(pattern) || anyNode([pattern], isSuperProperty, isFunction)) return true;
  const work = [pattern];
  for (let n = work.pop(); n; n = work.pop()) {
    if (isFunction(n) || mayThrow(n) || isOnlyRest(n)) return true;
    if (n.type === 'AssignmentPattern') work.push(n.left, n.right);
    else if (n.type === 'ObjectPattern')
      work.push(...n.properties.map((p: Node) => (p.type === 'RestElement' ? p.argument : p.value)));
    else if (n.type === 'ArrayPattern') work.push(...n.elements.filter(Boolean));
    else if (n.type === 'RestElement') work.push(n.argument);
  }
  return false;
}

/** `{ ...rest }`: natively it would copy own properties without reading one before (heap/hollow.ts). */
export const isOnlyRest = (pattern: Node): boolean =>
  pattern.type === 'ObjectPattern' && pattern.properties.length === 1 && pattern.properties[0].type === 'RestElement';

/** A destructuring assignment expression; its value is the right side. */
export function lowerPatternAssignment(node: Node, context: FunctionContext, out: Node[]): Node {
  if (!needsSteps(node.left) && !isComplex(node.right)) {
    const right = lowerExpression(node.right, context, out);
    return assign(mapPattern(node.left, context), right);
  }
  const value = keep({ type: '' }, lowerExpression(node.right, context, out), context, out);
  lowerPatternInto(node.left, { ...value }, context, out, 'assign');
  return { ...value };
}

/** Binds or assigns `value` (lowered, used once) to a pattern. */
export function lowerPatternInto(pattern: Node, value: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  if (pattern.type === 'Identifier') {
    bindName(pattern, value, context, out, mode);
    return;
  }
  if (pattern.type === 'AssignmentPattern') {
    const slot = context.temp();
    out.push(statement(assign({ ...slot }, value)));
    lowerDefault(pattern, slot, context, out);
    lowerPatternInto(pattern.left, { ...slot }, context, out, mode);
    return;
  }
  if (!needsSteps(pattern)) {
    declareNatives(pattern, context, out, mode);
    if (isListOfNames(pattern, context)) {
      lowerNames(pattern, value, context, out);
      return;
    }
    const assignment = assign(mapPattern(pattern, context), value);
    out.push(statement(assignment, pattern));
    return;
  }
  const source = keep({ type: '' }, value, context, out);
  if (pattern.type === 'ObjectPattern') lowerObjectPattern(pattern, source, context, out, mode);
  else lowerArrayPattern(pattern, source, context, out, mode);
}

function lowerDefault(pattern: Node, slot: Node, context: FunctionContext, out: Node[]): void {
  const inner: Node[] = [];
  lowerInto(pattern.right, slot, context, inner, pattern.left.type === 'Identifier' ? pattern.left.name : undefined);
  out.push(when(binary('===', { ...slot }, undefinedValue()), block(inner)));
}

/** Takes a value for one part of a pattern and puts it there. A member that is assigned to is found before the value is taken. */
function lowerPart(part: Node, take: (into: Node[]) => Node, context: FunctionContext, out: Node[], mode: Mode): void {
  const target = part.type === 'AssignmentPattern' ? part.left : part;
  if (target.type !== 'MemberExpression') {
    lowerPatternInto(part, take(out), context, out, mode);
    return;
  }
  const place = lowerTarget(target, context, out, true);
  const slot = context.temp();
  out.push(statement(assign({ ...slot }, take(out))));
  if (part !== target) lowerDefault(part, slot, context, out);
  out.push(statement(assign(place, { ...slot }), target));
}

function bindName(pattern: Node, value: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  const binding = context.bindingOf(pattern) ?? context.facts.scope.bindings.get(pattern.name);
  if (!binding) {
    out.push(statement(assign(id(pattern.name, pattern), value), pattern));
    return;
  }
  const violated = mode === 'assign' ? assignedConstant(pattern, context) : undefined;
  if (violated) {
    out.push(statement(value), statement(call(id('$$const'), [literal(violated)])));
    return;
  }
  if (mode === 'assign') {
    const place = lowerTarget(pattern, context, out, false);
    out.push(statement(assign(place, writtenValue(pattern, value, context)), pattern));
  } else if (mode === 'initialise' || binding.home !== 'native' || (binding.kind === 'param' && mode === 'var'))
    out.push(statement(assign(context.place(binding, pattern), value), pattern));
  else out.push(declare(mode, binding.out, value, pattern));
}

/** `let a, b;` for the native names of a pattern that is then assigned to. */
function declareNatives(pattern: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  if (mode === 'assign' || mode === 'initialise') return;
  for (const name of patternNames(pattern)) {
    const binding = context.bindingOf(name);
    if (binding?.home === 'native') out.push(declare(mode === 'var' ? 'var' : 'let', binding.out, null));
  }
}

const isListOfNames = (pattern: Node, context: FunctionContext): boolean =>
  pattern.type === 'ArrayPattern' &&
  pattern.elements.length > 0 &&
  pattern.elements.every((e: Node | null) => e === null || (e.type === 'Identifier' && context.bindingOf(e) !== undefined));

/**
 * Names taken from an array by index, where the array's iterator is the usual one: V8 makes an iterator and a result for each name
 * and, without escape analysis, does not get rid of them.
 *
 *   before:  [a, b] = value
 *   after:   $1 = value; $2 = $$array($1); if ($2 !== undefined && $2.length >= 2) { a = $2[0]; b = $2[1] } else [a, b] = $1
 */
function lowerNames(pattern: Node, value: Node, context: FunctionContext, out: Node[]): void {
  const source = keep({ type: '' }, value, context, out);
  const list = context.temp();
  out.push(statement(assign({ ...list }, call(id('$$array'), [{ ...source }]))));
  const enough: Node = {
    type: 'LogicalExpression',
    operator: '&&',
    left: binary('!==', { ...list }, undefinedValue()),
    right: binary('>=', member({ ...list }, 'length'), literal(pattern.elements.length)),
  };
  const taken = pattern.elements.map(
    (e: Node | null, i: number) => e && statement(assign(mapPattern(e, context), member({ ...list }, literal(i)))),
  );
  const native = statement(assign(mapPattern(pattern, context), { ...source }), pattern);
  out.push(when(enough, block(taken.filter(Boolean)), block([native])));
}

/** A native pattern with each name replaced by its place. */
function mapPattern(pattern: Node, context: FunctionContext): Node {
  switch (pattern.type) {
    case 'Identifier':
    case 'MemberExpression':
      return lowerTarget(pattern, context, [], false);
    case 'AssignmentPattern':
      return {
        type: 'AssignmentPattern',
        left: mapPattern(pattern.left, context),
        right: lowerExpression(pattern.right, context, [], pattern.left.type === 'Identifier' ? pattern.left.name : undefined),
      };
    case 'RestElement':
      return { type: 'RestElement', argument: mapPattern(pattern.argument, context) };
    case 'ArrayPattern':
      return { type: 'ArrayPattern', elements: pattern.elements.map((e: Node) => e && mapPattern(e, context)) };
    case 'ObjectPattern':
      return {
        type: 'ObjectPattern',
        properties: pattern.properties.map((p: Node) =>
          p.type === 'RestElement'
            ? mapPattern(p, context)
            : {
                type: 'Property',
                kind: 'init',
                method: false,
                shorthand: false,
                computed: p.computed,
                key: p.computed ? lowerExpression(p.key, context, []) : p.key,
                value: mapPattern(p.value, context),
              },
        ),
      };
    default:
      throw new Error(`mapPattern: ${pattern.type}`);
  }
}

function lowerObjectPattern(pattern: Node, source: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  out.push(statement(call(id('$$object'), [{ ...source }])));
  const taken: Node[] = [];
  for (const p of pattern.properties) {
    if (p.type === 'RestElement') {
      lowerPart(p.argument, () => call(id('$$rest'), [{ ...source }, array(...taken)]), context, out, mode);
      continue;
    }
    const key = p.computed
      ? keep({ type: '' }, call(id('$$key'), [lowerExpression(p.key, context, out)]), context, out)
      : literal(p.key.type === 'Identifier' ? p.key.name : String(p.key.value));
    taken.push({ ...key });
    const value = member({ ...source }, p.computed ? { ...key } : key.value);
    lowerPart(p.value, () => value, context, out, mode);
  }
}

/**
 * The elements are taken one by one, from an array by index, else from an iterator that is closed where the pattern ends before it.
 *
 *   before:  [a, ...b] = value
 *   after:   $1 = value; $2 = $$array($1); $5 = true; if ($2 === undefined) { $3 = $$iterator($1); $4 = $3.next; $5 = false }
 *            try {
 *              if ($2 !== undefined) $6 = $2[0];
 *              else if ($5) $6 = undefined;
 *              else { $5 = true; $7 = $4.call($3); if ($$done($7)) $6 = undefined; else { $6 = $7.value; $5 = false } }
 *              a = $6;
 *              if ($2 !== undefined) $8 = $$slice($2, 1) else { $8 = []; if (!$5) { $5 = true; for (;;) … } }
 *              b = $8
 *            } catch ($c) { if (!$5) { $5 = true; $$closeQuietly($3) } throw $c } finally { if (!$5) $$close($3) }
 */
function lowerArrayPattern(pattern: Node, source: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  declareNatives(pattern, context, out, mode);
  const inner = mode === 'assign' ? 'assign' : 'initialise';
  const [list, iterator, next, done] = Array.from({ length: 4 }, () => context.temp()) as [Node, Node, Node, Node];
  const taking: Taking = { list, iterator, next, done };
  out.push(
    statement(assign({ ...list }, call(id('$$array'), [{ ...source }]))),
    statement(assign({ ...done }, literal(true))),
    when(
      binary('===', { ...list }, undefinedValue()),
      block([
        ...beginIteration(iterator, next, source, 'object', pattern, pattern),
        statement(assign({ ...done }, literal(false))),
      ]),
    ),
  );
  const steps: Node[] = [];
  pattern.elements.forEach((e: Node | null, i: number) => {
    if (!e) takeElement(taking, i, pattern, context, steps);
    else if (e.type === 'RestElement')
      lowerPart(e.argument, (into) => takeRest(taking, i, pattern, context, into), context, steps, inner);
    else lowerPart(e, (into) => takeElement(taking, i, pattern, context, into), context, steps, inner);
  });
  out.push(closedAfter(block(steps), iterator, done, context));
}

/** Temporaries of a pattern that takes elements: an array, or an iterator and its `next`, and whether there is nothing left to close. */
interface Taking {
  list: Node;
  iterator: Node;
  next: Node;
  done: Node;
}

function takeElement(taking: Taking, index: number, pattern: Node, context: FunctionContext, out: Node[]): Node {
  const { list, iterator, next, done } = taking;
  const [value, result] = [context.temp(), context.temp()];
  const set = (target: Node, to: Node, from?: Node): Node => statement(assign({ ...target }, to), from);
  const step = block([
    set(done, literal(true)),
    set(result, call(member({ ...next }, 'call'), [{ ...iterator }]), pattern),
    when(
      isDone(result),
      block([set(value, undefinedValue())]),
      block([set(value, member({ ...result }, 'value')), set(done, literal(false))]),
    ),
  ]);
  const fromIterator = when({ ...done }, block([set(value, undefinedValue())]), step);
  const fromList = set(value, member({ ...list }, literal(index)));
  out.push(when(binary('!==', { ...list }, undefinedValue()), block([fromList]), block([fromIterator])));
  return { ...value };
}

function takeRest(taking: Taking, index: number, pattern: Node, context: FunctionContext, out: Node[]): Node {
  const { list, iterator, next, done } = taking;
  const rest = context.temp();
  const loop = appendAll(rest, iterator, next, pattern, context);
  const fromIterator = [
    statement(assign({ ...rest }, array())),
    when(not({ ...done }), block([statement(assign({ ...done }, literal(true))), loop])),
  ];
  const fromList = statement(assign({ ...rest }, call(id('$$slice'), [{ ...list }, literal(index)])));
  out.push(when(binary('!==', { ...list }, undefinedValue()), block([fromList]), block(fromIterator)));
  return { ...rest };
}
