/**
 * The guest's `node:events`. It is compiled with the guest, so that emitters, `once` wrappers and frames inside listeners are
 * ordinary guest state and move with it. Behaviour, order and wording are Node's.
 * Adapted from lib/events.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 * Kept true: Node's own emitters are instances of this EventEmitter too. Not here: domains.
 */
'use strict';

const { inspect } = require('node:util');
const native = require('node:events');
const { checkBoolean, checkFunction, checkNumber, codedError, invalidType } = require('./coded-error.cjs');
const { addAbortListener, on, once } = require('./events-statics.cjs');
const { kEvents, limits } = require('./listener-parts.cjs');

const kRejection = Symbol.for('nodejs.rejection');
const kCapture = Symbol('kCapture');
const kShapeMode = Symbol('shapeMode');
const kErrorMonitor = native.errorMonitor;

function EventEmitter(opts) {
  EventEmitter.init.call(this, opts);
}

module.exports = EventEmitter;
EventEmitter.addAbortListener = addAbortListener;
EventEmitter.once = once;
EventEmitter.on = on;
EventEmitter.getEventListeners = getEventListeners;
EventEmitter.getMaxListeners = getMaxListeners;
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.usingDomains = false;
EventEmitter.captureRejectionSymbol = kRejection;
Object.defineProperty(EventEmitter, 'captureRejections', {
  get: () => EventEmitter.prototype[kCapture],
  set(value) {
    checkBoolean(value, 'EventEmitter.captureRejections');
    EventEmitter.prototype[kCapture] = value;
  },
  enumerable: true,
});
Object.defineProperty(EventEmitter, 'EventEmitterAsyncResource', {
  get: () => require('./events-async-resource.cjs'),
  enumerable: true,
  configurable: true,
});
EventEmitter.errorMonitor = kErrorMonitor;
Object.defineProperty(EventEmitter.prototype, kCapture, { value: false, writable: true, enumerable: false });
EventEmitter.prototype._events = undefined;
EventEmitter.prototype._eventsCount = 0;
EventEmitter.prototype._maxListeners = undefined;
Object.defineProperty(EventEmitter, 'defaultMaxListeners', {
  get: () => limits.defaultMaxListeners,
  set(count) {
    checkNumber(count, 'defaultMaxListeners', 0);
    limits.defaultMaxListeners = count;
  },
  enumerable: true,
});
for (const name of ['kMaxEventTargetListeners', 'kMaxEventTargetListenersWarned'])
  Object.defineProperty(EventEmitter, name, { value: native[name], enumerable: false });
// What the runtime itself makes (process, its streams, Node's own classes) comes from the other EventEmitter.
Object.defineProperty(EventEmitter, Symbol.hasInstance, {
  value(instance) {
    if (this === EventEmitter && instance instanceof native) return true;
    return Function.prototype[Symbol.hasInstance].call(this, instance);
  },
  enumerable: false,
  configurable: true,
});

EventEmitter.setMaxListeners = (count = limits.defaultMaxListeners, ...targets) => {
  checkNumber(count, 'setMaxListeners', 0);
  if (targets.length === 0) {
    limits.defaultMaxListeners = count;
    return;
  }
  for (const target of targets) {
    if (target instanceof EventTarget) native.setMaxListeners(count, target);
    else if (typeof target.setMaxListeners === 'function') target.setMaxListeners(count);
    else throw invalidType('eventTargets', 'an instance of EventEmitter or EventTarget', target);
  }
};

EventEmitter.init = function (opts) {
  if (this._events === undefined || this._events === Object.getPrototypeOf(this)._events) {
    this._events = { __proto__: null };
    this._eventsCount = 0;
    this[kShapeMode] = false;
  } else {
    this[kShapeMode] = true;
  }
  this._maxListeners = this._maxListeners || undefined;
  if (opts?.captureRejections) {
    checkBoolean(opts.captureRejections, 'options.captureRejections');
    this[kCapture] = Boolean(opts.captureRejections);
  } else {
    this[kCapture] = EventEmitter.prototype[kCapture];
  }
};

function addCatch(that, promise, type, args) {
  if (!that[kCapture]) return;
  // A thenable's `then` may be a getter that throws the second time.
  try {
    const { then } = promise;
    if (typeof then === 'function') {
      then.call(promise, undefined, (error) => {
        process.nextTick(emitUnhandledRejectionOrErr, that, error, type, args);
      });
    }
  } catch (error) {
    that.emit('error', error);
  }
}

function emitUnhandledRejectionOrErr(emitter, error, type, args) {
  if (typeof emitter[kRejection] === 'function') {
    emitter[kRejection](error, type, ...args);
    return;
  }
  // Without capturing while 'error' is emitted: its listeners may reject too, without end.
  const before = emitter[kCapture];
  try {
    emitter[kCapture] = false;
    emitter.emit('error', error);
  } finally {
    emitter[kCapture] = before;
  }
}

EventEmitter.prototype.setMaxListeners = function setMaxListeners(count) {
  checkNumber(count, 'setMaxListeners', 0);
  this._maxListeners = count;
  return this;
};

function maxListenersOf(that) {
  return that._maxListeners === undefined ? EventEmitter.defaultMaxListeners : that._maxListeners;
}

EventEmitter.prototype.getMaxListeners = function getMaxListeners() {
  return maxListenersOf(this);
};

EventEmitter.prototype.emit = function emit(type, ...args) {
  let unheardError = type === 'error';
  const events = this._events;
  if (events !== undefined) {
    if (unheardError && events[kErrorMonitor] !== undefined) this.emit(kErrorMonitor, ...args);
    unheardError = unheardError && events.error === undefined;
  } else if (!unheardError) return false;
  if (unheardError) throw unhandled(args);

  const handler = events[type];
  if (handler === undefined) return false;
  if (typeof handler === 'function') {
    const result = handler.call(this, ...args);
    if (result !== undefined && result !== null) addCatch(this, result, type, args);
    return true;
  }
  const listeners = handler.slice();
  for (let i = 0; i < listeners.length; ++i) {
    const listener = listeners[i];
    const result = listener.call(this, ...args);
    if (result !== undefined && result !== null) addCatch(this, result, type, args);
  }
  return true;
};

/** What an 'error' event that nobody listens to throws. */
function unhandled(args) {
  const error = args.length > 0 ? args[0] : undefined;
  if (error instanceof Error) return error;
  let shown;
  try {
    shown = inspect(error);
  } catch {
    shown = error;
  }
  const thrown = codedError(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${shown})`);
  thrown.context = error;
  return thrown;
}

function enterListener(target, type, listener, prepend) {
  let events;
  let existing;
  checkFunction(listener, 'listener');
  events = target._events;
  if (events === undefined) {
    events = target._events = { __proto__: null };
    target._eventsCount = 0;
  } else {
    // Said before it is added, so that a listener of 'newListener' does not hear of itself.
    if (events.newListener !== undefined) {
      target.emit('newListener', type, listener.listener ?? listener);
      events = target._events;
    }
    existing = events[type];
  }
  if (existing === undefined) {
    events[type] = listener;
    ++target._eventsCount;
    return target;
  }
  if (typeof existing === 'function') existing = events[type] = prepend ? [listener, existing] : [existing, listener];
  else if (prepend) existing.unshift(listener);
  else existing.push(listener);
  const most = maxListenersOf(target);
  if (most > 0 && existing.length > most && !existing.warned) warnOfLeak(target, type, existing, most);
  return target;
}

function warnOfLeak(target, type, existing, most) {
  existing.warned = true;
  const warning = new Error(
    `Possible EventEmitter memory leak detected. ${existing.length} ${String(type)} listeners ` +
      `added to ${inspect(target, { depth: -1 })}. MaxListeners is ${most}. Use emitter.setMaxListeners() to increase limit`,
  );
  Object.assign(warning, { name: 'MaxListenersExceededWarning', emitter: target, type, count: existing.length });
  process.emitWarning(warning);
}

EventEmitter.prototype.addListener = function addListener(type, listener) {
  return enterListener(this, type, listener, false);
};
EventEmitter.prototype.on = EventEmitter.prototype.addListener;

EventEmitter.prototype.prependListener = function prependListener(type, listener) {
  return enterListener(this, type, listener, true);
};

function onceWrapper(...args) {
  if (this.fired) return undefined;
  this.target.removeListener(this.type, this.wrapFn);
  this.fired = true;
  const { listener } = this;
  return listener.call(this.target, ...args);
}

function onceWrap(target, type, listener) {
  const state = { fired: false, wrapFn: undefined, target, type, listener };
  const wrapped = onceWrapper.bind(state);
  wrapped.listener = listener;
  state.wrapFn = wrapped;
  return wrapped;
}

EventEmitter.prototype.once = function once(type, listener) {
  checkFunction(listener, 'listener');
  this.on(type, onceWrap(this, type, listener));
  return this;
};

EventEmitter.prototype.prependOnceListener = function prependOnceListener(type, listener) {
  checkFunction(listener, 'listener');
  this.prependListener(type, onceWrap(this, type, listener));
  return this;
};

EventEmitter.prototype.removeListener = function removeListener(type, listener) {
  checkFunction(listener, 'listener');
  const events = this._events;
  if (events === undefined || events[type] === undefined) return this;
  const list = events[type];
  if (list === listener || list.listener === listener) {
    this._eventsCount -= 1;
    if (this[kShapeMode]) events[type] = undefined;
    else if (this._eventsCount === 0) this._events = { __proto__: null };
    else {
      delete events[type];
      if (events.removeListener) this.emit('removeListener', type, list.listener || listener);
    }
  } else if (typeof list !== 'function') {
    let position = list.length - 1;
    while (position >= 0 && list[position] !== listener && list[position].listener !== listener) position--;
    if (position < 0) return this;
    list.splice(position, 1);
    if (list.length === 1) events[type] = list[0];
    if (events.removeListener !== undefined) this.emit('removeListener', type, listener);
  }
  return this;
};
EventEmitter.prototype.off = EventEmitter.prototype.removeListener;

EventEmitter.prototype.removeAllListeners = function removeAllListeners(...types) {
  const events = this._events;
  if (events === undefined) return this;
  const isAll = types.length === 0;
  const [type] = types;
  if (events.removeListener === undefined) {
    if (isAll) forgetAll(this);
    else if (events[type] !== undefined) {
      if (--this._eventsCount === 0) this._events = { __proto__: null };
      else delete events[type];
    }
    this[kShapeMode] = false;
    return this;
  }
  // 'removeListener' is heard of each listener of each event, its own last.
  if (isAll) {
    for (const key of Reflect.ownKeys(events)) if (key !== 'removeListener') this.removeAllListeners(key);
    this.removeAllListeners('removeListener');
    forgetAll(this);
    this[kShapeMode] = false;
    return this;
  }
  const listeners = events[type];
  if (typeof listeners === 'function') this.removeListener(type, listeners);
  else if (listeners !== undefined) for (let i = listeners.length - 1; i >= 0; i--) this.removeListener(type, listeners[i]);
  return this;
};
// Node declares it with one parameter.
Object.defineProperty(EventEmitter.prototype.removeAllListeners, 'length', { value: 1 });

function forgetAll(emitter) {
  emitter._events = { __proto__: null };
  emitter._eventsCount = 0;
}

function listenersOf(target, type, unwrap) {
  const listener = target._events?.[type];
  if (listener === undefined) return [];
  if (typeof listener === 'function') return [unwrap ? listener.listener || listener : listener];
  const list = listener.slice();
  if (unwrap) for (let i = 0; i < list.length; ++i) if (typeof list[i].listener === 'function') list[i] = list[i].listener;
  return list;
}

EventEmitter.prototype.listeners = function listeners(type) {
  return listenersOf(this, type, true);
};

EventEmitter.prototype.rawListeners = function rawListeners(type) {
  return listenersOf(this, type, false);
};

EventEmitter.listenerCount = (emitter, type) => {
  if (typeof emitter.listenerCount === 'function') return emitter.listenerCount(type);
  return listenerCount.call(emitter, type);
};

EventEmitter.prototype.listenerCount = listenerCount;

function listenerCount(type, listener) {
  const found = this._events?.[type];
  if (found === undefined) return 0;
  const isWanted = (one) => listener === undefined || listener === null || one === listener || one.listener === listener;
  if (typeof found === 'function') return isWanted(found) ? 1 : 0;
  let count = 0;
  for (let i = 0; i < found.length; i++) if (isWanted(found[i])) count++;
  return count;
}

EventEmitter.prototype.eventNames = function eventNames() {
  return this._eventsCount > 0 ? Reflect.ownKeys(this._events) : [];
};

function getMaxListeners(target) {
  if (typeof target?.getMaxListeners === 'function') return maxListenersOf(target);
  return native.getMaxListeners(target);
}

function getEventListeners(target, type) {
  if (typeof target.listeners === 'function') return target.listeners(type);
  const events = target[kEvents];
  if (events === undefined) return native.getEventListeners(target, type);
  const found = [];
  for (let one = events.get(type)?.next; one !== undefined; one = one.next) found.push(one.listener);
  return found;
}
