/**
 * What a program uses of Node, by name: built-in modules that it imports or requires, functions that it calls, globals. What each does to a
 * capture is for the runtime to say (HindrancePolicy).
 */
import { isClass, isFunction, type Node } from '../ast.js';
import type { Binding } from '../scope.js';
import { holderOf } from './holding.js';
import type { Finding, HindrancePolicy, Inspection } from './index.js';
import { nameOfMember, type ProgramText } from './text.js';

export function findUses(
  { text, lasting }: Inspection,
  policy: HindrancePolicy,
  add: (node: Node, found: Finding) => void,
): void {
  const names = new ModuleNames(text);
  for (const node of text.nodes) {
    const module = importedBy(node, text);
    const found = module === undefined ? undefined : policy.module(module);
    if (found) add(node, found);
    if (node.type === 'ImportExpression' && typeof node.source.value !== 'string') add(node, computedImport);
    const isCall = node.type === 'CallExpression' || node.type === 'NewExpression';
    if (!isCall && (node.type !== 'MemberExpression' || text.parentOf(node)?.callee === node)) continue;
    const name = names.of(isCall ? node.callee : node);
    if (name === undefined) continue;
    const use = policy.use(name, isCall ? { givesCallback: endsWithFunction(node, text) } : undefined);
    if (use) add(node, use);
    const held = isCall ? policy.gives(name) : undefined;
    if (held && holderOf(node, text, lasting, chained)) add(node, held);
  }
}

const computedImport: Finding = {
  rule: 'computed-import',
  effect: 'differs',
  why: 'import() of a computed name finds built-in modules only',
  advice: 'import each module by a name that is written out',
};

/** By its value, or by what callbacks are called. */
function endsWithFunction({ arguments: given }: Node, text: ProgramText): boolean {
  const last = given.at(-1);
  if (!last) return false;
  const value = last.type === 'Identifier' ? text.valueOf(last) : last;
  return value ? isFunction(value) : /^(cb|callback|done|next)$/i.test(last.name ?? '');
}

/** Methods of native objects that give the object itself. */
const chained = /^(update|setEncoding|setAutoPadding|setAAD|on|once|pipe)$/;

/** The built-in module that an import, `require` or `import()` names, without `node:`. */
function importedBy(node: Node, text: ProgramText): string | undefined {
  if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression') return builtinName(node.source.value);
  return isRequire(node, text) ? builtinName(node.arguments[0]?.value) : undefined;
}

/** esbuild makes `__require` of it in modules. */
const isRequire = (node: Node, text: ProgramText): boolean =>
  node.type === 'CallExpression' && (text.isGlobal(node.callee, 'require') || node.callee.name === '__require');

const builtinName = (source: unknown): string | undefined =>
  typeof source === 'string' && source.startsWith('node:') ? source.slice('node:'.length) : undefined;

/** `node:fs.readFile` for a function of a built-in module however it was imported, `Intl.PluralRules` for globals. */
class ModuleNames {
  readonly #bindings = new Map<Binding, string>();

  constructor(private readonly text: ProgramText) {
    for (const node of text.nodes) {
      if (node.type === 'ImportDeclaration') this.#learnImport(node);
      if (node.type === 'VariableDeclarator' && node.init) this.#learnRequire(node);
    }
  }

  of(node: Node): string | undefined {
    if (node.type === 'Identifier') {
      const binding = this.text.bindingOf(node);
      return binding ? this.#bindings.get(binding) : node.name;
    }
    if (isRequire(node, this.text)) return importName(importedBy(node, this.text));
    const name = nameOfMember(node);
    const object = name === undefined ? undefined : this.of(node.object);
    if (object === undefined) return undefined;
    if (object === 'globalThis' || object === 'global') return name;
    return memberName(object, name!);
  }

  #learnImport(node: Node): void {
    const module = importName(builtinName(node.source.value));
    if (module === undefined) return;
    for (const { local, imported } of node.specifiers) {
      const binding = this.text.bindingOf(local);
      if (binding) this.#bindings.set(binding, imported ? memberName(module, imported.name ?? imported.value) : module);
    }
  }

  #learnRequire({ id, init }: Node): void {
    const value = init.type === 'AwaitExpression' ? init.argument : init;
    const inner = value.type === 'CallExpression' && value.callee.name === '__toESM' ? value.arguments[0] : value;
    if (isFunction(inner) || isClass(inner)) return;
    const isImport = isRequire(inner, this.text) || inner.type === 'ImportExpression';
    const module = isImport
      ? importName(importedBy(inner, this.text))
      : inner.type === 'MemberExpression'
        ? this.of(inner)
        : undefined;
    // A variable that holds a part of a global or of another variable is not followed, but for modules.
    if (!module?.startsWith('node:')) return;
    const learn = (name: Node, meaning: string): void => {
      const binding = this.text.bindingOf(name);
      if (binding && this.text.valueOf(name) !== undefined) this.#bindings.set(binding, meaning);
      else if (binding && id.type === 'ObjectPattern') this.#bindings.set(binding, meaning);
    };
    if (id.type === 'Identifier') learn(id, module);
    else if (id.type === 'ObjectPattern')
      for (const { key, value: local, computed } of id.properties)
        if (!computed && local?.type === 'Identifier') learn(local, memberName(module, key.name ?? key.value));
  }
}

const importName = (module: string | undefined): string | undefined => module && `node:${module}`;

/** One name for `fs.promises.stat` and `stat` of `fs/promises`, for a module and its default. */
function memberName(object: string, name: string): string {
  if (!object.startsWith('node:') || object.includes('.')) return `${object}.${name}`;
  if (name === 'default') return object;
  return name === 'promises' ||
    (object === 'node:util' && name === 'types') ||
    (object === 'node:path' && /^(posix|win32)$/.test(name))
    ? `${object}/${name}`
    : `${object}.${name}`;
}
