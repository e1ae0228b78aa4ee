/**
 * Calls of built-ins that are native still and call back into the program (put off while they do), and values that have no exact form:
 * iterators of lists, private methods, listeners of EventTargets.
 */
import { isFunction, type Node } from '../ast.js';
import { holderOf } from './holding.js';
import type { Finding, Inspection } from './index.js';
import { kindOf } from './kinds.js';
import { nameOfKey, nameOfMember } from './text.js';

type Add = (node: Node, found: Finding) => void;

export function findCalls(inspection: Inspection, add: Add): void {
  for (const node of inspection.text.nodes) {
    if (node.type === 'CallExpression') lookAtCall(node, inspection, add);
    else if (node.type === 'NewExpression') lookAtNew(node, inspection, add);
    else if (node.type === 'YieldExpression' && node.delegate) lookAtDelegate(node, inspection, add);
    else if (node.type === 'MemberExpression') lookAtPrivate(node, inspection, add);
  }
}

const native = (rule: string, what: string, advice: string): Finding => ({
  rule,
  effect: 'putOff',
  why: `while ${what}, which is native`,
  advice,
});

const ownLoop = 'write the loop out where what it calls lasts';

function lookAtCall(node: Node, inspection: Inspection, add: Add): void {
  const { text } = inspection;
  const { callee, arguments: given } = node;
  lookAtHeld(node, inspection, add);
  const name = nameOfMember(callee);
  if (name === undefined) return;
  const path = text.isGlobal(callee.object) ? `${callee.object.name}.${name}` : '';
  const mayLast = (fn: Node | undefined): boolean => functionMayLast(fn, inspection);
  if (/^(Object|Map)\.groupBy$/.test(path) && mayLast(given[1]))
    add(node, native('group-by', `${path} calls its function`, ownLoop));
  if (/^Promise\.(all|allSettled|any|race)$/.test(path) && given[0] && kindOf(given[0], text) === 'generator')
    add(node, native('combinator', `${path} runs a generator`, `spread it first: ${path}([...items])`));
  if (path === 'Reflect.construct' && mayLast(given[0]))
    add(
      node,
      native('reflect-construct', 'Reflect.construct runs a constructor', 'use new where new.target is the class itself'),
    );
  if (path === 'Atomics.wait')
    add(node, { rule: 'long-call', effect: 'putOff', why: 'while Atomics.wait waits', advice: 'give it a short time and loop' });
  const kind = kindOf(callee.object, text);
  const isOpen = name === 'sort' || name === 'toSorted' || (/^reduce(Right)?$/.test(name) && given.length === 1);
  if (kind === 'typedArray' && isOpen && mayLast(given[0])) {
    const advice = name.startsWith('reduce') ? 'give it an initial value' : 'sort an ordinary array: Array.from(list).sort(…)';
    add(node, native('typed-array', `${name} of a typed array calls its function`, advice));
  }
  const isHelper = /^(map|filter|take|drop|flatMap|reduce|toArray|forEach|some|every|find)$/.test(name);
  if (isHelper && (kind === 'generator' || kind === 'listIterator' || kind === 'collectionIterator'))
    add(node, native('iterator-helper', `the iterator helper ${name} runs`, 'use a for…of loop'));
  if (name === 'addEventListener' && !/^(window|document|self|globalThis)$/.test(callee.object.name ?? '')) add(node, listener);
}

const listener: Finding = {
  rule: 'event-target',
  effect: 'wait',
  why: 'while the listener of this EventTarget is registered, which is an object of Node',
  advice: 'use an EventEmitter, or look at signal.aborted',
};

function lookAtNew(node: Node, inspection: Inspection, add: Add): void {
  if (inspection.text.isGlobal(node.callee, 'Promise') && functionMayLast(node.arguments[0], inspection))
    add(node, native('executor', 'the executor of a promise runs', 'do what lasts in an async function'));
}

function functionMayLast(fn: Node | undefined, { text, lasting }: Inspection): boolean {
  const known = fn?.type === 'Identifier' ? text.valueOf(fn) : fn;
  if (!known) return false;
  return (isFunction(known) || /^Class/.test(known.type)) && lasting.ofFunction(known) !== undefined;
}

/** Loops over lists hold their position in variables; an iterator that is kept is V8's. */
function lookAtHeld(node: Node, { text, lasting }: Inspection, add: Add): void {
  if (kindOf(node, text) !== 'listIterator' || !holderOf(node, text, lasting)) return;
  const frame = text.frameOf(node);
  const owner = frame && text.parentOf(frame);
  const isOwn = owner?.value === frame && owner && nameOfKey(owner) === '@@iterator';
  add(node, {
    rule: 'list-iterator',
    effect: 'wait',
    why: 'while this iterator of a list is held, by whoever goes through it',
    advice: isOwn
      ? 'make it a generator: *[Symbol.iterator]() { for (const item of list) yield item; }'
      : 'use for…of, or an index',
  });
}

function lookAtDelegate(node: Node, { text }: Inspection, add: Add): void {
  const kind = kindOf(node.argument, text);
  if (kind !== 'array' && kind !== 'string' && kind !== 'typedArray' && kind !== 'listIterator') return;
  add(node, {
    rule: 'delegate',
    effect: 'wait',
    why: 'while the generator stands in this yield* of a list',
    advice: 'write for (const item of list) yield item',
  });
}

/** `this.#m` without calling it. */
function lookAtPrivate(node: Node, { text, lasting }: Inspection, add: Add): void {
  if (node.property.type !== 'PrivateIdentifier' || !text.methodOf(node)) return;
  const parent = text.parentOf(node)!;
  if (parent.callee === node || parent.tag === node || !holderOf(node, text, lasting)) return;
  add(node, {
    rule: 'private-method',
    effect: 'wait',
    why: `while the private method #${node.property.name} is held as a value`,
    advice: `hold a function that calls it: () => this.#${node.property.name}()`,
  });
}
