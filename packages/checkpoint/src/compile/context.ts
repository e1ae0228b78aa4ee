/**
 * What the lowering passes share: the program's side tables, and per function the temporaries, labels and loop targets.
 * Temporaries are function-level `var`s, each defined once and never live across a loop's back-edge unless its loop lies
 * inside its range; the safepoint table relies on that.
 */
import { assert } from '../base/index.js';
import { id, isFunction, isLeaf, literal, member, type Node, someChild, thisValue } from './ast.js';
import { type NativeFunction, namesSaid } from './native-functions.js';
import {
  type Analysis,
  type Binding,
  type FunctionFacts,
  PSEUDO_ARGUMENTS,
  PSEUDO_NEW_TARGET,
  PSEUDO_THIS,
  PSEUDO_VARIABLES,
  type Scope,
} from './scope.js';

/** The name of the function that commonjs.ts puts around a module. Unknown to authors' code: printed names that begin so are the compiler's. */
export const MODULE_FUNCTION = '$$moduleText';

/** How a function's body runs. Async bodies are generators driven by the runtime. */
export type BodyKind = 'sync' | 'generator' | 'async' | 'asyncGenerator';

export interface FunctionMeta {
  fid: number;
  /** 'class' stands for a class's constructor function; 'member' functions come back with their class. */
  kind: 'function' | 'body' | 'member' | 'class' | 'main' | 'declaration';
  name: string;
  /** Environments visible where the closure is made, innermost first: numbers of `$e<n>`. */
  envs: number[];
  /** Number of the environment that holds the enclosing class with private names or super, if any. */
  classEnv: number | undefined;
  /** Functions of these environments that the code names natively. */
  natives?: readonly NativeFunction[];
  strict: boolean;
  derived?: boolean;
  hasFields?: boolean;
  /** The author's text, for Function.prototype.toString: offsets in the bundle before lowering. */
  source: [number, number];
  /** fids of a class's members in evaluation order, with the index of the computed key or the key itself. */
  members?: { fid: number; static: boolean; kind: 'method' | 'get' | 'set'; key: string | number }[];
  privateNames?: { name: string; kind: 'field' | 'method' | 'accessor'; static: boolean }[];
  module?: number;
}

export class ProgramContext {
  readonly metas: FunctionMeta[] = [];
  readonly fids = new Map<Node, number>();
  /** The node whose text, evaluated alone, makes the closure: argument 0 of its brand call. */
  readonly closureText = new Map<number, Node>();
  /** Functions that a native built-in may call: leaf.ts. */
  readonly leaves = new Set<Node>();
  /** Functions that are made without a brand: guest/unbranded.ts. */
  readonly unbranded = new Set<Node>();
  /** The variables of the module that the file of a node sees, under the names that its author gave them. */
  namesSeenFrom: (node: Node) => Map<string, Binding> = () => new Map();
  /** Template objects of code made at run time, which has no variables of its own to keep them in. */
  templateCount = 0;
  readonly moduleFunctions: Node[] = [];
  readonly moduleStatements: Node[] = [];
  envCount: number;
  /** Printed names that are module variables or globals. */
  readonly sharedNames: Set<string>;
  /** The bindings with native variables of their own, by these (native-functions.ts). */
  readonly natives = new Map<string, Binding>();

  constructor(
    readonly analysis: Analysis,
    readonly source: string,
    readonly names: Map<Node, string>,
    readonly fileOf: (node: Node) => string,
    /** Of code made at run time: its first function id, behind those of the bundle. */
    readonly firstFid: number | undefined = undefined,
    firstEnv = 0,
  ) {
    this.sharedNames = new Set([...analysis.moduleBindings.map((b) => b.out), ...analysis.free]);
    for (const scope of analysis.scopes.values())
      for (const binding of scope.bindings.values()) if (binding.native) this.natives.set(binding.native, binding);
    for (const node of analysis.throwing) THROWING.add(node);
    this.envCount = [...analysis.scopes.values()].reduce((most, s) => Math.max(most, s.env ?? 0), firstEnv);
  }

  newFid(node: Node, meta: Omit<FunctionMeta, 'fid'>): number {
    const fid = (this.firstFid ?? 0) + this.metas.length;
    const natives = this.nativesIn(node, meta.envs);
    this.metas.push({ fid, ...meta, ...(natives.length > 0 && { natives }) });
    this.fids.set(node, fid);
    return fid;
  }

  private nativesIn(code: Node, envs: readonly number[]): NativeFunction[] {
    const found: NativeFunction[] = [];
    if (this.natives.size === 0 || envs.length === 0) return found;
    for (const name of namesSaid(code)) {
      const binding = this.natives.get(name);
      if (binding && envs.includes(binding.scope.env!)) found.push([name, binding.scope.env!, envField(binding)]);
    }
    return found;
  }
}

export interface LoopTarget {
  labels: string[];
  loop: boolean;
  /** When set, `continue` is printed as `break <continueAs>`. */
  continueAs: string | undefined;
}

// A map: authors call variables `constructor` and `toString`, which every object has.
const envFields = new Map([
  [PSEUDO_THIS, '$this'],
  [PSEUDO_ARGUMENTS, '$arguments'],
  [PSEUDO_NEW_TARGET, '$newTarget'],
  [PSEUDO_VARIABLES, '$variables'],
]);

/** The field of an environment object that holds a binding. `$p` (parent) and `$class` are ours, so author's `$` names get one more `$`. */
export const envField = (binding: Binding): string =>
  envFields.get(binding.name) ??
  (binding.name.startsWith('$') || binding.name === '__proto__' ? `$${binding.name}` : binding.name);

export const envName = (env: number): string => `$e${env}`;

/** One for each depth of nesting, so that generated code reads well. Not e: environments are called $e<n>, and inner functions refer to outer ones. */
const letters = 'abcdfghijklmnopqrstuvwxyz';

export class FunctionContext {
  readonly temps: string[] = [];
  readonly targets: LoopTarget[] = [];
  private readonly takenNames = new Set<string>();
  /** Environment whose `$home` is the innermost object literal with methods that use super; undefined inside a class's members. */
  homeEnv: number | undefined;
  /** `new.target` was put into `$newTarget` at the entry: resumed code is called without `new`. */
  keepsNewTarget = false;
  private labelCount = 0;

  constructor(
    readonly program: ProgramContext,
    readonly facts: FunctionFacts,
    readonly kind: BodyKind,
    readonly parent: FunctionContext | undefined,
    /** Environments visible at the point being lowered, innermost first. */
    public envs: number[],
    public classEnv: number | undefined,
    /** Printed in place of `super` objects: set where native super is not available (arrows, async bodies). */
    readonly superIsNative: boolean,
    readonly isStatic: boolean,
    readonly derivedConstructor: boolean,
  ) {
    this.homeEnv = parent?.homeEnv;
    const depth = this.depth();
    this.prefix = depth === 0 ? '$' : `$${letters[depth % letters.length]}`;
  }

  private readonly prefix: string;

  private depth(): number {
    let n = 0;
    for (let c = this.parent; c; c = c.parent) n++;
    return n;
  }

  temp(): Node {
    const name = `${this.prefix}${this.temps.length + 1}`;
    this.temps.push(name);
    return id(name);
  }

  /** A temporary named like the variable it holds, so that V8's messages ("f is not a function") read as the author's. */
  alias(binding: Binding): Node {
    const name = binding.name;
    const meant = this.facts.names.get(name);
    const free =
      meant !== undefined && meant.size === 1 && meant.has(binding) && !this.takenNames.has(name) && /^[A-Za-z_]\w*$/.test(name);
    const shadows = this.facts.scope.bindings.get(name)?.kind === 'param';
    if (!free || shadows) return this.temp();
    if (!this.temps.includes(name)) this.temps.push(name);
    return id(name);
  }

  /** Does this printed name stand for a local (a register), as opposed to a module variable or a global? */
  readonly isRegister = (name: string): boolean => {
    const native = this.program.natives.get(name);
    if (native && native.scope.owner !== this.facts) return false;
    return !this.program.sharedNames.has(name) && !name.startsWith('$$');
  };

  label(hint: string): string {
    return `$${hint}${++this.labelCount}${this.prefix.slice(1)}`;
  }

  scopeOf(node: Node): Scope | undefined {
    return this.program.analysis.scopes.get(node);
  }

  bindingOf(node: Node): Binding | undefined {
    return this.program.analysis.references.get(node);
  }

  /** May this name's variable be uninitialised here? */
  isChecked(node: Node): boolean {
    return this.program.analysis.deadZones.checked.has(node);
  }

  /** Is its variable never initialised here? */
  isEarly(node: Node): boolean {
    return this.program.analysis.deadZones.early.has(node);
  }

  /** How the output reads or writes a binding. */
  place(binding: Binding, from?: Node): Node {
    if (binding.home === 'env') {
      assert(binding.scope.env !== undefined, `env binding ${binding.name} has no environment`);
      if (this.isNative(binding)) return id(binding.native!, from);
      return this.field(binding, from);
    }
    if (binding.home === 'dynamic') return member(this.place(binding.holder!), binding.name, from);
    if (binding.home === 'global' && binding.hidden) return member(id('$$global'), binding.name, from);
    return id(binding.out, from);
  }

  /** Does this function name a captured function natively? What bears no brand is found by the environment that it names (guest/unbranded.ts). */
  isNative(binding: Binding): boolean {
    const { unbranded, leaves } = this.program;
    const { node } = this.facts;
    return binding.native !== undefined && !unbranded.has(node) && !leaves.has(node);
  }

  /** The field of its environment. */
  field(binding: Binding, from?: Node): Node {
    return member(id(envName(binding.scope.env!)), envField(binding), from);
  }

  /** `this` as seen from here: native, or the captured one of the function that owns it. */
  thisHere(node: Node): Node {
    const binding = this.bindingOf(node);
    if (binding) return this.place(binding, node);
    return { ...thisValue(), loc: node.loc, start: node.start };
  }

  fidLiteral(fid: number): Node {
    return literal(fid);
  }
}

const THROWING = new WeakSet<Node>();

/** Must an assignment to this name be a statement of its own, because it may throw? (Analysis.throwing) */
export const mayThrow = (name: Node): boolean => THROWING.has(name);

const CALLS = new WeakMap<Node, boolean>();

/** Does evaluating this node, in this function, run a call, new, await, yield, tagged template or dynamic import that may be a safepoint? */
export function hasCall(node: Node | null | undefined): boolean {
  if (!node || isLeaf(node)) return false;
  const known = CALLS.get(node);
  if (known !== undefined) return known;
  const found = computeHasCall(node);
  CALLS.set(node, found);
  return found;
}

function computeHasCall(node: Node): boolean {
  switch (node.type) {
    case 'CallExpression':
    case 'NewExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'TaggedTemplateExpression':
    case 'ImportExpression':
    case 'ForOfStatement':
      return true;
    // In arrays and arguments: it iterates, and the iterator may be the guest's. In objects it copies.
    case 'SpreadElement':
      return true;
    case 'ObjectExpression':
      return node.properties.some((p: Node) => hasCall(p.type === 'SpreadElement' ? p.argument : p));
    case 'ClassExpression':
    case 'ClassDeclaration':
      return hasCall(node.superClass) || node.body.body.some((m: Node) => m.computed && hasCall(m.key));
  }
  if (isFunction(node)) return false;
  return someChild(node, hasCall);
}
