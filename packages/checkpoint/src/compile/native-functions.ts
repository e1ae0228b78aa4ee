/**
 * Captured variables that only ever hold the function they are declared with are native variables as well as fields of their environment:
 * closures call them as V8 would have them called, captures find them in the environment (docs/adr/0015).
 *
 *   before:  const f = () => …; return () => f()
 *   after:   $e1 = { f: undefined }; var f = …; $e1.f = f; return $$f(() => f(), 7, $e1)
 *
 * Needs: homes and dead zones. Gives: `Binding.native`, the name of that variable, which means nothing else in the whole program.
 *
 * A closure that is made again has such functions in variables of its own, taken from the environment when the restore is over. So none may
 * exist before the variable has its value: what mentions it must be made behind its declaration, or be the function itself.
 */
import { eachNode, isFunction, type Node } from './ast.js';
import { functionBetween, type Mention } from './dead-zones.js';
import type { Analysis, Binding } from './scope.js';

export function findNativeFunctions(analysis: Analysis, mentions: ReadonlyMap<Binding, readonly Mention[]>): void {
  const all = [...analysis.scopes.values()].flatMap((scope) => [...scope.bindings.values()]);
  const found = all.filter((binding) => isNative(binding, analysis, mentions.get(binding) ?? []));
  if (found.length === 0) return;
  const times = new Map<string, number>();
  for (const name of analysis.free) times.set(name, 2); // everybody's
  for (const { name, out } of all) for (const each of new Set([name, out])) times.set(each, (times.get(each) ?? 0) + 1);
  for (const binding of found) {
    let name = binding.out;
    for (let n = 1; times.get(name)! > (n === 1 ? 1 : 0); n++) name = `${binding.out}$${n}`;
    times.set(name, 2);
    binding.native = name;
  }
}

function isNative(binding: Binding, { deadZones }: Analysis, mentions: readonly Mention[]): boolean {
  const { home, made, reassigned, scope, kind } = binding;
  if (home !== 'env' || !made || !isFunction(made) || reassigned || deadZones.unset.has(binding)) return false;
  const { owner } = scope;
  if (scope !== owner.scope || scope.kind !== 'function' || owner.containsWith) return false;
  const body: Node = owner.node.body;
  return mentions.every(({ node, scope: from }) => {
    if (deadZones.checked.has(node) || node.start < body.start) return false;
    if (kind === 'function') return true; // there before anything else of the body runs
    const outermost = functionBetween(from, scope);
    if (outermost === undefined || outermost.node === made) return true;
    // A block makes its function declarations first.
    const maker = outermost.node.type === 'FunctionDeclaration' ? outermost.scope.parent!.node : outermost.node;
    return maker.start >= made.end;
  });
}

/** Of the native functions of outer functions, those that the code names: name, number of the environment, field. */
export type NativeFunction = [name: string, env: number, field: string];

/** The names that code says, other than those of properties and labels. */
export function namesSaid(code: Node): Set<string> {
  const names = new Set<string>();
  const keys = new Set<Node>();
  eachNode(code, (node) => {
    if (node.type === 'Identifier') {
      if (!keys.has(node)) names.add(node.name);
    } else if (node.type === 'MemberExpression') {
      if (!node.computed) keys.add(node.property);
    } else if (node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition') {
      if (!node.computed && node.key !== node.value) keys.add(node.key);
    } else if (node.label) keys.add(node.label);
  });
  return names;
}
