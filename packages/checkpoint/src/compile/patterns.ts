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
  patternNames,
  statement,
  undefinedValue,
  when,
} from './ast.js';
import { type FunctionContext, hasCall } from './context.js';
import { keep, lowerExpression, lowerInto, lowerTarget, makesStatements, writtenValue } from './expressions.js';

type Mode = 'let' | 'const' | 'var' | 'assign';

/** Does any part of the pattern need statements of its own? */
export function needsSteps(pattern: Node): boolean {
  if (hasCall(pattern) || makesStatements(pattern) || anyNode([pattern], isSuperProperty, isFunction)) return true;
  const work = [pattern];
  for (let n = work.pop(); n; n = work.pop()) {
    if (isFunction(n)) return true;
    if (n.type === 'AssignmentPattern') work.push(n.left, n.right);
    else if (n.type === 'ObjectPattern')
      work.push(...n.properties.map((p: Node) => (p.type === 'RestElement' ? p.argument : p.value)));
    else if (n.type === 'ArrayPattern') work.push(...n.elements.filter(Boolean));
    else if (n.type === 'RestElement') work.push(n.argument);
  }
  return false;
}

/** A destructuring assignment expression; its value is the right side. */
export function lowerPatternAssignment(node: Node, context: FunctionContext, out: Node[]): Node {
  if (!needsSteps(node.left) && !hasCall(node.right)) {
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
  if (pattern.type === 'MemberExpression') {
    const source = keep({ type: '' }, value, context, out);
    const place = lowerTarget(pattern, context, out, false);
    out.push(statement(assign(place, source), pattern));
    return;
  }
  if (pattern.type === 'AssignmentPattern') {
    const slot = context.temp();
    out.push(statement(assign({ ...slot }, value)));
    const inner: Node[] = [];
    lowerInto(pattern.right, slot, context, inner, pattern.left.type === 'Identifier' ? pattern.left.name : undefined);
    out.push(when(binary('===', { ...slot }, undefinedValue()), block(inner)));
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

function bindName(pattern: Node, value: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  const binding = context.bindingOf(pattern) ?? context.facts.scope.bindings.get(pattern.name);
  if (!binding) {
    out.push(statement(assign(id(pattern.name, pattern), value), pattern));
    return;
  }
  if (mode === 'assign' && (binding.kind === 'const' || binding.kind === 'import')) {
    out.push(statement(value), statement(call(id('$$const'), [literal(binding.name)])));
    return;
  }
  if (mode === 'assign' || binding.home !== 'native' || (binding.kind === 'param' && mode === 'var'))
    out.push(
      statement(
        assign(context.place(binding, pattern), mode === 'assign' ? writtenValue(pattern, value, context) : value),
        pattern,
      ),
    );
  else out.push(declare(mode, binding.out, value, pattern));
}

/** `let a, b;` for the native names of a pattern that is then assigned to. */
function declareNatives(pattern: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  if (mode === 'assign') return;
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
export function mapPattern(pattern: Node, context: FunctionContext): Node {
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
      lowerPatternInto(p.argument, call(id('$$rest'), [{ ...source }, array(...taken)]), context, out, mode);
      continue;
    }
    if (p.computed) {
      const key = keep({ type: '' }, call(id('$$key'), [lowerExpression(p.key, context, out)]), context, out);
      taken.push({ ...key });
      lowerPatternInto(p.value, member({ ...source }, { ...key }), context, out, mode);
    } else {
      const name = p.key.type === 'Identifier' ? p.key.name : String(p.key.value);
      taken.push(literal(name));
      lowerPatternInto(p.value, member({ ...source }, name), context, out, mode);
    }
  }
}

function lowerArrayPattern(pattern: Node, source: Node, context: FunctionContext, out: Node[], mode: Mode): void {
  // The elements are taken natively first, as many as the pattern names; user iterators run inside that one statement.
  const rest = pattern.elements.at(-1)?.type === 'RestElement';
  const count = pattern.elements.length - (rest ? 1 : 0);
  const taken = keep({ type: '' }, call(id('$$take'), [{ ...source }, literal(count), literal(rest)]), context, out);
  pattern.elements.forEach((e: Node | null, i: number) => {
    if (!e) return;
    lowerPatternInto(e.type === 'RestElement' ? e.argument : e, member({ ...taken }, literal(i)), context, out, mode);
  });
}
