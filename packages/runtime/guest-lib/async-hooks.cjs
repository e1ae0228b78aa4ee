/**
 * The guest's `node:async_hooks`: AsyncLocalStorage and AsyncResource, compiled with the guest. The stores are one Map from storage to
 * store, replaced and never changed, which the runtime hands from what begins something to what runs then (AsyncContext in
 * checkpoint's guest/jobs.ts), as Node 24 does it with its AsyncContextFrame. Behaviour and wording are those of Node 20.
 * Not here: hooks, and ids of what the runtime makes itself; `createHook` and the functions that give ids are Node's own.
 */
'use strict';

const { asyncContext, enterAsyncContext } = require('godwit:host');
const native = require('node:async_hooks');
const { checkFunction, codedError, invalidType } = require('./coded-error.cjs');

let lastAsyncId = native.executionAsyncId();

/** Calls `fn` with the stores given, and goes back to those of before. */
function callWithin(stores, fn, thisArg, args) {
  const before = asyncContext();
  enterAsyncContext(stores);
  try {
    return fn.call(thisArg, ...args);
  } finally {
    enterAsyncContext(before);
  }
}

/** The present stores without that of `storage`. */
function storesWithout(storage) {
  const stores = asyncContext();
  if (!stores?.has(storage)) return stores;
  const rest = new Map(stores);
  rest.delete(storage);
  return rest;
}

const storesWith = (storage, store) => new Map(asyncContext()).set(storage, store);

class AsyncLocalStorage {
  constructor() {
    // Both are there to be seen in Node, too.
    this.kResourceStore = Symbol('kResourceStore');
    this.enabled = false;
  }

  static bind(fn) {
    return AsyncResource.bind(fn);
  }

  static snapshot() {
    return AsyncLocalStorage.bind((callback, ...args) => callback(...args));
  }

  disable() {
    this.enabled = false;
    enterAsyncContext(storesWithout(this));
  }

  enterWith(store) {
    this.enabled = true;
    enterAsyncContext(storesWith(this, store));
  }

  run(store, callback, ...args) {
    if (Object.is(store, this.getStore())) return callback.call(null, ...args);
    this.enabled = true;
    return callWithin(storesWith(this, store), callback, null, args);
  }

  exit(callback, ...args) {
    if (!this.enabled) return callback.call(null, ...args);
    this.enabled = false;
    try {
      return callWithin(storesWithout(this), callback, null, args);
    } finally {
      this.enabled = true;
    }
  }

  getStore() {
    return this.enabled ? asyncContext()?.get(this) : undefined;
  }
}

class AsyncResource {
  #asyncId;
  #triggerAsyncId;
  #context = asyncContext();

  constructor(type, options = {}) {
    if (typeof type !== 'string') throw invalidType('type', 'of type string', type);
    const trigger = typeof options === 'number' ? options : (options.triggerAsyncId ?? native.executionAsyncId());
    if (!Number.isSafeInteger(trigger) || trigger < -1)
      throw codedError(RangeError, 'ERR_INVALID_ASYNC_ID', `Invalid triggerAsyncId value: ${trigger}`);
    this.#triggerAsyncId = trigger;
    this.#asyncId = ++lastAsyncId;
  }

  runInAsyncScope(fn, thisArg, ...args) {
    return callWithin(this.#context, fn, thisArg, args);
  }

  /** There are no hooks to tell. */
  emitDestroy() {
    return this;
  }

  asyncId() {
    return this.#asyncId;
  }

  triggerAsyncId() {
    return this.#triggerAsyncId;
  }

  bind(fn, thisArg) {
    checkFunction(fn, 'fn');
    const resource = this;
    const bound =
      thisArg === undefined
        ? function (...args) {
            return resource.runInAsyncScope(fn, this, ...args);
          }
        : this.runInAsyncScope.bind(this, fn, thisArg);
    Object.defineProperty(bound, 'length', { configurable: true, enumerable: false, value: fn.length, writable: false });
    return bound;
  }

  static bind(fn, type, thisArg) {
    return new AsyncResource(type || fn.name || 'bound-anonymous-fn').bind(fn, thisArg);
  }
}

module.exports = { ...native, AsyncLocalStorage, AsyncResource };
