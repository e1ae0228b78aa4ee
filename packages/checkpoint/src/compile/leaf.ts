/**
 * What is known of functions that are given to built-ins that call back. They are gone with the call, in all likelihood, so they bear no
 * brand (guest/unbranded.ts). And of some more is known, the leaves.
 *
 * Calls such as `list.map((x) => x * 2)`: an arrow function whose code neither calls nor loops, given where it is written to a method
 * named like a built-in that calls back. One call of it ends within a bounded time, so the native built-in may call it
 * (guest/natives.ts): a capture that finds it running is put off no longer than the built-in takes.
 *
 * Needs the author's tree. What runs without being written as a call (getters, valueOf, iterators of patterns) is not looked for:
 * no frame can be captured inside of it wherever it runs.
 */
import { anyNode, isClass, isFunction, isLoop, type Node } from './ast.js';
import { hasCall } from './context.js';

/** As in guest-lib/prelude.js: the callback comes first; as in the files beside it: second. */
const callers = /^(map|filter|forEach|some|every|find|findIndex|findLast|findLastIndex|reduce|reduceRight|flatMap)$/;
const callersOfSecond = /^(replace|replaceAll|from|parse|stringify)$/;

/** The function that a call gives, where it is written, to a method named like a built-in that calls back. */
export function callbackGiven({ callee, arguments: given }: Node): Node | undefined {
  if (callee.type !== 'MemberExpression' || callee.computed) return undefined;
  const name = callee.property.name ?? '';
  const callback = callers.test(name) ? given[0] : callersOfSecond.test(name) ? given[1] : undefined;
  if (!callback || !/^(ArrowFunction|Function)Expression$/.test(callback.type)) return undefined;
  return callback.async || callback.generator || callback.id ? undefined : callback;
}

/** Is such a function a leaf? */
export function isLeafCallback(callback: Node): boolean {
  if (callback.type !== 'ArrowFunctionExpression') return false;
  const code: Node[] = [...callback.params, callback.body];
  return !code.some(hasCall) && !anyNode(code, (n) => isLoop(n) || isClass(n), isFunction);
}
