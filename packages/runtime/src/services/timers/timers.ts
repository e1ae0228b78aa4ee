/**
 * Timers of one guest: setTimeout, setInterval, setImmediate as data on the guest's own clock. The native event loop only wakes us;
 * order and due times are decided here, as Node does: by due millisecond, then by order of creation; ticks and microtasks in between.
 * As there, what fell due while a turn ran comes in the next one, at once, and an interval counts from when its callback began.
 */
import {
  type Activity,
  type AsyncContext,
  areRejectionsLeft,
  drain,
  state as jobs,
  perform,
  uncaught,
} from '@godwit/checkpoint/guest';
import { guestClock } from '../process/clock.js';

type Callback = (...args: unknown[]) => unknown;
const MAX_DELAY_MS = 2 ** 31 - 1;
const nativeSetTimeout = setTimeout;
const nativeClearTimeout = clearTimeout;
const nativeSetImmediate = setImmediate;

export class TimerState {
  nextId = 1;
  nextSeq = 1;
  /** Sorted by due time, then sequence. */
  timers: Timeout[] = [];
  immediates: Immediate[] = [];
  /** A turn was left among its immediates, for rejections to be told of: the rest comes before the next timers. */
  isAmongImmediates = false;
}

let state = new TimerState();
let wakeAt: { dueMs: number; handle: NodeJS.Timeout } | undefined;
let immediateScheduled = false;
/** Set by the guest's main: called after each turn, to decide whether the guest has ended. */
let afterTurn: () => void = () => {};

export const timerState = (): TimerState => state;
export const setAfterTurn = (action: () => void): void => {
  afterTurn = action;
};

/** A restored guest brings its timers. */
export function restoreTimers(restored: TimerState): void {
  state = restored;
  schedule();
}

export class Timeout {
  _idleTimeout: number;
  _onTimeout: Callback | null;
  _repeat: number | null;
  _destroyed = false;

  constructor(callback: Callback, delayMs: number, repeat: boolean, args: unknown[]) {
    this._idleTimeout = delayMs;
    this._onTimeout = callback;
    this._repeat = repeat ? delayMs : null;
    hidden(this, 'args', args);
    hidden(this, 'refed', true);
    hidden(this, 'id', 0);
    hidden(this, 'seq', 0);
    hidden(this, 'dueMs', 0);
    hidden(this, 'context', jobs.context);
  }
  ref(): this {
    inner(this).refed = true;
    schedule();
    return this;
  }
  unref(): this {
    inner(this).refed = false;
    schedule();
    return this;
  }
  hasRef(): boolean {
    return inner(this).refed;
  }
  refresh(): this {
    if (this._onTimeout && !this._destroyed) {
      remove(this);
      insert(this);
    }
    return this;
  }
  close(): this {
    clearTimer(this);
    return this;
  }
  [Symbol.toPrimitive](): number {
    return inner(this).id;
  }
}

interface Inner {
  args: unknown[];
  context: AsyncContext;
  refed: boolean;
  id: number;
  seq: number;
  dueMs: number;
}
const inner = (timer: Timeout): Inner => timer as unknown as Inner;
const hidden = (target: object, key: string, value: unknown) =>
  Object.defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true });

export class Immediate {
  _onImmediate: Callback | null;
  _destroyed = false;
  constructor(callback: Callback, args: unknown[]) {
    this._onImmediate = callback;
    hidden(this, 'args', args);
    hidden(this, 'refed', true);
    hidden(this, 'context', jobs.context);
  }
  ref(): this {
    inner(this as never).refed = true;
    return this;
  }
  unref(): this {
    inner(this as never).refed = false;
    return this;
  }
  hasRef(): boolean {
    return inner(this as never).refed;
  }
}

function insert(timer: Timeout, startMs = guestClock.wholeMs()): void {
  const t = inner(timer);
  t.dueMs = startMs + timer._idleTimeout;
  t.seq = state.nextSeq++;
  const list = state.timers;
  let i = list.length;
  while (i > 0 && inner(list[i - 1]!).dueMs > t.dueMs) i--;
  list.splice(i, 0, timer);
  schedule();
}

function remove(timer: Timeout): void {
  const index = state.timers.indexOf(timer);
  if (index >= 0) state.timers.splice(index, 1);
}

class TimerActivity implements Activity {
  constructor(
    readonly timer: Timeout,
    readonly startMs: number,
  ) {}
  run(): unknown {
    const callback = this.timer._onTimeout;
    const { args, context } = inner(this.timer);
    jobs.context = context;
    return args.length === 0 ? callback!.call(this.timer) : callback!.call(this.timer, ...args);
  }
  complete(threw: boolean, value: unknown): void {
    const timer = this.timer;
    inner(timer).context = jobs.context; // a store that an interval entered stays its own
    if (timer._repeat !== null && !timer._destroyed && timer._onTimeout) {
      timer._idleTimeout = timer._repeat;
      insert(timer, this.startMs);
    } else timer._destroyed = true;
    if (threw) uncaught(value);
  }
}

class ImmediateActivity implements Activity {
  constructor(readonly immediate: Immediate) {}
  run(): unknown {
    const { args, context } = inner(this.immediate as never);
    jobs.context = context;
    return this.immediate._onImmediate!(...args);
  }
  complete(threw: boolean, value: unknown): void {
    this.immediate._destroyed = true;
    if (threw) uncaught(value);
  }
}

/** Arms the one native timer, and the native immediate when there are immediates. */
export function schedule(): void {
  const next = state.timers[0];
  const isDue = next !== undefined && inner(next).dueMs <= guestClock.nowMs();
  if ((isDue || state.immediates.length > 0) && !immediateScheduled) {
    immediateScheduled = true;
    nativeSetImmediate(turn);
  }
  if (wakeAt && (!next || inner(next).dueMs !== wakeAt.dueMs)) {
    nativeClearTimeout(wakeAt.handle);
    wakeAt = undefined;
  }
  if (next && !isDue && !wakeAt) {
    const dueMs = inner(next).dueMs;
    wakeAt = { dueMs, handle: nativeSetTimeout(turn, Math.min(MAX_DELAY_MS, dueMs - guestClock.nowMs())).unref() }; // the thread lives by its port, and timers that hold it are Node's own
  }
}

/** One turn of the guest's event loop: due timers, then immediates. Does nothing while an activity is on the stack. */
export function turn(): void {
  immediateScheduled = false;
  if (wakeAt) {
    nativeClearTimeout(wakeAt.handle);
    wakeAt = undefined;
  }
  if (jobs.activity !== undefined) return;
  drain();
  if (state.isAmongImmediates || runTimers()) runImmediates();
  schedule();
  afterTurn();
}

/** False: rejections are left, which are told of before the next timer. */
function runTimers(): boolean {
  const nowMs = guestClock.wholeMs();
  for (let timer = state.timers[0]; timer && inner(timer).dueMs <= nowMs; timer = state.timers[0]) {
    state.timers.shift();
    perform(new TimerActivity(timer, guestClock.wholeMs()));
    drain();
    if (areRejectionsLeft()) return false;
  }
  return true;
}

function runImmediates(): void {
  state.isAmongImmediates = false;
  const immediates = state.immediates;
  state.immediates = [];
  for (let i = 0; i < immediates.length; i++) {
    const immediate = immediates[i]!;
    if (immediate._destroyed) continue;
    // What has not run yet must be in the state if a capture comes in between.
    state.immediates = [...immediates.slice(i + 1), ...state.immediates.filter((x) => !immediates.includes(x))];
    perform(new ImmediateActivity(immediate));
    drain();
    if (!areRejectionsLeft()) continue;
    state.isAmongImmediates = state.immediates.length > 0;
    return;
  }
}

/** Is anything left that keeps the guest alive? */
export function timersPending(): boolean {
  // By index: the guest's own array methods would run as the guest's code.
  const { timers, immediates } = state;
  for (let i = 0; i < timers.length; i++) if (inner(timers[i]!).refed) return true;
  for (let i = 0; i < immediates.length; i++) {
    const immediate = immediates[i]!;
    if (!immediate._destroyed && inner(immediate as never).refed) return true;
  }
  return false;
}

function delayOf(value: unknown): number {
  const ms = Number(value);
  return ms >= 1 && ms <= MAX_DELAY_MS ? Math.trunc(ms) : 1;
}

function requireCallback(callback: unknown): asserts callback is Callback {
  if (typeof callback === 'function') return;
  const error = new TypeError(
    `The "callback" argument must be of type function. Received ${callback === null ? 'null' : typeof callback === 'undefined' ? 'undefined' : `type ${typeof callback}`}`,
  );
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

function start(callback: unknown, delay: unknown, repeat: boolean, args: unknown[]): Timeout {
  requireCallback(callback);
  const timer = new Timeout(callback, delayOf(delay), repeat, args);
  inner(timer).id = state.nextId++;
  insert(timer);
  return timer;
}

export function clearTimer(timer: unknown): void {
  let found: unknown = timer;
  if (typeof timer === 'number' || typeof timer === 'string') found = state.timers.find((t) => inner(t).id === Number(timer));
  if (!(found instanceof Timeout)) return;
  found._destroyed = true;
  found._onTimeout = null;
  remove(found);
  schedule();
}

/** What the guest sees as globals and as `node:timers`. */
export const timerFunctions = withNodesLengths({
  setTimeout: (callback: unknown, delay?: unknown, ...args: unknown[]): Timeout => start(callback, delay, false, args),
  setInterval: (callback: unknown, delay?: unknown, ...args: unknown[]): Timeout => start(callback, delay, true, args),
  setImmediate: (callback: unknown, ...args: unknown[]): Immediate => {
    requireCallback(callback);
    const immediate = new Immediate(callback, args);
    state.immediates.push(immediate);
    schedule();
    return immediate;
  },
  clearTimeout: (timer: unknown): void => clearTimer(timer),
  clearInterval: (timer: unknown): void => clearTimer(timer),
  clearImmediate: (immediate: unknown): void => {
    if (!(immediate instanceof Immediate)) return;
    immediate._destroyed = true;
    state.immediates = state.immediates.filter((i) => i !== immediate);
  },
});

/** Node's have the first arguments for callbacks as parameters. */
function withNodesLengths<T extends Record<string, unknown>>(functions: T): T {
  for (const [name, value] of Object.entries({ setTimeout: 5, setInterval: 5, setImmediate: 4 }))
    Object.defineProperty(functions[name], 'length', { value, configurable: true });
  return functions;
}

export const timerClasses = { Timeout, Immediate, TimerState, TimerActivity, ImmediateActivity };
