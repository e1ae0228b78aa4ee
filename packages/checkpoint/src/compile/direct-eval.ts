/**
 * Direct evals. What surrounds one is told to the compiler of its code as data: scopes, innermost first, with where each name lives. All of it
 * is in environments or in the module's variables, because the analysis captures everything that a direct eval may see.
 *
 * A sloppy one adds variables to the function around it. Such a function has a variable object in its environment, and each name that
 * code in it uses and that is not declared in it is read and written there: its own properties are the variables that evals have added, and
 * its prototype has accessors to what the names mean otherwise.
 *
 *   before:  function f(code) { eval(code); return x }
 *   after:   … $e1.$variables = $$variables({ get x() { return x }, set x(v) { x = v } });
 *            if ($1 === $$eval) $2 = $$directEval("…f's scopes…", $e1, $e1.code); else $2 = $1($e1.code);
 *            return $e1.$variables.x
 */
import { assign, id, literal, type Node, object, returns, statement } from './ast.js';
import type { FunctionContext } from './context.js';
import {
  type Binding,
  type BindingKind,
  dynamicBinding,
  type FunctionFacts,
  PSEUDO_THIS,
  Scope,
  type Surroundings,
} from './scope.js';

/** A scope around a direct eval. */
interface ScopeRecord {
  kind: Scope['kind'];
  /** A function's own scope, or that of the code of another eval. */
  owns: 'function' | 'eval' | undefined;
  arrow: boolean;
  strict: boolean;
  env: number | undefined;
  /** Name, kind, and the printed name where it lives in the module. */
  names: [string, BindingKind, string?][];
  /** Names looked up in the variable object; undefined: it has none. */
  dynamic: string[] | undefined;
}

/** What the compiler must know of the place of a direct eval. */
export interface EvalSite {
  where: string;
  strict: boolean;
  envs: number[];
  classEnv: number | undefined;
  homeEnv: number | undefined;
  isStatic: boolean;
  /** May its code say new.target, and super? */
  inFunction: boolean;
  inMethod: boolean;
  /** Names that sloppy code may not declare: it stands in a parameter list that has them. */
  taken: string[];
  /** Innermost first; the outermost one is the module's. */
  scopes: ScopeRecord[];
}

/** An object literal with an accessor for each name. */
export function accessorsOf(names: Iterable<string>, facts: FunctionFacts): Node {
  const properties: Node[] = [];
  const fn = (params: Node[], body: Node): Node => ({
    ...{ type: 'FunctionExpression', id: null, params, body: { type: 'BlockStatement', body: [body] } },
    ...{ async: false, generator: false, expression: false, start: 0, end: 0 },
  });
  for (const name of names) {
    const beyond = id(name);
    const entry = (kind: 'get' | 'set', value: Node): Node => ({
      ...{ type: 'Property', kind, method: false, shorthand: false, computed: false, key: literal(name), value },
    });
    properties.push(entry('get', fn([], returns(beyond))));
    properties.push(entry('set', fn([id('$value')], statement(assign(id(name), id('$value'))))));
    let binding = facts.dynamic.get(name);
    if (!binding) facts.dynamic.set(name, (binding = dynamicBinding(facts, name)));
    binding.beyond = beyond;
  }
  return object(...properties);
}

/** The place of a direct eval, for the code that calls it. */
export function siteOf(node: Node, context: FunctionContext, where: string): EvalSite {
  const { scope: innermost, taken } = context.program.analysis.directEvals.get(node)!;
  let facts: FunctionFacts | undefined = innermost.owner;
  while (facts?.arrow && facts.parent) facts = facts.parent;
  const scopes: ScopeRecord[] = [];
  for (let s: Scope | undefined = innermost; s; s = s.parent) {
    // Code made at run time has a module scope of its own, which holds nothing.
    if (s.kind === 'module' && s.parent) continue;
    // The module's scope has the names of all files, and esbuild gives new ones where they collide.
    const isBundle = s.kind === 'module' && context.program.firstFid === undefined;
    const pseudo = [...s.bindings].filter(([, b]) => b.kind === 'pseudo');
    const record = recordOf(s, isBundle ? [...context.program.namesSeenFrom(node), ...pseudo] : [...s.bindings]);
    if (record.owns || record.names.length > 0) scopes.push(record);
  }
  return {
    where,
    strict: innermost.owner.strict,
    envs: context.envs,
    classEnv: context.classEnv,
    homeEnv: context.homeEnv,
    isStatic: context.isStatic,
    inFunction: facts?.scope.kind === 'function' || facts?.scope.kind === 'field',
    inMethod: context.classEnv !== undefined || context.homeEnv !== undefined,
    taken,
    scopes,
  };
}

function recordOf(scope: Scope, bindings: [string, Binding][]): ScopeRecord {
  const { owner } = scope;
  const own = scope === owner.scope;
  return {
    kind: scope.kind,
    owns: own ? (owner.isEval ? 'eval' : 'function') : undefined,
    arrow: owner.arrow,
    strict: owner.strict,
    env: scope.env,
    names: bindings
      .filter(([, b]) => b.home === 'env' || b.home === 'module')
      .map(([name, b]) => (b.home === 'module' ? [name, b.kind, outOf(b)] : [name, b.kind])),
    dynamic: own && owner.sloppyEval ? [...owner.dynamic.keys()] : undefined,
  };
}

/** `this` at the top of a CommonJS module is what `exports` is: esbuild says so where it is written, but not in code that is made later. */
function outOf(binding: Binding): string {
  const { owner, bindings } = binding.scope;
  const exported = binding.name === PSEUDO_THIS && owner.singleton ? bindings.get('exports') : undefined;
  return exported?.kind === 'param' ? exported.out : binding.out;
}

/** The scopes that a site tells of, as the analysis of the eval's code needs them. */
export function surroundingsOf(site: EvalSite): Surroundings {
  // The analysis tells functions around the code from those in it by their nodes.
  const node: Node = { type: 'Program', body: [] };
  let scope: Scope | undefined;
  let owner: FunctionFacts | undefined;
  let variables: FunctionFacts | undefined;
  for (const record of [...site.scopes].reverse()) {
    if (record.owns || !owner) {
      owner = factsOf(record, node, owner);
      owner.scope = new Scope(record.kind, node, scope, owner);
      scope = owner.scope;
    } else scope = new Scope(record.kind, node, scope, owner);
    scope.env = record.env;
    for (const [name, kind, out] of record.names) scope.bindings.set(name, bindingOf(scope, name, kind, out));
    if (record.kind === 'module' && !scope.bindings.has(PSEUDO_THIS))
      scope.bindings.set(PSEUDO_THIS, bindingOf(scope, PSEUDO_THIS, 'pseudo', record.strict ? 'undefined' : 'exports'));
    if (record.dynamic) {
      owner.sloppyEval = node;
      for (const name of record.dynamic) owner.dynamic.set(name, dynamicBinding(owner, name));
    }
    if (record.owns && !owner.isEval) variables = owner.strict ? undefined : owner;
  }
  return { scope: scope!, variables: site.strict || !variables?.sloppyEval ? undefined : variables };
}

function bindingOf(scope: Scope, name: string, kind: BindingKind, out: string | undefined): Binding {
  const home = out === undefined ? 'env' : 'module';
  return { name, out: out ?? name, kind, scope, captured: true, reassigned: true, home };
}

const factsOf = (record: ScopeRecord, node: Node, parent: FunctionFacts | undefined): FunctionFacts => ({
  ...{ node, parent, arrow: record.arrow, singleton: false, strict: record.strict },
  scope: undefined as unknown as Scope, // the caller's next line
  ...{ usesThis: false, usesArguments: false, usesSuper: false, usesNewTarget: false, containsWith: false },
  ...{ sloppyEval: undefined, isEval: record.owns === 'eval', dynamic: new Map(), variableObject: undefined, names: new Map() },
});

/** The name of a variable that the code may not declare, because a scope between it and its function has it already. */
export function redeclared(names: Iterable<string>, { taken }: EvalSite, { scope, variables }: Surroundings): string | undefined {
  for (const name of names) {
    if (taken.includes(name)) return name;
    for (let s: Scope | undefined = scope; s && variables; s = s.parent) {
      const kind = s.bindings.get(name)?.kind;
      const isBlock = s !== variables.scope;
      if (kind && (/^(let|const|class|import)$/.test(kind) || (isBlock && kind === 'function'))) return name;
      if (!isBlock) break;
    }
  }
  return undefined;
}
