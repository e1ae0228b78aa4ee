/**
 * Pass "completion": the value of a script's last statement (ECMAScript 8.2, UpdateEmpty), which eval answers, as a variable.
 * Needs the author's tree, gives another; statements of functions within are not touched.
 *
 *   before:  1; if (x) { f(); }
 *   after:   let $v; $v = 1; $v = void 0; if (x) { $v = f(); } return $v;
 */
import { assign, declare, id, isFunction, type Node, returns, statement, undefinedValue } from './ast.js';

/** The statements of a script with a `return` of its completion value. `name` must mean nothing else in it. */
export function withCompletion(list: readonly Node[], name: string): Node[] {
  const last = list.at(-1);
  // Where the last statement is an expression no other value matters.
  if (last?.type === 'ExpressionStatement' && !last.directive) return [...list.slice(0, -1), returns(last.expression, last)];
  const directives = list.filter((s) => s.directive);
  const rest = list.slice(directives.length);
  // A string that stands alone is a directive and the value of the script.
  const first = directives.at(-1);
  const start = first ? [statement(assign(id(name), first.expression))] : [];
  return [...directives, declare('let', name, null), ...start, ...complete(rest, name), returns(id(name))];
}

const complete = (list: readonly Node[], name: string): Node[] => list.flatMap((s) => completeStatement(s, name));

const asBlock = (list: Node[], from: Node): Node =>
  list.length === 1 && list[0].type === 'BlockStatement'
    ? list[0]
    : { type: 'BlockStatement', body: list, start: from.start, end: from.end, loc: from.loc };

function completeStatement(s: Node, name: string): Node[] {
  if (!s || isFunction(s) || /^Class/.test(s.type)) return [s];
  const forget = (): Node => statement(assign(id(name), undefinedValue()));
  const inner = (node: Node): Node => asBlock(completeStatement(node, name), node);
  switch (s.type) {
    case 'ExpressionStatement':
      return [{ ...s, expression: assign(id(name), s.expression, '=', s) }];
    case 'BlockStatement':
      return [{ ...s, body: complete(s.body, name) }];
    case 'LabeledStatement': {
      const [body, ...before] = completeStatement(s.body, name).reverse();
      return [...before, { ...s, body }];
    }
    case 'IfStatement':
      return [forget(), { ...s, consequent: inner(s.consequent), alternate: s.alternate && inner(s.alternate) }];
    case 'WithStatement':
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      return [forget(), { ...s, body: inner(s.body) }];
    case 'SwitchStatement':
      return [forget(), { ...s, cases: s.cases.map((c: Node) => ({ ...c, consequent: complete(c.consequent, name) })) }];
    case 'TryStatement':
      return [forget(), completeTry(s, name)];
    default:
      return [s];
  }
}

/** What a finally block says counts only when it leaves by itself. */
function completeTry(s: Node, name: string): Node {
  const finalizer = s.finalizer && {
    ...s.finalizer,
    body: [
      declare('let', `${name}$`, id(name)),
      statement(assign(id(name), undefinedValue())),
      ...complete(s.finalizer.body, name),
      statement(assign(id(name), id(`${name}$`))),
    ],
  };
  return {
    ...s,
    block: { ...s.block, body: complete(s.block.body, name) },
    handler: s.handler && { ...s.handler, body: { ...s.handler.body, body: complete(s.handler.body.body, name) } },
    finalizer,
  };
}
