/**
 * The guest's Promise: ECMAScript 27.2 in JavaScript, over the queues of jobs.ts, so that pending promises, their reactions and queued
 * jobs are data. It takes over the realm's Promise.prototype, so `instanceof` and toString tags hold for both it and native promises,
 * which only pinned built-ins still return and which are adopted as thenables.
 */
import { types } from 'node:util';
import { sourceOf } from '../heap/primordials.js';
import { fidOf, Stamp } from './brand.js';
import { noteError } from './cleanness.js';
import { hostClosureKind } from './host-closures.js';
import { type Activity, enqueueMicrotask, noteHandled, state, UnhandledRejection, uncaught } from './jobs.js';
import { printAsNative, printMethodsAsNative } from './printing.js';

export const PENDING = 0;
export const FULFILLED = 1;
export const REJECTED = 2;

/** The state of one promise; held by the promise through a private field. */
export class PromiseState {
  status: 0 | 1 | 2 = PENDING;
  value: unknown = undefined;
  /** Undefined when there are none. */
  reactions: Reaction[] | undefined = undefined;
  handled = false;
}

class PromiseBrand extends Stamp {
  #state: PromiseState;
  constructor(target: object, record: PromiseState) {
    super(target);
    this.#state = record;
  }
  static has(value: object): boolean {
    return #state in value;
  }
  static state(value: object): PromiseState {
    return (value as PromiseBrand).#state;
  }
}

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
export const isGuestPromise = (value: unknown): value is object => isObject(value) && PromiseBrand.has(value);
export const promiseState = (promise: object): PromiseState => PromiseBrand.state(promise);
export const stampPromise = (target: object, record: PromiseState): object => {
  new PromiseBrand(target, record);
  return target;
};

const { isPromise } = types;
const NativePromise = globalThis.Promise;
const prototype = NativePromise.prototype as unknown as Record<PropertyKey, unknown>;
const nativeThen = NativePromise.prototype.then;
const create = Object.create;
const defineProperty = Object.defineProperty;
const construct = Reflect.construct;
const PlainObject = Object;

/** A fresh pending promise. */
export function newPromise(): object {
  const promise = create(prototype) as object;
  new PromiseBrand(promise, new PromiseState());
  return promise;
}

/** What waits on a promise: a then() call or a suspended coroutine. */
export interface Reaction {
  settle(status: 1 | 2, value: unknown): Activity;
}

export class ThenReaction implements Reaction {
  constructor(
    readonly capability: Capability | undefined,
    readonly onFulfilled: unknown,
    readonly onRejected: unknown,
    readonly context = state.context,
  ) {}
  settle(status: 1 | 2, value: unknown): Activity {
    return new ReactionJob(this, status, value);
  }
}

/** NewPromiseCapability; for our own Promise the promise alone is enough. */
export class Capability {
  constructor(
    public promise: object,
    public resolve: ((value: unknown) => void) | undefined,
    public reject: ((reason: unknown) => void) | undefined,
  ) {}
}

const settleCapability = (capability: Capability, rejected: boolean, value: unknown): void => {
  if (rejected) {
    if (capability.reject) capability.reject(value);
    else rejectPromise(capability.promise, value);
  } else if (capability.resolve) capability.resolve(value);
  else resolvePromise(capability.promise, value);
};

class ReactionJob implements Activity {
  constructor(
    readonly reaction: ThenReaction,
    readonly status: 1 | 2,
    readonly value: unknown,
  ) {}
  run(): unknown {
    const { reaction, status, value } = this;
    state.context = reaction.context;
    const handler = status === FULFILLED ? reaction.onFulfilled : reaction.onRejected;
    if (typeof handler === 'function') return (handler as (v: unknown) => unknown)(value);
    if (status === REJECTED) throw value;
    return value;
  }
  complete(threw: boolean, value: unknown): void {
    const capability = this.reaction.capability;
    if (capability) {
      // A subclass's resolve function is guest code and may throw; nobody is left to catch it.
      try {
        settleCapability(capability, threw, value);
      } catch (error) {
        uncaught(error);
      }
    }
  }
}

class ThenableJob implements Activity {
  constructor(
    readonly promise: object,
    readonly thenable: object,
    readonly then: (resolve: unknown, reject: unknown) => unknown,
    readonly record = new ResolverRecord(promise),
    readonly context = state.context,
  ) {}
  run(): unknown {
    state.context = this.context;
    return this.then.call(this.thenable, makeResolve(this.record), makeReject(this.record));
  }
  complete(threw: boolean, value: unknown): void {
    if (threw && !this.record.done) {
      this.record.done = true;
      rejectPromise(this.promise, value);
    }
  }
}

class ResolverRecord {
  done = false;
  constructor(readonly promise: object) {}
}

const makeResolve = hostClosureKind('resolve', (record: ResolverRecord) => (value: unknown) => {
  if (record.done) return;
  record.done = true;
  resolvePromise(record.promise, value);
});
const makeReject = hostClosureKind('reject', (record: ResolverRecord) => (reason: unknown) => {
  if (record.done) return;
  record.done = true;
  rejectPromise(record.promise, reason);
});

/** The resolve function's steps (27.2.1.3.2). */
export function resolvePromise(promise: object, value: unknown): void {
  if (value === promise) {
    rejectPromise(promise, new TypeError('Chaining cycle detected for promise #<Promise>'));
    return;
  }
  if (!isObject(value)) {
    settle(promise, FULFILLED, value);
    return;
  }
  let then: unknown;
  try {
    then = (value as { then?: unknown }).then;
  } catch (error) {
    rejectPromise(promise, error);
    return;
  }
  if (typeof then === 'function') enqueueMicrotask(new ThenableJob(promise, value, then as never));
  else settle(promise, FULFILLED, value);
}

export function rejectPromise(promise: object, reason: unknown): void {
  const record = PromiseBrand.state(promise);
  noteError(reason);
  if (!record.handled) state.unhandled[state.unhandled.length] = new UnhandledRejection(promise, state.context);
  settle(promise, REJECTED, reason);
}

function settle(promise: object, status: 1 | 2, value: unknown): void {
  const record = PromiseBrand.state(promise);
  const reactions = record.reactions;
  record.status = status;
  record.value = value;
  record.reactions = undefined;
  if (reactions) for (let i = 0; i < reactions.length; i++) enqueueMicrotask(reactions[i]!.settle(status, value));
}

/** PerformPromiseThen. */
export function react(promise: object, reaction: Reaction): void {
  const record = PromiseBrand.state(promise);
  if (record.status === PENDING) {
    if (record.reactions) record.reactions[record.reactions.length] = reaction;
    else record.reactions = [reaction];
  } else {
    enqueueMicrotask(reaction.settle(record.status, record.value));
    if (!record.handled && record.status === REJECTED) noteHandled(promise);
  }
  record.handled = true;
}

/** PromiseResolve(%Promise%, value): what await and friends do first. */
export function toPromise(value: unknown): object {
  if (isObject(value) && PromiseBrand.has(value) && (value as { constructor?: unknown }).constructor === GuestPromise)
    return value;
  const promise = newPromise();
  resolvePromise(promise, value);
  return promise;
}

type Executor = (resolve: unknown, reject: unknown) => void;

function GuestPromise(this: unknown, executor: Executor): object {
  if (new.target === undefined) throw new TypeError("Promise constructor cannot be invoked without 'new'");
  if (typeof executor !== 'function') throw new TypeError(`Promise resolver ${describe(executor)} is not a function`);
  if (speciesWasRead) {
    speciesWasRead = false;
    if (isNativeCapability(executor)) return new NativePromise(executor);
  }
  const promise =
    new.target === (GuestPromise as unknown) ? (create(prototype) as object) : (construct(PlainObject, [], new.target) as object);
  new PromiseBrand(promise, new PromiseState());
  const record = new ResolverRecord(promise);
  try {
    executor(makeResolve(record), makeReject(record));
  } catch (error) {
    if (!record.done) {
      record.done = true;
      rejectPromise(promise, error);
    }
  }
  return promise;
}

export { GuestPromise };

/**
 * Promises of Node's own have the guest's prototype, so V8's `then`, which Node's modules call on them, makes what it returns by the guest's
 * constructor: it reads the species and at once gives it an executor of V8's. What Node makes of its promises stays its own.
 */
let speciesWasRead = false;
const isNativeCapability = (executor: Executor): boolean =>
  executor.length === 2 && executor.name === '' && sourceOf(executor) === 'function () { [native code] }';

const describe = (value: unknown): string => (isObject(value) ? '#<Object>' : String(value));

class ExecutorRecord {
  resolve: unknown = undefined;
  reject: unknown = undefined;
}
const makeCapabilityExecutor = hostClosureKind(
  'capability executor',
  (record: ExecutorRecord) => (resolve: unknown, reject: unknown) => {
    if (record.resolve !== undefined || record.reject !== undefined)
      throw new TypeError('Promise executor has already been invoked with non-undefined arguments');
    record.resolve = resolve;
    record.reject = reject;
  },
);

type PromiseConstructor = new (executor: Executor) => object;

export function newCapability(C: unknown): Capability {
  if (C === GuestPromise) return new Capability(newPromise(), undefined, undefined);
  if (typeof C !== 'function') throw new TypeError(`${describe(C)} is not a constructor`);
  const record = new ExecutorRecord();
  const promise = new (C as PromiseConstructor)(makeCapabilityExecutor(record) as unknown as Executor);
  if (typeof record.resolve !== 'function' || typeof record.reject !== 'function')
    throw new TypeError('Promise resolve or reject function is not callable');
  return new Capability(promise, record.resolve as never, record.reject as never);
}

const resolveOf = (c: Capability): unknown => c.resolve ?? makeResolve(new ResolverRecord(c.promise));
const rejectOf = (c: Capability): unknown => c.reject ?? makeReject(new ResolverRecord(c.promise));

function speciesOf(promise: object): unknown {
  const C = (promise as { constructor?: unknown }).constructor;
  if (C === undefined || C === GuestPromise) return GuestPromise;
  if (!isObject(C)) throw new TypeError('The .constructor property is not an object');
  return (C as unknown as { [Symbol.species]?: unknown })[Symbol.species] ?? GuestPromise;
}

/** Promise.resolve(value) for any constructor. */
function promiseResolve(C: unknown, value: unknown): object {
  if (isGuestPromise(value) && (value as { constructor?: unknown }).constructor === C) return value;
  const capability = newCapability(C);
  settleCapability(capability, false, value);
  return capability.promise;
}

class FinallyRecord {
  constructor(
    readonly onFinally: () => unknown,
    readonly C: unknown,
  ) {}
}
class ValueRecord {
  constructor(readonly value: unknown) {}
}
const makeValueThunk = hostClosureKind('value thunk', (record: ValueRecord) => () => record.value);
const makeThrower = hostClosureKind('thrower', (record: ValueRecord) => () => {
  throw record.value;
});
const makeThenFinally = hostClosureKind('then finally', (record: FinallyRecord) => (value: unknown) => {
  const result = record.onFinally();
  return invokeThen(promiseResolve(record.C, result), makeValueThunk(new ValueRecord(value)), undefined);
});
const makeCatchFinally = hostClosureKind('catch finally', (record: FinallyRecord) => (reason: unknown) => {
  const result = record.onFinally();
  return invokeThen(promiseResolve(record.C, result), makeThrower(new ValueRecord(reason)), undefined);
});

/** A guest's promise for one that a function of Node gave: of the wait for it no image can tell. Set by the runtime. */
let adopt: ((native: Promise<unknown>) => object) | undefined;
export const setAdoption = (next: NonNullable<typeof adopt>): void => {
  adopt = next;
};

const isGuests = (value: unknown): boolean => typeof value === 'function' && fidOf(value) !== undefined;

const invokeThen = (promise: object, onFulfilled: unknown, onRejected: unknown): unknown =>
  (promise as { then(a: unknown, b: unknown): unknown }).then(onFulfilled, onRejected);

const methods = {
  // biome-ignore lint/suspicious/noThenProperty: this is Promise.prototype.then itself
  then(this: object, onFulfilled?: unknown, onRejected?: unknown): unknown {
    if (!isGuestPromise(this)) {
      // Code of Node's own, which waits for its promises too, goes on as it would without us: its functions bear no brand.
      if (!adopt || !isPromise(this) || !(isGuests(onFulfilled) || isGuests(onRejected)))
        return nativeThen.call(this as unknown as Promise<unknown>, onFulfilled as never, onRejected as never);
      return methods.then.call(adopt(this as unknown as Promise<unknown>), onFulfilled, onRejected);
    }
    const capability = newCapability(speciesOf(this));
    react(this, new ThenReaction(capability, onFulfilled, onRejected));
    return capability.promise;
  },
  catch(this: object, onRejected?: unknown): unknown {
    return invokeThen(this, undefined, onRejected);
  },
  finally(this: object, onFinally?: unknown): unknown {
    if (!isObject(this)) throw new TypeError('Promise.prototype.finally called on a non-object');
    if (typeof onFinally !== 'function') return invokeThen(this, onFinally, onFinally);
    const record = new FinallyRecord(onFinally as () => unknown, speciesOf(this));
    return invokeThen(this, makeThenFinally(record), makeCatchFinally(record));
  },
};

class CombinatorRecord {
  remaining = 1;
  values: unknown[] = [];
  constructor(
    readonly kind: 'all' | 'allSettled' | 'any',
    readonly capability: Capability,
  ) {}
}
class ElementRecord {
  called = false;
  /** allSettled: the resolve and reject functions of one element share one record. */
  constructor(
    readonly combinator: CombinatorRecord,
    readonly index: number,
  ) {}
}

function finishCombinator(c: CombinatorRecord): void {
  if (--c.remaining > 0) return;
  if (c.kind === 'any') {
    const error = new AggregateError([], 'All promises were rejected');
    defineProperty(error, 'errors', { value: c.values, writable: true, enumerable: false, configurable: true });
    settleCapability(c.capability, true, error);
  } else settleCapability(c.capability, false, c.values);
}

const elementKind = (name: string, wrap: (value: unknown) => unknown) =>
  hostClosureKind(name, (record: ElementRecord) => (value: unknown) => {
    if (record.called) return undefined;
    record.called = true;
    record.combinator.values[record.index] = wrap(value);
    finishCombinator(record.combinator);
    return undefined;
  });
const makeElement = elementKind('element', (value) => value);
const makeFulfilled = elementKind('settled fulfilled', (value) => ({ status: 'fulfilled', value }));
const makeRejected = elementKind('settled rejected', (reason) => ({ status: 'rejected', reason }));

function combine(C: unknown, iterable: Iterable<unknown>, kind: 'all' | 'allSettled' | 'any' | 'race'): object {
  const capability = newCapability(C);
  try {
    const resolve = (C as { resolve?: unknown }).resolve;
    if (typeof resolve !== 'function') throw new TypeError('Promise resolve or reject function is not callable');
    const combinator = new CombinatorRecord(kind === 'race' ? 'all' : kind, capability);
    const resolveAll = resolveOf(capability);
    const rejectAll = rejectOf(capability);
    let index = 0;
    for (const item of iterable) {
      const next = resolve.call(C, item) as object;
      if (kind === 'race') {
        invokeThen(next, resolveAll, rejectAll);
        continue;
      }
      combinator.values[index] = undefined;
      combinator.remaining++;
      const element = new ElementRecord(combinator, index++);
      if (kind === 'all') invokeThen(next, makeElement(element), rejectAll);
      else if (kind === 'any') invokeThen(next, resolveAll, makeElement(element));
      else invokeThen(next, makeFulfilled(element), makeRejected(element));
    }
    if (kind !== 'race') finishCombinator(combinator);
  } catch (error) {
    settleCapability(capability, true, error);
  }
  return capability.promise;
}

const statics = {
  resolve(this: unknown, value?: unknown): object {
    return promiseResolve(this, value);
  },
  reject(this: unknown, reason?: unknown): object {
    const capability = newCapability(this);
    settleCapability(capability, true, reason);
    return capability.promise;
  },
  all(this: unknown, iterable: Iterable<unknown>): object {
    return combine(this, iterable, 'all');
  },
  allSettled(this: unknown, iterable: Iterable<unknown>): object {
    return combine(this, iterable, 'allSettled');
  },
  any(this: unknown, iterable: Iterable<unknown>): object {
    return combine(this, iterable, 'any');
  },
  race(this: unknown, iterable: Iterable<unknown>): object {
    return combine(this, iterable, 'race');
  },
  withResolvers(this: unknown): object {
    const capability = newCapability(this);
    if (capability.resolve) return { promise: capability.promise, resolve: capability.resolve, reject: capability.reject };
    const record = new ResolverRecord(capability.promise);
    return { promise: capability.promise, resolve: makeResolve(record), reject: makeReject(record) };
  },
};

/** Puts the guest's Promise in place of the realm's. Called once, before any guest code and before built-ins are named. */
export function installPromise(): void {
  const define = (target: object, key: PropertyKey, value: unknown) =>
    defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true });
  for (const key of ['then', 'catch', 'finally'] as const) define(prototype, key, methods[key]);
  const hasWithResolvers = 'withResolvers' in NativePromise;
  for (const key of Object.keys(statics) as (keyof typeof statics)[]) {
    if (key !== 'withResolvers' || hasWithResolvers) define(GuestPromise, key, statics[key]);
  }
  defineProperty(GuestPromise, 'name', { value: 'Promise', configurable: true });
  defineProperty(GuestPromise, 'length', { value: 1, configurable: true });
  defineProperty(GuestPromise, 'prototype', { value: prototype, writable: false, enumerable: false, configurable: false });
  defineProperty(GuestPromise, Symbol.species, {
    configurable: true,
    get(this: unknown) {
      speciesWasRead = this === GuestPromise;
      return this;
    },
  });
  define(prototype, 'constructor', GuestPromise);
  define(prototype, Symbol.for('nodejs.util.inspect.custom'), inspectPromise);
  define(globalThis, 'Promise', GuestPromise);
  printAsNative(GuestPromise, 'Promise');
  printMethodsAsNative(GuestPromise);
  printMethodsAsNative(prototype);
}

/** Prints as Node prints promises. */
function inspectPromise(
  this: object,
  depth: number | null,
  options: { stylize(text: string, style: string): string },
  inspect: (v: unknown, o: object) => string,
): unknown {
  if (!isGuestPromise(this)) return this;
  const name = (this as { constructor?: { name?: string } }).constructor?.name ?? 'Promise';
  const label = name === 'Promise' ? 'Promise' : `${name} [Promise]`;
  if (depth !== null && depth < 0) return options.stylize(`[${name}]`, 'special');
  const record = PromiseBrand.state(this);
  if (record.status === PENDING) return `${label} { ${options.stylize('<pending>', 'special')} }`;
  // `options.depth` is that of the whole.
  const inner = inspect(record.value, { ...options, depth: depth === null ? null : depth - 1 });
  const text = record.status === REJECTED ? `${options.stylize('<rejected>', 'special')} ${inner}` : inner;
  return text.includes('\n') || text.length > 64 ? `${label} {\n  ${text.replaceAll('\n', '\n  ')}\n}` : `${label} { ${text} }`;
}

/** Classes whose instances appear in images; the realm names their prototypes. */
export const promiseClasses = {
  PromiseState,
  ThenReaction,
  Capability,
  ReactionJob,
  ThenableJob,
  ResolverRecord,
  ExecutorRecord,
  FinallyRecord,
  ValueRecord,
  CombinatorRecord,
  ElementRecord,
};
