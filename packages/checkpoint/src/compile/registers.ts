/**
 * Pass "keep registers": what a capture reads of a frame must be where V8 can tell it.
 *
 * - V8 lets two locals that were copied from one another share a register until the next jump, and then reports the other one as optimised
 *   out, though it is live in the source. A jump to the next instruction after each copy ends the sharing; optimised code has no trace of it
 *   (measured: `Mov r2, r0 … Add r2` becomes `Add r0`).
 * - Optimised code lets go of locals that nothing reads any more. What a call was made through is read once more behind it, to be there for
 *   the proof that nothing native runs between two frames (capture/frames.ts); optimised code only keeps the value, it reads nothing.
 *
 *   before:  const old = x; pick(); return old.step(x);
 *   after:   const old = x; $: { break $; } pick(); $1 = old.step(x); old === null; return $1;
 */
import { isEnvironmentName } from '../guest/plain-text.js';
import { anyNode, assign, binary, block, breaks, id, isClass, isFunction, literal, type Node, statement } from './ast.js';
import { callOf } from './table.js';

const BARRIER = (): Node => ({ type: 'LabeledStatement', label: { type: 'Identifier', name: '$' }, body: block([breaks('$')]) });

export interface Registers {
  /** Does this printed name stand for a local, as opposed to a module variable or a global? */
  isRegister(name: string): boolean;
  /** These V8 keeps. */
  parameters: ReadonlySet<string>;
  temp(): Node;
}

/** Changes a lowered function's statements, in place; nested functions have had their own turn. */
export function keepRegisters(statements: Node[], { isRegister, parameters, temp }: Registers): Node[] {
  // Inside a with statement a name may be a getter of its object; frames that stand there are not captured.
  let withs = 0;
  const isKept = (name: string): boolean => withs === 0 && isRegister(name) && !parameters.has(name);
  const visitList = (list: Node[]): Node[] => {
    const out: Node[] = [];
    for (const s of list) {
      visit(s);
      const call = callOf(s);
      const names = call ? namesOf(call).filter(isKept) : [];
      if (names.length > 0 && s.type === 'ReturnStatement') {
        const result = temp();
        out.push(statement(assign(result, call!), s), ...names.map(readAgain));
        out.push({ ...s, argument: { ...result } });
        continue;
      }
      out.push(s, ...names.map(readAgain));
      if (copies(s, isRegister)) out.push(BARRIER());
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
    if (node.type === 'WithStatement') withs++;
    for (const key of ['body', 'consequent', 'alternate', 'block', 'handler', 'finalizer']) {
      const child = node[key];
      if (child && !Array.isArray(child)) visit(child);
    }
    if (Array.isArray(node.cases)) for (const c of node.cases) visit(c);
    if (node.type === 'WithStatement') withs--;
  };
  return visitList(statements);
}

/** The locals through which a call finds its callee. */
function namesOf(call: Node): string[] {
  if (call.type === 'YieldExpression') return call.delegate && call.argument.type === 'Identifier' ? [call.argument.name] : [];
  const names: string[] = [];
  let callee = call.callee;
  for (; callee.type === 'MemberExpression'; callee = callee.object)
    if (callee.computed && callee.property.type === 'Identifier') names.push(callee.property.name);
  if (callee.type === 'Identifier' && !isEnvironmentName(callee.name)) names.push(callee.name);
  return names;
}

const readAgain = (name: string): Node => statement(binary('===', id(name), literal(null)));

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
