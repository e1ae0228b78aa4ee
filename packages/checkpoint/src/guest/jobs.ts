/**
 * The guest's job queues and the activity that is running. All of it is plain data of classes known by name, so a capture
 * takes the queues as they are and a restored guest goes on in the same order.
 *
 * Keeps true: guest code runs only inside `perform`, one activity at a time; when an activity ends, its `complete` says what follows.
 */
import { assert } from '../base/index.js';
import { uncurry } from '../heap/primordials.js';

/** Something that runs guest code once: the main program, a timer, a promise job … */
export interface Activity {
  run(): unknown;
  /** What follows when the guest's code returned or threw. Also called after a resume, in another process. */
  complete(threw: boolean, value: unknown): void;
}

/** FIFO that keeps memory bounded by what is queued. */
export class Queue<T> {
  items: (T | undefined)[] = [];
  head = 0;

  push(item: T): void {
    this.items[this.items.length] = item;
  }

  shift(): T | undefined {
    if (this.head >= this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = sliceFrom(this.items, this.head);
      this.head = 0;
    }
    return item;
  }

  get length(): number {
    return this.items.length - this.head;
  }
}

function sliceFrom<T>(items: T[], start: number): T[] {
  const rest: T[] = [];
  for (let i = start; i < items.length; i++) rest[rest.length] = items[i]!;
  return rest;
}

/**
 * The stores of the guest's AsyncLocalStorages: a value that is never changed, only replaced. Undefined where there are none.
 * What is begun takes the present one along (timers, jobs, reactions, awaits), and what runs starts with the one it took.
 */
export type AsyncContext = object | undefined;

/** A rejected promise without a handler, and where it was rejected. */
export class UnhandledRejection {
  constructor(
    readonly promise: object,
    readonly context: AsyncContext,
  ) {}
}

/** Everything of the guest's event handling that must survive a move. */
export class JobState {
  microtasks = new Queue<Activity>();
  ticks = new Queue<Activity>();
  activity: Activity | undefined = undefined;
  /** Of the running activity; undefined between activities. */
  context: AsyncContext = undefined;
  /** Rejected promises without a handler, to be reported after the microtasks. */
  unhandled: UnhandledRejection[] = [];
  /** Those of which the program was told; undefined while there are none. */
  reported: WeakSet<object> | undefined = undefined;
  /** Those of them that have a handler since, to be told after the microtasks. */
  handledLate: object[] = [];
  /** ESM programs run their microtasks before the first ticks, as in Node. */
  microtasksFirst = false;
  /** Which loop of drain() the running activity belongs to: after a resume that loop goes on first. */
  inMicrotasks = false;
}

/** Set by the runtime: called when microtasks are queued while no activity runs, and for errors nobody caught. */
export interface JobHost {
  wake(): void;
  /** Called between two jobs, where the queues are whole: the place to capture a guest whose jobs never end. */
  betweenJobs(): void;
  uncaught(error: unknown, origin: 'uncaughtException' | 'unhandledRejection', promise?: object): void;
  /**
   * Called when rejections are left after all jobs: reportRejections() must follow when V8's own microtasks have run, since in one of them a
   * function of Node may begin to wait for such a promise.
   */
  rejectionsLeft(): void;
  reportUnhandled(rejections: UnhandledRejection[]): void;
  reportHandled(promises: object[]): void;
}

const addTo = uncurry(WeakSet.prototype.add) as (set: WeakSet<object>, value: object) => void;
const removeFrom = uncurry(WeakSet.prototype.delete) as (set: WeakSet<object>, value: object) => boolean;

export let state = new JobState();
let host: JobHost = { wake() {}, betweenJobs() {}, uncaught() {}, rejectionsLeft() {}, reportUnhandled() {}, reportHandled() {} };

export const setJobHost = (next: JobHost): void => {
  host = next;
};
/** A restored guest brings its own queues. */
export const setJobState = (next: JobState): void => {
  state = next;
};

export function enqueueMicrotask(job: Activity): void {
  state.microtasks.push(job);
  if (state.activity === undefined) host.wake();
}

export function enqueueTick(job: Activity): void {
  state.ticks.push(job);
  if (state.activity === undefined) host.wake();
}

/** Runs one activity to its end. */
export function perform(activity: Activity): void {
  assert(state.activity === undefined, 'activities do not nest');
  state.activity = activity;
  let threw = false;
  let value: unknown;
  try {
    value = activity.run();
  } catch (error) {
    threw = true;
    value = error;
  }
  finish(threw, value);
}

/** Ends the current activity; shared by perform and by resumed stacks. */
export function finish(threw: boolean, value: unknown): void {
  const activity = state.activity;
  assert(activity, 'an activity is running');
  if (state.inMicrotasks) state.microtasksFirst = true;
  state.activity = undefined;
  activity.complete(threw, value);
  state.context = undefined;
}

export const uncaught = (
  error: unknown,
  origin: 'uncaughtException' | 'unhandledRejection' = 'uncaughtException',
  promise?: object,
): void => host.uncaught(error, origin, promise);

/** Drains ticks and microtasks in Node's order: all ticks, then all microtasks, until both are empty. */
export function drain(): void {
  if (state.activity !== undefined) return;
  do {
    if (state.microtasksFirst) state.microtasksFirst = false;
    else
      for (let tick = state.ticks.shift(); tick; tick = state.ticks.shift()) {
        perform(tick);
        host.betweenJobs();
      }
    state.inMicrotasks = true;
    for (let job = state.microtasks.shift(); job; job = state.microtasks.shift()) {
      perform(job);
      host.betweenJobs();
    }
    state.inMicrotasks = false;
    state.microtasksFirst = false;
  } while (state.ticks.length > 0);
  if (areRejectionsLeft()) host.rejectionsLeft();
}

/** Is there a rejection to be told of before anything else of the event loop? */
export const areRejectionsLeft = (): boolean => state.unhandled.length + state.handledLate.length > 0;

/** Tells the host of the rejections that nobody has handled by now or somebody has since, and goes on with what it does about them. */
export function reportRejections(): void {
  if (state.activity !== undefined) return;
  const { unhandled: rejections, handledLate } = state;
  state.unhandled = [];
  state.handledLate = [];
  if (handledLate.length > 0) host.reportHandled(handledLate);
  host.reportUnhandled(rejections);
  drain();
}

/** The program was told that nobody handles this rejection. */
export function markReported(promise: object): void {
  state.reported ??= new WeakSet();
  addTo(state.reported, promise);
}

/** A rejected promise has got its first handler. */
export function noteHandled(promise: object): void {
  if (state.reported && removeFrom(state.reported, promise)) state.handledLate[state.handledLate.length] = promise;
}

/** process.nextTick and queueMicrotask callbacks. */
export class CallbackJob implements Activity {
  constructor(
    readonly callback: (...args: unknown[]) => unknown,
    readonly args: unknown[],
    readonly context = state.context,
  ) {}
  run(): unknown {
    const { callback, args } = this;
    state.context = this.context;
    return args.length === 0 ? callback() : callback(...args);
  }
  complete(threw: boolean, value: unknown): void {
    if (threw) uncaught(value);
  }
}
