/**
 * Pass "separate copies". V8 lets two locals that were copied from one another share a register until the next jump, and then reports
 * the other one as optimised out, though it is live in the source. A jump to the next instruction after each copy ends the sharing;
 * optimised code has no trace of it (measured: `Mov r2, r0 … Add r2` becomes `Add r0`).
 *
 *   before:  const old = x; f(); return old + x;
 *   after:   const old = x; $: { break $; } f(); return old + x;
 */
import { anyNode, block, breaks, isClass, isFunction, type Node, when } from './ast.js';
import { callOf } from './table.js';

const BARRIER = (): Node => ({ type: 'LabeledStatement', label: { type: 'Identifier', name: '$' }, body: block([breaks('$')]) });

/** Inserts barriers into a lowered function's statements, in place; nested functions have had their own turn. */
export function separateCopies(statements: Node[], isRegister: (name: string) => boolean): Node[] {
  const visitList = (list: Node[]): Node[] => {
    const out: Node[] = [];
    for (const s of list) {
      visit(s);
      out.push(s);
      if (copies(s, isRegister)) out.push(BARRIER());
      const iterator = delegatedTo(s);
      if (iterator) out.push(keepAlive(iterator));
    }
    return out;
  };
  const visit = (node: Node): void => {
    if (!node || typeof node.type !== 'string' || isFunction(node) || isClass(node)) return;
    switch (node.type) {
      case 'BlockStatement':
        node.body = visitList(node.body);
        return;
      case 'SwitchCase':
        node.consequent = visitList(node.consequent);
        return;
    }
    for (const key of ['body', 'consequent', 'alternate', 'block', 'handler', 'finalizer']) {
      const child = node[key];
      if (child && !Array.isArray(child)) visit(child);
    }
    if (Array.isArray(node.cases)) for (const c of node.cases) visit(c);
  };
  return visitList(statements);
}

/** The iterator variable of a statement whose outermost expression is a yield*. */
function delegatedTo(s: Node): Node | undefined {
  const expression = callOf(s);
  return expression?.type === 'YieldExpression' && expression.delegate ? expression.argument : undefined;
}

/** V8 keeps its own copy of a delegate and drops ours at the suspension unless it is read afterwards. Never true: the delegate is an object. */
const keepAlive = (iterator: Node): Node =>
  when(
    { type: 'BinaryExpression', operator: '===', left: { ...iterator }, right: { type: 'Literal', value: null, raw: 'null' } },
    block([]),
  );

function copies(s: Node, isRegister: (name: string) => boolean): boolean {
  if (s.type === 'ExpressionStatement') return copiesInside(s.expression, isRegister);
  if (s.type === 'VariableDeclaration')
    return s.declarations.some((d: Node) => d.init && (isCopied(d.init, isRegister) || copiesInside(d.init, isRegister)));
  return false;
}

/** Is this right side a register that the left side would share? */
function isCopied(node: Node, isRegister: (name: string) => boolean): boolean {
  if (node.type === 'Identifier') return isRegister(node.name);
  if (node.type === 'ThisExpression' || node.type === 'AssignmentExpression') return true;
  if (node.type === 'SequenceExpression') return isCopied(node.expressions.at(-1), isRegister);
  if (node.type === 'ConditionalExpression') return false;
  return false;
}

const copiesInside = (root: Node, isRegister: (name: string) => boolean): boolean =>
  anyNode(
    [root],
    (node) =>
      node.type === 'AssignmentExpression' &&
      node.operator === '=' &&
      node.left.type === 'Identifier' &&
      isCopied(node.right, isRegister),
    (node) => isFunction(node) || isClass(node),
  );
