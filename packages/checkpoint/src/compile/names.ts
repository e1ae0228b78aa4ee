/**
 * Pass "names": takes esbuild's `__name(value, "name")` calls out again wherever the printed code gives the same name by itself,
 * so that making a closure costs no call. What esbuild renamed keeps its call.
 *
 *   before:  function f() {} __name(f, "f"); const g = __name(() => 1, "g");
 *   after:   function f() {} const g = () => 1;      (names side table: the arrow → "g")
 */
import { isClass, isFunction, isLeaf, type Node } from './ast.js';

/** `__name(value, "name")` */
export const isNameCall = (node: Node): boolean =>
  node?.type === 'CallExpression' &&
  node.callee.type === 'Identifier' &&
  node.callee.name === '__name' &&
  node.arguments.length === 2 &&
  node.arguments[1].type === 'Literal';

/** Returns the names that anonymous functions and classes must get; rewrites the tree in place. */
export function takeNames(program: Node): Map<Node, string> {
  const names = new Map<Node, string>();
  const visit = (node: Node): Node => {
    if (!node || typeof node.type !== 'string' || isLeaf(node)) return node;
    for (const key in node) {
      const value = node[key];
      if (typeof value !== 'object' || value === null || key === 'loc') continue;
      if (Array.isArray(value)) {
        let kept = 0;
        for (const item of value) {
          const next = item && typeof item.type === 'string' ? visit(item) : item;
          if (!(next?.type === 'EmptyStatement' && item.type !== 'EmptyStatement')) value[kept++] = next;
        }
        value.length = kept;
      } else if (typeof value.type === 'string') node[key] = visit(value);
    }
    return rewrite(node, names);
  };
  visit(program);
  return names;
}

function rewrite(node: Node, names: Map<Node, string>): Node {
  if (isNameCall(node)) {
    const [target, name] = node.arguments;
    if ((isFunction(target) || isClass(target)) && (!target.id || target.id.name === name.value)) {
      if (!target.id) names.set(target, name.value);
      return target;
    }
    return node;
  }
  if (node.type === 'ExpressionStatement' && isNameCall(node.expression)) {
    const [target, name] = node.expression.arguments;
    if (target.type === 'Identifier' && target.name === name.value) return { type: 'EmptyStatement' };
  }
  if (isClass(node)) {
    node.body.body = node.body.body.filter((element: Node) => {
      if (element.type !== 'StaticBlock' || element.body.length !== 1 || element.body[0].type !== 'ExpressionStatement')
        return true;
      const expression = element.body[0].expression;
      if (!isNameCall(expression) || expression.arguments[0].type !== 'ThisExpression') return true;
      if (!node.id) names.set(node, expression.arguments[1].value);
      return node.id && node.id.name !== expression.arguments[1].value;
    });
  }
  return node;
}
