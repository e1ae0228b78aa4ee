/**
 * A program's text as the finders of hindrances read it: its nodes in order, what encloses each, which binding each name means and what is
 * assigned to it. It knows the values of names that are assigned once, and of nothing else: what it does not know is not reported.
 */
import { children, isClass, isFunction, type Node, patternNames } from '../ast.js';
import { takeNames } from '../names.js';
import { type Analysis, analyze, type Binding } from '../scope.js';

const isField = (node: Node): boolean => node.type === 'PropertyDefinition' || node.type === 'StaticBlock';

export class ProgramText {
  readonly nodes: Node[];
  readonly analysis: Analysis;
  readonly #parents = new Map<Node, Node>();
  readonly #values = new Map<Binding, Node[]>();
  /** Assigned in ways that leave the value unknown. */
  readonly #unknown = new Set<Binding>();
  readonly #fields = new Map<Node, Map<string, Node[]>>();

  constructor(program: Node, isStrict: boolean) {
    takeNames(program); // esbuild's own calls and static blocks are no author's
    this.analysis = analyze(program, { strict: isStrict });
    this.nodes = [program];
    for (const node of this.nodes)
      for (const child of children(node)) {
        this.#parents.set(child, node);
        this.nodes.push(child);
      }
    for (const node of this.nodes) this.#learn(node);
  }

  parentOf(node: Node): Node | undefined {
    return this.#parents.get(node);
  }

  /** What a name means; undefined for a global. */
  bindingOf(identifier: Node): Binding | undefined {
    return this.analysis.references.get(identifier);
  }

  isGlobal(node: Node, name?: string): boolean {
    if (node.type !== 'Identifier' || (name !== undefined && node.name !== name)) return false;
    const binding = this.bindingOf(node);
    return binding === undefined || binding.hidden === true;
  }

  /** What a name stands for wherever it is used. */
  valueOf(identifier: Node): Node | undefined {
    const binding = this.bindingOf(identifier);
    if (!binding || this.#unknown.has(binding)) return undefined;
    const values = this.#values.get(binding);
    return values?.length === 1 ? values[0] : undefined;
  }

  /** The function, field or static block whose frame runs a node; undefined for the program. */
  frameOf(node: Node): Node | undefined {
    for (let n = this.parentOf(node); n; n = this.parentOf(n)) if (isFunction(n) || isField(n)) return n;
    return undefined;
  }

  /** The class or object literal whose member `this` is used in, and whether the member is the class's own. */
  homeOfThis(node: Node): { home: Node; isStatic: boolean } | undefined {
    let member: Node | undefined = node;
    for (let n = this.parentOf(node); n; member = n, n = this.parentOf(n)) {
      if (isFunction(n) && n.type !== 'ArrowFunctionExpression') {
        const owner = this.parentOf(n);
        const holder = owner && this.parentOf(owner);
        if (owner?.type === 'MethodDefinition') return { home: this.parentOf(holder!)!, isStatic: owner.static };
        return owner?.type === 'Property' && holder ? { home: holder, isStatic: false } : undefined;
      }
      if (n.type === 'StaticBlock') return { home: this.parentOf(this.parentOf(n)!)!, isStatic: true };
      if (n.type === 'PropertyDefinition')
        return member === n.value ? { home: this.parentOf(this.parentOf(n)!)!, isStatic: n.static } : undefined;
    }
    return undefined;
  }

  /** The function of `this.name` or `this.#name`, where the class or object literal around it says so. */
  methodOf(expression: Node): Node | undefined {
    const name = nameOfMember(expression);
    if (name === undefined || expression.object.type !== 'ThisExpression') return undefined;
    const around = this.homeOfThis(expression);
    return around && memberOf(around.home, name, around.isStatic)?.value;
  }

  /** What is assigned to `this.name` in the class around: all of it. */
  fieldValues(expression: Node): readonly Node[] {
    const name = nameOfMember(expression);
    const home = name === undefined ? undefined : this.homeOfThis(expression)?.home;
    return (home && this.#fields.get(home)?.get(name!)) ?? [];
  }

  #learn(node: Node): void {
    if (node.type === 'VariableDeclarator') this.#assign(node.id, node.init, false);
    else if (node.type === 'AssignmentExpression') this.#assign(node.left, node.right, node.operator !== '=');
    else if (node.type === 'UpdateExpression') this.#assign(node.argument, undefined, true);
    else if (node.type === 'ForInStatement' || node.type === 'ForOfStatement')
      this.#assign(node.left.type === 'VariableDeclaration' ? node.left.declarations[0].id : node.left, undefined, true);
    else if ((isFunction(node) || isClass(node)) && node.id) this.#assign(node.id, node, false);
    else if (node.type === 'PropertyDefinition' && node.value)
      this.#addField(this.parentOf(this.parentOf(node)!)!, nameOfKey(node), node.value);
    if (isFunction(node)) for (const param of node.params) this.#assign(param, undefined, true);
    if (node.type === 'CatchClause' && node.param) this.#assign(node.param, undefined, true);
  }

  #assign(target: Node, value: Node | null | undefined, isUnknown: boolean): void {
    if (target.type === 'MemberExpression' && target.object.type === 'ThisExpression' && value && !isUnknown) {
      const home = this.homeOfThis(target)?.home;
      if (home) this.#addField(home, nameOfMember(target), value);
    }
    const isName = target.type === 'Identifier';
    for (const name of isName ? [target] : patternNames(target)) {
      const binding = this.bindingOf(name);
      if (!binding) continue;
      if (isUnknown || !isName) this.#unknown.add(binding);
      else if (value) this.#values.set(binding, [...(this.#values.get(binding) ?? []), value]);
    }
  }

  #addField(home: Node, name: string | undefined, value: Node): void {
    if (name === undefined) return;
    const fields = this.#fields.get(home) ?? new Map<string, Node[]>();
    this.#fields.set(home, fields);
    fields.set(name, [...(fields.get(name) ?? []), value]);
  }
}

/** `name` of `x.name`, `#name` of `x.#name`; undefined for `x[…]`. */
export function nameOfMember(node: Node): string | undefined {
  if (node.type !== 'MemberExpression' || node.computed) return undefined;
  return node.property.type === 'PrivateIdentifier' ? `#${node.property.name}` : node.property.name;
}

/** The name of a member of a class or object literal; `@@name` for `[Symbol.name]`. */
export function nameOfKey({ key, computed }: Node): string | undefined {
  if (!computed) return key.type === 'PrivateIdentifier' ? `#${key.name}` : String(key.name ?? key.value);
  const isSymbol = key.type === 'MemberExpression' && key.object.type === 'Identifier' && key.object.name === 'Symbol';
  return isSymbol && !key.computed ? `@@${key.property.name}` : undefined;
}

/** A method of a class or object literal. */
export function memberOf(home: Node, name: string, isStatic = false): Node | undefined {
  const members: Node[] = isClass(home) ? home.body.body : (home.properties ?? []);
  return members.find(
    (m) =>
      (m.type === 'MethodDefinition' || m.type === 'Property') &&
      nameOfKey(m) === name &&
      isFunction(m.value) &&
      Boolean(m.static) === isStatic &&
      m.kind !== 'get' &&
      m.kind !== 'set',
  );
}

/** A class's own constructor function. */
export const constructorOf = (node: Node): Node | undefined =>
  node.body.body.find((m: Node) => m.type === 'MethodDefinition' && m.kind === 'constructor')?.value;
