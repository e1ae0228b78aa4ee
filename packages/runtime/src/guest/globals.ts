/**
 * What a guest finds in its realm: globals of its own (process, timers, console, performance), built-in modules by name, and pins
 * for those that hold something only this machine has. A pin ends with what it was for, where that has an end.
 */
import { Console } from 'node:console';
import { isBuiltin } from 'node:module';
import util, { promisify, types } from 'node:util';
import type { Bundle } from '@godwit/checkpoint/compile';
import {
  type AsyncContext,
  CallbackJob,
  enqueueMicrotask,
  finalize,
  hostClosureKind,
  isGuestPromise,
  state as jobs,
  keepingLastMatch,
  mark,
  newPromise,
  noteObject,
  type RequireHost,
  rejectPromise,
  resolvePromise,
  setAdoption,
  setFinalizeLater,
  touchArguments,
  touchingClass,
  touchingModule,
  unmarked,
  wholeArguments,
  wholeEverything,
} from '@godwit/checkpoint/guest';
import { guestClock } from '../services/process/clock.js';
import type { GuestProcess } from '../services/process/process.js';
import { processState } from '../services/process/state.js';
import { timerFunctions } from '../services/timers/timers.js';
import { callFromAuthor } from './callers-place.js';
import type { HostChannel } from './channel.js';
import { moduleEffect, opensForGood, pinningGlobals } from './module-policy.js';
import { pinningModule } from './pinning-module.js';
import { importNotFound, makeRequire } from './require.js';
import { isFineFunction, markModule, markReads, markSources } from './sources.js';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;

export interface RealmServices {
  importModule(specifier: string): { default: unknown; namespace: unknown };
  importDynamic(specifier: string): unknown;
  require: (name: unknown) => unknown;
  requireOf: RequireHost;
  adopt(process: GuestProcess): void;
  /** A built-in as guests see it; undefined where Node has none of that name. */
  builtin(name: string): unknown;
  /** Does Node itself hold something of the guest's, so that it cannot move? */
  isPinned(): boolean;
  modules: Map<string, unknown>;
}

class Pins {
  private readonly reasons = new Map<string, number>();
  /** What the node was told last. */
  private told: readonly string[] = [];
  private isReporting = false;
  constructor(private readonly channel: HostChannel) {}
  add(reason: string): void {
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
    if (!this.told.includes(reason)) this.report();
  }
  remove(reason: string): void {
    const count = (this.reasons.get(reason) ?? 0) - 1;
    if (count > 0) this.reasons.set(reason, count);
    else this.reasons.delete(reason);
    if (count > 0 || this.isReporting) return;
    // Programs wait for one answer of Node's after the other: what is over may begin again at once.
    this.isReporting = true;
    nativeSetTimeout(() => {
      this.isReporting = false;
      if (this.told.some((told) => !this.reasons.has(told))) this.report();
    }, UNPIN_AFTER_MS).unref();
  }
  get isEmpty(): boolean {
    return this.reasons.size === 0;
  }
  private report(): void {
    this.told = [...this.reasons.keys()];
    this.channel.send('pins', this.told);
  }
}
const nativeSetTimeout = setTimeout;
/** A pin that is over is told of so much later. */
const UNPIN_AFTER_MS = 20;

const define = (target: object, key: PropertyKey, value: unknown, enumerable = false): void => {
  Object.defineProperty(target, key, { value, writable: true, enumerable, configurable: true });
};

class SleepRecord {
  constructor(
    readonly promise: object,
    readonly value: unknown,
  ) {}
}
const makeSleeper = hostClosureKind(
  'timers/promises',
  (record: SleepRecord) => () => resolvePromise(record.promise, record.value),
);

class AbortRecord {
  readonly controller = new AbortController();
}
const makeAborter = hostClosureKind(
  'AbortSignal.timeout',
  ({ controller }: AbortRecord) =>
    () =>
      controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
);

/** What images refer to by name: records of sleepers and of signals that abort by themselves. */
export const globalsClasses = { SleepRecord, AbortRecord };

export function installRealmServices(
  initial: GuestProcess,
  channel: HostChannel,
  nativeRequire: NodeJS.Require,
  entry: string,
  byPages = false,
  isNamed: (module: string) => boolean = () => true,
): RealmServices {
  const pins = new Pins(channel);
  const modules = new Map<string, unknown>();
  const { performance } = globalThis;
  define(performance, 'now', () => guestClock.nowMs());
  define(performance, 'timeOrigin', guestClock.originMs);
  const globals = { ...timerFunctions, queueMicrotask: (callback: unknown) => microtask(callback) };
  for (const [key, value] of Object.entries(globals)) {
    Object.defineProperty(value, 'name', { value: key });
    define(globalThis, key, value, true);
  }
  define(AbortSignal, 'timeout', abortAfter, true);
  // Streams and the global process are put in by adopt(), after built-ins are named: they belong to the guest, not to the realm.
  const nowhere = { write: () => true, on() {}, once() {}, removeListener() {}, listenerCount: () => 0 };
  const guestConsole = new Console({ stdout: nowhere as never, stderr: nowhere as never, ignoreErrors: false });
  completeConsole(guestConsole);
  if (byPages) touchArguments(guestConsole, ['table', 'dir', 'dirxml']);
  define(globalThis, 'console', guestConsole);
  const adopt = (process: GuestProcess): void => {
    define(globalThis, 'process', process);
    // The console writes to the streams of the process that came back.
    for (const key of ['_stdout', '_stderr'] as const)
      define(guestConsole, key, key === '_stdout' ? processState().stdout : processState().stderr);
    modules.set('process', process);
  };
  modules.set('process', initial);
  setAdoption((native) => guestPromiseOf(native, new Answer("waits for a promise of Node's own", pins, channel), channel));
  setFinalizeLater((cell) => (timerFunctions.setImmediate(finalize, cell) as { unref(): unknown }).unref());
  for (const name of pinningGlobals) pinGlobal(name, pins);
  if (byPages) markSources();

  const timersPromises = {
    setTimeout: (delay?: number, value?: unknown) => sleep(delay, value, timerFunctions.setTimeout),
    setImmediate: (value?: unknown) => sleep(undefined, value, (fn: unknown) => timerFunctions.setImmediate(fn)),
    scheduler: {
      wait: (delay?: number) => sleep(delay, undefined, timerFunctions.setTimeout),
      yield: () => sleep(undefined, undefined, (fn: unknown) => timerFunctions.setImmediate(fn)),
    },
  };
  for (const key of ['setTimeout', 'setImmediate'] as const) {
    const later = timersPromises[key];
    Object.defineProperty(later, promisify.custom, { value: later, configurable: true });
    Object.defineProperty(timerFunctions[key], promisify.custom, { get: () => later, enumerable: true });
  }
  modules.set('timers', { ...timerFunctions, promises: timersPromises });
  modules.set('timers/promises', timersPromises);
  modules.set('console', guestConsole);
  modules.set('perf_hooks', { ...(nativeRequire('node:perf_hooks') as object), performance });
  if (byPages) markModule('perf_hooks', modules.get('perf_hooks') as object);
  modules.set('godwit:host', hostModule(channel));

  const pinnedModule = (name: string, native: object): object => {
    let isUsed = false;
    const use = (): void => {
      if (!isUsed) pins.add(`uses node:${name}`);
      isUsed = true;
    };
    const module = pinningModule(native, use, name === 'test' ? callFromAuthor : undefined);
    // What these say is of the process, not of the thread it runs in.
    if (name === 'tty') define(module, 'isatty', isTerminal, true);
    if (name === 'worker_threads')
      for (const [key, value] of Object.entries({ isMainThread: true, parentPort: null, workerData: null, threadId: 0 }))
        define(module, key, value, true);
    return module;
  };
  const loaded = (name: string): unknown => {
    const found: unknown = nativeRequire(`node:${name}`);
    const effect = moduleEffect(name);
    if (byPages && effect === 'pure') markModule(name, found as object);
    if (byPages && name === 'assert') markModule(name, (found as { strict: object }).strict);
    if (effect === 'answers') return wrapModule(name, found as Record<string, unknown>, pins, channel, byPages);
    return effect === 'pins' ? pinnedModule(name, found as object) : found;
  };
  const load = (specifier: string): unknown => {
    const name = specifier.startsWith('node:') ? specifier.slice(5) : specifier;
    if (!isNamed(name)) mark(`has loaded node:${name}`);
    let found = modules.get(name);
    if (found !== undefined) return found;
    found = keepingLastMatch(() => loaded(name));
    const touches = byPages ? touching[name] : undefined;
    if (touches) found = touchingModule(found as object, touches);
    else if (takesApart(`node:${name}`)) wholeEverything();
    modules.set(name, found);
    return found;
  };
  return {
    modules,
    adopt,
    builtin: (name) => (isBuiltin(name) ? load(name) : undefined),
    isPinned: () => !pins.isEmpty,
    ...makeRequire(load, nativeRequire, entry),
    importModule(specifier) {
      const value = load(specifier);
      return { default: value, namespace: withDefault(value) };
    },
    importDynamic(specifier) {
      const promise = newPromise();
      try {
        if (!isBuiltin(specifier)) throw importNotFound(specifier, entry);
        resolvePromise(promise, withDefault(load(specifier)));
      } catch (error) {
        rejectPromise(promise, error);
      }
      return promise;
    },
  };
}

/** Modules of Node's that take objects apart: copies whose functions are given whole arguments. Those that answer do that by themselves (wrapFunction). */
const touching: Readonly<Record<string, Parameters<typeof touchingModule>[1]>> = {
  assert: { except: ['ok'], isShowing: true },
  'assert/strict': { except: ['ok'], isShowing: true },
  // Those that are left alone look at what V8 knows of an object.
  util: {
    except: ['types', ...Object.keys(util).filter((key) => /^is[A-Z](?!eepStrictEqual)/.test(key))],
    single: ['inspect'],
    isShowing: true,
  },
  url: {},
  querystring: {},
};

/** Modules of Node's that read what they are given property by property, are given no objects of the guest's, or are given whole ones. */
const harmless =
  /^node:(path|os|buffer|string_decoder|punycode|constants|timers|perf_hooks|process|assert|util|url|querystring|fs|crypto|zlib|dns)\b/;

/** Does a named built-in take objects apart in ways that no stand-in can notice? (checkpoint's guest/touching.ts) */
export const takesApart = (name: string): boolean => name.startsWith('node:') && !harmless.test(name);

/** The global console has more than others: the class, and what V8 has for inspectors. */
function completeConsole(console: Console): void {
  const native = globalThis.console as unknown as Record<string, unknown>;
  for (const key of ['Console', 'profile', 'profileEnd', 'timeStamp', 'context', 'createTask'])
    define(console, key, native[key], true);
}

/**
 * The namespace of a built-in: its own enumerable members, also where the module is a function (`events`, `module`, `assert`).
 * What is an accessor there is one here.
 */
function withDefault(value: unknown): unknown {
  const namespace: object = {};
  const members = { ...Object.getOwnPropertyDescriptors(value as object), default: undefined };
  // Namespaces have their names in order.
  for (const key of Object.keys(members).sort()) {
    const descriptor = members[key as 'default'] as PropertyDescriptor | undefined;
    if (key === 'default') define(namespace, 'default', value, true);
    else if (descriptor!.enumerable) Object.defineProperty(namespace, key, { ...descriptor, configurable: true });
  }
  return namespace;
}

function isTerminal(fd: unknown): boolean {
  const { stdout, stderr } = processState();
  return (fd === 1 && stdout.isTTY === true) || (fd === 2 && stderr.isTTY === true);
}

/** Names of the modules that images can refer to; the same on every node that runs this bundle. */
export function moduleNames(bundle: Bundle): Set<string> {
  const wanted = new Set([
    'util',
    'events',
    'buffer',
    'path',
    'url',
    'timers',
    'timers/promises',
    'console',
    'perf_hooks',
    'assert',
    'string_decoder',
    'querystring',
    'os',
  ]);
  for (const specifier of bundle.imports) if (specifier.startsWith('node:')) wanted.add(specifier.slice(5));
  for (const match of bundle.code.matchAll(/require[$\d]*\("node:([\w/]+)"\)/g)) wanted.add(match[1]!);
  wanted.delete('process');
  return wanted;
}

/** Modules and everything reachable from them, for the table of names. */
export function namedModules(wanted: ReadonlySet<string>, services: RealmServices): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const name of [...wanted].sort()) {
    try {
      named[`node:${name}`] = services.importModule(`node:${name}`).default;
    } catch {
      // a module this Node does not have is refused when the guest asks for it
    }
  }
  named['godwit:host'] = services.importModule('godwit:host').default;
  return named;
}

function microtask(callback: unknown): void {
  if (typeof callback !== 'function') {
    const error = new TypeError(
      `The "callback" argument must be of type function. Received ${callback === undefined ? 'undefined' : typeof callback}`,
    );
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
  }
  enqueueMicrotask(new CallbackJob(callback as () => unknown, []));
}

function sleep(delay: number | undefined, value: unknown, start: (fn: unknown, delay?: unknown) => unknown): object {
  const promise = newPromise();
  start(makeSleeper(new SleepRecord(promise, value)), delay);
  return promise;
}

const nativeAbortAfter = AbortSignal.timeout;

/** AbortSignal.timeout on the guest's timers. */
function abortAfter(delayMs: number): AbortSignal {
  if (!Number.isInteger(delayMs) || delayMs < 0 || delayMs > 2 ** 32 - 1) return nativeAbortAfter.call(AbortSignal, delayMs); // refuses it
  const record = new AbortRecord();
  timerFunctions.setTimeout(makeAborter(record), delayMs).unref();
  return record.controller.signal;
}
Object.defineProperty(abortAfter, 'name', { value: 'timeout' });

function hostModule(channel: HostChannel): unknown {
  return {
    send: (service: string, message: unknown) => channel.send(service, message),
    receive: (service: string, handler: (message: unknown) => unknown) => channel.listen(service, handler),
    ref: (key: unknown) => channel.ref(key),
    unref: (key: unknown) => channel.unref(key),
    isPromise: isGuestPromise,
    unmarked,
    asyncContext: () => jobs.context,
    enterAsyncContext: (context: AsyncContext) => {
      jobs.context = context;
    },
  };
}

function pinGlobal(name: string, pins: Pins): void {
  const native = (globalThis as Record<string, unknown>)[name] as AnyFunction | undefined;
  if (typeof native !== 'function') return;
  const wrapped = function pinned(this: unknown, ...args: unknown[]): unknown {
    pins.add(`uses ${name}`);
    return new.target ? Reflect.construct(native, args) : native.apply(globalThis, args);
  };
  Object.defineProperty(wrapped, 'name', { value: name });
  define(globalThis, name, wrapped);
}

/** A copy of a module whose asynchronous calls pin the guest until they are answered. */
function wrapModule(name: string, native: Record<string, unknown>, pins: Pins, channel: HostChannel, isPaged: boolean): unknown {
  const wrapped: Record<string, unknown> = {};
  for (const key of Object.getOwnPropertyNames(native)) {
    const descriptor = Object.getOwnPropertyDescriptor(native, key)!;
    // What Node hides is old, and some of it warns when it is looked at.
    if (!descriptor.enumerable && typeof descriptor.value !== 'function') {
      Object.defineProperty(wrapped, key, { ...descriptor, configurable: true });
      continue;
    }
    const member = native[key];
    if (key === 'promises' && typeof member === 'object')
      wrapped[key] = wrapModule(`${name}/promises`, member as Record<string, unknown>, pins, channel, isPaged);
    else if (typeof member === 'function' && !/^[A-Z]/.test(key))
      define(wrapped, key, wrapFunction(name, key, member as AnyFunction, pins, channel), descriptor.enumerable);
    else {
      const isClass = isPaged && typeof member === 'function';
      define(wrapped, key, isClass ? touchingClass(member as AnyFunction) : member, descriptor.enumerable);
      if (!isFineFunction(name, key)) markReads(wrapped, key, `${name}.${key}`);
    }
  }
  return wrapped;
}

/** The guest's promise in place of a native one. */
function guestPromiseOf(native: Promise<unknown>, answer: Answer, channel: HostChannel): object {
  const promise = newPromise();
  const settle = (how: typeof resolvePromise) => (value: unknown) => {
    answer.end();
    noteObject(value);
    channel.run(new CallbackJob(how as AnyFunction, [promise, value]));
  };
  nativeThen.call(native, settle(resolvePromise), settle(rejectPromise));
  return promise;
}

/** One call that is not answered yet: it pins the guest and, as in Node, keeps it alive. */
class Answer {
  #isOpen = true;

  constructor(
    private readonly reason: string,
    private readonly pins: Pins,
    private readonly channel: HostChannel,
    /** Listeners are called any number of times: what they listen to keeps nothing alive here. */
    keepsAlive = true,
  ) {
    pins.add(reason);
    if (keepsAlive) channel.ref(this);
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.pins.remove(this.reason);
    this.channel.unref(this);
  }
}

/** What Node has in place of a listener, so that it can be taken off by the guest's own (`unwatchFile`). */
const listeners = new WeakMap<AnyFunction, AnyFunction>();
const isListening = (functionName: string): boolean => /^(un)?watch/.test(functionName);

function wrapFunction(module: string, key: string, native: AnyFunction, pins: Pins, channel: HostChannel): AnyFunction {
  const label = `${module}.${key}`;
  const isFine = isFineFunction(module, key);
  const reason = `waits for ${label}`;
  const opens = opensForGood(key);
  const keepsAlive = !isListening(key);
  const wrapped: AnyFunction = function wrappedBuiltin(this: unknown, ...args) {
    if (opens) pins.add(`opened with ${label}`);
    if (!isFine) mark(`uses ${label}`);
    const last = args.length - 1;
    const callback = args[last];
    let answer: Answer | undefined;
    const { context } = jobs;
    if (typeof callback === 'function' && !key.endsWith('Sync')) {
      const known = keepsAlive ? undefined : listeners.get(callback as AnyFunction);
      if (known) args[last] = known;
      else {
        const waiting = new Answer(reason, pins, channel, keepsAlive);
        answer = waiting;
        const told = (...results: unknown[]): void => {
          waiting.end();
          for (let i = 0; i < results.length; i++) noteObject(results[i]);
          channel.run(new CallbackJob(callback as AnyFunction, results, context));
        };
        args[last] = told;
        if (!keepsAlive) listeners.set(callback as AnyFunction, told);
      }
    }
    let result: unknown;
    try {
      wholeArguments(args);
      result = native.apply(this, args);
    } catch (error) {
      // Refused: nothing was opened and nothing will answer.
      if (opens) pins.remove(`opened with ${label}`);
      answer?.end();
      throw error;
    }
    if (isNativePromise(result)) return guestPromiseOf(result, new Answer(reason, pins, channel), channel);
    noteObject(result);
    return result;
  };
  Object.defineProperty(wrapped, 'name', { value: native.name });
  Object.defineProperty(wrapped, 'length', { value: native.length });
  for (const extra of Object.keys(native)) define(wrapped, extra, (native as unknown as Record<string, unknown>)[extra], true);
  return wrapped;
}

const isNativePromise = (value: unknown): value is Promise<unknown> => types.isPromise(value);
const nativeThen = (async () => {})().then;
