/**
 * The guest's `node:timers/promises`, on the guest's timers.
 * Adapted from lib/timers/promises.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 */
'use strict';

const { AbortError, checkBoolean, checkNumber, checkSignal, codedError, invalidType } = require('./coded-error.cjs');

const timers = require('node:timers');
const noOptions = Object.freeze({ __proto__: null });

function checkOptions(options) {
  if (options === null || typeof options !== 'object' || Array.isArray(options))
    throw invalidType('options', 'of type object', options);
  checkSignal(options.signal, 'options.signal');
  if (options.ref !== undefined) checkBoolean(options.ref, 'options.ref');
}

function checkDelay(delay) {
  if (delay !== undefined) checkNumber(delay, 'delay');
}

const aborted = (signal) => new AbortError(undefined, { cause: signal?.reason });

/** A promise of `value` when the timer that `start` makes goes off, or of the signal's error when that comes first. */
function answered(start, stop, value, { signal, ref = true }) {
  if (signal?.aborted) return Promise.reject(aborted(signal));
  return new Promise((resolve, reject) => {
    if (!signal) {
      const timer = start(resolve, value);
      if (!ref) timer.unref();
      return;
    }
    const onAbort = () => {
      stop(timer);
      reject(aborted(signal));
    };
    const timer = start(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(value);
    });
    if (!ref) timer.unref();
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function setTimeout(delay, value, options = noOptions) {
  try {
    checkDelay(delay);
    checkOptions(options);
  } catch (error) {
    return Promise.reject(error);
  }
  return answered((resolve, given) => timers.setTimeout(resolve, delay, given), timers.clearTimeout, value, options);
}

function setImmediate(value, options = noOptions) {
  try {
    checkOptions(options);
  } catch (error) {
    return Promise.reject(error);
  }
  return answered((resolve, given) => timers.setImmediate(resolve, given), timers.clearImmediate, value, options);
}

async function* setInterval(delay, value, options = noOptions) {
  checkDelay(delay);
  checkOptions(options);
  const { signal, ref = true } = options;
  if (signal?.aborted) throw aborted(signal);
  let due = 0;
  let wake;
  const tell = (makeOutcome) => {
    wake?.(makeOutcome?.());
    wake = undefined;
  };
  const timer = timers.setInterval(() => {
    due++;
    tell();
  }, delay);
  if (!ref) timer.unref();
  const onAbort = () => {
    timers.clearInterval(timer);
    tell(() => Promise.reject(aborted(signal)));
  };
  try {
    signal?.addEventListener('abort', onAbort, { once: true });
    while (!signal?.aborted) {
      if (due === 0) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
      for (; due > 0; due--) yield value;
    }
    throw aborted(signal);
  } finally {
    timers.clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

const kScheduler = Symbol('kScheduler');

class Scheduler {
  constructor() {
    throw codedError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
  }

  yield() {
    checkScheduler(this);
    return setImmediate();
  }

  wait(delay, options) {
    checkScheduler(this);
    return setTimeout(delay, undefined, options);
  }
}

function checkScheduler(value) {
  if (!value?.[kScheduler]) throw codedError(TypeError, 'ERR_INVALID_THIS', 'Value of "this" must be of type Scheduler');
}

const scheduler = Object.assign(Object.create(Scheduler.prototype), { [kScheduler]: true });

module.exports = { setTimeout, setImmediate, setInterval, scheduler };
