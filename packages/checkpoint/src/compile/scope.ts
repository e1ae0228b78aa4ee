/**
 * Scope analysis: which binding each identifier means, and where that binding must live.
 *
 * Needs: a parsed program. Gives: side tables from nodes to scopes and from identifiers to bindings; every binding has a home:
 *   native  a local of one function; stays a native variable
 *   env     captured by a closure inside a function; lives in that scope's environment object
 *   module  captured, but its scope exists once (module level, a CommonJS wrapper); stays a native variable of the module
 *   global  a property of the global object that the text of an indirect eval declares; `eval` itself, which our scripts' scope hides
 *   dynamic a name of code around which a sloppy direct eval may put a `var`: looked up in the function's variable object (direct-eval.ts)
 * `this`, `arguments` and `new.target` that an arrow takes from outside are bindings too (names that no author can write).
 */

import { childNodes, isClass, isFunction, type Node, patternNames } from './ast.js';
import { type DeadZones, findDeadZones, type Mention } from './dead-zones.js';
import { accessorsOf } from './direct-eval.js';
import { findNativeFunctions } from './native-functions.js';

export type Home = 'native' | 'env' | 'module' | 'global' | 'dynamic';
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
  /** Of some that live in environments: the variable that has their value as well (native-functions.ts). */
  native?: string;
  /** The function or class that it is made to hold where it is declared. */
  made?: Node;
  /** Of global ones: our scripts' scope has something else under that name. */
  hidden?: boolean;
  /** Of dynamic ones: the variable object, and the name as it is seen where no eval has declared it. */
  holder?: Binding;
  beyond?: Node;
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
  /** A direct eval whose code may declare variables of this function. */
  sloppyEval: Node | undefined;
  /** The code of a sloppy eval: its variables belong to `varsOf`, or are properties of the global object. */
  isEval: boolean;
  /** Names that a sloppy eval may declare, and the expression that makes the variable object; see direct-eval.ts. */
  dynamic: Map<string, Binding>;
  variableObject: Node | undefined;
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
  deadZones: DeadZones;
  /** Identifiers that may throw where they are assigned: constants, and what may not be initialised yet. */
  throwing: readonly Node[];
  /** Direct evals. */
  directEvals: Map<Node, DirectEval>;
  /** What the code of a direct eval adds to variable objects around it. */
  additions: { holder: Binding; names: string[]; accessors: Node }[];
  /** Variables that the code of a sloppy direct eval declares, by name. */
  evalVars: Map<string, Binding>;
}

export interface DirectEval {
  /** What the code sees. */
  scope: Scope;
  /** In a parameter list: the names that sloppy code may not declare. */
  taken: string[];
}

interface Reference {
  node: Node;
  scope: Scope;
  write: boolean;
  /** Looked up as if no eval had declared it in this function. */
  beyond: FunctionFacts | undefined;
}

/** The scopes around the code of a direct eval, from outside. */
export interface Surroundings {
  scope: Scope;
  /** Where its `var`s belong; undefined: strict code keeps them, and of others they are properties of the global object. */
  variables: FunctionFacts | undefined;
}

export const PSEUDO_THIS = '%this';
export const PSEUDO_ARGUMENTS = '%arguments';
export const PSEUDO_NEW_TARGET = '%new.target';
/** The variable object of a function with sloppy direct evals. */
export const PSEUDO_VARIABLES = '%variables';

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
  private readonly assignedConstants: Node[] = [];
  private readonly directEvals = new Map<Node, DirectEval>();
  /** The function whose parameters are being visited. */
  private inParams: FunctionFacts | undefined;
  /** Do two nodes come from the same file? */
  sameFile: (a: Node, b: Node) => boolean = () => true;
  private readonly additions: Analysis['additions'] = [];
  private readonly evalVars = new Map<string, Binding>();
  surroundings: Surroundings | undefined;
  /** Names of globals that something else has where the code is evaluated. */
  hiddenNames: ReadonlySet<string> = new Set();
  /** Environments are numbered from here. */
  firstEnv = 0;
  /** The function that a script's code became: its `arguments` are none, but a global of that name. */
  script: Node | undefined;
  /** Uses of globals that are hidden: what is asked of the global object must be there. */
  private readonly hiddenUses: Node[] = [];
  private readonly free = new Set<string>();
  private scope!: Scope;
  /** The author's free `eval`: our scripts run inside a function that has V8's own under that name (program.ts). */
  private globalEval!: Binding;

  constructor(private readonly strict: boolean) {}

  run(program: Node): Analysis {
    if (this.surroundings) this.scope = this.surroundings.scope;
    const root = this.enterFunction(
      program,
      'module',
      true,
      this.strict || program.body.some((s: Node) => s.directive === 'use strict'),
    );
    // `this` of a direct eval's code is that of the code around it.
    if (this.surroundings) root.arrow = true;
    this.globalEval = {
      ...{ name: 'eval', out: 'eval', kind: 'var', scope: root.scope },
      ...{ captured: false, reassigned: true, home: 'global', hidden: true },
    };
    this.hoist(program.body, root.scope, true);
    for (const node of program.body) this.visit(node);
    this.resolveAll();
    const moduleBindings = this.assignHomes(root);
    const seen = new Set<Scope>();
    for (const { scope } of this.directEvals.values()) for (let s: Scope | undefined = scope; s; s = s.parent) seen.add(s);
    const deadZones = findDeadZones(program, this.references, this.mentions, { seen, around: this.surroundings?.scope });
    for (const node of this.hiddenUses) deadZones.checked.add(node);
    const analysis: Analysis = {
      root,
      scopes: this.scopes,
      functions: this.functions,
      references: this.references,
      moduleBindings,
      free: this.free,
      directEvals: this.directEvals,
      deadZones,
      throwing: [...deadZones.checked, ...this.assignedConstants],
      additions: this.additions,
      evalVars: this.evalVars,
    };
    if (!this.surroundings) findNativeFunctions(analysis, this.mentions);
    return analysis;
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
      sloppyEval: undefined,
      isEval: this.globalRoots.has(node),
      dynamic: new Map(),
      variableObject: undefined,
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
    const isVariable = kind === 'var' || kind === 'function';
    if (isVariable && scope.owner.isEval && scope === scope.owner.scope && this.surroundings?.variables)
      return this.declareAround(this.surroundings.variables, name);
    const isGlobal = isVariable && this.globalRoots.has(scope.node);
    const home = isGlobal ? 'global' : 'native';
    const binding: Binding = { name, out: name, kind, scope, captured: false, reassigned: isGlobal, home };
    if (isGlobal && name === 'arguments') binding.hidden = true;
    scope.bindings.set(name, binding);
    return binding;
  }

  /** A `var` or function of a sloppy direct eval's code. */
  private declareAround(facts: FunctionFacts, name: string): Binding {
    let found = facts.scope.bindings.get(name) ?? facts.dynamic.get(name);
    if (!found) facts.dynamic.set(name, (found = dynamicBinding(facts, name)));
    this.evalVars.set(name, found);
    return found;
  }

  /** Declares what a statement list declares before it runs; `top` for a function's or module's own list. */
  private hoist(list: Node[], scope: Scope, top: boolean): void {
    for (const raw of list) {
      let node =
        raw.type === 'ExportNamedDeclaration' || raw.type === 'ExportDefaultDeclaration' ? (raw.declaration ?? raw) : raw;
      while (node.type === 'LabeledStatement') node = node.body;
      if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
        for (const d of node.declarations)
          for (const n of patternNames(d.id)) {
            const binding = this.declare(scope, n.name, node.kind);
            this.reference(n, binding);
            if (node.kind === 'const' && n === d.id && d.init && (isFunction(d.init) || isClass(d.init))) binding.made = d.init;
          }
      } else if (node.type === 'ClassDeclaration' && node.id) {
        const binding = this.declare(scope, node.id.name, 'class');
        this.reference(node.id, binding);
        binding.made = node;
      } else if (node.type === 'FunctionDeclaration' && node.id) {
        const binding = this.declare(scope, node.id.name, 'function');
        this.reference(node.id, binding);
        if (binding.kind === 'function') binding.made = node;
        if (!top && !scope.owner.strict && !this.blocksAnnexB(node.id.name, scope))
          this.declare(scope.owner.scope, node.id.name, 'var').reassigned = true;
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
    this.pending.push({ node, scope: this.scope, write, beyond: undefined });
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
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval' && !node.optional) this.noteDirectEval(node);
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
    const outerParams = this.inParams;
    this.inParams = facts;
    for (const p of node.params) this.visitPattern(p, false);
    this.inParams = undefined;
    if (node.body.type === 'BlockStatement') this.visitAll(node.body.body);
    else this.visit(node.body);
    this.inParams = outerParams;
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
      if (owner.scope.kind === 'module' || owner.node === this.script) return false;
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

  /** Code of a direct eval sees everything: all of it must be in environments, and the variables that it adds must have a place. */
  private noteDirectEval(node: Node): void {
    for (let s: Scope | undefined = this.scope; s; s = s.parent) if (s.bindings.has('eval')) return;
    const listed = this.inParams === this.scope.owner ? this.inParams : undefined;
    const taken = listed ? [...listed.scope.bindings.values()].filter((b) => b.kind === 'param').map((b) => b.name) : [];
    if (listed && !listed.arrow) taken.push('arguments');
    this.directEvals.set(node, { scope: this.scope, taken });
    const owner = this.functionForThis();
    if (owner.scope.kind === 'function' || owner.scope.kind === 'field') {
      owner.usesThis = true;
      owner.usesNewTarget = true;
      const names = [PSEUDO_THIS, PSEUDO_NEW_TARGET];
      if (owner.scope.kind === 'function' && !owner.scope.bindings.has('arguments')) {
        owner.usesArguments = true;
        names.push(PSEUDO_ARGUMENTS);
      }
      for (const name of names) this.declare(owner.scope, name, 'pseudo').captured = true;
    }
    let variables: FunctionFacts | undefined = this.scope.owner;
    if (variables.strict) return;
    if (variables.isEval) variables = this.surroundings?.variables;
    if (!variables) return;
    variables.sloppyEval = node;
    this.declare(variables.scope, PSEUDO_VARIABLES, 'pseudo').captured = true;
  }

  /** The names that sloppy direct evals may declare get bindings of their own, and accessors to what they mean otherwise. */
  private makeDynamic(): void {
    const names = new Map<FunctionFacts, Set<string>>();
    const add = (facts: FunctionFacts, name: string): void => {
      let set = names.get(facts);
      if (!set) names.set(facts, (set = new Set()));
      set.add(name);
    };
    for (const { node, scope } of this.pending) {
      if (node.name === 'eval' || node.name === 'undefined') continue;
      for (let s: Scope | undefined = scope; s && !s.bindings.has(node.name); s = s.parent)
        if (s === s.owner.scope && s.owner.sloppyEval && (s.kind !== 'module' || this.isBeside(node, s.owner)))
          add(s.owner, node.name);
    }
    const around = this.surroundings?.variables;
    for (const [name, binding] of this.evalVars) if (binding.home === 'dynamic') add(around!, name);
    const outer = this.scope;
    for (const [facts, set] of names) {
      const accessors = accessorsOf(set, facts);
      const from = this.pending.length;
      this.scope = facts.scope;
      this.visit(accessors);
      for (let i = from; i < this.pending.length; i++) this.pending[i]!.beyond = facts;
      const holder = facts.scope.bindings.get(PSEUDO_VARIABLES)!;
      if (this.functions.has(facts.node)) facts.variableObject = accessors;
      else {
        const added = [...this.evalVars].filter(([, b]) => b.home === 'dynamic' && b.scope === facts.scope).map(([name]) => name);
        this.additions.push({ holder, names: added, accessors });
      }
    }
    for (const facts of this.functions.values())
      if (facts.sloppyEval && !facts.variableObject) facts.variableObject = accessorsOf(new Set(), facts);
    this.scope = outer;
  }

  /** The module's scope has the code of other files too. */
  private isBeside(node: Node, { sloppyEval }: FunctionFacts): boolean {
    return !isOurs(node.name) && (this.surroundings !== undefined || this.sameFile(node, sloppyEval));
  }

  private lookUp({ node, scope, beyond }: Reference): Binding | undefined {
    for (let s: Scope | undefined = scope; s; s = s.parent) {
      const own = s.bindings.get(node.name);
      if (own) return own;
      const dynamic = s === s.owner.scope && s.owner !== beyond ? s.owner.dynamic.get(node.name) : undefined;
      if (dynamic && (s.kind !== 'module' || this.isBeside(node, s.owner))) return dynamic;
    }
    return undefined;
  }

  private captureAll(): void {
    for (const { scope } of this.directEvals.values())
      for (let s: Scope | undefined = scope; s; s = s.parent)
        for (const binding of s.bindings.values()) {
          binding.captured = true;
          binding.reassigned = true;
        }
  }

  private resolveAll(): void {
    this.makeDynamic();
    for (const reference of this.pending) {
      const { node, scope, write } = reference;
      const found = this.lookUp(reference);
      for (let f: FunctionFacts | undefined = scope.owner; f; f = f.parent) {
        let set = f.names.get(node.name);
        if (!set) f.names.set(node.name, (set = new Set()));
        const meant = found?.home === 'global' || found?.home === 'dynamic' ? undefined : found;
        if (set.has(meant)) break; // and so have all around it
        set.add(meant);
      }
      if (!found || found.home === 'global') {
        this.free.add(node.name);
        if (node.name === 'eval') this.references.set(node, this.globalEval);
        else if (node.name === 'arguments' || this.hiddenNames.has(node.name)) {
          this.references.set(node, { ...this.globalEval, name: node.name });
          this.hiddenUses.push(node);
        } else if (found) this.references.set(node, found);
        continue;
      }
      this.references.set(node, found);
      const known = this.mentions.get(found);
      if (known) known.push({ node, scope });
      else this.mentions.set(found, [{ node, scope }]);
      if (write) found.reassigned = true;
      if (write && /^(const|import|self)$/.test(found.kind)) this.assignedConstants.push(node);
      if (found.scope.owner !== scope.owner) found.captured = true;
    }
    this.captureAll();
  }

  private assignHomes(root: FunctionFacts): Binding[] {
    const moduleBindings: Binding[] = [];
    const taken = new Set<string>(this.free);
    const spoken = this.namesOfAuthors();
    const unique = (name: string): string => {
      const base = printable(name);
      let out = base;
      // A new name is nobody's, not even an inner function's, which would hide it there.
      for (let n = 1; taken.has(out) || (out !== name && spoken.has(out)); n++) out = `${base}$${n}`;
      taken.add(out);
      return out;
    };
    let envs = this.firstEnv;
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

  /** Every name that the program's text says. */
  private namesOfAuthors(): Set<string> {
    const names = new Set<string>(this.free);
    for (const scope of this.scopes.values()) for (const name of scope.bindings.keys()) names.add(name);
    return names;
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
  options: {
    strict: boolean;
    singletons: Iterable<Node>;
    loopBodies: Iterable<Node>;
    /** The function that a sloppy eval's code became. */
    globalRoots?: Iterable<Node>;
    surroundings?: Surroundings;
    firstEnv?: number;
    sameFile?: (a: Node, b: Node) => boolean;
    hiddenNames?: ReadonlySet<string>;
    script?: Node;
  },
): Analysis {
  const analyzer = new Analyzer(options.strict);
  if (options.hiddenNames) analyzer.hiddenNames = options.hiddenNames;
  if (options.sameFile) analyzer.sameFile = options.sameFile;
  analyzer.surroundings = options.surroundings;
  analyzer.script = options.script;
  analyzer.firstEnv = options.firstEnv ?? 0;
  for (const node of options.globalRoots ?? []) analyzer.globalRoots.add(node);
  for (const node of options.singletons) analyzer.singletons.add(node);
  for (const node of options.loopBodies) analyzer.loopBodies.add(node);
  return analyzer.run(program);
}

/** A name that a sloppy direct eval may declare in a function. */
export function dynamicBinding(facts: FunctionFacts, name: string): Binding {
  const holder = facts.scope.bindings.get(PSEUDO_VARIABLES)!;
  return {
    ...{ name, out: name, kind: 'var', scope: facts.scope, captured: true, reassigned: true, home: 'dynamic' },
    holder,
  };
}

/** Could a name be one of generated code: a temporary, an environment, a helper? */
export const isOurs = (name: string): boolean =>
  /^\$(?:\$|[a-z]?\d+$|(?:main|f|c|h|k|l|home|arguments|newTarget)$|m_)/.test(name);

/** An author's name, or another for one that could be of generated code. */
const printable = (name: string): string => (isOurs(name) ? `_${name}` : name);
