/**
 * Puts `$$whole(…)` around what a lowered program asks for without reading a property: the content of a hollow object (heap/hollow.ts)
 * comes with the first property that is looked up, and these look none up.
 *
 *   k in o  →  k in $$whole(o)            delete o.k  →  delete $$whole(o).k
 *   { ...o }  →  { ...$$whole(o) }        { __proto__: o }  →  { __proto__: $$whole(o) }        with (o)  →  with ($$whole(o))
 *   new Error(text, o)  →  new Error(text, $$whole(o))
 *   o.length = n  →  $$whole(o).length = n        f.values.call(o)  →  f.values.call($$whole(o))        Reflect.apply likewise
 *   Map.prototype  →  $$methods(Map.prototype)    (whose methods the program may call with any Map: guest/hollow-collections.ts)
 *
 * `in` says which key it means, where that is a name or a literal: of a large array one piece will do. A length that is cut and grown again
 * would leave no trace in a hollow array.
 * for-in, rest patterns and `super` go through helpers that do it themselves.
 */
import { call, eachNode, id, keyOfMember, type Node, putAround } from './ast.js';

const whole = (node: Node, ...key: Node[]): Node => call(id('$$whole'), [node, ...key]);

/** Whether nothing of it can be hollow: what has just been made, and what is generated code's own. */
const isHarmless = (node: Node): boolean =>
  (node.type === 'Identifier' && node.name.startsWith('$$')) ||
  node.type === 'Literal' ||
  node.type === 'ObjectExpression' ||
  node.type === 'ArrayExpression' ||
  node.type === 'Super';

const touched = (node: Node, ...key: Node[]): Node => (isHarmless(node) ? node : whole(node, ...key));

export function touchFirst(root: Node): void {
  const tests: Node[] = [];
  const prototypes: Node[] = [];
  let hasWith = false;
  eachNode(root, (node) => {
    switch (node.type) {
      case 'BinaryExpression':
        if (node.operator === 'in' && node.left.type !== 'PrivateIdentifier') tests.push(node);
        return;
      case 'MemberExpression':
        if (isCollectionPrototype(node)) prototypes.push(node);
        return;
      case 'AssignmentExpression':
        if (isLength(node.left)) touchObject(node.left);
        return;
      case 'NewExpression':
      case 'CallExpression':
        if (makesError(node)) node.arguments = node.arguments.map((given: Node, i: number) => (i === 0 ? given : touched(given)));
        if (callsIteratorMaker(node)) node.arguments[0] = touched(node.arguments[0]);
        else if (isReflectApply(node)) node.arguments[1] = touched(node.arguments[1]);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') touchObject(node.argument);
        return;
      case 'UpdateExpression':
        if (isLength(node.argument)) touchObject(node.argument);
        return;
      case 'ObjectExpression':
        for (const part of node.properties) {
          if (part.type === 'SpreadElement') part.argument = touched(part.argument);
          else if (isPrototype(part)) part.value = touched(part.value);
        }
        return;
      case 'WithStatement':
        hasWith = true;
        node.object = touched(node.object);
    }
  });
  for (const node of prototypes) putAround(node, (inner) => call(id('$$methods'), [inner]));
  for (const node of tests) {
    // In a `with` statement a name may be a getter.
    const isKnown = node.left.type === 'Literal' || (!hasWith && node.left.type === 'Identifier');
    node.right = isKnown ? touched(node.right, { ...node.left }) : touched(node.right);
  }
}

function touchObject(node: Node): void {
  if (node.type === 'MemberExpression') node.object = touched(node.object);
}

const isLength = (node: Node): boolean => node.type === 'MemberExpression' && keyOfMember(node) === 'length';

/** `Map.prototype`, `Set.prototype`. */
const isCollectionPrototype = (node: Node): boolean =>
  node.object.type === 'Identifier' &&
  (node.object.name === 'Map' || node.object.name === 'Set') &&
  keyOfMember(node) === 'prototype';

/** `f.values.call(o)`, `f[Symbol.iterator].apply(o)`: what makes iterators and is called as a function. */
function callsIteratorMaker({ callee, arguments: given }: Node): boolean {
  if (given.length === 0 || given[0].type === 'SpreadElement' || callee.type !== 'MemberExpression') return false;
  const how = keyOfMember(callee);
  const method = callee.object;
  if ((how !== 'call' && how !== 'apply') || method.type !== 'MemberExpression') return false;
  return ['entries', 'keys', 'values', undefined].includes(keyOfMember(method));
}

const hasSpread = (given: readonly Node[]): boolean => given.some(({ type }) => type === 'SpreadElement');

/** `new Error(text, options)`: V8 asks whether there is a cause. */
const makesError = ({ callee, arguments: given }: Node): boolean =>
  callee.type === 'Identifier' && callee.name.endsWith('Error') && given.length > 1 && !hasSpread(given);

function isReflectApply({ callee, arguments: given }: Node): boolean {
  if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier' || callee.object.name !== 'Reflect') return false;
  return keyOfMember(callee) === 'apply' && given.length === 3 && !hasSpread(given);
}

/** `__proto__: value` in a literal. */
const isPrototype = (part: Node): boolean =>
  part.type === 'Property' &&
  !part.computed &&
  !part.shorthand &&
  !part.method &&
  part.kind === 'init' &&
  (part.key.name ?? part.key.value) === '__proto__' &&
  part.value.type !== 'Literal';
