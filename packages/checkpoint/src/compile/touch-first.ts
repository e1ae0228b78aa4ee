/**
 * Puts `$$whole(…)` around what a lowered program asks for without reading a property: the content of a hollow object (heap/hollow.ts)
 * comes with the first property that is looked up, and these look none up.
 *
 *   k in o  →  k in $$whole(o)            delete o.k  →  delete $$whole(o).k
 *   { ...o }  →  { ...$$whole(o) }        { __proto__: o }  →  { __proto__: $$whole(o) }        with (o)  →  with ($$whole(o))
 *
 * for-in, rest patterns and `super` go through helpers that do it themselves.
 */
import { call, eachNode, id, type Node } from './ast.js';

const whole = (node: Node): Node => call(id('$$whole'), [node]);

/** Whether nothing of it can be hollow: what has just been made, and what is generated code's own. */
const isHarmless = (node: Node): boolean =>
  (node.type === 'Identifier' && node.name.startsWith('$$')) ||
  node.type === 'Literal' ||
  node.type === 'ObjectExpression' ||
  node.type === 'ArrayExpression' ||
  node.type === 'Super';

const touched = (node: Node): Node => (isHarmless(node) ? node : whole(node));

export function touchFirst(root: Node): void {
  eachNode(root, (node) => {
    switch (node.type) {
      case 'BinaryExpression':
        if (node.operator === 'in' && node.left.type !== 'PrivateIdentifier') node.right = touched(node.right);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') touchObject(node.argument);
        return;
      case 'ObjectExpression':
        for (const part of node.properties) {
          if (part.type === 'SpreadElement') part.argument = touched(part.argument);
          else if (isPrototype(part)) part.value = touched(part.value);
        }
        return;
      case 'WithStatement':
        node.object = touched(node.object);
    }
  });
}

function touchObject(node: Node): void {
  if (node.type === 'MemberExpression') node.object = touched(node.object);
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
