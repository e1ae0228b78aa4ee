/**
 * Which functions are leaves: their code neither calls nor loops, so one call of them ends within a bounded time. Native built-ins may
 * call a leaf back (guest/natives.ts): a capture that finds one running is put off no longer than the built-in takes.
 *
 * Needs the author's tree. What runs without being written as a call (getters, valueOf, iterators of patterns) is not looked for:
 * no frame can be captured inside of it wherever it runs.
 */
import { anyNode, isClass, isFunction, type Node } from './ast.js';
import { hasCall } from './context.js';

const isLoop = (node: Node): boolean => /^(For|While|DoWhile|ForIn|ForOf)Statement$/.test(node.type);

export function isLeaf(node: Node): boolean {
  if (node.async || node.generator) return false;
  const code: Node[] = [...node.params, node.body];
  return !code.some(hasCall) && !anyNode(code, (n) => isLoop(n) || isClass(n), isFunction);
}
