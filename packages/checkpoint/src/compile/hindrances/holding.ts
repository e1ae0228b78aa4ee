/** Whether the value of an expression is kept: a native object that is used up where it is made is in no image. */
import { anyNode, isFunction, type Node } from '../ast.js';
import type { Lasting } from './lasting.js';
import { nameOfMember, type ProgramText } from './text.js';

/**
 * What keeps the value of an expression, as a node; undefined where nothing does for long: a variable of a function that neither
 * lasts nor waits is not seen by any capture. Method calls that match `chained` give the value itself.
 */
export function holderOf(node: Node, text: ProgramText, lasting: Lasting, chained?: RegExp): Node | undefined {
  let value = node;
  for (;;) {
    const outer = text.parentOf(value)!;
    const call = outer.type === 'MemberExpression' && outer.object === value ? text.parentOf(outer) : undefined;
    if (call?.type !== 'CallExpression' || call.callee !== outer || !chained?.test(nameOfMember(outer) ?? '')) break;
    value = call;
  }
  let parent = text.parentOf(value)!;
  while (/^(Conditional|Logical|Await)Expression$/.test(parent.type)) parent = text.parentOf(parent)!;
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent.id.type === 'Identifier' && isKept(parent.id, text, lasting) ? parent : undefined;
    case 'AssignmentExpression':
      if (parent.left.type === 'Identifier') return isKept(parent.left, text, lasting) ? parent : undefined;
      return parent.left.type === 'MemberExpression' ? parent : undefined;
    case 'PropertyDefinition':
    case 'ReturnStatement':
    case 'Property':
    case 'ArrayExpression':
    case 'ArrowFunctionExpression':
      return parent;
  }
  return undefined;
}

function isKept(name: Node, text: ProgramText, lasting: Lasting): boolean {
  const binding = text.bindingOf(name);
  if (!binding || binding.captured) return true;
  const fn = binding.scope.owner.node;
  if (!isFunction(fn)) return true;
  const waits = anyNode([fn.body], ({ type }) => type === 'AwaitExpression' || type === 'YieldExpression', isFunction);
  return waits || lasting.why(fn.body) !== undefined;
}
