/**
 * Scope analysis: which binding each identifier means, and where that binding must live.
 *
 * Needs: a parsed program. Gives: side tables from nodes to scopes and from identifiers to bindings; every binding has a home:
 *   native  a local of one function; stays a native variable
 *   env     captured by a closure inside a function; lives in that scope's environment object
 *   module  captured, but its scope exists once (module level, a CommonJS wrapper); stays a native variable of the module
 *   global  a property of the global object that the text of an indirect eval declares; `eval` itself, which our scripts' scope hides
 * `this`, `arguments` and `new.target` that an arrow takes from outside are bindings too (names that no author can write).
 */

import { childNodes, isFunction, type Node, patternNames } from './ast.js';
import { type DeadZones, findDeadZones, type Mention } from './dead-zones.js';

export type Home = 'native' | 'env' | 'module' | 'global';
export type BindingKind = 'var' | 'let' | 'const' | 'class' | 'function' | 'param' | 'catch' | 'self' | 'import' | 'pseudo';

export interface Binding {
  name: string;
  /** The name in the output; differs from `name` where two bindings of one function or of the module would collide. */
  out: string;
  kind: BindingKind;
  scope: Scope;
  captured: boolean;
  /** Assigned after its declaration. */
  reassigned: boolean;
  home: Home;
}

export class Scope {
  readonly bindings = new Map<string, Binding>();
  /** The number in the environment's name, `$e<n>`; set when the scope has at least one env binding. */
  env: number | undefined;
  constructor(
    readonly kind: 'module' | 'function' | 'block' | 'class' | 'field',
    readonly node: Node,
    readonly parent: Scope | undefined,
    /** The nearest scope that a `var` belongs to. */
    readonly owner: FunctionFacts,
  ) {}
}

export interface FunctionFacts {
  node: Node;
  arrow: boolean;
  /** Runs at most once in the program's life: its captured bindings may stay native at module level. */
  singleton: boolean;
  strict: boolean;
  scope: Scope;
  parent: FunctionFacts | undefined;
  usesThis: boolean;
  usesArguments: boolean;
  usesSuper: boolean;
  usesNewTarget: boolean;
  containsWith: boolean;
  /** Names of every identifier inside, nested functions included, with the bindings they mean. */
  names: Map<string, Set<Binding | undefined>>;
}

export interface Analysis {
  root: FunctionFacts;
  scopes: Map<Node, Scope>;
  functions: Map<Node, FunctionFacts>;
  references: Map<Node, Binding>;
  /** Bindings that must be declared at module level in the output. */
  moduleBindings: Binding[];
  free: Set<string>;
  directEvals: Node[];
  deadZones: DeadZones;
}

interface Reference {
  node: Node;
  scope: Scope;
  write: boolean;
}

export const PSEUDO_THIS = '%this';
export const PSEUDO_ARGUMENTS = '%arguments';
export const PSEUDO_NEW_TARGET = '%new.target';

export function analyze(program: Node, options: { strict: boolean }): Analysis {
  return new Analyzer(options.strict).run(program);
}

const hasUseStrict = (body: Node): boolean =>
  body?.type === 'BlockStatement' && body.body.some((s: Node) => s.directive === 'use strict');

class Analyzer {
  private readonly scopes = new Map<Node, Scope>();
  private readonly functions = new Map<Node, FunctionFacts>();
  private readonly references = new Map<Node, Binding>();
  private readonly pending: Reference[] = [];
  private readonly mentions = new Map<Binding, Mention[]>();
  private readonly directEvals: Node[] = [];
  private readonly free = new Set<string>();
  private scope!: Scope;
  /** The author's free `eval`: our scripts run inside a function that has V8's own under that name (program.ts). */
  private globalEval!: Binding;

  constructor(private readonly strict: boolean) {}

  run(program: Node): Analysis {
    const root = this.enterFunction(
      program,
      'module',
      true,
      this.strict || program.body.some((s: Node) => s.directive === 'use strict'),
    );
    this.globalEval = {
      ...{ name: 'eval', out: 'eval', kind: 'var', scope: root.scope },
      ...{ captured: false, reassigned: true, home: 'global' },
    };
    this.hoist(program.body, root.scope, true);
    for (const node of program.body) this.visit(node);
    this.resolveAll();
    const moduleBindings = this.assignHomes(root);
    const deadZones = findDeadZones(program, this.references, this.mentions);
    return {
      root,
      scopes: this.scopes,
      functions: this.functions,
      references: this.references,
      moduleBindings,
      free: this.free,
      directEvals: this.directEvals,
      deadZones,
    };
  }

  private enterFunction(node: Node, kind: 'module' | 'function' | 'field', singleton: boolean, strict: boolean): FunctionFacts {
    const parent = this.scope?.owner;
    const facts: FunctionFacts = {
      node,
      arrow: node.type === 'ArrowFunctionExpression',
      singleton,
      strict,
      scope: undefined as unknown as Scope, // set on the next line; the two records point at each other
      parent,
      usesThis: false,
      usesArguments: false,
      usesSuper: false,
      usesNewTarget: false,
      containsWith: false,
      names: new Map(),
    };
    facts.scope = new Scope(kind, node, this.scope, facts);
    this.scopes.set(node, facts.scope);
    this.functions.set(node, facts);
    this.scope = facts.scope;
    return facts;
  }

  private within<T>(kind: 'block' | 'class', node: Node, action: () => T): T {
    const outer = this.scope;
    this.scope = new Scope(kind, node, outer, outer.owner);
    this.scopes.set(node, this.scope);
    const result = action();
    this.scope = outer;
    return result;
  }

  private declare(scope: Scope, name: string, kind: BindingKind): Binding {
    const known = scope.bindings.get(name);
    if (known) {
      if (kind === 'function' && known.kind === 'var') known.kind = 'function';
      return known;
    }
    const isGlobal = this.globalRoots.has(scope.node) && (kind === 'var' || kind === 'function');
    const home = isGlobal ? 'global' : 'native';
    const binding: Binding = { name, out: name, kind, scope, captured: false, reassigned: isGlobal, home };
    scope.bindings.set(name, binding);
    return binding;
  }

  /** Declares what a statement list declares before it runs; `top` for a function's or module's own list. */
  private hoist(list: Node[], scope: Scope, top: boolean): void {
    for (const raw of list) {
      let node =
        raw.type === 'ExportNamedDeclaration' || raw.type === 'ExportDefaultDeclaration' ? (raw.declaration ?? raw) : raw;
      while (node.type === 'LabeledStatement') node = node.body;
      if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
        for (const d of node.declarations)
          for (const n of patternNames(d.id)) this.reference(n, this.declare(scope, n.name, node.kind));
      } else if (node.type === 'ClassDeclaration' && node.id) this.reference(node.id, this.declare(scope, node.id.name, 'class'));
      else if (node.type === 'FunctionDeclaration' && node.id) {
        this.reference(node.id, this.declare(scope, node.id.name, 'function'));
        if (!top && !scope.owner.strict && !this.blocksAnnexB(node.id.name, scope))
          this.declare(scope.owner.scope, node.id.name, 'var');
      } else if (node.type === 'ImportDeclaration') {
        for (const s of node.specifiers) this.reference(s.local, this.declare(scope, s.local.name, 'import'));
      }
    }
    if (top) for (const node of list) this.hoistVars(node, scope);
  }

  private blocksAnnexB(name: string, scope: Scope): boolean {
    for (let s = scope.parent; s && s !== scope.owner.scope; s = s.parent) if (s.bindings.has(name)) return true;
    const known = scope.owner.scope.bindings.get(name);
    return known !== undefined && known.kind !== 'var' && known.kind !== 'function' && known.kind !== 'param';
  }

  private hoistVars(root: Node, scope: Scope): void {
    const work = [root];
    for (let node = work.pop(); node; node = work.pop()) {
      if (isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression') continue;
      if (node.type === 'VariableDeclaration' && node.kind === 'var')
        for (const d of node.declarations) for (const n of patternNames(d.id)) this.declare(scope, n.name, 'var');
      for (const key of [
        'body',
        'consequent',
        'alternate',
        'block',
        'handler',
        'finalizer',
        'init',
        'left',
        'cases',
        'declaration',
      ]) {
        const value = node[key];
        if (Array.isArray(value)) work.push(...value);
        else if (value && typeof value.type === 'string') work.push(value);
      }
    }
  }

  private reference(node: Node, binding: Binding): void {
    this.references.set(node, binding);
  }

  private refer(node: Node, write = false): void {
    this.pending.push({ node, scope: this.scope, write });
  }

  private visitAll(nodes: Node[]): void {
    for (const node of nodes) if (node) this.visit(node);
  }

  private visitPattern(pattern: Node, write: boolean): void {
    switch (pattern.type) {
      case 'Identifier':
        this.refer(pattern, write);
        break;
      case 'ObjectPattern':
        for (const item of pattern.properties) {
          if (item.type === 'RestElement') this.visitPattern(item.argument, write);
          else {
            if (item.computed) this.visit(item.key);
            this.visitPattern(item.value, write);
          }
        }
        break;
      case 'ArrayPattern':
        for (const item of pattern.elements) if (item) this.visitPattern(item, write);
        break;
      case 'AssignmentPattern':
        this.visitPattern(pattern.left, write);
        this.visit(pattern.right);
        break;
      case 'RestElement':
        this.visitPattern(pattern.argument, write);
        break;
      default:
        this.visit(pattern);
    }
  }

  private visit(node: Node): void {
    switch (node.type) {
      case 'Identifier':
        if (node.name === 'arguments' && this.usePseudo(node, PSEUDO_ARGUMENTS)) return;
        this.refer(node);
        return;
      case 'ThisExpression':
        this.usePseudo(node, PSEUDO_THIS);
        return;
      case 'Super':
        this.functionForThis().usesSuper = true;
        this.usePseudo(node, PSEUDO_THIS);
        return;
      case 'MetaProperty':
        if (node.meta.name === 'new') this.usePseudo(node, PSEUDO_NEW_TARGET);
        return;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.visitFunction(node);
        return;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.visitClass(node);
        return;
      case 'VariableDeclaration':
        for (const d of node.declarations) {
          this.visitPattern(d.id, node.kind === 'var' && d.init !== null);
          if (d.init) this.visit(d.init);
        }
        return;
      case 'AssignmentExpression':
        this.visitPattern(node.left, true);
        this.visit(node.right);
        return;
      case 'UpdateExpression':
        if (node.argument.type === 'Identifier') this.refer(node.argument, true);
        else this.visit(node.argument);
        return;
      case 'BlockStatement':
      case 'StaticBlock':
        this.within('block', node, () => {
          this.hoist(node.body, this.scope, false);
          this.visitAll(node.body);
        });
        return;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.within('block', node, () => this.visitLoop(node));
        return;
      case 'SwitchStatement':
        this.visit(node.discriminant);
        this.within('block', node, () => {
          this.hoist(
            node.cases.flatMap((c: Node) => c.consequent),
            this.scope,
            false,
          );
          for (const c of node.cases) {
            if (c.test) this.visit(c.test);
            this.visitAll(c.consequent);
          }
        });
        return;
      case 'TryStatement':
        this.visit(node.block);
        if (node.handler)
          this.within('block', node.handler, () => {
            if (node.handler.param) {
              for (const n of patternNames(node.handler.param)) this.declare(this.scope, n.name, 'catch');
              this.visitPattern(node.handler.param, false);
            }
            this.hoist(node.handler.body.body, this.scope, false);
            this.visitAll(node.handler.body.body);
          });
        if (node.finalizer) this.visit(node.finalizer);
        return;
      case 'MemberExpression':
        this.visit(node.object);
        if (node.computed) this.visit(node.property);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key);
        this.visit(node.value);
        return;
      case 'LabeledStatement':
        this.visit(node.body);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'WithStatement':
        for (let f: FunctionFacts | undefined = this.scope.owner; f; f = f.parent) f.containsWith = true;
        break;
      case 'CallExpression':
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval' && !node.optional) this.directEvals.push(node);
        break;
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.visit(node.declaration);
        else if (!node.source) for (const s of node.specifiers) this.refer(s.local);
        return;
    }
    for (const child of childNodes(node)) this.visit(child);
  }

  private visitLoop(node: Node): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    if (head?.type === 'VariableDeclaration' && head.kind !== 'var') this.hoist([head], this.scope, false);
    if (node.type === 'ForStatement') this.visitAll([node.init, node.test, node.update]);
    else {
      if (node.left.type === 'VariableDeclaration') this.visitPattern(node.left.declarations[0].id, node.left.kind === 'var');
      else this.visitPattern(node.left, true);
      this.visit(node.right);
    }
    this.visit(node.body);
  }

  private visitFunction(node: Node): void {
    const outer = this.scope;
    if (node.type === 'FunctionExpression' && node.id) {
      // The function's own name lives in a scope of its own around the function.
      this.scope = new Scope('block', node.id, outer, outer.owner);
      this.scopes.set(node.id, this.scope);
      this.reference(node.id, this.declare(this.scope, node.id.name, 'self'));
    }
    const strict = this.scope.owner.strict || hasUseStrict(node.body) || this.classDepth > 0;
    const facts = this.enterFunction(node, 'function', this.singletons.has(node), strict);
    for (const p of node.params) {
      for (const n of patternNames(p)) this.declare(facts.scope, n.name, 'param');
    }
    if (node.body.type === 'BlockStatement') this.hoist(node.body.body, facts.scope, true);
    for (const p of node.params) this.visitPattern(p, false);
    if (node.body.type === 'BlockStatement') this.visitAll(node.body.body);
    else this.visit(node.body);
    this.scope = outer;
  }

  private classDepth = 0;
  /** Functions whose `var`s and functions are properties of the global object: the text of a sloppy indirect eval. */
  readonly globalRoots = new Set<Node>();
  /** Functions known to run at most once; filled by markSingletons before analysis. */
  readonly singletons = new Set<Node>();

  private visitClass(node: Node): void {
    this.classDepth++;
    this.within('class', node, () => {
      if (node.id && node.type === 'ClassExpression') this.reference(node.id, this.declare(this.scope, node.id.name, 'self'));
      if (node.superClass) this.visit(node.superClass);
      for (const item of node.body.body) {
        if (item.computed) this.visit(item.key);
        if (item.type === 'StaticBlock' || (item.type === 'PropertyDefinition' && item.value)) {
          const outer = this.scope;
          const facts = this.enterFunction(item, 'field', false, true);
          if (item.type === 'StaticBlock') {
            this.hoist(item.body, facts.scope, true);
            this.visitAll(item.body);
          } else this.visit(item.value);
          this.scope = outer;
        } else if (item.value) this.visit(item.value);
      }
    });
    this.classDepth--;
  }

  private functionForThis(): FunctionFacts {
    let facts = this.scope.owner;
    while (facts.arrow && facts.parent) facts = facts.parent;
    return facts;
  }

  /** `this`, `arguments`, `new.target`: marks the function they belong to, and captures them when an arrow stands between. */
  private usePseudo(node: Node, name: string): boolean {
    const owner = this.functionForThis();
    if (name === PSEUDO_ARGUMENTS) {
      for (let s: Scope | undefined = this.scope; s; s = s.parent) {
        if (s.bindings.has('arguments')) return false;
        if (s === owner.scope) break;
      }
      if (owner.scope.kind === 'module') return false;
      owner.usesArguments = true;
    } else if (name === PSEUDO_THIS) owner.usesThis = true;
    else owner.usesNewTarget = true;
    if (this.scope.owner !== owner) {
      const binding = this.declare(owner.scope, name, 'pseudo');
      binding.captured = true;
      this.reference(node, binding);
    }
    return true;
  }

  private resolveAll(): void {
    for (const { node, scope, write } of this.pending) {
      let found: Binding | undefined;
      for (let s: Scope | undefined = scope; s && !found; s = s.parent) found = s.bindings.get(node.name);
      for (let f: FunctionFacts | undefined = scope.owner; f; f = f.parent) {
        let set = f.names.get(node.name);
        if (!set) f.names.set(node.name, (set = new Set()));
        set.add(found?.home === 'global' ? undefined : found);
      }
      if (!found || found.home === 'global') {
        this.free.add(node.name);
        if (node.name === 'eval') this.references.set(node, this.globalEval);
        else if (found) this.references.set(node, found);
        continue;
      }
      this.references.set(node, found);
      const known = this.mentions.get(found);
      if (known) known.push({ node, scope });
      else this.mentions.set(found, [{ node, scope }]);
      if (write) found.reassigned = true;
      if (found.scope.owner !== scope.owner) found.captured = true;
    }
  }

  private assignHomes(root: FunctionFacts): Binding[] {
    const moduleBindings: Binding[] = [];
    const taken = new Set<string>(this.free);
    const unique = (name: string): string => {
      const base = printable(name);
      let out = base;
      for (let n = 1; taken.has(out); n++) out = `${base}$${n}`;
      taken.add(out);
      return out;
    };
    let envs = 0;
    const all = new Set<Scope>(this.scopes.values());
    const locals = new Map<FunctionFacts, Binding[]>();
    for (const scope of all) {
      const owner = scope.owner;
      for (const binding of scope.bindings.values()) {
        if (binding.home === 'global') continue;
        const topLevel = scope === root.scope;
        const once = owner.singleton && this.existsOnce(scope, owner);
        if ((once && binding.captured) || (topLevel && (binding.kind === 'function' || binding.kind === 'import'))) {
          binding.home = 'module';
          moduleBindings.push(binding);
        } else if (binding.captured) {
          binding.home = 'env';
          binding.out = printable(binding.name);
          if (scope.env === undefined) scope.env = ++envs;
        } else if (binding.kind !== 'pseudo') {
          const list = locals.get(owner);
          if (list) list.push(binding);
          else locals.set(owner, [binding]);
        }
      }
    }
    // Author's names first at the outermost level keep their names; later ones give way.
    for (const binding of moduleBindings)
      binding.out = unique(binding.kind === 'pseudo' ? `$m_${binding.name.slice(1).replace('.', '_')}` : binding.name);
    for (const [owner, list] of locals) this.renameLocals(owner, list, taken);
    return moduleBindings;
  }

  /** Native locals of one function get distinct names, distinct also from every other binding's name used inside the function. */
  private renameLocals(owner: FunctionFacts, list: Binding[], moduleNames: Set<string>): void {
    const used = new Set<string>();
    for (const binding of list) {
      const base = printable(binding.name);
      let out = base;
      const clashes = (name: string) =>
        used.has(name) || (name !== binding.name && (moduleNames.has(name) || owner.names.has(name)));
      for (let n = 1; clashes(out) || this.meansAnother(owner, out, binding); n++) out = `${base}$${n}`;
      used.add(out);
      binding.out = out;
    }
  }

  /** Is there, inside this function, an identifier printed as `out` that means a module binding or global rather than `binding`? */
  private meansAnother(owner: FunctionFacts, out: string, binding: Binding): boolean {
    const meant = owner.names.get(out);
    if (!meant) return false;
    for (const other of meant) {
      if (other === binding) continue;
      if (other === undefined || other.home === 'module' || other.home === 'native') {
        if (other !== undefined && other.scope.owner === owner && other.scope !== binding.scope) continue; // handled by `used`
        if (other !== undefined && other.scope.owner !== owner && other.home === 'native') continue; // an inner function's own local
        return true;
      }
    }
    return false;
  }

  /** A scope inside a run-once function exists once unless a loop repeats it. */
  private existsOnce(scope: Scope, owner: FunctionFacts): boolean {
    for (let s: Scope | undefined = scope; s && s !== owner.scope; s = s.parent) {
      if (this.repeats(s.node) || this.loopBodies.has(s.node)) return false;
    }
    return true;
  }

  private repeats(node: Node): boolean {
    return /^(For|ForIn|ForOf)Statement$/.test(node.type);
  }

  /** Scopes inside while and do-while bodies (which have no scope of their own). */
  readonly loopBodies = new Set<Node>();
}

/** Analysis with the nodes that run at most once marked beforehand. */
export function analyzeProgram(
  program: Node,
  options: { strict: boolean; singletons: Iterable<Node>; loopBodies: Iterable<Node>; globalRoots?: Iterable<Node> },
): Analysis {
  const analyzer = new Analyzer(options.strict);
  for (const node of options.globalRoots ?? []) analyzer.globalRoots.add(node);
  for (const node of options.singletons) analyzer.singletons.add(node);
  for (const node of options.loopBodies) analyzer.loopBodies.add(node);
  return analyzer.run(program);
}

/** Could a name be one of generated code: a temporary, an environment, a helper? */
export const isOurs = (name: string): boolean => /^\$(?:\$|[a-z]?\d+$|(?:main|f|c|h|k|home|arguments|newTarget)$|m_)/.test(name);

/** An author's name, or another for one that could be of generated code. */
const printable = (name: string): string => (isOurs(name) ? `_${name}` : name);
