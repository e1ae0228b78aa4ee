/**
 * Pass "name temporaries", expressions: each call, `new`, `await` and `yield` gets a statement of its own, evaluation order kept exactly.
 *
 * Needs: side tables of scope.ts. Gives: expressions without calls (helper calls to the runtime apart, which never run guest code),
 * preceded by the statements that compute their parts.
 *
 *   before:  total += price(item) * rate.of(day)
 *   after:   $1 = total; $2 = price(item); $3 = rate.of(day); total = $1 + $2 * $3
 */
import { assert } from '../base/index.js';
import {
  anyNode,
  array,
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
  isLeaf,
  isSuperProperty,
  labeled,
  literal,
  located,
  member,
  type Node,
  object,
  property,
  sequence,
  someChild,
  statement,
  undefinedValue,
  when,
} from './ast.js';
import { lowerClass } from './classes.js';
import { envName, type FunctionContext, hasCall } from './context.js';
import { siteOf } from './direct-eval.js';
import { makeClosure } from './functions.js';
import { gatherFirst, takesIterable } from './gather.js';
import { callbackGiven, isLeafCallback } from './leaf.js';
import { lowerPatternAssignment, needsSteps } from './patterns.js';
import type { Binding } from './scope.js';
import { pathOf } from './table.js';

/** Lowers an expression; calls go to `out` first. The result must be used before anything else is emitted, or kept with `keep`. */
export function lowerExpression(node: Node, context: FunctionContext, out: Node[], name?: string): Node {
  switch (node.type) {
    case 'Identifier':
      return lowerIdentifier(node, context);
    case 'ThisExpression':
      return context.thisHere(node);
    case 'Literal':
    case 'TemplateElement':
      return node;
    case 'MetaProperty':
      return lowerMeta(node, context);
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return makeClosure(node, context, out, name);
    case 'ClassExpression':
      return lowerClass(node, context, out, name);
    case 'ParenthesizedExpression':
      return lowerExpression(node.expression, context, out, name);
    case 'SequenceExpression':
      return lowerSequence(node, context, out);
    case 'ConditionalExpression':
      return lowerConditional(node, context, out, name);
    case 'LogicalExpression':
      return lowerLogical(node, context, out, name);
    case 'ChainExpression':
      return lowerChain(node, context, out);
    case 'AssignmentExpression':
      return lowerAssignment(node, context, out);
    case 'CallExpression':
    case 'NewExpression':
    case 'TaggedTemplateExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'ImportExpression': {
      const lowered = lowerCall(node, context, out);
      if (lowered.$noFrame) return lowered.node;
      const target = context.temp();
      out.push(statement(assign(target, lowered.node), node));
      return target;
    }
    case 'UnaryExpression':
      return lowerUnary(node, context, out);
    case 'UpdateExpression':
      return lowerUpdate(node, context, out);
    case 'BinaryExpression': {
      if (node.left.type === 'PrivateIdentifier') return { ...node, right: lowerExpression(node.right, context, out) };
      const [left, right] = lowerParts([node.left, node.right], context, out);
      return located({ type: 'BinaryExpression', operator: node.operator, left, right }, node);
    }
    case 'MemberExpression':
      return lowerMember(node, context, out);
    case 'ArrayExpression':
      return lowerArray(node, context, out);
    case 'ObjectExpression':
      return lowerObject(node, context, out);
    case 'TemplateLiteral':
      return lowerTemplate(node, context, out);
    case 'SpreadElement':
      return located({ type: 'SpreadElement', argument: lowerExpression(node.argument, context, out) }, node);
    default:
      throw new Error(`lowerExpression: ${node.type}`);
  }
}

function lowerIdentifier(node: Node, context: FunctionContext): Node {
  const binding = context.bindingOf(node);
  if (binding && context.isEarly(node)) return neverSet(binding, node);
  if (binding && context.isChecked(node)) return checkedRead(binding, node, context);
  if (binding) return context.place(binding, node);
  return node.name === 'undefined' ? node : id(node.name, node);
}

/** Reads a variable that may not have been initialised yet (dead-zones.ts), or a hidden global that may not be there. */
const checkedRead = (binding: Binding, node: Node, context: FunctionContext): Node => ({
  type: 'ConditionalExpression',
  test: binding.hidden
    ? { type: 'UnaryExpression', operator: '!', prefix: true, argument: binary('in', literal(binding.name), id('$$global')) }
    : binary('===', context.place(binding, node), id('$$hole')),
  consequent: call(id(binding.hidden ? '$$undeclared' : '$$unset'), [literal(binding.name)], node),
  alternate: context.place(binding, node),
});

const neverSet = (binding: Binding, node: Node): Node => call(id('$$unset'), [literal(binding.name)], node);

/** The value of an assignment to a name, which throws what V8 throws where the name is not initialised yet. */
export function writtenValue(target: Node, value: Node, context: FunctionContext): Node {
  const binding = target.type === 'Identifier' && context.isChecked(target) ? context.bindingOf(target) : undefined;
  if (binding && context.isEarly(target)) return sequence(value, neverSet(binding, target));
  if (!binding || (binding.hidden && !context.facts.strict)) return value;
  if (binding.hidden) return sequence(lowerIdentifier(target, context), value);
  return call(id('$$written'), [value, context.place(binding), literal(binding.name)], target);
}

function lowerMeta(node: Node, context: FunctionContext): Node {
  if (node.meta.name === 'import') return id('$$meta');
  const binding = context.bindingOf(node);
  if (binding) return context.place(binding);
  return context.keepsNewTarget ? id('$newTarget') : node;
}

/** Can this lowered expression be read later with the same result, whatever runs in between? */
function isStable(source: Node, lowered: Node, context: FunctionContext): boolean {
  if (lowered.type === 'Literal' || lowered.type === 'ThisExpression') return true;
  if (lowered.type === 'Identifier') {
    const binding = context.bindingOf(source);
    const isHelper = lowered.name.startsWith('$$') && source.loc === undefined;
    if (!binding) return context.temps.includes(lowered.name) || lowered.name === 'undefined' || isHelper;
    return (binding.home === 'native' && !binding.reassigned && binding.kind !== 'var') || lowered.name === binding.native;
  }
  return lowered.type === 'UnaryExpression' && lowered.operator === 'void' && lowered.argument.type === 'Literal';
}

/** Puts a value into a temporary unless it is stable. */
export function keep(source: Node, lowered: Node, context: FunctionContext, out: Node[]): Node {
  if (isStable(source, lowered, context)) return lowered;
  const binding = source.type === 'Identifier' ? context.bindingOf(source) : undefined;
  const target = binding && binding.home === 'env' && !binding.native ? context.alias(binding) : context.temp();
  out.push(statement(assign(target, lowered), source));
  return target;
}

/** Lowers expressions that are evaluated one after the other, keeping what later calls could disturb. */
export function lowerParts(nodes: (Node | null)[], context: FunctionContext, out: Node[]): Node[] {
  let last = -1;
  nodes.forEach((node, i) => {
    if (isComplex(node)) last = i;
  });
  return nodes.map((node, i) => {
    if (!node) return node;
    if (node.type === 'SpreadElement') {
      // What is spread before a later call is copied now, because the call may change it.
      return located({ type: 'SpreadElement', argument: lowerSpread(node, context, out, i < last) }, node);
    }
    const lowered = lowerExpression(node, context, out);
    return i < last ? keep(node, lowered, context, out) : lowered;
  });
}

/**
 * What is spread, as an array: natively where no code of the guest can run in between, else by a loop that can be captured.
 * `fresh`: never the array of the guest itself.
 *
 *   $1 = $$spread(x, fresh); if ($1 === undefined) { $1 = []; $2 = $$iterator(x); $3 = $2.next; for (;;) { $4 = $3.call($2); … } }
 */
function lowerSpread(node: Node, context: FunctionContext, out: Node[], fresh: boolean): Node {
  const subject = keep(node.argument, lowerExpression(node.argument, context, out), context, out);
  const [list, iterator, next] = Array.from({ length: 3 }, () => context.temp()) as [Node, Node, Node];
  const text = context.program.source.slice(node.argument.start, node.argument.end);
  out.push(
    statement(assign({ ...list }, call(id('$$spread'), [{ ...subject }, literal(fresh)])), node),
    when(
      binary('===', { ...list }, undefinedValue()),
      block([
        statement(assign({ ...list }, array())),
        ...beginIteration(iterator, next, subject, text, node.argument, id('$$spread')),
        appendAll(list, iterator, next, node.argument, context),
      ]),
    ),
  );
  return { ...list };
}

/**
 * `iterator = $$iterator(subject, text); next = iterator.next`. `text` is how the author wrote the subject, for V8's message. With
 * `$$keptIterator` where what comes between two steps is waited for in `within`.
 */
export function beginIteration(iterator: Node, next: Node, subject: Node, text: string, from: Node, within: Node): Node[] {
  const helper = anyNode([within], waits, isFunction) ? '$$keptIterator' : '$$iterator';
  return [
    statement(assign({ ...iterator }, call(id(helper), [{ ...subject }, literal(text.slice(0, 80))])), from),
    statement(assign({ ...next }, member({ ...iterator }, 'next'))),
  ];
}

const waits = ({ type, await: isAwaited }: Node): boolean =>
  type === 'AwaitExpression' || type === 'YieldExpression' || (type === 'ForOfStatement' && isAwaited);

/** A loop that appends all that an iterator gives to a list. */
export function appendAll(list: Node, iterator: Node, next: Node, from: Node, context: FunctionContext): Node {
  const result = context.temp();
  return forever(
    [
      statement(assign({ ...result }, call(member({ ...next }, 'call'), [{ ...iterator }])), from),
      leaveWhenDone(result),
      statement(call(id('$$append'), [{ ...list }, member({ ...result }, 'value')])),
    ],
    from,
  );
}

/** `if (result is done) break;` */
export const leaveWhenDone = (result: Node): Node => when(isDone(result), breaks(null));

/** Is the result of a step the last one? Without a call where it is an object, so that hardly any pause falls into a helper. */
export function isDone(result: Node): Node {
  const isObject = {
    type: 'LogicalExpression',
    operator: '&&',
    left: binary(
      '===',
      { type: 'UnaryExpression', operator: 'typeof', prefix: true, argument: { ...result } },
      literal('object'),
    ),
    right: binary('!==', { ...result }, literal(null)),
  };
  return {
    type: 'ConditionalExpression',
    test: isObject,
    consequent: member({ ...result }, 'done'),
    alternate: call(id('$$done'), [{ ...result }]),
  };
}

/** Arrays with spreads are put together by the runtime: V8's own code for them loops where nothing can be captured. */
function lowerArray(node: Node, context: FunctionContext, out: Node[]): Node {
  const { elements } = node;
  if (!elements.some((e: Node | null) => e?.type === 'SpreadElement'))
    return located({ type: 'ArrayExpression', elements: lowerParts(elements, context, out) }, node);
  if (elements.length === 1) return lowerSpread(elements[0], context, out, true);
  const parts: Node[] = [];
  for (const part of lowerParts(elements, context, out)) {
    if (part?.type === 'SpreadElement') parts.push(part.argument);
    else if (parts.at(-1)?.$own) parts.at(-1)!.elements.push(part);
    else parts.push({ ...array(part), $own: true });
  }
  return located(call(id('$$list'), parts), node);
}

function lowerSequence(node: Node, context: FunctionContext, out: Node[]): Node {
  if (!isComplex(node))
    return located(
      { type: 'SequenceExpression', expressions: node.expressions.map((e: Node) => lowerExpression(e, context, out)) },
      node,
    );
  for (const part of node.expressions.slice(0, -1)) lowerForEffect(part, context, out);
  return lowerExpression(node.expressions.at(-1), context, out);
}

/** Lowers an expression whose value nobody uses. */
export function lowerForEffect(node: Node, context: FunctionContext, out: Node[]): void {
  switch (node.type) {
    case 'CallExpression':
    case 'NewExpression':
    case 'TaggedTemplateExpression':
    case 'AwaitExpression':
    case 'YieldExpression': {
      const lowered = lowerCall(node, context, out);
      out.push(statement(lowered.node, node));
      return;
    }
    case 'AssignmentExpression':
      if (hasCall(node)) {
        const rest = lowerAssignment(node, context, out, true);
        // Where only the left side calls, the assignment itself is still to be made.
        if (rest.type === 'AssignmentExpression' || rest.type === 'SequenceExpression') out.push(statement(rest, node));
        return;
      }
      break;
    case 'LogicalExpression':
      if (isComplex(node.right)) {
        const left = lowerExpression(node.left, context, out);
        const inner: Node[] = [];
        lowerForEffect(node.right, context, inner);
        out.push(when(logicalTest(node.operator, left), block(inner)));
        return;
      }
      break;
    case 'ConditionalExpression':
      if (isComplex(node.consequent) || isComplex(node.alternate)) {
        const test = lowerExpression(node.test, context, out);
        const yes: Node[] = [];
        const no: Node[] = [];
        lowerForEffect(node.consequent, context, yes);
        lowerForEffect(node.alternate, context, no);
        out.push(when(test, block(yes), block(no)));
        return;
      }
      break;
    case 'SequenceExpression':
      for (const part of node.expressions) lowerForEffect(part, context, out);
      return;
  }
  const lowered = lowerExpression(node, context, out);
  // A bare name may still throw ReferenceError, a bare temporary cannot.
  if (lowered.type !== 'Identifier' || !context.temps.includes(lowered.name)) out.push(statement(lowered, node));
}

const logicalTest = (operator: string, left: Node): Node => {
  if (operator === '&&') return left;
  if (operator === '||') return { type: 'UnaryExpression', operator: '!', prefix: true, argument: left };
  return binary('==', left, literal(null));
};

function lowerConditional(node: Node, context: FunctionContext, out: Node[], name?: string): Node {
  const test = lowerExpression(node.test, context, out);
  if (!isComplex(node.consequent) && !isComplex(node.alternate)) {
    return located(
      {
        type: 'ConditionalExpression',
        test,
        consequent: lowerExpression(node.consequent, context, out, name),
        alternate: lowerExpression(node.alternate, context, out, name),
      },
      node,
    );
  }
  const target = context.temp();
  const yes: Node[] = [];
  const no: Node[] = [];
  lowerInto(node.consequent, target, context, yes, name);
  lowerInto(node.alternate, target, context, no, name);
  out.push(when(test, block(yes), block(no)));
  return target;
}

/** Lowers an expression and assigns its value to a simple place. */
export function lowerInto(node: Node, target: Node, context: FunctionContext, out: Node[], name?: string): void {
  if (/^(Call|New|Await|Yield|TaggedTemplate)/.test(node.type)) {
    let value = lowerCall(node, context, out).node;
    // V8 copies the object of a member before it suspends; optimised code then saves the copy alone, and the variable shows as undefined.
    if (value.type === 'YieldExpression' && target.type === 'MemberExpression') {
      const given = context.temp();
      out.push(statement(assign({ ...given }, value), node));
      value = given;
    }
    out.push(statement(assign({ ...target }, value), node));
    return;
  }
  const value = lowerExpression(node, context, out, name);
  out.push(statement(assign({ ...target }, value), node));
}

/** Some call-free expressions still lower to statements (classes with environments, object literals with accessors). */
function makesStatements(node: Node | null): boolean {
  if (!node || isLeaf(node)) return false;
  let made = STATEMENTS.get(node);
  if (made === undefined) STATEMENTS.set(node, (made = computeMakesStatements(node)));
  return made;
}

const STATEMENTS = new WeakMap<Node, boolean>();

/** Does anything of this need statements of its own, before which what was evaluated earlier must be kept? */
export const isComplex = (node: Node | null): boolean => hasCall(node) || makesStatements(node);

function computeMakesStatements(node: Node): boolean {
  if (isClass(node)) return true;
  if (isFunction(node)) return false;
  if (node.type === 'AssignmentExpression' && isPattern(node.left) && needsSteps(node.left)) return true;
  if (isDeletedChain(node)) return true;
  if (node.type === 'ObjectExpression' && node.properties.some((p: Node) => p.kind === 'get' || p.kind === 'set' || usesHome(p)))
    return true;
  return someChild(node, makesStatements);
}

/** Of `delete a?.b.c` the object must be at hand, to be looked at first (touch-first.ts): in a chain it is not. */
const isDeletedChain = (node: Node): boolean =>
  node.type === 'UnaryExpression' && node.operator === 'delete' && node.argument.type === 'ChainExpression';

function lowerLogical(node: Node, context: FunctionContext, out: Node[], name?: string): Node {
  if (!isComplex(node.right)) {
    const left = lowerExpression(node.left, context, out);
    return located(
      { type: 'LogicalExpression', operator: node.operator, left, right: lowerExpression(node.right, context, out, name) },
      node,
    );
  }
  const target = context.temp();
  lowerInto(node.left, target, context, out);
  const inner: Node[] = [];
  lowerInto(node.right, target, context, inner, name);
  out.push(when(logicalTest(node.operator, target), block(inner)));
  return target;
}

/** Optional chains with calls: a labelled block that is left at the first nullish link. */
function lowerChain(node: Node, context: FunctionContext, out: Node[], isDeleted = false): Node {
  if (!isDeleted && !isComplex(node))
    return located({ type: 'ChainExpression', expression: lowerLinks(node.expression, context, out, undefined).value }, node);
  const target = context.temp();
  const label = context.label('chain');
  const inner: Node[] = [];
  out.push(statement(assign({ ...target }, isDeleted ? literal(true) : undefinedValue())));
  const { value } = lowerLinks(node.expression, context, inner, label);
  const isReference = value.type === 'MemberExpression';
  const deleted = isReference ? { type: 'UnaryExpression', operator: 'delete', prefix: true, argument: value } : literal(true);
  inner.push(statement(assign({ ...target }, isDeleted ? deleted : value), node));
  out.push(labeled(label, block(inner)));
  return target;
}

/** One link of an optional chain; `exit` is the label to leave by, undefined when the chain stays one expression. */
function lowerLinks(
  node: Node,
  context: FunctionContext,
  out: Node[],
  exit: string | undefined,
): { value: Node; receiver?: Node } {
  if (node.type === 'MemberExpression' && node.object.type !== 'Super') {
    const base = lowerLinks(node.object, context, out, exit).value;
    if (exit === undefined) {
      const key = node.computed ? lowerExpression(node.property, context, out) : node.property;
      return {
        value: located(
          { type: 'MemberExpression', object: base, property: key, computed: node.computed, optional: node.optional },
          node,
        ),
      };
    }
    const kept = keep(node.object, base, context, out);
    if (node.optional) out.push(when(binary('==', { ...kept }, literal(null)), breaks(exit)));
    const key = node.computed ? keep(node.property, lowerExpression(node.property, context, out), context, out) : node.property;
    return {
      value: located({ type: 'MemberExpression', object: kept, property: key, computed: node.computed, optional: false }, node),
      receiver: kept,
    };
  }
  if (node.type === 'CallExpression' && exit !== undefined && node.callee.type !== 'Super') {
    const callee = lowerLinks(node.callee, context, out, exit);
    let target = callee.value;
    if (node.optional) {
      const kept = keep({ type: '' }, target, context, out);
      out.push(when(binary('==', { ...kept }, literal(null)), breaks(exit)));
      const args = lowerParts(node.arguments, context, out);
      const made = callee.receiver ? call(member(kept, 'call'), [{ ...callee.receiver }, ...args], node) : call(kept, args, node);
      const result = context.temp();
      out.push(statement(assign(result, made), node));
      return { value: result };
    }
    if (target.type !== 'Identifier' && !callee.receiver) target = keep({ type: '' }, target, context, out);
    if (callee.receiver && node.arguments.some(isComplex)) {
      const kept = keep({ type: '' }, target, context, out);
      const args = lowerParts(node.arguments, context, out);
      const result = context.temp();
      out.push(statement(assign(result, call(member(kept, 'call'), [{ ...callee.receiver }, ...args], node)), node));
      return { value: result };
    }
    const args = lowerParts(node.arguments, context, out);
    const result = context.temp();
    out.push(statement(assign(result, call(target, args, node)), node));
    return { value: result };
  }
  if (node.type === 'ChainExpression') return { value: lowerExpression(node, context, out) };
  return { value: lowerExpression(node, context, out) };
}

/** The place an assignment writes to, with its parts kept if `later` (what is evaluated in between) calls. */
export function lowerTarget(node: Node, context: FunctionContext, out: Node[], later: boolean): Node {
  if (node.type === 'Identifier') {
    const binding = context.bindingOf(node);
    if (!binding) return lowerIdentifier(node, context);
    if (!isOwnName(binding)) return context.place(binding, node);
    const unused = context.temp();
    out.push(statement(assign({ ...unused }, context.place(binding))));
    return unused;
  }
  if (node.type === 'MemberExpression') {
    if (node.object.type === 'Super') return lowerSuperTarget(node, context, out, later);
    let base: Node;
    let key: Node = node.property;
    if (node.computed) {
      const parts = lowerParts([node.object, node.property], context, out);
      base = parts[0];
      key = parts[1];
      if (later) {
        base = keep(node.object, base, context, out);
        key = keep(node.property, key, context, out);
      }
    } else {
      base = lowerExpression(node.object, context, out);
      if (later) base = keep(node.object, base, context, out);
    }
    return located({ type: 'MemberExpression', object: base, property: key, computed: node.computed, optional: false }, node);
  }
  throw new Error(`lowerTarget: ${node.type}`);
}

const isPattern = (node: Node): boolean => node.type === 'ObjectPattern' || node.type === 'ArrayPattern';

/** The name of a constant that is assigned: the right side is evaluated, then what V8 throws is thrown. */
export function assignedConstant(target: Node, context: FunctionContext): string | undefined {
  if (target.type !== 'Identifier' || context.isEarly(target)) return undefined;
  const binding = context.bindingOf(target);
  if (binding?.kind === 'const' || binding?.kind === 'import') return binding.name;
  return binding && isOwnName(binding) && context.facts.strict ? binding.name : undefined;
}

/** The name of a function or class expression within it, where V8 does not guard it: in sloppy code assigning it does nothing. */
const isOwnName = ({ kind, home }: Binding): boolean => kind === 'self' && home !== 'native';

function lowerAssignment(node: Node, context: FunctionContext, out: Node[], effectOnly = false): Node {
  if (isPattern(node.left)) return lowerPatternAssignment(node, context, out);
  const name = node.left.type === 'Identifier' ? node.left.name : undefined;
  const violated = assignedConstant(node.left, context);
  if (violated) {
    const value = lowerExpression(node.right, context, out);
    return sequence(value, call(id('$$const'), [literal(violated)]));
  }
  const calls = isComplex(node.right);
  if (node.left.type === 'Identifier' && context.isChecked(node.left)) return lowerCheckedAssignment(node, context, out, calls);
  if (/^(&&|\|\||\?\?)=$/.test(node.operator)) return lowerLogicalAssignment(node, context, out, name);
  if (node.operator === '=') {
    const target = lowerTarget(node.left, context, out, calls);
    if (effectOnly && calls) {
      lowerInto(node.right, target, context, out, name);
      return undefinedValue();
    }
    let value = lowerExpression(node.right, context, out, name);
    if (!calls) return located(assign(target, value), node);
    value = keep({ type: '' }, value, context, out);
    out.push(statement(assign(target, value), node));
    return { ...value };
  }
  // Compound: the old value is read before the right side runs.
  if (!calls) {
    const target = lowerTarget(node.left, context, out, false);
    return located(assign(target, lowerExpression(node.right, context, out), node.operator), node);
  }
  const target = lowerTarget(node.left, context, out, true);
  const before = keep({ type: '' }, { ...target }, context, out);
  const value = lowerExpression(node.right, context, out);
  const result = binary(node.operator.slice(0, -1), before, value);
  if (effectOnly) {
    out.push(statement(assign(target, result), node));
    return undefinedValue();
  }
  return located(assign(target, result), node);
}

/** To a name that may not be initialised yet: `=` asks after the right side has run, the others when they read. */
function lowerCheckedAssignment(node: Node, context: FunctionContext, out: Node[], calls: boolean): Node {
  const place = lowerTarget(node.left, context, out, false);
  if (node.operator === '=') {
    const value = lowerExpression(node.right, context, out, node.left.name);
    if (!calls) return located(assign(place, writtenValue(node.left, value, context)), node);
    const kept = keep({ type: '' }, value, context, out);
    out.push(statement(assign(place, writtenValue(node.left, { ...kept }, context)), node));
    return { ...kept };
  }
  const check = lowerIdentifier(node.left, context);
  const plain = { ...node, left: { ...node.left } };
  context.program.analysis.references.set(plain.left, context.bindingOf(node.left)!);
  if (!calls) return sequence(check, lowerAssignment(plain, context, out));
  out.push(statement(check));
  return lowerAssignment(plain, context, out);
}

function lowerLogicalAssignment(node: Node, context: FunctionContext, out: Node[], name?: string): Node {
  const calls = isComplex(node.right);
  const target = lowerTarget(node.left, context, out, calls);
  if (!calls) return located(assign(target, lowerExpression(node.right, context, out, name), node.operator), node);
  const result = context.temp();
  out.push(statement(assign({ ...result }, { ...target })));
  const inner: Node[] = [];
  lowerInto(node.right, result, context, inner, name);
  inner.push(statement(assign(target, { ...result }), node));
  out.push(when(logicalTest(node.operator.slice(0, -1), { ...result }), block(inner)));
  return result;
}

function lowerUnary(node: Node, context: FunctionContext, out: Node[]): Node {
  if (node.operator === 'typeof' && node.argument.type === 'Identifier') {
    const dynamic = context.bindingOf(node.argument);
    if (dynamic?.home === 'dynamic' && dynamic.beyond) return lowerTypeofDynamic(node, dynamic, context, out);
  }
  if (/^(typeof|delete)$/.test(node.operator) && node.argument.type === 'Identifier') {
    const binding = context.bindingOf(node.argument);
    if (binding?.hidden) return { ...node, argument: context.place(binding, node.argument) };
  }
  if (node.operator === 'typeof' && node.argument.type === 'Identifier')
    return { ...node, argument: lowerIdentifier(node.argument, context) };
  if (node.operator === 'delete' && node.argument.type === 'Identifier') return lowerDeleteName(node, context);
  if (isDeletedChain(node)) return lowerChain(node.argument, context, out, true);
  if (node.operator === 'delete' && isSuperProperty(node.argument) && !context.superIsNative)
    return member(call(id('$$superAt'), [...homeOf(context), literal(''), context.thisHere(node.argument.object)]), 'deleted');
  // Of no reference: what it would be lowered to may be one.
  if (node.operator === 'delete' && !/^(Member|Chain)Expression$/.test(node.argument.type))
    return sequence(lowerExpression(node.argument, context, out), literal(true));
  const argument =
    node.argument.type === 'MemberExpression'
      ? lowerMember(node.argument, context, out)
      : lowerExpression(node.argument, context, out);
  return located({ type: 'UnaryExpression', operator: node.operator, prefix: true, argument }, node);
}

/** Variables cannot be deleted, but those that an eval has declared. */
function lowerDeleteName(node: Node, context: FunctionContext): Node {
  const binding = context.bindingOf(node.argument);
  if (!binding || binding.home === 'global') return { ...node, argument: lowerIdentifier(node.argument, context) };
  if (binding.home !== 'dynamic') return literal(false);
  const beyond = binding.beyond && { ...node, argument: binding.beyond };
  return {
    type: 'ConditionalExpression',
    test: call(id('$$own'), [context.place(binding.holder!), literal(binding.name)]),
    consequent: { ...node, argument: context.place(binding) },
    alternate: beyond ? lowerDeleteName(beyond, context) : literal(true),
  };
}

/** An accessor of a variable object throws where nothing has the name. */
function lowerTypeofDynamic(node: Node, dynamic: Binding, context: FunctionContext, out: Node[]): Node {
  return {
    type: 'ConditionalExpression',
    test: call(id('$$own'), [context.place(dynamic.holder!), literal(dynamic.name)]),
    consequent: { ...node, argument: context.place(dynamic) },
    alternate: lowerUnary({ ...node, argument: dynamic.beyond }, context, out),
  };
}

function lowerUpdate(node: Node, context: FunctionContext, out: Node[]): Node {
  const violated = assignedConstant(node.argument, context);
  if (violated) return call(id('$$const'), [literal(violated)]);
  const update = located(
    {
      type: 'UpdateExpression',
      operator: node.operator,
      prefix: node.prefix,
      argument: lowerTarget(node.argument, context, out, false),
    },
    node,
  );
  const isChecked = node.argument.type === 'Identifier' && context.isChecked(node.argument);
  return isChecked ? sequence(lowerIdentifier(node.argument, context), update) : update;
}

function lowerMember(node: Node, context: FunctionContext, out: Node[]): Node {
  if (node.object.type === 'Super') {
    const key = node.computed ? lowerExpression(node.property, context, out) : node.property;
    if (context.superIsNative)
      return located(
        { type: 'MemberExpression', object: { type: 'Super' }, property: key, computed: node.computed, optional: false },
        node,
      );
    return call(id('$$super'), superParts(node, key, context), node);
  }
  if (node.object.type === 'ImportExpression' || !node.computed) {
    const base = lowerExpression(node.object, context, out);
    return located(
      { type: 'MemberExpression', object: base, property: node.property, computed: node.computed, optional: false },
      node,
    );
  }
  const [base, key] = lowerParts([node.object, node.property], context, out);
  return located({ type: 'MemberExpression', object: base, property: key, computed: true, optional: false }, node);
}

/** The arguments of `$$super` and `$$superAt`: where the lookup starts, the key, and the receiver. */
function superParts(node: Node, key: Node, context: FunctionContext): Node[] {
  const name = node.computed ? key : literal(node.property.name);
  return [...homeOf(context), name, context.thisHere(node.object)];
}

/** What `super` is looked up from where it is not native: an object literal, or a class (`isStatic`: itself, else its prototype). */
function homeOf(context: FunctionContext): [Node, Node] {
  if (context.homeEnv !== undefined) return [member(id(envName(context.homeEnv)), '$home'), literal(true)];
  assert(context.classEnv !== undefined, 'super stands in a class or in a method of an object literal');
  return [member(id(envName(context.classEnv)), '$class'), literal(context.isStatic)];
}

/** `super.x` as a place to write to; where super is not native, the `value` of a reference object. */
function lowerSuperTarget(node: Node, context: FunctionContext, out: Node[], later: boolean): Node {
  let key = node.computed ? lowerExpression(node.property, context, out) : node.property;
  if (context.superIsNative) {
    if (later && node.computed) key = keep(node.property, key, context, out);
    return located(
      { type: 'MemberExpression', object: { type: 'Super' }, property: key, computed: node.computed, optional: false },
      node,
    );
  }
  return member(keep({ type: '' }, call(id('$$superAt'), superParts(node, key, context), node), context, out), 'value', node);
}

/** Does this method of an object literal read or write through super? */
const usesHome = (p: Node): boolean =>
  (p.method || p.kind === 'get' || p.kind === 'set') &&
  anyNode([p.value], isSuperProperty, (n) => isClass(n) || (n !== p.value && n.type === 'FunctionExpression'));

/**
 * Lowers a call-like node to one expression that stands alone in its statement.
 * `$noFrame` marks what is known not to run guest code.
 */
export function lowerCall(node: Node, context: FunctionContext, out: Node[]): { node: Node; $noFrame?: boolean } {
  switch (node.type) {
    case 'NewExpression': {
      const settled = settledFunction(node.callee, context, isConstructor);
      if (settled)
        return {
          node: located({ type: 'NewExpression', callee: settled, arguments: lowerParts(node.arguments, context, out) }, node),
        };
      const [callee, ...args] = lowerParts([node.callee, ...node.arguments], context, out);
      const kept = callee.type === 'Identifier' ? callee : keep(node.callee, callee, context, out);
      if (takesIterable(node, context)) args[0] = gatherFirst(kept, args[0]!, node, context, out);
      return { node: located({ type: 'NewExpression', callee: kept, arguments: args }, node) };
    }
    case 'TaggedTemplateExpression': {
      const tag = node.tag;
      const values = node.quasi.expressions;
      const receiver = tag.type === 'MemberExpression' && tag.object.type !== 'Super';
      let callee: Node;
      if (receiver) {
        const base = keep(tag.object, lowerExpression(tag.object, context, out), context, out);
        const key = tag.computed ? keep(tag.property, lowerExpression(tag.property, context, out), context, out) : tag.property;
        callee = { type: 'MemberExpression', object: base, property: key, computed: tag.computed, optional: false };
        if (values.some(isComplex)) {
          const kept = keep({ type: '' }, callee, context, out);
          return {
            node: call(
              member(kept, 'call'),
              [{ ...base }, templateObject(node, context), ...lowerParts(values, context, out)],
              node,
            ),
          };
        }
      } else callee = keep(tag, lowerExpression(tag, context, out), context, out);
      return { node: call(callee, [templateObject(node, context), ...lowerParts(values, context, out)], node) };
    }
    case 'AwaitExpression': {
      const argument = lowerExpression(node.argument, context, out);
      return { node: located({ type: 'YieldExpression', delegate: false, argument }, node) };
    }
    case 'YieldExpression':
      return { node: lowerYield(node, context, out) };
    case 'ImportExpression':
      return { node: call(id('$$import'), [lowerExpression(node.source, context, out)], node) };
    case 'CallExpression':
      return lowerPlainCall(node, context, out);
    default:
      throw new Error(`lowerCall: ${node.type}`);
  }
}

/** One template object per site and realm, made once and kept at module level. */
function templateObject(node: Node, context: FunctionContext): Node {
  const { program } = context;
  const strings = (pick: 'cooked' | 'raw'): Node =>
    array(
      ...node.quasi.quasis.map((q: Node) =>
        q.value[pick] === null || q.value[pick] === undefined ? undefinedValue() : literal(q.value[pick]),
      ),
    );
  if (program.firstFid !== undefined)
    return call(id('$$templateOf'), [
      literal(program.firstFid),
      literal(program.templateCount++),
      strings('cooked'),
      strings('raw'),
    ]);
  const name = `$$t${program.moduleStatements.length}_${node.start ?? 0}`;
  program.moduleStatements.push({
    type: 'VariableDeclaration',
    kind: 'var',
    declarations: [
      { type: 'VariableDeclarator', id: id(name), init: call(id('$$template'), [strings('cooked'), strings('raw')]) },
    ],
  });
  return id(name);
}

function lowerYield(node: Node, context: FunctionContext, out: Node[]): Node {
  const argument = node.argument ? lowerExpression(node.argument, context, out) : undefinedValue();
  if (context.kind !== 'asyncGenerator') {
    if (!node.delegate) return located({ type: 'YieldExpression', delegate: false, argument }, node);
    const iterator = context.temp();
    out.push(statement(assign({ ...iterator }, call(id('$$delegate'), [argument]))));
    return located({ type: 'YieldExpression', delegate: true, argument: iterator }, node);
  }
  if (node.delegate) return lowerAsyncDelegate(argument, context, out);
  // yield in an async generator awaits its operand first; the marker tells the driver one kind of suspension from the other.
  const awaited = context.temp();
  out.push(statement(assign({ ...awaited }, { type: 'YieldExpression', delegate: false, argument }), node));
  return located({ type: 'YieldExpression', delegate: false, argument: call(id('$$yield'), [awaited]) }, node);
}

/** yield* in an async generator, written out with awaits (ECMAScript 14.4.14, async case). */
function lowerAsyncDelegate(argument: Node, context: FunctionContext, out: Node[]): Node {
  const iterator = context.temp();
  const next = context.temp();
  const received = context.temp();
  const result = context.temp();
  out.push(statement(assign({ ...iterator }, call(id('$$asyncIterator'), [argument]))));
  out.push(statement(assign({ ...next }, member({ ...iterator }, 'next'))));
  out.push(statement(assign({ ...received }, object(property('mode', literal('next')), property('value', undefinedValue())))));
  const y = (argument: Node): Node => ({ type: 'YieldExpression', delegate: false, argument });
  const step = [
    statement(assign({ ...result }, call(id('$$delegateStep'), [{ ...iterator }, { ...next }, { ...received }]))),
    statement(assign({ ...result }, y({ ...result }))),
    leaveWhenDone(result),
    statement(assign({ ...received }, y(call(id('$$yieldRaw'), [member({ ...result }, 'value')])))),
  ];
  out.push({ type: 'ForStatement', init: null, test: null, update: null, body: block(step) });
  out.push(
    when(binary('===', member({ ...received }, 'mode'), literal('return')), {
      type: 'ReturnStatement',
      argument: member({ ...result }, 'value'),
    }),
  );
  return member(result, 'value');
}

function lowerPlainCall(node: Node, context: FunctionContext, out: Node[]): { node: Node; $noFrame?: boolean } {
  const callee = node.callee;
  const args = node.arguments;
  const argsCall = args.some(isComplex);
  const callback = callbackGiven(node);
  if (callback && isLeafCallback(callback)) context.program.leaves.add(callback);
  // One that is kept while other arguments are evaluated would get the name of the temporary.
  else if (callback && !argsCall) context.program.unbranded.add(callback);
  if (callee.type === 'Super') {
    const lowered = located(
      { type: 'CallExpression', callee: { type: 'Super' }, arguments: lowerParts(args, context, out), optional: false },
      node,
    );
    const own = context.facts.scope.bindings.get('%this');
    return { node: own && own.home === 'env' ? assign(context.place(own), lowered) : lowered };
  }
  if (context.program.analysis.directEvals.has(node)) return lowerDirectEval(node, context, out);
  if (callee.type === 'MemberExpression' && callee.object.type === 'Super') {
    if (context.superIsNative) {
      const key = callee.computed ? lowerExpression(callee.property, context, out) : callee.property;
      const target = {
        type: 'MemberExpression',
        object: { type: 'Super' },
        property: key,
        computed: callee.computed,
        optional: false,
      };
      return { node: call(target, lowerParts(args, context, out), node) };
    }
    const method = keep({ type: '' }, lowerMember(callee, context, out), context, out);
    return { node: call(member(method, 'call'), [context.thisHere(callee.object), ...lowerParts(args, context, out)], node) };
  }
  if (callee.type === 'MemberExpression') {
    let base = lowerExpression(callee.object, context, out);
    const binding = callee.object.type === 'Identifier' ? context.bindingOf(callee.object) : undefined;
    // A capture finds the function that runs by reading the callee's path again.
    const isField = binding?.home === 'env' && !context.isNative(binding);
    if (argsCall || (callee.computed && isComplex(callee.property)) || isField || pathOf(base) === undefined)
      base = keep(callee.object, base, context, out);
    let key = callee.property;
    if (callee.computed) {
      key = lowerExpression(callee.property, context, out);
      if (!isSimpleKey(key) || argsCall) key = keep(callee.property, key, context, out);
    }
    const target = located(
      { type: 'MemberExpression', object: base, property: key, computed: callee.computed, optional: false },
      callee,
    );
    if (!argsCall) return { node: call(target, lowerParts(args, context, out), node) };
    // The method is looked up before the arguments run.
    const method = keep({ type: '' }, target, context, out);
    return { node: call(member(method, 'call'), [{ ...base }, ...lowerParts(args, context, out)], node) };
  }
  if (callee.type === 'ChainExpression') return lowerParenthesizedChainCall(node, context, out);
  const settled = settledFunction(callee, context);
  if (settled)
    return {
      node: call(settled.type === 'Identifier' ? settled : sequence(literal(0), settled), lowerParts(args, context, out), node),
    };
  let target = lowerExpression(callee, context, out);
  const binding = callee.type === 'Identifier' ? context.bindingOf(callee) : undefined;
  const fixed = binding?.home === 'module' && !binding.reassigned;
  if (target.type !== 'Identifier' || (argsCall && !fixed)) target = keep(callee, target, context, out);
  return { node: call(target, lowerParts(args, context, out), node) };
}

/**
 * Where a captured variable stands that only ever holds the function it is declared with: it can be read when the arguments are there, and
 * needs no register, which V8's optimised code would not keep for a capture to read.
 */
function settledFunction(callee: Node, context: FunctionContext, isFit = (_made: Node) => true): Node | undefined {
  const binding = callee.type === 'Identifier' ? context.bindingOf(callee) : undefined;
  if (!binding?.made || binding.reassigned || binding.home !== 'env' || !isFit(binding.made)) return undefined;
  const place = lowerIdentifier(callee, context);
  // Anything else is a check: it may not be there yet.
  return place.type === 'MemberExpression' || place.type === 'Identifier' ? place : undefined;
}

const isConstructor = (made: Node): boolean =>
  isClass(made) || (made.type !== 'ArrowFunctionExpression' && !made.async && !made.generator);

/** (a?.b)(c): the receiver survives the parentheses. */
function lowerParenthesizedChainCall(node: Node, context: FunctionContext, out: Node[]): { node: Node } {
  const chain = node.callee.expression;
  if (chain.type !== 'MemberExpression') {
    const target = keep({ type: '' }, lowerExpression(node.callee, context, out), context, out);
    return { node: call(target, lowerParts(node.arguments, context, out), node) };
  }
  const receiver = keep(
    { type: '' },
    lowerExpression({ type: 'ChainExpression', expression: chain.object }, context, out),
    context,
    out,
  );
  const key = chain.computed ? lowerExpression(chain.property, context, out) : chain.property;
  const method = keep(
    { type: '' },
    {
      type: 'ChainExpression',
      expression: {
        type: 'MemberExpression',
        object: { ...receiver },
        property: key,
        computed: chain.computed,
        optional: chain.optional,
      },
    },
    context,
    out,
  );
  return { node: call(member(method, 'call'), [{ ...receiver }, ...lowerParts(node.arguments, context, out)], node) };
}

const isSimpleKey = (key: Node): boolean => key.type === 'Literal' || key.type === 'Identifier';

/** Only V8's own eval is a direct one; whatever else has that name is called. */
function lowerDirectEval(node: Node, context: FunctionContext, out: Node[]): { node: Node } {
  const callee = keep({ type: '' }, lowerExpression(node.callee, context, out), context, out);
  const args: Node[] = lowerParts(node.arguments, context, out).map((arg, i) =>
    arg.type === 'SpreadElement' ? arg : keep(node.arguments[i], arg, context, out),
  );
  const site = literal(JSON.stringify(siteOf(node, context, context.program.fileOf(node))));
  const env = context.envs.length > 0 ? id(envName(context.envs[0]!)) : undefinedValue();
  const result = context.temp();
  const direct = call(id('$$directEval'), [site, env, ...args], node);
  const plain = call(
    { ...callee },
    args.map((arg) => ({ ...arg })),
    node,
  );
  out.push(
    when(
      binary('===', { ...callee }, id('$$eval')),
      block([statement(assign({ ...result }, direct), node)]),
      block([statement(assign({ ...result }, plain), node)]),
    ),
  );
  return { node: result };
}

function lowerTemplate(node: Node, context: FunctionContext, out: Node[]): Node {
  const parts: Node[] = [];
  let last = -1;
  node.expressions.forEach((e: Node, i: number) => {
    if (isComplex(e)) last = i;
  });
  node.expressions.forEach((e: Node, i: number) => {
    const lowered = lowerExpression(e, context, out);
    if (i >= last) parts.push(lowered);
    else {
      // Each substitution is turned into a string before the next one is evaluated.
      const text = { type: 'TemplateLiteral', quasis: [quasi(''), quasi('')], expressions: [lowered] };
      parts.push(e.type === 'Literal' ? lowered : keep({ type: '' }, text, context, out));
    }
  });
  return located({ type: 'TemplateLiteral', quasis: node.quasis, expressions: parts }, node);
}

const quasi = (raw: string): Node => ({ type: 'TemplateElement', value: { raw, cooked: raw }, tail: true });

function lowerObject(node: Node, context: FunctionContext, out: Node[]): Node {
  const { directEvals } = context.program.analysis;
  const maySaySuper = (p: Node): boolean =>
    (p.method || /^[gs]et$/.test(p.kind)) && anyNode([p.value], (n) => directEvals.has(n));
  if (!node.properties.some((p: Node) => usesHome(p) || (directEvals.size > 0 && maySaySuper(p))))
    return lowerObjectParts(node, context, out);
  const { envs, homeEnv } = context;
  const env = ++context.program.envCount;
  const fields = [property('$home', undefinedValue())];
  if (envs.length > 0) fields.unshift(property('$p', id(envName(envs[0]!))));
  out.push(declare('const', envName(env), object(...fields)));
  context.envs = [env, ...envs];
  context.homeEnv = env;
  // Methods see their home once the literal is whole: nothing calls one of them before.
  const made = keep({ type: '' }, lowerObjectParts(node, context, out), context, out);
  out.push(statement(assign(member(id(envName(env)), '$home'), { ...made })));
  context.envs = envs;
  context.homeEnv = homeEnv;
  return { ...made };
}

function lowerObjectParts(node: Node, context: FunctionContext, out: Node[]): Node {
  const split = node.properties.findIndex((p: Node) => p.kind === 'get' || p.kind === 'set');
  const plain = split < 0 ? node.properties : node.properties.slice(0, split);
  const lowered = lowerProperties(plain, node.properties, context, out);
  const made = located({ type: 'ObjectExpression', properties: lowered }, node);
  if (split < 0) return made;
  const target = keep({ type: '' }, made, context, out);
  for (const p of node.properties.slice(split)) lowerLateProperty(p, target, context, out);
  return { ...target };
}

const keyName = (p: Node): string | undefined => {
  if (p.computed) return undefined;
  return p.key.type === 'Identifier' ? p.key.name : String(p.key.value);
};

function lowerProperties(list: Node[], all: Node[], context: FunctionContext, out: Node[]): Node[] {
  let last = -1;
  all.forEach((p, i) => {
    if (isComplex(p) || (p.kind && p.kind !== 'init')) last = i;
  });
  return list.map((p, i) => {
    if (p.type === 'SpreadElement') {
      const argument = lowerExpression(p.argument, context, out);
      const copied =
        i < last && isComplex({ type: 'x', all: all.slice(i + 1) })
          ? keep({ type: '' }, object({ type: 'SpreadElement', argument }), context, out)
          : argument;
      return { type: 'SpreadElement', argument: copied };
    }
    let key = p.key;
    if (p.computed) {
      key = lowerExpression(p.key, context, out);
      if (isComplex(p.value) || i < last || p.method) key = keep({ type: '' }, call(id('$$key'), [key]), context, out);
    }
    let value: Node;
    if (p.method) value = makeClosure(p.value, context, out, keyName(p), { method: true, from: p, key, computed: p.computed });
    else value = lowerExpression(p.value, context, out, p.computed ? undefined : keyName(p));
    if (i < last && isComplex({ type: 'x', all: all.slice(i + 1) })) value = keep(p.value, value, context, out);
    const proto = !p.computed && !p.method && !p.shorthand && keyName(p) === '__proto__';
    const kept = proto
      ? key
      : p.computed
        ? key
        : key.type === 'Identifier' && key.name === '__proto__'
          ? literal('__proto__')
          : key;
    const computed = p.computed || (!proto && keyName(p) === '__proto__');
    return located(
      {
        type: 'Property',
        kind: 'init',
        method: false,
        shorthand: false,
        computed,
        key: computed && !p.computed ? literal('__proto__') : kept,
        value,
      },
      p,
    );
  });
}

/** Properties after the first accessor of a literal are defined one by one, so that their order stays. */
function lowerLateProperty(p: Node, target: Node, context: FunctionContext, out: Node[]): void {
  if (p.type === 'SpreadElement') {
    const argument = lowerExpression(p.argument, context, out);
    out.push(statement(call(id('$$assign'), [{ ...target }, argument])));
    return;
  }
  const key = p.computed
    ? keep({ type: '' }, call(id('$$key'), [lowerExpression(p.key, context, out)]), context, out)
    : literal(keyName(p)!);
  if (p.kind === 'get' || p.kind === 'set') {
    const closure = makeClosure(p.value, context, out, keyName(p), {
      method: true,
      from: p,
      key,
      computed: true,
      accessor: p.kind,
    });
    out.push(statement(call(id('$$accessor'), [{ ...target }, { ...key }, literal(p.kind), closure])));
    return;
  }
  const value = p.method
    ? makeClosure(p.value, context, out, keyName(p), { method: true, from: p, key, computed: true })
    : lowerExpression(p.value, context, out, p.computed ? undefined : keyName(p));
  out.push(statement(call(id('$$define'), [{ ...target }, { ...key }, value])));
}
