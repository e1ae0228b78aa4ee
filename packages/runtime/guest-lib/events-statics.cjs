/**
 * The functions of `node:events` that work on any emitter or EventTarget: once, on, addAbortListener.
 * Adapted from lib/events.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 */
'use strict';

const { AbortError, checkFunction, checkInteger, checkSignal, invalidType } = require('./coded-error.cjs');

const kWatermarkData = Symbol.for('nodejs.watermarkData');
const asyncIteratorPrototype = {
  [Symbol.asyncIterator]() {
    return this;
  },
};

function addListenerTo(emitter, name, listener, flags) {
  if (typeof emitter.on === 'function') {
    if (flags?.once) emitter.once(name, listener);
    else emitter.on(name, listener);
  } else if (typeof emitter.addEventListener === 'function') emitter.addEventListener(name, listener, flags);
  else throw invalidType('emitter', 'an instance of EventEmitter', emitter);
}

function removeListenerOf(emitter, name, listener, flags) {
  if (typeof emitter.removeListener === 'function') emitter.removeListener(name, listener);
  else if (typeof emitter.removeEventListener === 'function') emitter.removeEventListener(name, listener, flags);
  else throw invalidType('emitter', 'an instance of EventEmitter', emitter);
}

async function once(emitter, name, options = {}) {
  const signal = options?.signal;
  checkSignal(signal, 'options.signal');
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  return new Promise((resolve, reject) => {
    const onError = (error) => {
      emitter.removeListener(name, onEvent);
      if (signal) removeListenerOf(signal, 'abort', onAbort);
      reject(error);
    };
    const onEvent = (...args) => {
      if (typeof emitter.removeListener === 'function') emitter.removeListener('error', onError);
      if (signal) removeListenerOf(signal, 'abort', onAbort);
      resolve(args);
    };
    const onAbort = () => {
      removeListenerOf(emitter, name, onEvent);
      removeListenerOf(emitter, 'error', onError);
      reject(new AbortError(undefined, { cause: signal?.reason }));
    };
    addListenerTo(emitter, name, onEvent, { once: true });
    // An EventTarget's 'error' is an event like any other.
    if (name !== 'error' && typeof emitter.once === 'function') emitter.once('error', onError);
    if (signal) addListenerTo(signal, 'abort', onAbort, { once: true });
  });
}

const resultOf = (value, done) => ({ value, done });

/** What an iterator of on() has heard and has promised. */
class Heard {
  constructor(emitter, low, high) {
    this.emitter = emitter;
    this.low = low;
    this.high = high;
    this.values = [];
    this.waiting = [];
    this.listeners = [];
    this.paused = false;
    this.error = null;
    this.finished = false;
    this.stopAborting = null;
  }
  listen(emitter, name, listener) {
    addListenerTo(emitter, name, listener);
    this.listeners.push([emitter, name, listener]);
  }
  next() {
    if (this.values.length > 0) {
      const value = this.values.shift();
      if (this.paused && this.values.length < this.low) {
        this.emitter.resume();
        this.paused = false;
      }
      return Promise.resolve(resultOf(value, false));
    }
    if (this.error) {
      const failed = Promise.reject(this.error);
      this.error = null; // only once: nobody listens after it
      return failed;
    }
    if (this.finished) return this.close();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
    });
  }
  take(value) {
    if (this.waiting.length > 0) {
      this.waiting.shift().resolve(resultOf(value, false));
      return;
    }
    this.values.push(value);
    if (!this.paused && this.values.length > this.high) {
      this.paused = true;
      this.emitter.pause();
    }
  }
  fail(error) {
    if (this.waiting.length === 0) this.error = error;
    else this.waiting.shift().reject(error);
    this.close();
  }
  close() {
    this.stopAborting?.();
    while (this.listeners.length > 0) {
      const [emitter, name, listener] = this.listeners.pop();
      removeListenerOf(emitter, name, listener);
    }
    this.finished = true;
    const done = resultOf(undefined, true);
    while (this.waiting.length > 0) this.waiting.shift().resolve(done);
    return Promise.resolve(done);
  }
}

function on(emitter, event, options = {}) {
  const { signal } = options;
  checkSignal(signal, 'options.signal');
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const high = options.highWaterMark ?? options.highWatermark ?? Number.MAX_SAFE_INTEGER;
  checkInteger(high, 'options.highWaterMark', 1);
  const low = options.lowWaterMark ?? options.lowWatermark ?? 1;
  checkInteger(low, 'options.lowWaterMark', 1);
  const heard = new Heard(emitter, low, high);
  heard.listen(emitter, event, (...args) => heard.take(args));
  if (event !== 'error' && typeof emitter.on === 'function') heard.listen(emitter, 'error', (error) => heard.fail(error));
  for (const name of options.close ?? []) heard.listen(emitter, name, () => heard.close());
  if (signal) heard.stopAborting = stopper(signal, () => heard.fail(new AbortError(undefined, { cause: signal.reason })));
  return iteratorOver(heard);
}

function iteratorOver(heard) {
  const iterator = {
    next() {
      return heard.next();
    },
    return() {
      return heard.close();
    },
    throw(error) {
      if (!error || !(error instanceof Error)) throw invalidType('EventEmitter.AsyncIterator', 'an instance of Error', error);
      heard.fail(error);
    },
    [kWatermarkData]: {
      get size() {
        return heard.values.length;
      },
      get low() {
        return heard.low;
      },
      get high() {
        return heard.high;
      },
      get isPaused() {
        return heard.paused;
      },
    },
  };
  return Object.setPrototypeOf(iterator, asyncIteratorPrototype);
}

/** Listens to a signal; gives what stops it. */
function stopper(signal, listener) {
  if (signal.aborted) {
    queueMicrotask(() => listener());
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

function addAbortListener(signal, listener) {
  if (signal === undefined) throw invalidType('signal', 'an instance of AbortSignal', signal);
  checkSignal(signal, 'signal');
  checkFunction(listener, 'listener');
  const stop = stopper(signal, listener);
  return {
    [Symbol.dispose]() {
      stop();
    },
  };
}

module.exports = { addAbortListener, on, once };
