/**
 * Functions in which a parameter and an element of `arguments` are one variable (ECMAScript 10.4.4, sloppy functions with plain
 * parameters) and where that may be seen: a parameter is assigned and `arguments` read, or what happens to `arguments` is not seen here.
 * V8 does not show that the two belong together and no resumed code can say so; such a function is not captured while it runs.
 *
 * Works on printed code, where a parameter that a closure captures is no parameter any more.
 */
import { anyNode, eachNode, isOwnFunction, type Node, patternNames } from './ast.js';

const isArguments = (node: Node | undefined): boolean => node?.type === 'Identifier' && node.name === 'arguments';
const isElement = (node: Node): boolean => node.type === 'MemberExpression' && isArguments(node.object);

/** Is this a function, sloppy code assumed, in which it may be seen? */
export function sharesArguments(fn: Node): boolean {
  const names = new Set<string>(fn.params.map((p: Node) => p.name));
  if (fn.params.length === 0 || names.has('arguments')) return false;
  let isRead = false;
  let isAssigned = false;
  /** Mentions of `arguments` that do no more than read its elements. */
  const reads = new Set<Node>();
  eachNode(
    fn.body,
    (node) => {
      if (isElement(node)) {
        reads.add(node.object);
        isRead ||= node.computed || node.property.name !== 'length';
      } else if (node.type === 'CallExpression') {
        const read = readOf(node);
        if (!read) return;
        reads.add(read);
        isRead = true;
      }
      if (targetsOf(node).some((target) => names.has(target.name))) isAssigned = true;
    },
    isOwnFunction,
  );
  if (isRead && isAssigned) return true;
  return namesArguments(fn.body, reads) || anyNode([fn.body], changesElement, isOwnFunction);
}

/** Is the variable `arguments` named in a function's code, but for some mentions? A property of that name (`options.arguments`) is no mention. */
export function namesArguments(body: Node, but: ReadonlySet<Node> = new Set()): boolean {
  const keys = new Set<Node>();
  return anyNode(
    [body],
    (node) => {
      if (isArguments(node)) return !keys.has(node) && !but.has(node);
      // A node comes before what is below it.
      if (node.type === 'MemberExpression' && !node.computed) keys.add(node.property);
      else if (/^(Property|MethodDefinition)$/.test(node.type) && !node.computed && !node.shorthand) keys.add(node.key);
      return false;
    },
    isOwnFunction,
  );
}

/** `f.apply(x, arguments)`, `slice.call(arguments, 1)` and what loops and spreads are printed as. */
function readOf({ callee, arguments: given }: Node): Node | undefined {
  if (callee.type === 'Identifier')
    return /^\$\$(spread|array|iterator)$/.test(callee.name) ? given.slice(0, 1).find(isArguments) : undefined;
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  if (callee.property.name === 'apply') return given.slice(1).find(isArguments);
  const { object } = callee;
  const isSlice = callee.property.name === 'call' && object.type === 'MemberExpression' && object.property.name === 'slice';
  return isSlice ? given.slice(0, 1).find(isArguments) : undefined;
}

function targetsOf(node: Node): Node[] {
  if (node.type === 'AssignmentExpression' || node.type === 'ForInStatement' || node.type === 'ForOfStatement')
    return patternNames(node.left);
  return node.type === 'UpdateExpression' ? [node.argument] : [];
}

/** `arguments[0] = x`, `arguments[0]++`, `delete arguments[0]`, `[arguments[0]] = x`, and `arguments[0]()`, which hands it on as `this`. */
function changesElement(node: Node): boolean {
  switch (node.type) {
    case 'AssignmentExpression':
    case 'ForInStatement':
    case 'ForOfStatement':
      return anyNode([node.left], isElement);
    case 'UpdateExpression':
    case 'UnaryExpression':
      return isElement(node.argument) && /^(\+\+|--|delete)$/.test(node.operator);
    case 'CallExpression':
      return isElement(node.callee);
    default:
      return false;
  }
}
