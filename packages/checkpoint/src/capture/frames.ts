/**
 * From V8's paused call frames to captured frames, or a reason why this instant cannot be captured (promise 1: put off, never approximate).
 *
 * What must hold for a stack to be exact:
 *   - the topmost guest frame stands at a loop's back edge or at its function's entry;
 *   - every frame below stands at a call statement whose callee is the very function above it;
 *   - between two guest frames stand only runtime functions that a resume runs again (a coroutine's step, a resumed call).
 */
import { types } from 'node:util';
import type { NativeFunction } from '../compile/native-functions.js';
import type { CalleePath, FunctionRange, Label } from '../compile/table.js';
import { fidOf, identityOf } from '../guest/brand.js';
import { generatorPrototype, generatorStep, isAsyncGeneratorMethod, type RunningBody } from '../guest/coroutines.js';
import { isIndirectEval } from '../guest/late-code.js';
import { ownOfGuest, prototypeOfGuest } from '../guest/original-built-ins.js';
import { isEnvironmentName } from '../guest/plain-text.js';
import type { Frame, Realm, ScriptTable } from '../guest/realm.js';
import { brandLate } from '../guest/unbranded.js';
import type { Internals } from '../heap/index.js';
import { plainProperty } from '../heap/own-properties.js';
import { reflectDefine, setOf, startsWith } from '../heap/primordials.js';
import type { PausedFrame, ThreadSession } from './session.js';

export class PutOff extends Error {
  /** Where the guest's frames stand from the one in the way outwards, as offsets in the program's code: the innermost few. */
  at: readonly number[] | undefined;
}

/** Frames whose place is told: those of the guest-side built-ins in between are few. */
export const mostPlaces = 6;

type Env = Record<string, unknown>;

interface GuestFrame {
  paused: PausedFrame;
  index: number;
  offset: number;
  label: Label | undefined;
  range: FunctionRange;
  vars: Env;
  self: unknown;
}

const { isProxy } = types;
const getPrototypeOf = Object.getPrototypeOf;
const ownDescriptor = Object.getOwnPropertyDescriptor;
const { hasOwn } = Object;
const proto = generatorPrototype as Record<string, unknown>;

/** The guest's stack, outermost frame first. `within` runs what reads it, when it is known that the guest stands in its own code. Throws PutOff with the reason. */
export function captureFrames(
  paused: PausedFrame[],
  realm: Realm,
  session: ThreadSession,
  running: readonly RunningBody[],
  internals: Internals,
  within: (read: () => Frame[]) => Frame[],
): Frame[] {
  let looksAt = 0;
  try {
    checkPlace(paused, realm);
    const looks = (index: number): void => {
      looksAt = index;
    };
    return within(() => framesOf(paused, realm, session, running, internals, looks));
  } catch (error) {
    if (error instanceof PutOff) error.at = placesFrom(paused, looksAt, realm);
    throw error;
  }
}

/** Offsets in the program's code of the guest's frames from an index outwards. */
function placesFrom(paused: readonly PausedFrame[], index: number, realm: Realm): number[] {
  const places: number[] = [];
  for (let i = index; i < paused.length && places.length < mostPlaces; i++) {
    const { scriptId } = paused[i]!.location;
    const table = realm.tableOf(scriptId);
    const place = table && placeOf(realm.urlOf(scriptId)!, offsetOf(paused[i]!, table.lineStarts), realm);
    if (place !== undefined) reflectDefine(places, places.length, plainProperty(place));
  }
  return places;
}

/** Where an offset in a script of the guest's is in the program's code. */
export function placeOf(url: string, offset: number, realm: Realm): number | undefined {
  const table = realm.scriptTable(url);
  return table && (url === realm.scriptName ? offset : labelBefore(table, offset)?.statement);
}

/** Of remade and resumed code: the nearest label before a position stands for it. */
export function labelBefore({ labels }: ScriptTable, offset: number): Label | undefined {
  let best: Label | undefined;
  let bestAt = -1;
  labels.forEach((label, at) => {
    if (at > offset || at <= bestAt) return;
    best = label;
    bestAt = at;
  });
  return best;
}

/** `looks` is told the index of the frame that is looked at. */
function framesOf(
  paused: PausedFrame[],
  realm: Realm,
  session: ThreadSession,
  running: readonly RunningBody[],
  internals: Internals,
  looks: (index: number) => void,
): Frame[] {
  const guest: GuestFrame[] = [];
  paused.forEach((frame, index) => {
    if (realm.urlOf(frame.location.scriptId) === undefined) return;
    looks(index);
    if (isModuleScope(frame, realm)) throw new PutOff('the program is being loaded');
    guest.push(readFrame(frame, index, realm, session, guest.length === 0));
  });
  const frames: Frame[] = [];
  let bodies = running.length;
  for (let i = 0; i < guest.length; i++) {
    const g = guest[i]!;
    const above = guest[i - 1];
    looks(g.index);
    const frame = baseFrame(g, realm);
    if (above) linkFrames(g, above, frames.at(-1)!, paused, realm, internals, () => resumedGenerator(guest, i - 1, realm));
    else checkTop(g, realm);
    if (realm.metaOf(g.range.fid).kind === 'body' || (realm.metaOf(g.range.fid).kind === 'main' && realm.bundle.topLevelAwait)) {
      const body = running[--bodies];
      if (!body || body.coroutine.fid !== g.range.fid) throw new PutOff('an async body does not match its coroutine');
      frame.coroutine = body.coroutine;
      frame.generator = body.coroutine.generator;
      frame.result = body.result;
    }
    checkEnvironments(frame, realm, realm.tableOf(g.paused.location.scriptId)!);
    frames.push(frame);
  }
  if (bodies !== 0) throw new PutOff('an async body is being started');
  const generatorAtBottom = guest.at(-1)!.range.generator && !frames.at(-1)!.coroutine;
  if (generatorAtBottom) throw new PutOff('the runtime is stepping a generator');
  return frames.reverse();
}

/**
 * The guest must stand at a loop's back edge or a function's entry. This is known before anything else happens, without a regular
 * expression and without anything that a guest can change: V8 pauses in the middle of matching one too, and a second one then runs over the first one's backtracking stack.
 */
function checkPlace(paused: PausedFrame[], realm: Realm): void {
  const top = paused[0];
  let caller: PausedFrame | undefined;
  for (let i = 0; i < paused.length && !caller; i++)
    if (realm.urlOf(paused[i]!.location.scriptId) !== undefined) caller = paused[i];
  if (!top || !caller) throw new PutOff('the runtime itself is running');
  const from = programsName(caller.functionName) ?? 'the program';
  if (caller !== top) throw new PutOff(aBuiltInRuns(top.functionName || 'native code', from));
  if (isModuleScope(top, realm)) throw new PutOff('the program is being loaded');
  const table = realm.tableOf(top.location.scriptId);
  if (!table) throw new PutOff('code is being loaded');
  const offset = offsetOf(top, table.lineStarts);
  const label = table.labels.get(offset);
  if (label ? label.kind !== 'loop' : !functionAround(top, table))
    throw new PutOff(label ? aBuiltInRuns('', from) : `stopped inside an expression of ${from}`);
}

/** The bundle's own wrappers (compile/program.ts), or the wrapper of a remade closure or frame: they only run while code is being loaded. */
const isModuleScope = (frame: PausedFrame, realm: Realm): boolean =>
  realm.urlOf(frame.location.scriptId) === realm.scriptName &&
  frame.functionLocation !== undefined &&
  frame.functionLocation.lineNumber <= 1;

function offsetOf(frame: PausedFrame, lineStarts: number[]): number {
  return lineStarts[frame.location.lineNumber]! + (frame.location.columnNumber ?? 0);
}

function readFrame(paused: PausedFrame, index: number, realm: Realm, session: ThreadSession, top: boolean): GuestFrame {
  const table = realm.tableOf(paused.location.scriptId);
  if (!table) throw new PutOff('code is being loaded');
  const inBundle = realm.urlOf(paused.location.scriptId) === realm.scriptName;
  const offset = offsetOf(paused, table.lineStarts);
  const label = table.labels.get(offset);
  let range: FunctionRange | undefined = label ? realm.ranges.get(label.fid) : undefined;
  if (!range && top) range = functionAround(paused, table);
  if (!range) throw new PutOff(insideExpression(top, programsName(paused.functionName) ?? 'a function'));
  const scopes: typeof paused.scopeChain = [];
  for (const scope of paused.scopeChain) {
    if (scope.type === 'global' || scope.type === 'script' || scope.type === 'module') break;
    if (scope.type === 'closure' && scope.startLocation !== undefined && scope.startLocation.lineNumber <= 1 && inBundle) break;
    scopes.push(scope);
  }
  // V8 now and then reports no scopes at all for a frame (seen in catch blocks); its variables are then unknown.
  if (!scopes.some((s) => s.type === 'local'))
    throw new PutOff(`V8 does not show the variables of ${programsName(paused.functionName) ?? 'a function'} here`);
  const values = session.fetch([...scopes.map((s) => s.object), paused.this]);
  const self = values.pop();
  const vars: Env = {};
  const natives = realm.nativesOf(range.fid);
  values.forEach((scope, i) => {
    mergeScope(vars, scope as Env, scopes[i]!.type === 'closure', natives);
  });
  checkArguments(range, realm);
  // Where a class is made V8 shows it in every function; of the program itself it names what is in no image.
  if (!range.usesArguments) delete vars.arguments;
  restoreArguments(vars);
  return { paused, index, offset, label, range, vars, self };
}

/** Not while parameters and elements of `arguments` may be one: resumed they would be two. */
export function checkArguments({ fid, sharesArguments }: FunctionRange, realm: Realm): void {
  const { name, strict } = realm.metaOf(fid);
  if (sharesArguments && !strict) throw new PutOff(`the parameters of ${name || 'a function'} are shared with its arguments`);
}

/** Resumed code has the arguments of its function in a variable; what V8 shows as `arguments` is the resumption's own. */
export function restoreArguments(vars: Env): void {
  if (!('$arguments' in vars)) return;
  vars.arguments = vars.$arguments;
  delete vars.$arguments;
}

/** Variables that generated code needs for itself: what it is handed, and what continues a delegation. */
const isOfResumption = (name: string): boolean => name === '$main' || name === '$f' || startsWith(name, '$$dr');

/** Inner scopes first; from enclosing functions only environments are taken, and the functions of these that are named natively. */
export function mergeScope(vars: Env, scope: Env, isEnclosing: boolean, natives: readonly NativeFunction[]): void {
  for (const name of Object.keys(scope)) {
    if (hasOwn(vars, name) || isOfResumption(name)) continue;
    if (isEnclosing && !isEnvironmentName(name) && !isAmong(natives, name)) continue;
    const descriptor = ownDescriptor(scope, name)!;
    if ('value' in descriptor) vars[name] = descriptor.value;
  }
}

/** With an indexed loop: the guest may have changed what others go through. */
function isAmong(natives: readonly NativeFunction[], name: string): boolean {
  for (let i = 0; i < natives.length; i++) if (natives[i]![0] === name) return true;
  return false;
}

/** The function at whose first statement the frame stands; code inside that statement that is another function's does not count. */
function functionAround(paused: PausedFrame, table: ScriptTable): FunctionRange | undefined {
  const offset = offsetOf(paused, table.lineStarts);
  const begun = paused.functionLocation;
  const start = begun ? table.lineStarts[begun.lineNumber]! + (begun.columnNumber ?? 0) : offset;
  let best: FunctionRange | undefined;
  table.functions.forEach((f) => {
    if (!f.entry || offset < f.entry[0] || offset >= f.entry[1] || start < f.start || start > f.entry[0]) return;
    if (!best || f.start > best.start) best = f;
  });
  return best;
}

/** Dead temporaries are not part of a frame or generator: they may hold things that cannot be captured. At a function's entry all are. */
export function isDeadTemporary(range: FunctionRange, name: string, statement: number | undefined): boolean {
  if (!hasOwn(range.temps, name)) return false; // authors' names too: `constructor`, which every object has
  const live = range.temps[name]!;
  return statement === undefined || statement < live[0] || statement > live[1];
}

/** Their position is known to V8 alone. What the author keeps of them pins; a loop or a pattern is through with one in time. */
const hiddenIterators = [[][Symbol.iterator](), ''[Symbol.iterator](), ''.matchAll(/./g)].map((iterator) =>
  getPrototypeOf(iterator),
);
const isHiddenIterator = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !isProxy(value) && hiddenIterators.includes(getPrototypeOf(value));

function baseFrame(g: GuestFrame, realm: Realm): Frame {
  const kind = g.label ? g.label.kind : 'entry';
  const bundleRange = realm.ranges.get(g.range.fid)!;
  const vars: Env = {};
  for (const name of Object.keys(g.vars)) {
    if (isDeadTemporary(bundleRange, name, g.label?.statement)) continue;
    const value = g.vars[name];
    if (hasOwn(bundleRange.temps, name) && isHiddenIterator(value))
      throw new PutOff(`the iterator of a built-in is being walked in ${realm.metaOf(g.range.fid).name || 'a function'}`);
    vars[name] = value;
  }
  return {
    fid: g.range.fid,
    statement: g.label ? g.label.statement : -1,
    kind,
    vars,
    self: g.self,
    construct: false,
    late: realm.lateUnitOf(g.range.fid),
    generator: undefined,
    coroutine: undefined,
    result: undefined,
  };
}

/** Each environment that the function's code needs must be there: what V8 does not show cannot be carried over. */
function checkEnvironments(frame: Frame, realm: Realm, table: ScriptTable): void {
  if (!showsAround(frame.fid, frame.vars, realm, table))
    throw new PutOff(`V8 does not show the variables around ${realm.metaOf(frame.fid).name || 'a function'} here`);
}

/** Are all environments and native functions from outside that a function's code in a script needs among what V8 showed of it? */
export function showsAround(fid: number, vars: Env, realm: Realm, table: ScriptTable): boolean {
  for (const env of realm.environmentsNamedBy(fid))
    if (typeof vars[env] !== 'object' && realm.needsEnvironment(fid, env, table)) return false;
  const natives = realm.nativesOf(fid);
  for (let i = 0; i < natives.length; i++) if (typeof vars[natives[i]![0]] !== 'function') return false;
  return true;
}

function checkTop(g: GuestFrame, realm: Realm): void {
  if (g.label) return; // a loop's, see checkPlace
  const meta = realm.metaOf(g.range.fid);
  const range = realm.ranges.get(g.range.fid)!;
  if (!range.simpleParams || range.usesArguments || range.usesNewTarget || range.generator)
    throw new PutOff(`at the entry of ${meta.name || 'a function'}`);
  if (meta.derived || (meta.kind === 'member' && isConstructor(realm, meta.fid)))
    throw new PutOff('at the entry of a constructor');
}

const isConstructor = (realm: Realm, fid: number): boolean => realm.constructors.has(fid);

/** Functions of the runtime that a resume runs again. */
const runAgain = setOf(
  ...['step', 'stepResumed', 'spawn', 'request', 'serve', 'enterNext', 'next', 'delegateNext', '$$next', 'first'],
);
export const isRunAgain = (name: string): boolean => runAgain.has(name);

/** The frame `g` waits for the frame above it: proves that nothing unseen stands between them. */
function linkFrames(
  g: GuestFrame,
  above: GuestFrame,
  aboveFrame: Frame,
  paused: PausedFrame[],
  realm: Realm,
  internals: Internals,
  resumedGenerator: () => object,
): void {
  const label = g.label;
  if (!label || label.kind === 'loop' || label.kind === 'yield') throw new PutOff(insideExpression(false, where(g, realm)));
  if (label.kind === 'super') throw new PutOff('a base class constructor is running');
  const between = paused.slice(above.index + 1, g.index).map((f) => f.functionName);
  const resumed = isNext(label);
  // An eval answers what the code that it runs answers: resumed, that code is called in its place.
  if (between.length > 0 && !resumed && isEvalOf(aboveFrame, between) && callsEval(g, label, realm)) return;
  if (!between.every(isRunAgain)) throw new PutOff(aBuiltInRuns(between.find(Boolean) ?? 'native code', where(g, realm)));
  const original = realm.labelAt(label.statement, label.kind);
  if (original?.kind === 'new') aboveFrame.construct = true;
  if (range(above, realm).generator && !aboveFrame.coroutine) linkGenerator(g, aboveFrame, label, realm, resumedGenerator);
  if (resumed) {
    if (original?.kind === 'delegate' || aboveFrame.generator || between.includes('enterNext')) return;
    throw new PutOff('a resumed call is being entered');
  }
  if (aboveFrame.coroutine) {
    checkStarter(g, label, realm);
    return;
  }
  if (aboveFrame.generator) return;
  if (between.length > 0) throw new PutOff('the runtime is calling the guest');
  const callee = reachedFrom(g, label, realm, internals);
  const expected = range(above, realm).fid;
  if (!calls(callee, expected, label.kind === 'new', realm) && !callsPrivateMethod(g, label, above, realm))
    throw new PutOff(aBuiltInRuns('', where(g, realm)));
  if (label.kind === 'new') {
    aboveFrame.construct = true;
    if (aboveFrame.self === undefined) throw new PutOff('a base class constructor is running');
  }
}

const isEvalOf = ({ fid, late }: Frame, between: readonly string[]): boolean =>
  late?.fid === fid && between.every((name) => evalNames.has(name));

const evalNames = setOf('eval', 'evalText', '$$directEval', 'directEval');

const callsEval = (g: GuestFrame, { callee }: Label, realm: Realm): boolean =>
  callee?.[0] === '$$directEval' || isIndirectEval(calleeOf(g, callee, realm));

const range = (g: GuestFrame, realm: Realm): FunctionRange => realm.ranges.get(g.range.fid)!;

/** A generator body runs inside the native next(): the caller's receiver is the generator. */
function linkGenerator(g: GuestFrame, aboveFrame: Frame, label: Label, realm: Realm, resumedGenerator: () => object): void {
  let object: unknown;
  if (isNext(label)) object = resumedGenerator();
  else if (label.kind === 'delegate') object = calleeOf(g, label.callee, realm);
  else if (label.receiver) {
    const method = calleeOf(g, label.callee, realm);
    if (method !== proto.next && method !== proto.return && method !== proto.throw && method !== generatorStep)
      throw new PutOff('a generator runs inside a built-in');
    object = calleeOf(g, label.receiver, realm);
  } else if (label.callee && label.callee.length > 1) {
    object = calleeOf(g, label.callee.slice(0, -1), realm);
    const method = calleeOf(g, label.callee, realm);
    if (method !== proto.next && method !== proto.return && method !== proto.throw)
      throw new PutOff('a generator runs inside a built-in');
  }
  if (typeof object !== 'object' || object === null) throw new PutOff('a generator runs inside a built-in');
  aboveFrame.generator = object;
}

const isNext = (label: Label | undefined): boolean => label?.callee?.[0] === '$$next';

/** The generator that `guest[at]` is the body of, when all frames below still stand where they were resumed: each is one of the resumed stack. */
function resumedGenerator(guest: readonly GuestFrame[], at: number, realm: Realm): object {
  const below = guest.slice(at + 1);
  const frame = below.every(({ label }) => isNext(label)) ? realm.resumedFrame(below.length) : undefined;
  if (!frame?.generator || frame.fid !== guest[at]!.range.fid) throw new PutOff('a resumed generator is running');
  return frame.generator;
}

/** An async body's caller: the compiled function's spawn call, or next() of an async generator. */
function checkStarter(g: GuestFrame, label: Label, realm: Realm): void {
  if (label.callee?.[0] === '$$spawn') return;
  const method = calleeOf(g, label.callee, realm);
  if (isAsyncGeneratorMethod(method)) return;
  throw new PutOff('an async body runs inside a built-in');
}

const { call: functionCall, apply: functionApply } = Function.prototype;
const reflectApply = Reflect.apply;
const isCallOrApply = (value: unknown): boolean => value === functionCall || value === functionApply;
/** Functions bound to functions: more is nobody's program. */
const mostBindings = 16;

/**
 * The function that the call of a label runs. Some built-ins end in a call of another function and give what it gives, without a frame of
 * their own: `call`, `apply`, Reflect.apply, bound functions. (Reflect.construct does more: a result that is no object gives way.) A resume need not run these again.
 */
function reachedFrom(g: GuestFrame, label: Label, realm: Realm, internals: Internals): unknown {
  let callee = calleeOf(g, label.callee, realm);
  // Kept before its arguments ran, it is `kept.call(receiver, …)`: what it runs is its receiver.
  if (isCallOrApply(callee)) callee = calleeOf(g, label.receiver ?? label.callee?.slice(0, -1), realm);
  else if (callee === reflectApply) callee = calleeOf(g, label.given, realm);
  if (isCallOrApply(callee)) callee = calleeOf(g, label.given, realm);
  if (label.kind === 'new') return callee;
  for (let i = 0; i < mostBindings && typeof callee === 'function' && !isProxy(callee) && fidOf(callee) === undefined; i++) {
    const slots = internals.of(callee);
    const target = slots['[[TargetFunction]]'];
    if (target === undefined) {
      brandLate(callee, slots, realm);
      break;
    }
    callee = isCallOrApply(target) ? slots['[[BoundThis]]'] : target;
  }
  return callee;
}

/** Does calling `callee` run the function `fid` directly? */
function calls(callee: unknown, fid: number, isNew: boolean, realm: Realm): boolean {
  if (!isNew) return fidOf(callee) === fid;
  for (let C = callee; typeof C === 'function'; C = prototypeOfGuest(C)) {
    const own = fidOf(C);
    if (own === undefined) return false;
    const meta = realm.metaOf(own);
    if (meta.kind !== 'class') return own === fid;
    const explicit = meta.members!.find((m) => m.key === '%constructor');
    if (explicit) return explicit.fid === fid;
  }
  return false;
}

/** Private methods bear no brand; but no name can mean another one to code of the same class at the same place. */
function callsPrivateMethod(g: GuestFrame, label: Label, above: GuestFrame, realm: Realm): boolean {
  const name = label.callee?.at(-1);
  if (label.kind !== 'call' || typeof name !== 'string' || !name.startsWith('#')) return false;
  const [meta, aboveMeta] = [realm.metaOf(g.range.fid), realm.metaOf(above.range.fid)];
  if (aboveMeta.kind !== 'member' || aboveMeta.name !== name || meta.classEnv === undefined) return false;
  const env = `$e${meta.classEnv}`;
  const scope = g.vars[env] as { $class?: object } | undefined;
  if (meta.classEnv !== aboveMeta.classEnv || !scope?.$class || scope !== above.vars[env]) return false;
  const classFid = fidOf(scope.$class);
  const names = classFid === undefined ? undefined : realm.metaOf(classFid).privateNames;
  return names?.find((known) => `#${known.name}` === name)?.kind === 'method';
}

/** What a function's code reads its variables from. */
interface Place {
  readonly vars: Env;
  readonly self: unknown;
  readonly range: { readonly fid: number };
}

/** Getters in getters that are looked through. */
const mostGetters = 4;

/** Reads a callee path by data properties, and by getters that only read; other getters and proxies make it unknown. */
function calleeOf(g: Place, path: CalleePath | undefined, realm: Realm, getters = mostGetters): unknown {
  if (!path) return undefined;
  const [first, ...keys] = path;
  let value: unknown;
  if (first === 'this') value = g.self;
  else if (first === '%super') {
    const home = g.vars.$home as { prototype: object } | undefined;
    if (!home) return undefined;
    value = prototypeOfGuest(isStaticFrame(g, realm) ? home : home.prototype);
  } else if (typeof first === 'string')
    value = hasOwn(g.vars, first) ? g.vars[first] : (realm.readVariable(first, g.range.fid) ?? globalValue(first));
  for (const key of keys) {
    if (value === undefined || value === null) return undefined;
    const name = nameIn(key, g, realm, getters);
    if (name === undefined) return undefined;
    if (typeof name === 'string' && name.startsWith('#')) value = readPrivate(value, name, g, realm);
    else value = readPlain(value, name, realm, getters);
  }
  return value;
}

function nameIn(key: CalleePath[number], g: Place, realm: Realm, getters: number): PropertyKey | undefined {
  if (typeof key === 'string') return key;
  if ('key' in key) return key.key;
  const name = 'variable' in key ? g.vars[key.variable] : calleeOf(g, key.path, realm, getters);
  return typeof name === 'string' || typeof name === 'number' || typeof name === 'symbol' ? name : undefined;
}

const isStaticFrame = (g: Place, realm: Realm): boolean => realm.isStaticMember(g.range.fid);

function globalValue(name: string): unknown {
  const descriptor = ownOfGuest(globalThis, name);
  return descriptor && 'value' in descriptor ? descriptor.value : undefined;
}

function readPrivate(value: unknown, name: string, g: Place, realm: Realm): unknown {
  const meta = realm.metaOf(g.range.fid);
  const env = meta.classEnv === undefined ? undefined : (g.vars[`$e${meta.classEnv}`] as { $class?: object } | undefined);
  const hook = env?.$class && realm.hookOf(env.$class);
  if (!hook) return undefined;
  try {
    return (hook(`(o) => #${name.slice(1)} in o ? o.#${name.slice(1)} : undefined`) as (o: unknown) => unknown)(value);
  } catch {
    return undefined;
  }
}

function readPlain(value: unknown, key: PropertyKey, realm: Realm, getters: number): unknown {
  for (let holder: object | null = Object(value) as object; holder; holder = prototypeOfGuest(holder)) {
    if (isProxy(holder)) return undefined;
    const descriptor = ownOfGuest(holder, key);
    if (descriptor) return 'value' in descriptor ? descriptor.value : answerOf(descriptor.get, realm, getters);
  }
  return undefined;
}

/** What a getter answers that only reads a variable or a property, as bundlers make one for each export. */
function answerOf(getter: unknown, realm: Realm, getters: number): unknown {
  const identity = typeof getter === 'function' ? identityOf(getter) : undefined;
  const path = identity && realm.ranges.get(identity.fid)?.returned;
  if (!path || path[0] === 'this' || getters === 0) return undefined;
  const { fid, env } = identity;
  const vars: Env = {};
  const chain = realm.envChain(fid, env);
  realm.metaOf(fid).envs.forEach((number, i) => {
    vars[`$e${number}`] = chain[i];
  });
  const natives = realm.nativesOf(fid);
  for (let i = 0; i < natives.length; i++) vars[natives[i]![0]] = (vars[`$e${natives[i]![1]}`] as Env)[natives[i]![2]];
  return calleeOf({ vars, self: undefined, range: { fid } }, path, realm, getters - 1);
}

function where(g: GuestFrame, realm: Realm): string {
  const meta = realm.metaOf(g.range.fid);
  return meta.name || programsName(g.paused.functionName) || 'the program';
}

/** The compiler's own functions are the program to its author. */
export function programsName(functionName: string): string | undefined {
  if (functionName === '<static_initializer>') return 'a static block';
  return functionName === '' || functionName === '$main' || startsWith(functionName, '$$') ? undefined : functionName;
}

/** What stands above a frame that waits for no call is called by V8 itself. */
export const insideExpression = (isTop: boolean, name: string): string =>
  isTop
    ? `stopped inside an expression of ${name}`
    : `a getter, coercion, default, initialiser or the like is running (in an expression of ${name})`;

export const aBuiltInRuns = (name: string, caller: string): string =>
  `a built-in is running (${name === '' ? '' : `${name} `}called from ${caller})`;
