/**
 * Async functions and async generators: native generators underneath, driven here, so that who waits for what is data.
 * (ECMAScript 27.7 Await, 27.6 AsyncGenerator objects.)
 *
 * Keeps true: `running` holds one entry for each body on the stack, outermost first; a capture pairs them with the frames.
 */
import { types } from 'node:util';
import { assert } from '../base/index.js';
import { Stamp } from './brand.js';
import { type Activity, type AsyncContext, state } from './jobs.js';
import { printMethodsAsNative } from './printing.js';
import { FULFILLED, isObject, newPromise, type Reaction, react, rejectPromise, resolvePromise, toPromise } from './promises.js';

type Mode = 'next' | 'throw' | 'return';

const generatorPrototype = Object.getPrototypeOf(Object.getPrototypeOf((function* () {})()));
const nativeNext = generatorPrototype.next as (this: object, value?: unknown) => IteratorResult<unknown>;
const nativeThrow = generatorPrototype.throw as (this: object, value?: unknown) => IteratorResult<unknown>;
const nativeReturn = generatorPrototype.return as (this: object, value?: unknown) => IteratorResult<unknown>;
const apply = Reflect.apply;
const { isGeneratorObject } = types;
const isSyncGenerator = Object.prototype.isPrototypeOf.bind(generatorPrototype) as (value: object) => boolean;

/** The native `next` as a function of the generator, for loops of the guest: V8 knows a bound function's target. */
export const generatorStep = Function.prototype.call.bind(nativeNext) as (generator: object) => IteratorResult<unknown>;

export { generatorPrototype, nativeNext };

/** One call of an async function or async generator. */
export class Coroutine implements Reaction {
  /** The promise an async function returned. */
  promise: object | undefined;
  /** Set for async generators. */
  queue: GeneratorQueue | undefined = undefined;
  /** What the body goes on with after its await. */
  context: AsyncContext = undefined;
  constructor(
    readonly generator: object,
    readonly fid: number,
    promise: object | undefined,
  ) {
    this.promise = promise;
  }
  settle(status: 1 | 2, value: unknown): Activity {
    return new ResumeJob(this, status === FULFILLED ? 'next' : 'throw', value);
  }
}

class ResumeJob implements Activity {
  constructor(
    readonly coroutine: Coroutine,
    readonly mode: Mode,
    readonly value: unknown,
  ) {}
  run(): unknown {
    const { coroutine } = this;
    state.context = coroutine.context;
    step(coroutine, this.mode, this.value, undefined);
    return undefined;
  }
  complete(threw: boolean, value: unknown): void {
    assert(!threw, `a coroutine's step does not throw: ${String(value)}`);
  }
}

export interface RunningBody {
  coroutine: Coroutine;
  /** What the caller of the body gets when the step ends: the promise of spawn() or of an async generator's next(). */
  result: object | undefined;
}

/** Bodies on the stack, outermost first. */
export const running: RunningBody[] = [];

/** Runs a body to its next suspension. The name of this function is how captures recognise its frame. */
function step(coroutine: Coroutine, mode: Mode, value: unknown, result: object | undefined): void {
  const depth = running.length;
  running[depth] = { coroutine, result };
  let outcome: IteratorResult<unknown> | undefined;
  let error: unknown;
  try {
    outcome = apply(mode === 'next' ? nativeNext : mode === 'throw' ? nativeThrow : nativeReturn, coroutine.generator, [value]);
  } catch (caught) {
    error = caught;
  }
  running.length = depth;
  afterStep(coroutine, outcome, error);
}

/** Goes on with a body that a capture found on the stack: its generator was remade at the label of its running call. */
export function stepResumed(coroutine: Coroutine, result: object | undefined): object | undefined {
  step(coroutine, 'next', undefined, result);
  return result;
}

/** What a step's outcome means. Shared with bodies resumed in another process. */
export function afterStep(coroutine: Coroutine, outcome: IteratorResult<unknown> | undefined, error: unknown): void {
  if (coroutine.queue) {
    afterGeneratorStep(coroutine, coroutine.queue, outcome, error);
    return;
  }
  if (outcome === undefined) rejectPromise(coroutine.promise!, error);
  else if (outcome.done) resolvePromise(coroutine.promise!, outcome.value);
  else awaitValue(coroutine, outcome.value);
}

function awaitValue(coroutine: Coroutine, value: unknown): void {
  let promise: object;
  try {
    promise = toPromise(value);
  } catch (error) {
    // A throwing `constructor` getter rejects the await itself.
    promise = newPromise();
    rejectPromise(promise, error);
  }
  coroutine.context = state.context;
  react(promise, coroutine);
}

/** Starts an async function's body; called by the compiled function. */
export function spawn(generator: object, fid: number): object {
  const promise = newPromise();
  step(new Coroutine(generator, fid, promise), 'next', undefined, promise);
  return promise;
}

// Async generators --------------------------------------------------------------------------------------------------

class Request {
  constructor(
    readonly mode: Mode,
    readonly value: unknown,
    readonly promise: object,
  ) {}
}

/** An async generator's queue of requests and what it is doing. */
export class GeneratorQueue {
  requests: Request[] = [];
  status: 'start' | 'yielded' | 'running' | 'awaiting-return' | 'done' = 'start';
  /** A `return` request is awaiting its value before the body sees it. */
  returning = false;
  /** The body is suspended inside yield*: it gets requests as data. */
  raw = false;
}

class AsyncGeneratorBrand extends Stamp {
  #coroutine: Coroutine;
  constructor(target: object, coroutine: Coroutine) {
    super(target);
    this.#coroutine = coroutine;
  }
  static has(value: object): boolean {
    return #coroutine in value;
  }
  static coroutine(value: object): Coroutine {
    return (value as AsyncGeneratorBrand).#coroutine;
  }
}

export const isAsyncGenerator = (value: object): boolean => AsyncGeneratorBrand.has(value);
export const coroutineOf = (value: object): Coroutine => AsyncGeneratorBrand.coroutine(value);
export const stampAsyncGenerator = (target: object, coroutine: Coroutine): object => {
  new AsyncGeneratorBrand(target, coroutine);
  return target;
};

const asyncGeneratorFunctionPrototype = Object.getPrototypeOf(async function* () {});
const asyncGeneratorPrototype = asyncGeneratorFunctionPrototype.prototype as object;
const asyncFunctionPrototype = Object.getPrototypeOf(async () => {});

const { next, return: returns, throw: throws } = asyncGeneratorPrototype as AsyncGenerator;
const nativeMethods = { next, return: returns, throw: throws };

export { asyncFunctionPrototype, asyncGeneratorFunctionPrototype };

/** Marks a yield (as opposed to an await) of an async generator's body. */
export class YieldMarker {
  constructor(
    readonly value: unknown,
    /** From yield*: the body gets the request's mode and value instead of having it thrown or returned. */
    readonly raw: boolean,
  ) {}
}

export function startAsyncGenerator(generator: object, fid: number, bindsFirst = false): object {
  if (bindsFirst) apply(nativeNext, generator, []); // binds the parameters, which may throw to the caller
  const coroutine = new Coroutine(generator, fid, undefined);
  coroutine.queue = new GeneratorQueue();
  return stampAsyncGenerator(Object.create(asyncGeneratorPrototype), coroutine);
}

function request(target: object, mode: Mode, value: unknown): object {
  // Node's own, behind fetch say: what it answers is a promise of V8's.
  if (isGeneratorObject(target) && !isSyncGenerator(target)) return apply(nativeMethods[mode], target, [value]) as object;
  const promise = newPromise();
  if (!isObject(target) || !AsyncGeneratorBrand.has(target)) {
    rejectPromise(promise, new TypeError(`${mode} method called on incompatible receiver ${String(target)}`));
    return promise;
  }
  const coroutine = AsyncGeneratorBrand.coroutine(target);
  const queue = coroutine.queue!;
  queue.requests[queue.requests.length] = new Request(mode, value, promise);
  if (queue.status === 'start' || queue.status === 'yielded' || queue.status === 'done') serve(coroutine, queue, promise);
  return promise;
}

/** Serves requests until the body runs into an await or none is left. */
function serve(coroutine: Coroutine, queue: GeneratorQueue, result: object | undefined): void {
  while (queue.requests.length > 0) {
    const next = queue.requests[0]!;
    if (queue.status === 'start' && next.mode !== 'next') queue.status = 'done';
    if (queue.status === 'done') {
      if (next.mode === 'next') answer(queue, undefined, true);
      else if (next.mode === 'throw') fail(queue, next.value);
      else {
        queue.status = 'awaiting-return';
        awaitReturn(coroutine, next.value);
        return;
      }
      continue;
    }
    const raw = queue.status === 'yielded' && queue.raw;
    queue.raw = false;
    queue.status = 'running';
    if (raw) step(coroutine, 'next', { mode: next.mode, value: next.value }, result);
    else if (next.mode === 'return') {
      queue.returning = true;
      awaitValue(coroutine, next.value);
    } else step(coroutine, next.mode, next.value, result);
    if ((queue.status as string) === 'running') return;
  }
}

class ReturnReaction implements Reaction {
  constructor(readonly coroutine: Coroutine) {}
  settle(status: 1 | 2, value: unknown): Activity {
    return new ReturnJob(this.coroutine, status, value);
  }
}
class ReturnJob implements Activity {
  constructor(
    readonly coroutine: Coroutine,
    readonly status: 1 | 2,
    readonly value: unknown,
  ) {}
  run(): unknown {
    const queue = this.coroutine.queue!;
    queue.status = 'done';
    if (this.status === FULFILLED) answer(queue, this.value, true);
    else fail(queue, this.value);
    serve(this.coroutine, queue, undefined);
    return undefined;
  }
  complete(): void {}
}

function awaitReturn(coroutine: Coroutine, value: unknown): void {
  let promise: object;
  try {
    promise = toPromise(value);
  } catch (error) {
    promise = newPromise();
    rejectPromise(promise, error);
  }
  react(promise, new ReturnReaction(coroutine));
}

function takeRequest(queue: GeneratorQueue): Request {
  // By index: the guest may have changed how arrays are iterated.
  const { requests } = queue;
  const rest: Request[] = [];
  for (let i = 1; i < requests.length; i++) rest[i - 1] = requests[i]!;
  queue.requests = rest;
  return requests[0]!;
}
const answer = (queue: GeneratorQueue, value: unknown, done: boolean): void =>
  resolvePromise(takeRequest(queue).promise, { value, done });
const fail = (queue: GeneratorQueue, reason: unknown): void => rejectPromise(takeRequest(queue).promise, reason);

function afterGeneratorStep(
  coroutine: Coroutine,
  queue: GeneratorQueue,
  outcome: IteratorResult<unknown> | undefined,
  error: unknown,
): void {
  if (outcome === undefined) {
    queue.status = 'done';
    fail(queue, error);
  } else if (outcome.done) {
    queue.status = 'done';
    answer(queue, outcome.value, true);
  } else if (outcome.value instanceof YieldMarker) {
    queue.status = 'yielded';
    queue.raw = outcome.value.raw;
    answer(queue, outcome.value.value, false);
  } else {
    awaitValue(coroutine, outcome.value);
    return;
  }
  // Steps that a request did not start on this stack serve the rest of the queue themselves.
  if (serving === 0 && queue.requests.length > 0 && (queue.status as string) !== 'running') serveAgain(coroutine, queue);
}
let serving = 0;
function serveAgain(coroutine: Coroutine, queue: GeneratorQueue): void {
  serving++;
  try {
    serve(coroutine, queue, undefined);
  } finally {
    serving--;
  }
}

/** An awaited `return` value arrived: the body sees the return now. */
const originalSettle = Coroutine.prototype.settle;
Coroutine.prototype.settle = function settleCoroutine(this: Coroutine, status: 1 | 2, value: unknown): Activity {
  const queue = this.queue;
  if (queue?.returning) {
    queue.returning = false;
    return new ResumeJob(this, status === FULFILLED ? 'return' : 'throw', value);
  }
  return originalSettle.call(this, status, value);
};

export function installAsyncGenerators(): void {
  const define = (key: string, value: unknown) =>
    Object.defineProperty(asyncGeneratorPrototype, key, { value, writable: true, enumerable: false, configurable: true });
  const methods = {
    next(this: object, value?: unknown): object {
      return request(this, 'next', value);
    },
    return(this: object, value?: unknown): object {
      return request(this, 'return', value);
    },
    throw(this: object, value?: unknown): object {
      return request(this, 'throw', value);
    },
  };
  for (const key of ['next', 'return', 'throw'] as const) define(key, methods[key]);
  printMethodsAsNative(asyncGeneratorPrototype);
}

/** Is `value` one of the methods above? A frame that waits for one gets the promise of its request. */
export const isAsyncGeneratorMethod = (value: unknown): boolean =>
  value === (asyncGeneratorPrototype as Record<string, unknown>).next ||
  value === (asyncGeneratorPrototype as Record<string, unknown>).return ||
  value === (asyncGeneratorPrototype as Record<string, unknown>).throw;

export const coroutineClasses = { Coroutine, ResumeJob, Request, GeneratorQueue, ReturnReaction, ReturnJob, YieldMarker };
