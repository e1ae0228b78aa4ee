/**
 * Calls such as `list.map((x) => x * 2)`: an arrow function whose code neither calls nor loops, given where it is written to a method
 * named like a built-in that calls back. One call of it ends within a bounded time, so the native built-in may call it
 * (guest/natives.ts): a capture that finds it running is put off no longer than the built-in takes.
 *
 * Needs the author's tree. What runs without being written as a call (getters, valueOf, iterators of patterns) is not looked for:
 * no frame can be captured inside of it wherever it runs.
 */
import { anyNode, isClass, isFunction, type Node } from './ast.js';
import { hasCall } from './context.js';

/** As in guest-lib/prelude.js: the callback comes first; as in the files beside it: second. */
const callers = /^(map|filter|forEach|some|every|find|findIndex|findLast|findLastIndex|reduce|reduceRight|flatMap)$/;
const callersOfSecond = /^(replace|replaceAll|from|parse|stringify)$/;
const isLoop = (node: Node): boolean => /^(For|While|DoWhile|ForIn|ForOf)Statement$/.test(node.type);

/** The argument of a call that is a leaf. */
export function leafGiven({ callee, arguments: given }: Node): Node | undefined {
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const name = callee.property.name ?? '';
  const callback = callers.test(name) ? given[0] : callersOfSecond.test(name) ? given[1] : undefined;
  if (callback?.type !== 'ArrowFunctionExpression' || callback.async) return undefined;
  const code: Node[] = [...callback.params, callback.body];
  return code.some(hasCall) || anyNode(code, (n) => isLoop(n) || isClass(n), isFunction) ? undefined : callback;
}
