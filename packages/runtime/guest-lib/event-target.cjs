/**
 * The guest's Event, CustomEvent and EventTarget. They are compiled with the guest, so that listeners, what they hold and frames inside them
 * move with it. Behaviour, order and wording are Node's.
 * Adapted from lib/internal/event_target.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 * Kept true: Node's own events and targets are instances of these classes too. Not here: listeners held weakly, NodeEventTarget.
 */
'use strict';

const { unmarked } = require('godwit:host');
const { codedError, invalidType } = require('./coded-error.cjs');
const { kEvents, limits } = require('./listener-parts.cjs');

const kIsEventTarget = Symbol.for('nodejs.event_target');
const kInspect = Symbol.for('nodejs.util.inspect.custom');
const kIsBeingDispatched = Symbol('kIsBeingDispatched');
const kStop = Symbol('kStop');
const kTarget = Symbol('kTarget');
const kHandlers = Symbol('kHandlers');
const kNewListener = Symbol('kNewListener');
const kRemoveListener = Symbol('kRemoveListener');
const kTrustEvent = Symbol('kTrustEvent');
const kResistStopPropagation = Symbol('kResistStopPropagation');
const kType = Symbol('type');
const kDetail = Symbol('detail');

const native = { Event: globalThis.Event, EventTarget: globalThis.EventTarget };
// Node names these two in public; its own functions look for them.
const ownKeys = unmarked(() => Reflect.ownKeys(new native.EventTarget()));
const named = (description) => ownKeys.find((key) => typeof key === 'symbol' && key.description === description);
const kMaxListeners = named('events.maxEventTargetListeners');
const kMaxListenersWarned = named('events.maxEventTargetListenersWarned');

const enumerable = { enumerable: true };
const noOptions = Object.freeze({ __proto__: null });

const invalidThis = (type) => codedError(TypeError, 'ERR_INVALID_THIS', `Value of "this" must be of type ${type}`);

function missingArgs(...names) {
  const list = names.map((name) => `"${name}"`).join(' and ');
  return codedError(TypeError, 'ERR_MISSING_ARGS', `The ${list} argument${names.length > 1 ? 's' : ''} must be specified`);
}

/** As WebIDL converts to a DOMString. */
function domString(value) {
  if (typeof value === 'symbol')
    throw codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'value' is invalid. Received ${String(value)}`);
  return `${value}`;
}

/** Instances of Node's own class are instances of the guest's; of a subclass only its own are. */
const takesNative = (Class, Native) => ({
  value(instance) {
    return Function.prototype[Symbol.hasInstance].call(this, instance) || (this === Class && instance instanceof Native);
  },
  enumerable: false,
  configurable: true,
});

const tag = (name) => ({ value: name, writable: false, enumerable: false, configurable: true });

const optionsWithin = (options) => ({
  ...options,
  depth: Number.isInteger(options.depth) ? options.depth - 1 : options.depth,
});

const isEvent = (value) => typeof value?.[kType] === 'string';

function checkEvent(value) {
  if (!isEvent(value)) throw invalidThis('Event');
}

class Event {
  #cancelable = false;
  #bubbles = false;
  #composed = false;
  #defaultPrevented = false;
  #timestamp = performance.now();
  #propagationStopped = false;
  #isTrusted = false;

  constructor(type, options = undefined) {
    if (arguments.length === 0) throw missingArgs('type');
    if (options !== undefined && options !== null && (typeof options !== 'object' || Array.isArray(options)))
      throw invalidType('options', 'of type object', options);
    this.#bubbles = !!options?.bubbles;
    this.#cancelable = !!options?.cancelable;
    this.#composed = !!options?.composed;
    this[kType] = `${type}`;
    if (options?.[kTrustEvent]) this.#isTrusted = true;
    this[kTarget] = null;
    this[kIsBeingDispatched] = false;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    if (arguments.length === 0) throw missingArgs('type');
    if (this[kIsBeingDispatched]) return;
    this[kType] = `${type}`;
    this.#bubbles = !!bubbles;
    this.#cancelable = !!cancelable;
  }

  [kInspect](depth, options, inspect) {
    checkEvent(this);
    const { name } = this.constructor;
    if (depth < 0) return name;
    const shown = {
      type: this[kType],
      defaultPrevented: this.#defaultPrevented,
      cancelable: this.#cancelable,
      timeStamp: this.#timestamp,
    };
    return `${name} ${inspect(shown, optionsWithin(options))}`;
  }

  stopImmediatePropagation() {
    checkEvent(this);
    this.stopPropagation();
    this[kStop] = true;
  }

  preventDefault() {
    checkEvent(this);
    this.#defaultPrevented = true;
  }

  get target() {
    checkEvent(this);
    return this[kTarget];
  }

  get currentTarget() {
    checkEvent(this);
    return this[kIsBeingDispatched] ? this[kTarget] : null;
  }

  get srcElement() {
    checkEvent(this);
    return this[kTarget];
  }

  get type() {
    checkEvent(this);
    return this[kType];
  }

  get cancelable() {
    checkEvent(this);
    return this.#cancelable;
  }

  get defaultPrevented() {
    checkEvent(this);
    return this.#cancelable && this.#defaultPrevented;
  }

  get timeStamp() {
    checkEvent(this);
    return this.#timestamp;
  }

  composedPath() {
    checkEvent(this);
    return this[kIsBeingDispatched] ? [this[kTarget]] : [];
  }

  get returnValue() {
    checkEvent(this);
    return !this.#cancelable || !this.#defaultPrevented;
  }

  get bubbles() {
    checkEvent(this);
    return this.#bubbles;
  }

  get composed() {
    checkEvent(this);
    return this.#composed;
  }

  get eventPhase() {
    checkEvent(this);
    return this[kIsBeingDispatched] ? Event.AT_TARGET : Event.NONE;
  }

  get cancelBubble() {
    checkEvent(this);
    return this.#propagationStopped;
  }

  set cancelBubble(value) {
    checkEvent(this);
    if (value) this.#propagationStopped = true;
  }

  stopPropagation() {
    checkEvent(this);
    this.#propagationStopped = true;
  }

  get isTrusted() {
    return #isTrusted in this && this.#isTrusted;
  }
}

const eventMembers = [
  ...['initEvent', 'stopImmediatePropagation', 'preventDefault', 'target', 'currentTarget', 'srcElement', 'type', 'cancelable'],
  ...['defaultPrevented', 'timeStamp', 'composedPath', 'returnValue', 'bubbles', 'composed', 'eventPhase', 'cancelBubble'],
  'stopPropagation',
];
for (const name of eventMembers) Object.defineProperty(Event.prototype, name, enumerable);
Object.defineProperty(Event.prototype, 'isTrusted', { enumerable: true, configurable: false });
Object.defineProperty(Event.prototype, Symbol.toStringTag, tag('Event'));
for (const [value, name] of ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'].entries())
  Object.defineProperty(Event, name, { value, writable: false, enumerable: true, configurable: false });
Object.defineProperty(Event, Symbol.hasInstance, takesNative(Event, native.Event));

class CustomEvent extends Event {
  constructor(type, options = noOptions) {
    if (arguments.length === 0) throw missingArgs('type');
    super(type, options);
    this[kDetail] = options?.detail ?? null;
  }

  get detail() {
    if (!isEvent(this) || this[kDetail] === undefined) throw invalidThis('CustomEvent');
    return this[kDetail];
  }
}
Object.defineProperty(CustomEvent.prototype, Symbol.toStringTag, tag('CustomEvent'));
Object.defineProperty(CustomEvent.prototype, 'detail', enumerable);

/** One of a list that begins with its root: adding and removing are slow and telling is fast. */
class Listener {
  constructor(previous, listener, { once, capture, passive, resistStopPropagation }) {
    this.next = undefined;
    previous.next = this;
    this.previous = previous;
    this.listener = listener;
    this.once = once;
    this.capture = capture;
    this.passive = passive;
    this.resistStopPropagation = resistStopPropagation;
    this.removed = false;
    this.callback =
      typeof listener === 'function'
        ? listener
        : async (...args) => {
            if (listener.handleEvent) await listener.handleEvent(...args);
          };
  }

  same(listener, capture) {
    return this.listener === listener && this.capture === capture;
  }

  remove() {
    this.previous.next = this.next;
    if (this.next !== undefined) this.next.previous = this.previous;
    this.removed = true;
  }
}

const isEventTarget = (value) => value?.constructor?.[kIsEventTarget];

function checkTarget(value) {
  if (!isEventTarget(value)) throw invalidThis('EventTarget');
}

/** Whether it is one to be kept: nothing at all is taken in silence, and does nothing. */
function checkListener(listener) {
  if (typeof listener === 'function' || typeof listener === 'object') return listener !== null;
  if (listener === undefined) return false;
  throw invalidType('listener', 'an instance of EventListener', listener);
}

function listenerOptions(options) {
  if (typeof options === 'boolean') return { once: false, capture: options, passive: false, resistStopPropagation: false };
  if (options !== null && typeof options !== 'object' && typeof options !== 'function')
    throw invalidType('options', 'of type object', options);
  return {
    once: Boolean(options?.once),
    capture: Boolean(options?.capture),
    passive: Boolean(options?.passive),
    signal: options?.signal,
    resistStopPropagation: Boolean(options?.[kResistStopPropagation]),
  };
}

function checkOptionSignal(signal) {
  if (signal !== undefined && (signal === null || typeof signal !== 'object' || !('aborted' in signal)))
    throw invalidType('options.signal', 'an instance of AbortSignal', signal);
}

function throwLater(error) {
  process.nextTick(() => {
    throw error;
  });
}

function throwWhatIsRejected(promise) {
  const { then } = promise;
  if (typeof then === 'function') then.call(promise, undefined, throwLater);
}

class EventTarget {
  static [kIsEventTarget] = true;

  constructor() {
    this[kEvents] = new Map();
    this[kMaxListeners] = limits.defaultMaxListeners;
    this[kMaxListenersWarned] = false;
    this[kHandlers] = new Map();
  }

  [kNewListener](size, type) {
    const most = this[kMaxListeners];
    if (most === 0 || size <= most || this[kMaxListenersWarned]) return;
    this[kMaxListenersWarned] = true;
    const warning = new Error(
      `Possible EventTarget memory leak detected. ${size} ${type} listeners added to ${this.constructor.name}. ` +
        `MaxListeners is ${most}. Use events.setMaxListeners() to increase limit`,
    );
    process.emitWarning(Object.assign(warning, { name: 'MaxListenersExceededWarning', target: this, type, count: size }));
  }

  [kRemoveListener]() {}

  addEventListener(type, listener, options = noOptions) {
    checkTarget(this);
    if (arguments.length < 2) throw missingArgs('type', 'listener');
    const wanted = listenerOptions(options);
    const { signal } = wanted;
    checkOptionSignal(signal);
    if (signal) {
      if (signal.aborted) return;
      const stop = () => this.removeEventListener(type, listener, wanted);
      signal.addEventListener('abort', stop, { once: true, [kResistStopPropagation]: true });
    }
    if (!checkListener(listener)) {
      const warning = new Error(`addEventListener called with ${listener} which has no effect.`);
      process.emitWarning(Object.assign(warning, { name: 'AddEventListenerArgumentTypeWarning', target: this, type }));
      return;
    }
    const key = domString(type);
    let root = this[kEvents].get(key);
    if (root === undefined) {
      root = { size: 0, next: undefined, resistStopPropagation: false };
      this[kEvents].set(key, root);
    }
    let previous = root;
    while (previous.next !== undefined && !previous.next.same(listener, wanted.capture)) previous = previous.next;
    if (previous.next !== undefined) return;
    new Listener(previous, listener, wanted);
    root.size++;
    root.resistStopPropagation ||= wanted.resistStopPropagation;
    this[kNewListener](root.size, key, listener);
  }

  removeEventListener(type, listener, options = noOptions) {
    checkTarget(this);
    if (arguments.length < 2) throw missingArgs('type', 'listener');
    if (!checkListener(listener)) return;
    const key = domString(type);
    const capture = options?.capture === true;
    const root = this[kEvents].get(key);
    let one = root?.next;
    while (one !== undefined && !one.same(listener, capture)) one = one.next;
    if (one === undefined) return;
    one.remove();
    root.size--;
    if (root.size === 0) this[kEvents].delete(key);
    this[kRemoveListener](root.size, key);
  }

  dispatchEvent(event) {
    checkTarget(this);
    if (arguments.length < 1) throw missingArgs('event');
    if (!(event instanceof Event) || !isEvent(event)) throw invalidType('event', 'an instance of Event', event);
    if (event[kIsBeingDispatched])
      throw codedError(Error, 'ERR_EVENT_RECURSION', `The event "${event.type}" is already being dispatched`);
    tell(this, event);
    return event.defaultPrevented !== true;
  }

  [kInspect](depth, options, inspect) {
    checkTarget(this);
    const { name } = this.constructor;
    return depth < 0 ? name : `${name} ${inspect({}, optionsWithin(options))}`;
  }
}

function tell(target, event) {
  event[kTarget] = target;
  event[kIsBeingDispatched] = true;
  const { type } = event;
  const root = target[kEvents].get(type);
  let next;
  for (let one = root?.next; one !== undefined; one = next) {
    if (event[kStop] === true && !one.passive && !root.resistStopPropagation) break;
    next = one.next; // it may remove itself
    if (one.removed || (event[kStop] === true && !one.resistStopPropagation)) continue;
    if (one.once) {
      one.remove();
      root.size--;
      if (root.size === 0 && target[kEvents].get(type) === root) target[kEvents].delete(type);
      target[kRemoveListener](root.size, type);
    }
    try {
      const result = one.callback.call(target, event);
      event[kIsBeingDispatched] = false;
      if (result !== undefined && result !== null) throwWhatIsRejected(result);
    } catch (error) {
      throwLater(error);
    }
  }
  event[kIsBeingDispatched] = false;
}

for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent'])
  Object.defineProperty(EventTarget.prototype, name, enumerable);
Object.defineProperty(EventTarget.prototype, Symbol.toStringTag, tag('EventTarget'));
Object.defineProperty(EventTarget, Symbol.hasInstance, takesNative(EventTarget, native.EventTarget));

/** What an `on…` attribute was set to is told in the place where it was first set. */
function makeHandler(handler) {
  function eventHandler(...args) {
    return typeof eventHandler.handler === 'function' ? eventHandler.handler.apply(this, args) : undefined;
  }
  eventHandler.handler = handler;
  return eventHandler;
}

function defineEventHandler(prototype, type) {
  const accessor = {
    get [`on${type}`]() {
      return handlersOf(this).get(type)?.handler ?? null;
    },
    set [`on${type}`](value) {
      const handlers = handlersOf(this);
      const known = handlers.get(type);
      if (known === undefined) {
        const made = makeHandler(value);
        this.addEventListener(type, made);
        handlers.set(type, made);
      } else known.handler = value;
    },
  };
  Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(accessor));
}

function handlersOf(target) {
  const handlers = target?.[kHandlers];
  if (handlers === undefined) throw invalidThis('EventTarget');
  return handlers;
}

module.exports = {
  ...{ CustomEvent, Event, EventTarget, defineEventHandler, enumerable, invalidThis, optionsWithin, tag },
  ...{ kMaxListeners, kNewListener, kRemoveListener, kTrustEvent, noOptions },
};
