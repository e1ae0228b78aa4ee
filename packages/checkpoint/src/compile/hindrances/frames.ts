/**
 * Code whose frames are never captured because V8 or a native function calls it: getters, coercions, initialisers, constructors before
 * `super()` returns, handlers of proxies. Reported where it may last, which is where a capture meets it.
 */
import { anyNode, isClass, isFunction, type Node } from '../ast.js';
import type { Finding, Inspection } from './index.js';
import { constructorOf, nameOfKey, type ProgramText } from './text.js';

type Add = (node: Node, found: Finding) => void;

const coercions = /^(toString|valueOf|@@toPrimitive|@@hasInstance)$/;
const traps = /^(get|set|has|apply|construct|deleteProperty|defineProperty|ownKeys|getPrototypeOf|setPrototypeOf|getOwnPropertyDescriptor|isExtensible|preventExtensions)$/; // biome-ignore format: one list

export function findFrames(inspection: Inspection, add: Add): void {
  for (const node of inspection.text.nodes) {
    if (node.type === 'Property' || node.type === 'MethodDefinition') lookAtMember(node, inspection, add);
    else if (node.type === 'PropertyDefinition') lookAtField(node, inspection, add);
    else if (node.type === 'StaticBlock')
      putOff(
        node,
        'static-block',
        'a static block of a class runs',
        inspection.lasting.why(...node.body),
        'do what it does in a function that is called by name',
        add,
      );
    else if (node.type === 'TryStatement') lookAtFinally(node, inspection, add);
    else if (node.type === 'WithStatement') lookAtWith(node, add);
    else if (isFunction(node)) lookAtDefaults(node, inspection, add);
    else if (isClass(node)) lookAtConstruction(node, inspection, add);
  }
}

/** `why`: why it may last. */
function putOff(node: Node, rule: string, what: string, why: string | undefined, advice: string, add: Add): void {
  if (why) add(node, { rule, effect: 'putOff', why: `while ${what} (${why})`, advice });
}

function lookAtMember(node: Node, { text, lasting }: Inspection, add: Add): void {
  if (!isFunction(node.value)) return;
  const why = lasting.ofFunction(node.value);
  const name = nameOfKey(node);
  if (node.kind === 'get' || node.kind === 'set') {
    const kind = node.kind === 'get' ? 'getter' : 'setter';
    const shown = name === undefined ? `a ${kind} runs` : `the ${kind} of "${name}" runs`;
    putOff(node, kind, shown, why, 'make it a method', add);
    return;
  }
  if (name === undefined) return;
  if (coercions.test(name) && (name !== '@@hasInstance' || node.static))
    putOff(node, 'coercion', `an operator or template calls ${shownName(name)}`, why, 'call it by name where it is used', add);
  else if (name === 'toJSON')
    putOff(
      node,
      'to-json',
      'JSON.stringify calls toJSON',
      why,
      'call JSON.stringify with a replacer, (key, value) => value',
      add,
    );
  else if (traps.test(name) && isProxyHandler(text.parentOf(node)!, text))
    putOff(node, 'proxy-trap', `the trap "${name}" of a proxy runs`, why, 'keep what a proxy does short', add);
}

const shownName = (name: string): string => (name.startsWith('@@') ? `[Symbol.${name.slice(2)}]` : name);

/** Written where a proxy is made, or under a name that is given there. */
function isProxyHandler(literal: Node, text: ProgramText): boolean {
  if (literal.type !== 'ObjectExpression') return false;
  const parent = text.parentOf(literal);
  if (parent?.type === 'VariableDeclarator')
    return text.nodes.some(
      (n) => isProxyCall(n, text) && n.arguments[1]?.type === 'Identifier' && text.valueOf(n.arguments[1]) === literal,
    );
  return parent !== undefined && isProxyCall(parent, text) && parent.arguments[1] === literal;
}

const isProxyCall = (node: Node, text: ProgramText): boolean =>
  node.type === 'NewExpression' && text.isGlobal(node.callee, 'Proxy');

function lookAtField(node: Node, { lasting }: Inspection, add: Add): void {
  const kind = node.static ? 'a static field' : 'a field';
  const where = node.static ? 'a function that is called once the class is there' : 'the constructor';
  putOff(node, 'field', `${kind} of a class gets its value`, lasting.why(node.value), `give it its value in ${where}`, add);
}

function lookAtDefaults(node: Node, { lasting }: Inspection, add: Add): void {
  for (const param of node.params)
    putOff(
      param,
      'default',
      'the default of a parameter is made',
      lasting.why(param),
      'give the value in the body: if (value === undefined) value = …',
      add,
    );
}

/** A generator that is closed early runs its `finally` natively. */
function lookAtFinally(node: Node, { text, lasting }: Inspection, add: Add): void {
  const frame = text.frameOf(node);
  if (!node.finalizer || !frame?.generator) return;
  if (!anyNode([node.block, ...(node.handler ? [node.handler] : [])], (n) => n.type === 'YieldExpression', isFunction)) return;
  const what = 'this finally runs for a generator that a loop left early';
  putOff(node.finalizer, 'generator-finally', what, lasting.why(node.finalizer), 'keep what it does short', add);
}

function lookAtWith(node: Node, add: Add): void {
  const advice = 'write the object before each of its properties';
  add(node, { rule: 'with', effect: 'putOff', why: 'while code inside a with statement runs', advice });
  const closure = firstFunction(node.body);
  if (closure)
    add(closure, { rule: 'with-closure', effect: 'wait', why: 'while a function made inside a with statement is held', advice });
}

function firstFunction(root: Node): Node | undefined {
  let found: Node | undefined;
  anyNode([root], (node) => {
    if (isFunction(node) || isClass(node)) found = node;
    return found !== undefined;
  });
  return found;
}

function lookAtConstruction(node: Node, { text, lasting }: Inspection, add: Add): void {
  if (!node.superClass) return;
  const advice = 'do what lasts in a method that is called once the object is there';
  const own = constructorOf(node);
  const before = own ? statementsBeforeSuper(own) : [];
  putOff(own ?? node, 'before-super', 'a constructor has not called super() yet', lasting.why(...before), advice, add);
  const base = node.superClass.type === 'Identifier' ? text.valueOf(node.superClass) : node.superClass;
  if (base && isClass(base))
    putOff(
      node,
      'base-constructor',
      'the constructor of the class that this one extends runs',
      lasting.ofFunction(base),
      advice,
      add,
    );
}

function statementsBeforeSuper(own: Node): Node[] {
  const statements: Node[] = own.body.body;
  const at = statements.findIndex((s) =>
    anyNode([s], (n) => n.type === 'CallExpression' && n.callee.type === 'Super', isFunction),
  );
  return at < 0 ? [] : statements.slice(0, at + 1);
}
