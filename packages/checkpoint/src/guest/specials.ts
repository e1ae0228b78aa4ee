/**
 * How the codec saves and remakes what only the realm understands: closures, classes and their members, the runtime's own
 * closures, promises, generators, cursors, private fields. Each kind says which parts must exist before it is made again.
 */
import { types } from 'node:util';
import { assert, GodwitError } from '../base/index.js';
import { checkArguments, isDeadTemporary, mergeScope, restoreArguments, showsAround } from '../capture/frames.js';
import type { Internals, Privates, SpecialKind } from '../heap/index.js';
import { startsWith } from '../heap/primordials.js';
import { identityOf } from './brand.js';
import { LateUnit } from './code-unit.js';
import { type Coroutine, coroutineOf, isAsyncGenerator, nativeNext, stampAsyncGenerator } from './coroutines.js';
import type { Finishing } from './finishing.js';
import { hostClosureName, remakeHostClosure } from './host-closures.js';
import { CollectionCursor, type CollectionKind, collectionCursor, cursorPosition, placeCursor } from './iteration.js';
import { type PlainFunction, type Prefix, plainFunctionOf, remakePlainFunction } from './late-code.js';
import { type IteratorSources, nativeIterators } from './native-iterators.js';
import { isGuestPromise, type PromiseState, promiseState, stampPromise } from './promises.js';
import { type Frame, type Realm, resumeUrl, type ScriptTable } from './realm.js';
import { isRegistry, type RegistryState, registryState, stampRegistry, watchAll } from './weak.js';

const getPrototypeOf = Object.getPrototypeOf;
const { hasOwn } = Object;
const apply = Reflect.apply;

/** As the inspector gives it. */
interface Location {
  scriptId: string;
  lineNumber: number;
  columnNumber: number;
}

interface GeneratorState {
  fid: number;
  statement: number;
  kind: Frame['kind'];
  suspended: boolean;
}

export function specialKinds(
  realm: Realm,
  internals: Internals,
  frames: readonly Frame[],
  finishing: Finishing,
  sources: IteratorSources,
): SpecialKind[] {
  return [
    lateUnits(realm),
    plainFunctions(),
    closures(realm, finishing),
    classMembers(realm),
    classPrototypes(realm),
    promises(),
    registries(finishing),
    asyncGenerators(),
    generators(realm, internals, frames, finishing),
    cursors(finishing),
    nativeIterators(sources, finishing),
  ];
}

/** Code made at run time: what it made needs it first. */
function lateUnits(realm: Realm): SpecialKind {
  return {
    tag: 'late code',
    hasOwnClass: true,
    ownProperties: false,
    claims: (value) => value instanceof LateUnit,
    save: (value) => {
      const { text, firstFid, base, templates } = value as LateUnit;
      return { create: [text, firstFid, base], fill: templates };
    },
    fill: (value, templates) => {
      (value as LateUnit).templates = templates as Record<number, object>;
    },
    create: ([text, firstFid, base]) => realm.addLateUnit(text as string, firstFid as number, base as number),
  };
}

/** Functions that V8 made from a text without functions, calls and loops. */
function plainFunctions(): SpecialKind {
  return {
    tag: 'plain function',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => typeof value === 'function' && plainFunctionOf(value) !== undefined,
    save(value) {
      const { prefix, params, body } = plainFunctionOf(value) as PlainFunction;
      return { create: [prefix, params, body] };
    },
    create: ([prefix, params, body]) =>
      remakePlainFunction({ prefix: prefix as Prefix, params: params as string, body: body as string }),
  };
}

/** Guest closures, module-level declarations, classes and runtime closures: everything with a function id. */
function closures(realm: Realm, finishing: Finishing): SpecialKind {
  const later = (step: () => void): void => {
    finishing.later(step);
  };
  return {
    tag: 'closure',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => typeof value === 'function' && identityOf(value) !== undefined && !isMember(realm, value),
    readsParts(created) {
      const at = created[0] === 'late' ? 2 : 0;
      if (created[at] === 'closure') return realm.environmentsRead(created[at + 1] as number, created, at + 3);
      return created[at] === 'class' ? realm.environmentsRead(created[at + 1] as number, created, at + 5) : nothing;
    },
    save(value) {
      const { fid, env } = identityOf(value)!;
      if (fid < 0) return { create: ['host', fid, env] };
      const meta = realm.metaOf(fid);
      if (meta.kind === 'declaration') return { create: ['declared', fid] };
      if (meta.kind === 'main')
        throw new GodwitError(
          'GODWIT_CANNOT_CAPTURE',
          'Cannot capture the program itself as a function (arguments.callee at its top)',
        );
      const chain = realm.envChain(fid, env);
      const scope = realm.scopeClass(fid, chain);
      const late = realm.lateUnitOf(fid);
      const first = late ? ['late', late] : [];
      if (meta.kind !== 'class') return { create: [...first, 'closure', fid, scope, ...chain] };
      return {
        create: [
          ...first,
          'class',
          fid,
          scope,
          meta.derived ? getPrototypeOf(value) : undefined,
          meta.envs.length,
          ...chain,
          ...realm.keysOf(value),
        ],
      };
    },
    create(created) {
      const [how, fid, ...parts] = created[0] === 'late' ? created.slice(2) : created;
      if (how === 'host') return remakeHostClosure(fid as number, parts[0] as object) as unknown as object;
      if (how === 'declared') return realm.declaredFunction(fid as number);
      if (how === 'closure')
        return realm.remakeClosure(fid as number, parts.slice(1) as object[], parts[0] as object | undefined, later);
      if (how === 'class') {
        const [scope, heritage, envs, ...rest] = parts as [object | undefined, unknown, number, ...unknown[]];
        return realm.remakeClass(
          fid as number,
          heritage,
          rest.slice(0, envs) as object[],
          rest.slice(envs) as PropertyKey[],
          scope,
          later,
        );
      }
      throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot restore closure ${String(how)} ${hostClosureName(fid as number)}`);
    },
  };
}

const nothing: readonly unknown[] = [];

const isMember = (realm: Realm, value: object): boolean => {
  const identity = identityOf(value);
  return identity !== undefined && identity.fid >= 0 && realm.metaOf(identity.fid).kind === 'member';
};

/** Methods and accessors come back with their class. */
function classMembers(realm: Realm): SpecialKind {
  return {
    tag: 'member',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => typeof value === 'function' && isMember(realm, value),
    save(value) {
      const { fid, env } = identityOf(value)!;
      return { create: [fid, env] };
    },
    create: ([fid, C]) => realm.memberFunction(C as object, fid as number),
  };
}

function classPrototypes(realm: Realm): SpecialKind {
  return {
    tag: 'class prototype',
    ownProperties: true,
    claims: (value) => realm.classPrototypes.has(value),
    save: (value) => ({ create: [realm.classPrototypes.get(value)] }),
    create: ([C]) => (C as { prototype: object }).prototype,
  };
}

function promises(): SpecialKind {
  return {
    tag: 'promise',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => isGuestPromise(value),
    save: (value) => ({ create: [promiseState(value)] }),
    create: ([state]) => stampPromise({}, state as PromiseState),
  };
}

function registries(finishing: Finishing): SpecialKind {
  return {
    tag: 'finalization registry',
    hasOwnClass: true,
    ownProperties: true,
    claims: isRegistry,
    save: (value) => ({ create: [registryState(value)] }),
    create([state]) {
      finishing.whenRunning(() => watchAll(state as RegistryState));
      return stampRegistry({}, state as RegistryState);
    },
  };
}

function asyncGenerators(): SpecialKind {
  return {
    tag: 'async generator',
    hasOwnClass: true,
    ownProperties: true,
    claims: (value) => isAsyncGenerator(value),
    save: (value) => ({ create: [coroutineOf(value)] }),
    create: ([coroutine]) => stampAsyncGenerator({}, coroutine as Coroutine),
  };
}

function finishedGenerator(): object {
  const done = (function* () {})();
  apply(nativeNext, done, []);
  return done;
}

/**
 * Native generators, of authors and of async bodies. A suspended one is asked for its label and variables through the inspector,
 * which does not disturb it; one that is on the stack is described by its frame.
 */
function generators(realm: Realm, internals: Internals, frames: readonly Frame[], finishing: Finishing): SpecialKind {
  const onStack = new Map<object, Frame>();
  for (const frame of frames) if (frame.generator) onStack.set(frame.generator, frame);
  return {
    tag: 'generator',
    hasOwnClass: true,
    ownProperties: true,
    readsParts: (created) => created,
    claims: (value) => types.isGeneratorObject(value),
    save(value) {
      const frame = onStack.get(value);
      if (frame) return { create: savedGenerator(realm, frame.fid, frame.statement, frame.kind, false, frame.vars, frame.self) };
      const inside = internals.of(value);
      if (inside['[[GeneratorState]]'] === 'closed') return { create: ['done'] };
      if (inside['[[GeneratorState]]'] === 'running')
        throw new GodwitError('GODWIT_CANNOT_CAPTURE', 'Cannot capture a generator: it is running inside a built-in');
      return { create: suspendedGenerator(realm, inside, internals) };
    },
    create([how, state, vars, self, ...rest]) {
      if (how === 'done') return finishedGenerator();
      const { fid, statement, kind, suspended } = JSON.parse(state as string) as GeneratorState;
      const frame = { fid, statement, kind, vars: vars as Record<string, unknown> };
      const meta = realm.metaOf(fid);
      const environments: Record<string, unknown> = {};
      meta.envs.forEach((env, i) => {
        environments[`$e${env}`] = rest[i];
      });
      const scope = rest[meta.envs.length] as object | undefined;
      const make = realm.frameFunction({ ...frame, vars: environments }, suspended, scope);
      const generator = apply(make, self, [vars]) as object;
      assert(types.isGeneratorObject(generator), `function ${fid} is a generator's`);
      if (suspended && kind !== 'entry') finishing.later(() => apply(nativeNext, generator, []));
      return generator;
    },
  };
}

function savedGenerator(
  realm: Realm,
  fid: number,
  statement: number,
  kind: Frame['kind'],
  suspended: boolean,
  vars: Record<string, unknown>,
  self: unknown,
): unknown[] {
  const envs = realm.metaOf(fid).envs.map((env) => vars[`$e${env}`]);
  const state: GeneratorState = { fid, statement, kind, suspended };
  // The class by itself: environments have no contents yet when a generator is made again.
  // So the code, when it was made at run time.
  return ['live', JSON.stringify(state), vars, self, ...envs, realm.scopeOfFrame({ fid, vars }), realm.lateUnitOf(fid)];
}

function suspendedGenerator(realm: Realm, inside: Record<string, unknown>, internals: Internals): unknown[] {
  const location = inside['[[GeneratorLocation]]'] as Location;
  const scopes = inside['[[Scopes]]'] as { description: string; variables: Record<string, unknown> }[];
  const fn = inside['[[GeneratorFunction]]'] as object;
  const url = realm.urlOf(location.scriptId);
  const table = url === undefined ? undefined : realm.scriptTable(url);
  if (!table) throw new GodwitError('GODWIT_CANNOT_CAPTURE', 'Cannot capture a generator: it belongs to a built-in');
  const offset = table.lineStarts[location.lineNumber]! + location.columnNumber;
  const label = table.labels.get(offset);
  const fid = label?.fid ?? identityOf(fn)?.fid ?? realm.functionAt(url!, offset);
  if (fid === undefined || !realm.ranges.get(fid)!.generator)
    throw new GodwitError('GODWIT_CANNOT_CAPTURE', 'Cannot capture a generator: it is suspended at an unknown place');
  const name = realm.metaOf(fid).name || 'it';
  const notYet = (why: string): GodwitError =>
    new GodwitError('GODWIT_PUT_OFF', `Cannot capture a generator yet: ${why}`, { fields: { path: '' } });
  if (!label && hasBegun(offset, fn, { url: url!, table, fid }, realm, internals))
    throw notYet(`${name} waits in a finally block or a with statement`);
  const vars: Record<string, unknown> = {};
  const natives = realm.nativesOf(fid);
  let unread: Record<string, unknown> | undefined;
  for (const scope of scopes) {
    if (['Module', 'Global', 'Script'].some((kind) => scope.description.startsWith(kind))) break;
    const closure = scope.description.startsWith('Closure');
    if (!closure && !label && startsWith(url!, resumeUrl) && hasOwn(scope.variables, '$f'))
      unread = scope.variables.$f as typeof vars;
    mergeScope(vars, scope.variables, closure, natives);
  }
  restoreArguments(vars);
  // Not begun in an earlier life either: resume code has not yet taken its variables out of what it was given.
  if (unread) Object.assign(vars, unread);
  const range = realm.ranges.get(fid)!;
  checkArguments(range, realm);
  for (const key of Object.keys(vars)) if (isDeadTemporary(range, key, label?.statement)) delete vars[key];
  // What V8 does not show cannot be carried over; as with frames, not now is better than wrong.
  if (label && !showsAround(fid, vars, realm, table)) throw notYet(`V8 does not show the variables around ${name} here`);
  return savedGenerator(realm, fid, label?.statement ?? -1, label?.kind ?? 'entry', true, vars, inside['[[GeneratorReceiver]]']);
}

/**
 * Has a generator begun that is at no label? It has where a `yield` stands in a native finally block, say, whose pending completion is hidden.
 * Before that V8 shows it at the parenthesis of its parameters, or, when these are more than names, at the brace of its body.
 */
function hasBegun(
  offset: number,
  fn: object,
  { url, table, fid }: { url: string; table: ScriptTable; fid: number },
  realm: Realm,
  internals: Internals,
): boolean {
  const begins = internals.of(fn)['[[FunctionLocation]]'] as Location;
  const parenthesis = table.lineStarts[begins.lineNumber]! + begins.columnNumber;
  if (offset === parenthesis) return false;
  return startsWith(url, resumeUrl) || realm.textBehindParenthesis(fid, offset - parenthesis) !== '{';
}

/** Map and Set cursors: the position is the number of live entries before it. */
function cursors(finishing: Finishing): SpecialKind {
  return {
    tag: 'cursor',
    hasOwnClass: true,
    ownProperties: false,
    claims: (value) => value instanceof CollectionCursor,
    save(value) {
      const cursor = value as CollectionCursor;
      const started = cursor.iterator !== undefined;
      return {
        create: [cursor.source, cursor.kind, cursor.finished, started, started && !cursor.finished ? cursorPosition(cursor) : 0],
      };
    },
    create([source, kind, finished, started, position]) {
      const cursor = collectionCursor(source as Map<unknown, unknown>, kind as CollectionKind);
      cursor.finished = finished as boolean;
      if (started && !finished) {
        finishing.place(source as object, position as number, (entries) => placeCursor(cursor, entries));
      }
      return cursor;
    },
  };
}

/** Private fields of class instances, read and written through the hook inside each class. */
export function privateFields(realm: Realm): Privates {
  const readers = new WeakMap<object, (value: object) => unknown[] | undefined>();
  const writers = new WeakMap<object, (value: object, values: unknown[]) => void>();
  const names = (C: object, isStatic: boolean) =>
    (realm.metaOf(identityOf(C)!.fid).privateNames ?? []).filter((p) => p.static === isStatic);
  const reader = (C: object, hook: (code: string) => unknown, isStatic: boolean) => {
    let read = isStatic ? undefined : readers.get(C);
    if (!read) {
      const own = names(C, isStatic);
      const fields = own.filter((p) => p.kind === 'field');
      read = hook(`(o) => #${own[0]!.name} in o ? [${fields.map((p) => `o.#${p.name}`).join(', ')}] : undefined`) as never;
      if (!isStatic) readers.set(C, read!);
    }
    return read!;
  };
  const writer = (C: object, hook: (code: string) => unknown, isStatic: boolean) => {
    let write = isStatic ? undefined : writers.get(C);
    if (!write) {
      const fields = names(C, isStatic).filter((p) => p.kind === 'field');
      write = hook(`(o, v) => { ${fields.map((p, i) => `o.#${p.name} = v[${i}];`).join(' ')} }`) as never;
      if (!isStatic) writers.set(C, write!);
    }
    return write!;
  };
  return {
    of(value) {
      let found: { owner: object; values: unknown[] }[] | undefined;
      if (typeof value === 'function') {
        const hook = realm.hookOf(value);
        if (!hook || names(value, true).length === 0) return undefined;
        return [{ owner: value, values: reader(value, hook, true)(value) ?? [] }];
      }
      for (const C of realm.classesWithPrivates()) {
        const hook = realm.hookOf(C);
        if (!hook || names(C, false).length === 0) continue;
        const values = reader(C, hook, false)(value);
        if (values) (found ??= []).push({ owner: C, values });
      }
      return found;
    },
    allocate: (owner) =>
      typeof owner === 'function' && realm.metaOf(identityOf(owner)!.fid).derived
        ? undefined
        : realm.constructSkipping(owner, undefined),
    install: (value, owner) => {
      if (value !== owner) realm.constructSkipping(owner, value);
    },
    fill: (value, owner, values) => writer(owner, realm.hookOf(owner)!, value === owner)(value, values),
  };
}
