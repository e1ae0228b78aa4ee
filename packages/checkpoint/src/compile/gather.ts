/**
 * `new Map(items)`, `new Set(items)` and their weak kin go through their argument natively, so that no frame of its iterator could be captured.
 * Where that may be code of the guest, a loop of the guest gathers the items first:
 *
 *   $1 = items; if (!$$ready(Map, $1)) { $2 = []; for ($3 of $1) $$gather($2, $3, true); $1 = $2 }   new Map($1)
 *
 * $$ready is false only where nothing but the iterator could tell the difference (guest/iteration.ts).
 */
import { assign, block, call, id, literal, type Node, not, statement, when } from './ast.js';
import type { FunctionContext } from './context.js';
import { lowerForOf } from './loops.js';

export function takesIterable({ callee, arguments: given }: Node, context: FunctionContext): boolean {
  if (callee.type !== 'Identifier' || !/^(Weak)?(Map|Set)$/.test(callee.name) || context.bindingOf(callee)) return false;
  const [items] = given;
  return items !== undefined && !/^(SpreadElement|ArrayExpression|Literal)$/.test(items.type);
}

/** Gives what the constructor is to be called with. */
export function gatherFirst(callee: Node, items: Node, node: Node, context: FunctionContext, out: Node[]): Node {
  const [given, list, item] = [context.temp(), context.temp(), context.temp()];
  const isMap = node.callee.name.endsWith('Map');
  out.push(statement(assign({ ...given }, items)));
  const loop: Node[] = [statement(assign({ ...list }, { type: 'ArrayExpression', elements: [] }))];
  const body = block([statement(call(id('$$gather'), [{ ...list }, { ...item }, literal(isMap)]))]);
  const { start, end } = node.arguments[0];
  const right = { ...given, start, end };
  lowerForOf(
    { type: 'ForOfStatement', await: false, left: { ...item }, right, body, start, end, loc: node.loc },
    context,
    loop,
    [],
  );
  loop.push(statement(assign({ ...given }, { ...list })));
  out.push(when(not(call(id('$$ready'), [{ ...callee }, { ...given }])), block(loop)));
  return given;
}
