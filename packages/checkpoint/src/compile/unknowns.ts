/**
 * Puts calls of the runtime where a program may get hold of what cannot be captured: a guest that has done so is not clean (guest/cleanness.ts).
 *
 *   x.values()  →  $$held(x.values())             where it is more than gone through at once; `keys`, `entries`, `matchAll`, `[Symbol.iterator]` too
 *   f(x.values)  →  f($$taken(x.values))          where it is more than looked at
 *   f(a.#method)  →  f($$marked(a, "…").#method)  private methods as values have no identity
 *   with (o)  →  with ($$marked(o, "…"))          and `yield v` in a native finally block
 *   catch (e) {  →  catch (e) { $$caught(e);      errors of Node's own classes
 *
 * What a text does with `Symbol.iterator` as a value cannot be followed: it is told as a reason that lasts as long as the text.
 */
import {
  anyNode,
  call,
  children,
  id,
  isClass,
  isFunction,
  keyOfMember,
  literal,
  type Node,
  putAround,
  statement,
} from './ast.js';

const iteratorNames = /^(?:keys|values|entries|matchAll)$/;
/** Calls that go through their one argument at once. */
const consuming: Readonly<Record<string, RegExp>> = {
  Array: /^from$/,
  Object: /^fromEntries$/,
  Promise: /^(?:all|allSettled|any|race)$/,
};
const consumingClasses = /^(?:Map|Set|WeakMap|WeakSet)$/;

const iteratorSymbol = 'its text takes Symbol.iterator for a value';
const callSites = 'its text has a prepareStackTrace';

/** Of a program before it is lowered. Gives the reasons that last. */
export function noteSources(root: Node, isLibrary: (node: Node) => boolean = () => false): string[] {
  const notes: (() => void)[] = [];
  const methods = privateMethods(root);
  const found = new Set<string>();
  walk(root, (node, parent, above) => {
    if (node.type === 'CallExpression' && givesIterator(node.callee) && mayStay(node, parent, above))
      notes.push(() => put(parent.type === 'ChainExpression' ? parent : node, '$$held'));
    else if (node.type === 'NewExpression' && isOtherDecoder(node))
      notes.push(() => mark(node.arguments, '0', 'holds a TextDecoder'));
    else if (node.type === 'AssignmentExpression' && nameOf(node.left) === 'prepareStackTrace')
      notes.push(() => mark(node, 'right', callSites, true));
    else if (node.type === 'Literal' && node.value === 'prepareStackTrace' && !isKey(node, parent) && !isLibrary(node))
      found.add(callSites);
    else if (node.type === 'MemberExpression') {
      if (isIteratorSymbol(node) && isTakenAsValue(node, parent) && !isLibrary(node)) found.add(iteratorSymbol);
      if (namesIterators(node) && isRead(node, parent, above)) notes.push(() => put(node, '$$taken'));
      if (node.property.type === 'PrivateIdentifier' && methods.has(node.property.name) && isMethodValue(node, parent))
        notes.push(() => mark(node, 'object', 'holds a private method'));
    } else if (
      isClass(node) &&
      node.superClass &&
      hasPrivateNames(node) &&
      anyNode([node.superClass], (n) => isFunction(n) || isClass(n))
    )
      notes.push(() => mark(node, 'superClass', 'a class extends what was made with its private names'));
  });
  for (const note of notes) note();
  return [...found];
}

/** Of a lowered program: what has no label in the safepoint table though it may last (table.ts). */
export function noteHidden(root: Node): void {
  const work: { node: Node; isHidden: boolean }[] = [{ node: root, isHidden: false }];
  for (let item = work.pop(); item; item = work.pop()) {
    const { node } = item;
    const isHidden = item.isHidden && !isFunction(node);
    if (node.type === 'WithStatement') mark(node, 'object', 'was in a with statement');
    else if (node.type === 'CatchClause' && node.param?.type === 'Identifier')
      node.body.body.unshift(statement(call(id('$$caught'), [id(node.param.name)])));
    if (isHidden && node.type === 'YieldExpression')
      node.argument = call(id('$$marked'), [node.argument ?? id('undefined'), literal('waits in a finally block')]);
    for (const key in node) {
      const value = node[key];
      if (typeof value !== 'object' || value === null || key === 'loc' || key === 'origin') continue;
      const within = isHidden || (key === 'finalizer' && node.type === 'TryStatement') || (key === 'params' && isFunction(node));
      for (const child of Array.isArray(value) ? value : [value])
        if (typeof child?.type === 'string') work.push({ node: child, isHidden: within });
    }
  }
}

// Iterators --------------------------------------------------------------------------------------------------------

/** `Symbol.iterator`, also as Node's libraries call it. */
const isIteratorSymbol = (node: Node): boolean =>
  (node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'Symbol' &&
    keyOfMember(node) === 'iterator') ||
  (node.type === 'Identifier' && node.name === 'SymbolIterator');

function namesIterators(node: Node): boolean {
  if (node.type !== 'MemberExpression') return false;
  if (node.object.type === 'Identifier' && (node.object.name === 'Object' || node.object.name === 'Symbol')) return false;
  const name = keyOfMember(node);
  return (name !== undefined && iteratorNames.test(name)) || (node.computed && isIteratorSymbol(node.property));
}

/** `x.values(…)`, `x.values.call(…)`. */
function givesIterator(callee: Node): boolean {
  if (callee.type !== 'MemberExpression') return false;
  if (namesIterators(callee)) return true;
  return !callee.computed && /^(?:call|apply)$/.test(callee.property.name ?? '') && namesIterators(callee.object);
}

/** Can what a call gives be there when the expression around it is over? */
function mayStay(node: Node, parent: Node, above: Node | undefined): boolean {
  switch (parent.type) {
    case 'MemberExpression':
    case 'SpreadElement':
    case 'ExpressionStatement':
      return false;
    case 'ForOfStatement':
      return parent.right !== node || parent.await || node.callee.computed;
    case 'VariableDeclarator':
      return !isPlainPattern(parent.id);
    case 'ChainExpression':
      return above === undefined || mayStay(node, above, undefined);
    case 'CallExpression':
      return parent.arguments[0] !== node || parent.arguments.length > 1 || !consumes(parent.callee);
    case 'NewExpression':
      return parent.arguments[0] !== node || parent.callee.type !== 'Identifier' || !consumingClasses.test(parent.callee.name);
  }
  return true;
}

const isPlainPattern = ({ type, elements }: Node): boolean =>
  type === 'ArrayPattern' && elements.every((element: Node | null) => element === null || element.type === 'Identifier');

const consumes = (callee: Node): boolean =>
  callee.type === 'MemberExpression' &&
  !callee.computed &&
  callee.object.type === 'Identifier' &&
  Object.hasOwn(consuming, callee.object.name) &&
  consuming[callee.object.name]!.test(callee.property.name ?? '');

/** Is what a member has asked for more than a look, and no call of it? */
function isRead(node: Node, parent: Node, above: Node | undefined): boolean {
  switch (parent.type) {
    case 'MemberExpression':
      return parent.object === node && !parent.computed && parent.property.name === 'bind';
    case 'CallExpression':
    case 'NewExpression':
    case 'TaggedTemplateExpression':
      return (parent.callee ?? parent.tag) !== node;
    case 'UnaryExpression':
    case 'UpdateExpression':
    case 'ChainExpression':
    case 'BinaryExpression':
    case 'TemplateLiteral':
    case 'SpreadElement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'RestElement':
    case 'ArrayPattern':
    case 'AssignmentPattern':
    case 'ExpressionStatement':
      return false;
    case 'AssignmentExpression':
      return parent.left !== node;
    case 'IfStatement':
    case 'ConditionalExpression':
      return parent.test !== node;
    case 'Property':
      return parent.value === node && above?.type !== 'ObjectPattern';
  }
  return true;
}

/** Elsewhere than as the name of a property. */
function isTakenAsValue(node: Node, parent: Node): boolean {
  switch (parent.type) {
    case 'MemberExpression':
      return !(parent.computed && parent.property === node);
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return !(parent.computed && parent.key === node);
    case 'BinaryExpression':
      return false;
  }
  return true;
}

// Objects of V8 and Node that keep what nobody can read ------------------------------------------------------------

/** What a property or variable is called. */
const nameOf = (node: Node): string | undefined => (node.type === 'MemberExpression' ? keyOfMember(node) : node.name);

const isKey = (node: Node, parent: Node): boolean => parent.type === 'MemberExpression' && parent.property === node;

/** Of another encoding than UTF-8: those have converters. */
function isOtherDecoder({ callee, arguments: [label] }: Node): boolean {
  return nameOf(callee) === 'TextDecoder' && label !== undefined && !/^utf-?8$/i.test(String(label.value));
}

// Classes ----------------------------------------------------------------------------------------------------------

const hasPrivateNames = (node: Node): boolean =>
  node.body.body.some((element: Node) => element.key?.type === 'PrivateIdentifier');

/** Names of the private methods of all classes. */
function privateMethods(root: Node): Set<string> {
  const names = new Set<string>();
  anyNode([root], (node) => {
    if (node.type === 'MethodDefinition' && node.kind === 'method' && node.key.type === 'PrivateIdentifier')
      names.add(node.key.name);
    return false;
  });
  return names;
}

/** One that is called at once is held by nobody, but for the time that its arguments wait. */
function isMethodValue(node: Node, parent: Node): boolean {
  if (parent.type === 'TaggedTemplateExpression' && parent.tag === node) return anyNode([parent.quasi], waits, isFunction);
  if (parent.type === 'CallExpression' && parent.callee === node) return anyNode(parent.arguments, waits, isFunction);
  return true;
}

const waits = ({ type }: Node): boolean => type === 'AwaitExpression' || type === 'YieldExpression';

// Nodes ------------------------------------------------------------------------------------------------------------

function walk(root: Node, visit: (node: Node, parent: Node, above: Node | undefined) => void): void {
  const work: { node: Node; parent: Node; above: Node | undefined }[] = [{ node: root, parent: {}, above: undefined }];
  for (let item = work.pop(); item; item = work.pop()) {
    const { node, parent, above } = item;
    visit(node, parent, above);
    for (const child of children(node)) work.push({ node: child, parent: node, above: parent });
  }
}

function mark(node: Node, key: string, reason: string, isLasting = false): void {
  node[key] = call(id('$$marked'), [node[key], literal(reason), ...(isLasting ? [literal(true)] : [])]);
}

/** Makes the node the argument of a call. */
const put = (node: Node, helper: string): void => putAround(node, (inner) => call(id(helper), [inner]));
