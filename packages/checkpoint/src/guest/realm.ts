/**
 * One guest's program inside its worker: evaluates the bundle, provides the helpers its code calls, and remakes closures,
 * classes and frames from their identities. Knows nothing of images or clusters; capture/ and restore use it.
 */
import vm from 'node:vm';
import { assert, type ErrorCode, GodwitError } from '../base/index.js';
import type { Bundle, FunctionMeta } from '../compile/index.js';
import { lineStarts } from '../compile/lines.js';
import type { NativeFunction } from '../compile/native-functions.js';
import { HELPER_NAMES as HELPER_ORDER } from '../compile/program.js';
import { collect, type FunctionRange, type Label, type SafepointTable } from '../compile/table.js';
import { endsWith, indexOf, type List, list, SafeMap, SafeSet, SafeWeakMap, slice, startsWith } from '../heap/primordials.js';
import { type ClassEdit, type ClassText, remadeClassText } from '../resume/class-text.js';
import { type Peeled, peel } from '../resume/peel.js';
import { brand, brandArrow, brandFunction, brandGenerator, fidOf } from './brand.js';
import { held, marked, markForGood, noteError, taken } from './cleanness.js';
import { type CodeUnit, type Hook, type Later, LateUnit } from './code-unit.js';
import { ModuleTable, moduleHelpers, type RequireHost } from './commonjs.js';
import {
  asyncFunctionPrototype,
  asyncGeneratorFunctionPrototype,
  type Coroutine,
  generatorStep,
  nativeNext,
  spawn,
  startAsyncGenerator,
  stepResumed,
  YieldMarker,
} from './coroutines.js';
import { addVariables, directEval, makeVariables } from './direct-eval.js';
import { hole, undeclared, unset, written } from './holes.js';
import {
  append,
  asyncIteratorOf,
  closeAsync,
  closeAsyncQuietly,
  closeIterator,
  closeQuietly,
  DelegateResume,
  delegateOf,
  elementsFrom,
  forInKeys,
  gather,
  isDone,
  isReady,
  iteratorOf,
  listOf,
  loopOver,
  plainArray,
  restOf,
  spreadable,
  stillThere,
} from './iteration.js';
import { guestEval } from './late-code.js';
import { cursorNext } from './list-cursors.js';
import { NativeCallbacks } from './natives.js';
import { isPlainName, namesWord } from './plain-text.js';
import { isObject } from './promises.js';
import { superPlace, superValue } from './super-reference.js';
import { methodsOf, whole } from './touching.js';

type AnyFunction = (...args: unknown[]) => unknown;
type Env = Record<string, unknown>;

/** One captured call. Plain data of the guest's heap; outermost frame first in a stack. */
export interface Frame {
  fid: number;
  /** Label: offset of the statement in the bundle; -1 at the function's entry. */
  statement: number;
  kind: Label['kind'] | 'entry';
  vars: Env;
  self: unknown;
  /** Called with `new`: a non-object result gives way to `self`. */
  construct: boolean;
  /** The code made at run time that the function belongs to. */
  late: LateUnit | undefined;
  /** The frame is the body of this native generator, which is being run by a call of the frame below. */
  generator: object | undefined;
  /** The frame is the body of an async function or async generator; `result` is what its starter returns to the frame below. */
  coroutine: Coroutine | undefined;
  result: object | undefined;
}

export interface ImportedModule {
  default: unknown;
  namespace: unknown;
}

export interface RealmHost {
  importModule(specifier: string): ImportedModule;
  importDynamic(specifier: string): unknown;
  require: unknown;
  /** For modules that ask for a `require` of their own. */
  requireOf?: RequireHost;
  filename: string;
  dirname: string;
  /** Ends a program that does what cannot be run as plain node would run it; nothing in the program can catch that. */
  refuse(code: ErrorCode, message: string): never;
}

export interface ScriptTable {
  labels: Map<number, Label>;
  lineStarts: number[];
  functions: Map<number, FunctionRange>;
  /** Of resume code: the function that it goes on with, and what is left of it. */
  rest?: { readonly fid: number; readonly text: string };
}

function tableOf({ labels, functions }: SafepointTable, code: string): ScriptTable {
  const table: ScriptTable = { labels: new SafeMap(), lineStarts: lineStarts(code), functions: new SafeMap() };
  for (let i = 0; i < labels.length; i++) table.labels.set(labels[i]!.at, labels[i]!);
  for (let i = 0; i < functions.length; i++) table.functions.set(functions[i]!.fid, functions[i]!);
  return table;
}

/** How the URLs of resume code begin. */
export const resumeUrl = 'godwit-resume:';

type Factory = (...given: unknown[]) => unknown;

const { stringify } = JSON;
const apply = Reflect.apply;
const getPrototypeOf = Object.getPrototypeOf;
const setPrototypeOf = Object.setPrototypeOf;
const defineProperty = Object.defineProperty;
const ownDescriptor = Object.getOwnPropertyDescriptor;

// Of guest code that is not part of the bundle only the helpers are visible, and V8's own `eval` as in the bundle (compile/program.ts).
// biome-ignore lint/security/noGlobalEval: the real one, before the guest's takes its place
const nativeEval = eval;

export class Realm {
  /** By function id; of code made at run time too. */
  readonly metas: FunctionMeta[];
  private readonly bundleUnit: CodeUnit;
  private readonly lateUnits: LateUnit[] = [];
  private nextFid: number;
  private nextOffset: number;
  private lateHook: Hook | undefined;
  private readonly hooks: { module: Hook; late: Hook } = {
    module: (code) => this.moduleEval!(code),
    late: (code) => this.lateEval(code),
  };
  private helperValues: Record<string, unknown> = {};
  readonly ranges = new SafeMap<number, FunctionRange>();
  private readonly namedEnvironments = new SafeMap<number, string[]>();
  private readonly staticMembers = new SafeSet<number>();
  readonly constructors = new SafeSet<number>();
  /** Labels of the bundle by statement and kind. */
  private readonly labelsByStatement = new SafeMap<string, Label>();
  /** Tables of scripts, made when first asked for. */
  private readonly scripts = new SafeMap<string, ScriptTable | (() => ScriptTable)>();
  private readonly fidByStart = new SafeMap<number, number>();
  private readonly declared = new SafeMap<number, AnyFunction>();
  private readonly factories = new SafeMap<number, Factory>();
  private readonly classTexts = new SafeMap<number, ClassText>();
  private readonly frameFactories = new SafeMap<string, (...envs: unknown[]) => AnyFunction>();
  private readonly classHooks = new SafeWeakMap<object, (code: string) => unknown>();
  private readonly classKeys = new SafeWeakMap<object, PropertyKey[]>();
  private readonly classMembers = new SafeWeakMap<object, Map<number, object>>();
  private readonly privateClasses: WeakRef<object>[] = [];
  /** URL of each script by V8's id; kept by whoever listens to Debugger.scriptParsed. */
  readonly scriptUrls = new SafeMap<string, string>();
  readonly classPrototypes = new SafeWeakMap<object, object>();
  private readonly skip: { on: boolean; target: unknown } = { on: false, target: undefined };
  /** Native built-ins that call leaves back; switched off while a capture is being waited for. */
  readonly natives = new NativeCallbacks();
  private moduleEval: ((code: string) => unknown) | undefined;
  private variables: string[] = [];
  private reader: (() => Env) | undefined;
  private writer: ((values: Env) => void) | undefined;
  private resumeCount = 0;
  private main: AnyFunction | undefined;
  /** Frames being resumed, outermost first, and how many have been entered. */
  private stack: Frame[] = [];
  private readonly resumed = new SafeWeakMap<Frame, AnyFunction>();
  private entered = 0;

  constructor(
    readonly bundle: Bundle,
    private readonly host: RealmHost,
  ) {
    this.metas = [];
    this.nextFid = bundle.metas.length;
    // What stands behind a unit's last label still belongs to it.
    this.nextOffset = bundle.code.length + 1;
    this.bundleUnit = { ...bundle, evaluate: (code) => this.moduleEval!(code) };
    this.register(this.bundleUnit);
  }

  private register({ metas, table }: CodeUnit): void {
    for (let i = 0; i < metas.length; i++) {
      const meta = metas[i]!;
      this.metas[meta.fid] = meta;
      for (let k = 0; k < (meta.members?.length ?? 0); k++) {
        const m = meta.members![k]!;
        if (m.static) this.staticMembers.add(m.fid);
        if (m.key === '%constructor') this.constructors.add(m.fid);
      }
    }
    for (let i = 0; i < table.functions.length; i++) {
      const range = table.functions[i]!;
      this.ranges.set(range.fid, range);
      this.fidByStart.set(range.start, range.fid);
    }
    for (let i = 0; i < table.labels.length; i++) {
      const label = table.labels[i]!;
      this.labelsByStatement.set(`${label.statement}:${label.kind === 'loop'}`, label);
    }
  }

  // Code made at run time -----------------------------------------------------------------------------------------------

  /** The names of the module's variables, with spaces between, but for the one that all code sees. */
  get moduleNames(): string {
    let names = '';
    for (let i = 0; i < this.variables.length; i++) if (this.variables[i] !== 'exports') names += `${this.variables[i]} `;
    return names;
  }

  /** The first function id of code that is made next. */
  get freeFid(): number {
    return this.nextFid;
  }

  /** Takes code made at run time in: made now, or in a former life (then with the place that it had). */
  addLateUnit(text: string, firstFid = this.nextFid, base = this.nextOffset): LateUnit {
    const known = this.lateUnits[firstFid];
    if (known) return known;
    const unit = new LateUnit(text, firstFid, base, this.hooks);
    this.nextFid = Math.max(this.nextFid, firstFid + unit.metas.length);
    this.nextOffset = Math.max(this.nextOffset, base + unit.length + 1);
    this.register(unit);
    for (let i = 0; i < unit.unknowns.length; i++) markForGood(unit.unknowns[i]!);
    for (let i = 0; i < unit.metas.length; i++) this.lateUnits[unit.metas[i]!.fid] = unit;
    return unit;
  }

  /** The code made at run time that a function belongs to; undefined for the bundle's. */
  lateUnitOf(fid: number): LateUnit | undefined {
    return this.lateUnits[fid];
  }

  private unitOf(fid: number): CodeUnit {
    return this.lateUnits[fid] ?? this.bundleUnit;
  }

  private lateEval(code: string): unknown {
    if (!this.lateHook) {
      // Indexed loops: the guest may have changed what others go through.
      let params = 'eval';
      const values: unknown[] = [];
      defineProperty(values, 0, { value: nativeEval });
      for (let i = 0; i < HELPER_ORDER.length; i++) {
        const name = HELPER_ORDER[i]!;
        if (name[0] !== '$') continue;
        params += `, ${name}`;
        defineProperty(values, values.length, { value: this.helperValues[name] });
      }
      this.lateHook = apply(
        nativeEval(`(function (${params}) { return ($c) => eval($c); })`) as never,
        undefined,
        values,
      ) as Hook;
    }
    return this.lateHook(code);
  }

  /** Evaluates the bundle without running its program. */
  load(): void {
    const script = new vm.Script(this.bundle.code, { filename: this.scriptName });
    const factory = (script.runInThisContext() as AnyFunction)(nativeEval) as AnyFunction;
    const helpers = this.helpers();
    this.helperValues = helpers;
    this.main = factory(...HELPER_ORDER.map((name) => helpers[name])) as AnyFunction;
    brand(this.main, this.bundle.mainFid, undefined);
  }

  get scriptName(): string {
    return `godwit-bundle:${this.bundle.hash}`;
  }

  /** Runs the program: its value is undefined, or for a module with top-level await its promise. */
  runMain(): unknown {
    const main = this.main!;
    if (!this.bundle.topLevelAwait) return main();
    return spawn(main() as object, this.bundle.mainFid);
  }

  // Helpers ---------------------------------------------------------------------------------------------------------

  private helpers(): Record<string, unknown> {
    const host = this.host;
    const imports = this.bundle.imports.map((specifier) => host.importModule(specifier));
    return {
      $$f: brandArrow,
      $$ff: brandFunction,
      $$fn: brandGenerator,
      $$fk: (fn: AnyFunction, fid: number, env?: object, key?: PropertyKey, kind?: string) =>
        this.brandClosure(fn, fid, env, key, kind),
      $$fd: (fn: AnyFunction, fid: number) => {
        this.declared.set(fid, fn);
        return brand(fn, fid, undefined);
      },
      $$fl: this.natives.takeLeaf,
      $$natives: this.natives,
      $$fa: (fn: AnyFunction, fid: number, env?: object, key?: PropertyKey, kind?: string) =>
        setPrototypeOf(this.brandClosure(fn, fid, env, key, kind), asyncFunctionPrototype),
      $$fg: (fn: AnyFunction, fid: number, env?: object, key?: PropertyKey, kind?: string) =>
        setPrototypeOf(this.brandClosure(fn, fid, env, key, kind), asyncGeneratorFunctionPrototype),
      $$class: (C: AnyFunction, fid: number, env: object | undefined, keys: PropertyKey[]) => this.brandClass(C, fid, env, keys),
      $$hook: (C: object, hook: (code: string) => unknown) => {
        this.classHooks.set(C, hook);
        this.privateClasses.push(new WeakRef(C));
      },
      $$skip: this.skip,
      $$module: (hook: (code: string) => unknown, names: string[]) => {
        this.moduleEval = hook;
        // A variable of the wrapper, which programs assign to.
        this.variables = names.includes('exports') ? names : [...names, 'exports'];
      },
      $$spawn: spawn,
      $$agen: startAsyncGenerator,
      $$yield: (value: unknown) => new YieldMarker(value, false),
      $$yieldRaw: (value: unknown) => new YieldMarker(value, true),
      $$delegate: delegateOf,
      $$delegateStep: delegateStep,
      $$array: plainArray,
      $$spread: spreadable,
      $$append: append,
      $$list: listOf,
      $$iterator: iteratorOf,
      $$cursorNext: cursorNext,
      $$loopOver: loopOver,
      $$ready: isReady,
      $$gather: gather,
      $$generatorNext: nativeNext,
      $$generatorStep: generatorStep,
      $$asyncIterator: asyncIteratorOf,
      $$done: isDone,
      $$close: closeIterator,
      $$closeQuietly: closeQuietly,
      $$closeAsync: closeAsync,
      $$closeAsyncQuietly: closeAsyncQuietly,
      $$keys: forInKeys,
      $$has: stillThere,
      $$key: toPropertyKey,
      $$const: () => {
        throw new TypeError('Assignment to constant variable.');
      },
      $$super: superValue,
      $$superAt: superPlace,
      $$template: templateOf,
      $$rest: restOf,
      $$object: (value: unknown) => {
        if (value === undefined || value === null)
          throw new TypeError(`Cannot destructure '${String(value)}' as it is ${String(value)}.`);
      },
      $$slice: elementsFrom,
      $$assign: (target: object, source: unknown) => Object.assign(target, whole(source)),
      $$define: (target: object, key: PropertyKey, value: unknown) =>
        defineProperty(whole(target), key, { value, writable: true, enumerable: true, configurable: true }),
      $$accessor: (target: object, key: PropertyKey, kind: 'get' | 'set', fn: AnyFunction) =>
        defineProperty(whole(target), key, { [kind]: fn, enumerable: true, configurable: true }),
      $$import: (specifier: unknown) => host.importDynamic(String(specifier)),
      $$eval: guestEval,
      $$directEval: (...args: [string, object | undefined, unknown]) => directEval(this, host, ...args),
      $$variables: makeVariables,
      $$addVariables: addVariables,
      $$own: (target: object, name: string) => ownDescriptor(whole(target), name) !== undefined,
      $$whole: whole,
      $$methods: methodsOf,
      $$held: held,
      $$taken: taken,
      $$marked: marked,
      $$caught: noteError,
      $$templateOf: (fid: number, index: number, cooked: unknown[], raw: string[]) =>
        (this.lateUnits[fid]!.templates[index] ??= templateOf(cooked, raw)),
      $$hole: hole,
      $$unset: unset,
      $$undeclared: undeclared,
      $$written: written,
      $$meta: { url: `file://${host.filename}`, filename: host.filename, dirname: host.dirname },
      $$global: globalThis,
      $$next: () => this.enterNext(),
      $$redelegate: (inner: Iterator<unknown>, suspended: boolean) => {
        const first = () => this.enterNext() as IteratorResult<unknown>; // by its name captures know it
        return new DelegateResume(inner, suspended ? undefined : first);
      },
      $$imports: imports,
      $$this: undefined,
      ...moduleHelpers(this.modules, host.require),
      require: host.require,
      module: this.module,
      exports: this.module.exports,
      __filename: host.filename,
      __dirname: host.dirname,
    };
  }

  /** An entry's that no other module requires; what else Node gives it comes when the program asks (commonjs.ts). */
  readonly module: { exports: unknown } = { exports: {} };
  readonly modules = new ModuleTable();

  private brandClosure(fn: AnyFunction, fid: number, env: object | undefined, key?: PropertyKey, kind?: string): AnyFunction {
    if (key !== undefined) {
      const text = typeof key === 'symbol' ? (key.description === undefined ? '' : `[${key.description}]`) : String(key);
      defineProperty(fn, 'name', { value: kind ? `${kind} ${text}` : text, configurable: true });
    }
    return brand(fn, fid, env);
  }

  private brandClass(C: AnyFunction, fid: number, env: object | undefined, keys: PropertyKey[]): AnyFunction {
    const meta = this.metas[fid]!;
    brand(C, fid, env);
    if (keys.length > 0) this.classKeys.set(C, keys);
    const prototype = (C as unknown as { prototype: object }).prototype;
    this.classPrototypes.set(prototype, C);
    const members = new SafeMap<number, object>();
    // The last definition of a key wins, so it is branded first and earlier ones find it taken.
    const all = meta.members!;
    for (let i = all.length - 1; i >= 0; i--) {
      const m = all[i]!;
      if (m.key === '%constructor') continue;
      const key = typeof m.key === 'number' ? keys[m.key]! : m.key;
      const descriptor = ownDescriptor(m.static ? C : prototype, key);
      const fn = descriptor && (m.kind === 'method' ? descriptor.value : m.kind === 'get' ? descriptor.get : descriptor.set);
      if (typeof fn !== 'function' || fidOf(fn) !== undefined) continue;
      brand(fn, m.fid, C);
      members.set(m.fid, fn);
    }
    this.classMembers.set(C, members);
    return C;
  }

  // Identities ------------------------------------------------------------------------------------------------------

  metaOf(fid: number): FunctionMeta {
    const meta = this.metas[fid];
    assert(meta, `no function ${fid} in bundle ${this.bundle.hash}`);
    return meta;
  }

  declaredFunction(fid: number): object {
    const fn = this.declared.get(fid);
    assert(fn, `function ${fid} is not declared at module level`);
    return fn;
  }

  memberFunction(C: object, fid: number): object {
    const fn = this.classMembers.get(C)?.get(fid);
    if (!fn) throw new GodwitError('GODWIT_CANNOT_CAPTURE', `Cannot remake member ${fid}: its class has no such member`);
    return fn;
  }

  keysOf(C: object): PropertyKey[] {
    return this.classKeys.get(C) ?? [];
  }

  hookOf(C: object): ((code: string) => unknown) | undefined {
    return this.classHooks.get(C);
  }

  /** The chain of environments of a closure, innermost first, as its meta lists them. */
  envChain(fid: number, env: object | undefined): object[] {
    const chain: object[] = [];
    let current = env as Env | undefined;
    for (const _ of this.metaOf(fid).envs) {
      assert(current, `environment chain of function ${fid} is too short`);
      chain.push(current);
      current = current.$p as Env | undefined;
    }
    return chain;
  }

  /** The class in whose scope a function's code must be evaluated, if private names or super need one. */
  scopeClass(fid: number, chain: object[]): object | undefined {
    const meta = this.metaOf(fid);
    if (meta.classEnv === undefined) return undefined;
    const index = meta.envs.indexOf(meta.classEnv);
    return index < 0 ? undefined : ((chain[index] as Env).$class as object | undefined);
  }

  /** Those of a function's or class's environments, which stand in `parts` from `first` on, that it takes functions from when it is made again (takesNatives). */
  environmentsRead(fid: number, parts: readonly unknown[], first: number): readonly unknown[] {
    const { natives = none, envs } = this.metaOf(fid);
    if (natives.length === 0) return none;
    return parts.filter((_, i) => natives.some(([, env]) => env === envs[i - first]));
  }

  /** The same for a frame. */
  scopeOfFrame(frame: { fid: number; vars: Env }): object | undefined {
    return this.scopeEnvironment(frame)?.$class as object | undefined;
  }

  /** The environment of a frame that knows that class. */
  scopeEnvironment({ fid, vars }: { fid: number; vars: Env }): Env | undefined {
    const { classEnv } = this.metaOf(fid);
    return classEnv === undefined ? undefined : (vars[`$e${classEnv}`] as Env | undefined);
  }

  private evaluate(code: string, fid: number, scope: object | undefined): unknown {
    const hook = scope ? this.classHooks.get(scope) : undefined;
    return hook ? hook(code) : this.unitOf(fid).evaluate(code);
  }

  /**
   * Makes a closure again. `chain` are its environments, which may still be empty; `scope` the class from scopeClass(). What it takes from
   * the environments' contents is left to `later`.
   */
  remakeClosure(fid: number, chain: object[], scope: object | undefined, later: Later): object {
    const factory = scope === undefined ? this.factoryOf(fid) : this.makeFactory(fid, scope);
    const fn = apply(factory, undefined, [later, ...chain]) as AnyFunction;
    const lowered = this.kindOf(fid);
    if (lowered === 'async') setPrototypeOf(fn, asyncFunctionPrototype);
    else if (lowered === 'asyncGenerator') setPrototypeOf(fn, asyncGeneratorFunctionPrototype);
    return brand(fn, fid, chain[0]);
  }

  private kindOf(fid: number): 'sync' | 'async' | 'asyncGenerator' {
    const range = this.ranges.get(fid)!;
    const text = this.unitOf(fid).code.slice(Math.max(0, range.text![0] - 5), range.text![0]);
    return text.endsWith('$$fa(') || text.endsWith('$fa((')
      ? 'async'
      : text.endsWith('$$fg(') || text.endsWith('$fg((')
        ? 'asyncGenerator'
        : 'sync';
  }

  private factoryOf(fid: number): Factory {
    let factory = this.factories.get(fid);
    if (!factory) {
      factory = this.makeFactory(fid, undefined);
      this.factories.set(fid, factory);
    }
    return factory;
  }

  private makeFactory(fid: number, scope: object | undefined): Factory {
    const meta = this.metaOf(fid);
    const range = this.ranges.get(fid)!;
    assert(range.text, `function ${fid} has no text of its own`);
    const [from, to] = range.text;
    const head = `(function (${parameters('$l', meta)}) { ${meta.strict ? '"use strict"; ' : ''}${takesNatives(meta)}return (`;
    const text = this.unitOf(fid).code.slice(from, to);
    const url = this.registerScript({ fid, from, to, text, head, edits: [] });
    return this.evaluate(`${head}${text}); })\n//# sourceURL=${url}`, fid, scope) as Factory;
  }

  /**
   * Makes what closures and classes of an image will be made with, ahead of it, and what gives the program's variables their values:
   * evaluating their text is most of a restore. Only a saving of time, so it ends after `most` of them.
   */
  prepareFactories(most: number): void {
    if (this.variables.length > 0) {
      this.variableReader();
      this.variableWriter();
    }
    for (const meta of this.metas) {
      if (most <= 0) return;
      if (!meta) continue;
      const { fid, kind, classEnv } = meta;
      if (kind === 'class') this.classTextOf(fid);
      else if (kind === 'function' && classEnv === undefined && this.ranges.get(fid)?.text) this.factoryOf(fid);
      else continue;
      most--;
    }
  }

  private classTextOf(fid: number): ClassText {
    let known = this.classTexts.get(fid);
    if (!known) {
      known = remadeClassText(this.unitOf(fid).code, this.ranges.get(fid)!);
      this.classTexts.set(fid, known);
    }
    return known;
  }

  /** Remade code runs in a script of its own, behind `head`; its positions map back to the bundle's, edits apart. */
  private registerScript(script: {
    fid: number;
    from: number;
    to: number;
    text: string;
    head: string;
    edits: readonly ClassEdit[];
  }): string {
    const name = `godwit-closure:${this.bundle.hash}:${++this.resumeCount}`;
    this.scripts.set(name, () => this.tableOfScript(script));
    return name;
  }

  private tableOfScript({ fid, from, to, text, head, edits }: Parameters<Realm['registerScript']>[0]): ScriptTable {
    const prefix = head.length;
    const placeOf = (at: number): number | undefined => {
      let moved = at - from + prefix;
      for (let i = 0; i < edits.length; i++) {
        const edit = edits[i]!;
        if (edit.to <= at) moved += edit.text.length - (edit.to - edit.from);
        else if (edit.from <= at) return undefined; // the author's static code, which is not evaluated again
      }
      return moved;
    };
    const labels = new SafeMap<number, Label>();
    const { table } = this.unitOf(fid);
    for (let i = 0; i < table.labels.length; i++) {
      const label = table.labels[i]!;
      const at = label.at >= from && label.at < to ? placeOf(label.at) : undefined;
      if (at !== undefined) labels.set(at, label);
    }
    const functions = new SafeMap<number, FunctionRange>();
    for (let i = 0; i < table.functions.length; i++) {
      const f = table.functions[i]!;
      if (f.start < from || f.end > to) continue;
      const start = placeOf(f.start);
      const last = placeOf(f.end - 1);
      if (start === undefined || last === undefined) continue;
      // Functions without an entry (generators among them) belong here too: functionAt() would take what surrounds them for them.
      const first = f.entry && placeOf(f.entry[0]);
      const until = f.entry && placeOf(f.entry[1] - 1);
      const entry: FunctionRange['entry'] = first === undefined || until === undefined ? undefined : [first, until + 1];
      functions.set(f.fid, { ...f, entry, start, end: last + 1 });
    }
    return { labels, lineStarts: lineStarts(`${head}${text}`), functions };
  }

  /** Evaluates a class again without its author's static code; returns it branded. */
  remakeClass(
    fid: number,
    heritage: unknown,
    chain: object[],
    keys: PropertyKey[],
    scope: object | undefined,
    later: Later,
  ): object {
    const meta = this.metaOf(fid);
    const { text, edits } = this.classTextOf(fid);
    // As the value of a property it gets the name that V8's messages give its instances, without a binding that its code could see.
    const key = stringify(meta.name);
    const head = `(function (${parameters('$h, $k, $l', meta)}) { "use strict"; ${takesNatives(meta)}return ({ ${key}: `;
    const { start: from, end: to } = this.ranges.get(fid)!;
    const url = this.registerScript({ fid, from, to, text, head, edits });
    const factory = this.evaluate(`${head}${text} }[${key}]); })\n//# sourceURL=${url}`, fid, scope) as AnyFunction;
    const C = factory(heritage, keys, later, ...chain) as AnyFunction;
    return this.brandClass(C, fid, chain[0], keys);
  }

  // Private fields --------------------------------------------------------------------------------------------------

  /** An object with the private fields of `C` installed and nothing of the author's constructor run. */
  constructSkipping(C: object, target: object | undefined): object {
    const { derived = false, members } = this.metaOf(fidOf(C)!);
    const own = members!.find(({ key }) => key === '%constructor');
    const given = own && !this.ranges.get(own.fid)!.simpleParams ? anythings : derived && !own ? [target] : [];
    const parent = getPrototypeOf(C);
    this.skip.on = true;
    this.skip.target = target;
    try {
      if (derived) setPrototypeOf(C, returnTarget);
      return Reflect.construct(C as never, given) as object;
    } finally {
      if (derived) setPrototypeOf(C, parent);
      this.skip.on = false;
      this.skip.target = undefined;
    }
  }

  // Module variables ------------------------------------------------------------------------------------------------

  readVariables(): Env {
    return this.variables.length === 0 ? {} : this.variableReader()();
  }

  writeVariables(values: Env): void {
    this.variableWriter()(values);
  }

  private variableReader(): () => Env {
    this.reader ??= this.moduleEval!(`(() => ({ ${this.variables.join(', ')} }))`) as () => Env;
    return this.reader;
  }

  private variableWriter(): (values: Env) => void {
    const assignments = (): string => this.variables.map((n) => `${n} = $$v.${n};`).join(' ');
    this.writer ??= this.moduleEval!(`(function ($$v) { ${assignments()} })`) as (values: Env) => void;
    return this.writer;
  }

  /** A variable that a function's code names which is no local of it: of the module, or a helper. */
  readVariable(name: string, fid: number): unknown {
    const isModules = this.lateUnits[fid]?.inModule !== false && this.variables.includes(name);
    return isPlainName(name) && (isModules || name.startsWith('$$')) ? this.moduleEval!(name) : undefined;
  }

  // Positions -------------------------------------------------------------------------------------------------------

  /** Tables of a script by its URL: the bundle's, a remade closure's or a resumed frame's. Asked in interrupts: uses nothing that a guest can change. */
  scriptTable(url: string): ScriptTable | undefined {
    if (url === this.scriptName && !this.scripts.has(url)) this.scripts.set(url, tableOf(this.bundle.table, this.bundle.code));
    const known = this.scripts.get(url);
    if (typeof known !== 'function') return known;
    const table = known();
    this.scripts.set(url, table);
    return table;
  }

  urlOf(scriptId: string): string | undefined {
    return this.scriptUrls.get(scriptId);
  }

  tableOf(scriptId: string): ScriptTable | undefined {
    const url = this.scriptUrls.get(scriptId);
    return url === undefined ? undefined : this.scriptTable(url);
  }

  /** The innermost function of a script around an offset. */
  functionAt(url: string, offset: number): number | undefined {
    let best: FunctionRange | undefined;
    for (const f of this.scriptTable(url)?.functions.values() ?? [])
      if (f.start <= offset && offset < f.end && (!best || f.start > best.start)) best = f;
    return best?.fid;
  }

  /** Classes alive that declare private names. */
  classesWithPrivates(): object[] {
    return this.privateClasses.map((ref) => ref.deref()).filter((C) => C !== undefined);
  }

  labelAt(statement: number, kind: Label['kind'] | 'entry'): Label | undefined {
    return kind === 'entry' ? undefined : this.labelsByStatement.get(`${statement}:${kind === 'loop'}`);
  }

  // Frames ----------------------------------------------------------------------------------------------------------

  /** The function that goes on with a frame; call it with the frame's `self` and variables. */
  frameFunction(
    frame: { fid: number; statement: number; kind: Frame['kind']; vars: Env },
    suspended: boolean,
    scope: object | undefined = this.scopeOfFrame(frame),
  ): AnyFunction {
    const meta = this.metaOf(frame.fid);
    const range = this.ranges.get(frame.fid)!;
    const key = `${frame.fid}:${frame.statement}:${frame.kind}:${suspended}`;
    let factory = scope ? undefined : this.frameFactories.get(key);
    if (!factory) {
      const label = this.labelAt(frame.statement, frame.kind);
      const peeled = peel({
        code: this.unitOf(frame.fid).code,
        range,
        label,
        suspended,
        envs: meta.envs,
        natives: this.nativesOf(frame.fid),
        strict: meta.strict,
        generator: this.isGeneratorRange(range),
        isStatic: this.isStaticMember(frame.fid),
      });
      const name = `${resumeUrl}${this.bundle.hash}:${++this.resumeCount}`;
      this.registerResume(name, frame.fid, peeled);
      factory = this.evaluate(`${peeled.text}\n//# sourceURL=${name}`, frame.fid, scope) as never;
      if (!scope) this.frameFactories.set(key, factory!);
    }
    return factory!(...meta.envs.map((env) => frame.vars[`$e${env}`]));
  }

  private isGeneratorRange(range: FunctionRange): boolean {
    return range.generator;
  }

  /** Environments of enclosing scopes that a function's own code reads, as printed names. */
  environmentsNamedBy(fid: number): string[] {
    let names = this.namedEnvironments.get(fid);
    if (!names) {
      const range = this.ranges.get(fid)!;
      const text = this.unitOf(fid).code.slice(range.start, range.end);
      names = this.metaOf(fid)
        .envs.map((env) => `$e${env}`)
        .filter((name) => namesWord(text, name));
      this.namedEnvironments.set(fid, names);
    }
    return names;
  }

  /**
   * Does what a script goes on with need an environment that the function's code names? V8 does not show one that the rest of the code does not
   * name, and nobody will ask for it. That of a class stands for its private names, which can be used without naming it.
   */
  needsEnvironment(fid: number, name: string, { rest }: ScriptTable): boolean {
    return rest?.fid !== fid || name === `$e${this.metaOf(fid).classEnv}` || namesWord(rest.text, name);
  }

  /** Is a function the one that the guest's library (guest-lib/) has for a built-in of this name? Only its code can name `$$natives`. */
  isOfLibrary(fn: object, key: PropertyKey): boolean {
    const fid = fidOf(fn);
    if (fid === undefined || fid < 0 || this.metas[fid]?.name !== key || this.lateUnits[fid]) return false;
    const { start, end } = this.ranges.get(fid)!;
    return indexOf(slice(this.bundle.code, start, end), '$$natives', 0) >= 0;
  }

  /** Functions of enclosing scopes that a function's own code names natively. */
  nativesOf(fid: number): readonly NativeFunction[] {
    return this.metas[fid]?.natives ?? none;
  }

  /** The character so many behind the parenthesis of a function's parameters. */
  textBehindParenthesis(fid: number, distance: number): string {
    const { code } = this.unitOf(fid);
    const { start, end } = this.ranges.get(fid)!;
    const parenthesis = start + indexOf(code.slice(start, end), '(', 0);
    return code.slice(parenthesis + distance, parenthesis + distance + 1);
  }

  isStaticMember(fid: number): boolean {
    return this.staticMembers.has(fid);
  }

  private registerResume(name: string, fid: number, { text, tree, origins }: Peeled): void {
    const statements = new SafeMap<number, number>();
    const fids = new SafeMap<object, number>();
    let resumed = -1;
    let rest: ScriptTable['rest'];
    origins.forEach((origin, node) => {
      if (startsWith(node.type, 'Function') || startsWith(node.type, 'ArrowFunction')) {
        const own = this.fidByStart.get(origin);
        if (own !== undefined) fids.set(node, own);
        if (node.params[0]?.name === '$f') {
          resumed = node.start;
          rest = { fid, text: text.slice(node.start, node.end) };
        }
      } else if (endsWith(node.type, 'Statement') || endsWith(node.type, 'Declaration')) statements.set(node.start, origin);
    });
    const table: SafepointTable = { labels: [], functions: [] };
    collect(tree, text, fids, (start) => statements.get(start), table);
    // At the entry of resume code the frame's variables are still on their way: no place to capture, least of all as the entry of
    // the author's function, which would begin again without its arguments.
    for (const f of table.functions) if (f.start === resumed) f.entry = undefined;
    const labels: Label[] = [];
    for (const label of table.labels) {
      const original = this.labelsByStatement.get(`${label.statement}:${label.kind === 'loop'}`);
      if (!original) continue;
      const isResumed = label.callee?.[0] === '$$next';
      labels.push({
        ...original,
        at: label.at,
        callee: isResumed ? ['$$next'] : label.kind === 'delegate' ? original.callee : label.callee,
        receiver: label.receiver,
        given: label.given,
      });
    }
    this.scripts.set(name, { ...tableOf({ labels, functions: table.functions }, text), rest });
  }

  /** Makes the code that goes on with a stack, so that resumeStack() begins at once. */
  prepareStack(stack: readonly Frame[]): void {
    for (const frame of stack)
      if (!frame.coroutine && !frame.generator) this.resumed.set(frame, this.frameFunction(frame, false));
  }

  /** What goes on, or went on, in the place of the resumed stack's frames. */
  resumedFunctions(): List<AnyFunction> {
    const found = list<AnyFunction>();
    for (let i = 0; i < this.stack.length; i++) {
      const resumed = this.resumed.get(this.stack[i]!);
      if (resumed !== undefined) found[found.length] = resumed;
    }
    return found;
  }

  /** Goes on with a captured stack; returns what its outermost call returns. */
  resumeStack(stack: Frame[]): unknown {
    this.stack = stack;
    this.entered = 0;
    return this.enterNext();
  }

  /** The frame of the resumed stack that stands above `below` others of it, if it has been entered. */
  resumedFrame(below: number): Frame | undefined {
    return below < this.entered ? this.stack[below] : undefined;
  }

  /** Enters the next captured frame. The name of this function is how captures recognise resumed calls. */
  private enterNext(): unknown {
    const frame = this.stack[this.entered++];
    assert(frame, 'a resumed frame has a frame above it');
    if (frame.coroutine) return stepResumed(frame.coroutine, frame.result);
    if (frame.generator) return apply(nativeNext, frame.generator, []);
    const resumed = this.resumed.get(frame) ?? this.frameFunction(frame, false);
    const result = apply(resumed, frame.self, [frame.vars]);
    return frame.construct && !isObject(result) ? frame.self : result;
  }
}

const none: readonly NativeFunction[] = [];

/** The parameters of what makes a closure or class again. Runs while the guest does, which may have changed what join and map are. */
function parameters(first: string, { envs }: FunctionMeta): string {
  let names = first;
  for (let i = 0; i < envs.length; i++) names += `, $e${envs[i]}`;
  return names;
}

/** The variables of the functions that it names natively, which get their values when the environments have their contents. */
function takesNatives({ natives = none }: FunctionMeta): string {
  if (natives.length === 0) return '';
  let names = '';
  let assignments = '';
  for (let i = 0; i < natives.length; i++) {
    const [name, env, field] = natives[i]!;
    names += i === 0 ? name : `, ${name}`;
    assignments += ` ${name} = $e${env}[${stringify(field)}];`;
  }
  return `var ${names}; $l(() => {${assignments} }); `;
}

/**
 * Given for the parameters of an author's constructor of which nothing shall run: whatever is read of it, by whatever pattern, is itself, so
 * that no default value is evaluated. Its iterators end some time, for patterns that take the rest.
 */
const anything: object = new Proxy(function anything() {}, {
  get: (_target, key) => (key === Symbol.iterator ? anythingsOf : anything),
});
const manyAnythings = 64;
const anythings = Array<object>(manyAnythings).fill(anything);
function anythingsOf(): object {
  let count = 0;
  return { next: () => ({ value: anything, done: ++count > manyAnythings }) };
}

const returnTarget = function returnTarget(this: unknown, target: object): object {
  return target;
};

const toPropertyKey = (value: unknown): PropertyKey => {
  if (typeof value === 'symbol' || typeof value === 'string') return value;
  const primitive = isObject(value) ? Object.getOwnPropertyNames({ [value as never]: 0 })[0] : undefined;
  return primitive ?? (isObject(value) ? (Object.getOwnPropertySymbols({ [value as never]: 0 })[0] as symbol) : String(value));
};

type Received = { mode: 'next' | 'throw' | 'return'; value: unknown };

/** One step of a delegation in an async generator; `next` was read when it began. */
function delegateStep(iterator: Iterator<unknown>, next: Iterator<unknown>['next'], received: Received): unknown {
  if (received.mode === 'next') return apply(next, iterator, [received.value]);
  const method = iterator[received.mode];
  if (method) return apply(method, iterator, [received.value]);
  if (received.mode === 'return') return { value: received.value, done: true };
  closeIterator(iterator);
  throw new TypeError("The iterator does not provide a 'throw' method.");
}

function templateOf(cooked: unknown[], raw: string[]): object {
  defineProperty(cooked, 'raw', { value: Object.freeze(raw) });
  return Object.freeze(cooked);
}
