/**
 * The guest's AbortController and AbortSignal, on the guest's own events and timers.
 * Adapted from lib/internal/abort_controller.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and other Node contributors).
 * Kept true: a signal of Node's own is an instance of this AbortSignal too. Not here: signals that are sent to workers.
 */
'use strict';

const { unmarked } = require('godwit:host');
const { checkInteger, checkSignal, codedError, invalidType } = require('./coded-error.cjs');
const parts = require('./event-target.cjs');

const { Event, EventTarget, enumerable, kNewListener, kRemoveListener } = parts;
const NativeSignal = globalThis.AbortSignal;
const native = unmarked(() => new globalThis.AbortController().signal);
const kInspect = Symbol.for('nodejs.util.inspect.custom');
const kAborted = Symbol('kAborted');
const kReason = Symbol('kReason');
const kComposite = Symbol('kComposite');
const kSources = Symbol('kSourceSignals');
const kDependants = Symbol('kDependantSignals');

/** Later versions of Node let a signal have any number of listeners. */
const hasNoLimit = native[parts.kMaxListeners] === 0;

/** Signals that depend on others, with somebody who listens: they live as long as those do. */
const listenedTo = new Set();
const forgotten = new FinalizationRegistry(({ source, ref }) => source.deref()?.[kDependants].delete(ref));

function checkThis(value) {
  if (value?.[kAborted] === undefined) throw parts.invalidThis('AbortSignal');
}

const shown = (self, fields, depth, options, inspect) =>
  depth < 0 ? self : `${self.constructor.name} ${inspect(fields, parts.optionsWithin(options))}`;

class AbortSignal extends EventTarget {
  constructor() {
    throw codedError(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
  }

  get aborted() {
    checkThis(this);
    return !!this[kAborted];
  }

  get reason() {
    checkThis(this);
    return this[kReason];
  }

  throwIfAborted() {
    checkThis(this);
    if (this[kAborted]) throw this[kReason];
  }

  [kInspect](depth, options, inspect) {
    return shown(this, { aborted: this.aborted }, depth, options, inspect);
  }

  static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    return makeSignal({ aborted: true, reason });
  }

  static timeout(delay) {
    checkInteger(delay, 'delay', 0, 2 ** 32 - 1);
    const signal = makeSignal();
    const timer = setTimeout(() => {
      abortSignal(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    }, delay);
    timer.unref();
    return signal;
  }

  static any(signals) {
    if (!Array.isArray(signals)) throw invalidType('signals', 'an instance of Array', signals);
    for (let i = 0; i < signals.length; i++) {
      if (signals[i] === undefined) throw invalidType(`signals[${i}]`, 'an instance of AbortSignal', signals[i]);
      checkSignal(signals[i], `signals[${i}]`);
    }
    const made = makeSignal({ composite: true });
    if (signals.length === 0) return made;
    const ref = new WeakRef(made);
    made[kSources] = new Set();
    for (const signal of signals) {
      if (signal.aborted) {
        abortSignal(made, signal.reason);
        return made;
      }
      const sources = signal[kComposite] ? (signal[kSources] ?? []) : [new WeakRef(signal)];
      for (const sourceRef of sources) {
        const source = sourceRef.deref();
        if (source === undefined || hasSource(made, source)) continue;
        made[kSources].add(sourceRef);
        source[kDependants] ??= new Set();
        source[kDependants].add(ref);
        forgotten.register(made, { source: sourceRef, ref });
      }
    }
    return made;
  }

  [kNewListener](size, type, listener) {
    super[kNewListener](size, type, listener);
    if (this[kComposite] && this[kSources]?.size && type === 'abort' && !this.aborted && size === 1) listenedTo.add(this);
  }

  [kRemoveListener](size, type) {
    if (this[kComposite] && type === 'abort' && size === 0) listenedTo.delete(this);
  }
}

function hasSource(signal, wanted) {
  for (const ref of signal[kSources]) if (ref.deref() === wanted) return true;
  return false;
}

Object.defineProperty(AbortSignal.prototype, 'aborted', enumerable);
Object.defineProperty(AbortSignal.prototype, Symbol.toStringTag, parts.tag('AbortSignal'));
Object.defineProperty(AbortSignal, Symbol.hasInstance, {
  value(instance) {
    return (
      Function.prototype[Symbol.hasInstance].call(this, instance) || (this === AbortSignal && instance instanceof NativeSignal)
    );
  },
  enumerable: false,
  configurable: true,
});
parts.defineEventHandler(AbortSignal.prototype, 'abort');

function makeSignal({ aborted = false, reason = undefined, composite = false } = parts.noOptions) {
  const signal = Object.setPrototypeOf(new EventTarget(), AbortSignal.prototype);
  if (hasNoLimit) signal[parts.kMaxListeners] = 0;
  signal[kAborted] = aborted;
  signal[kReason] = reason;
  signal[kComposite] = composite;
  return signal;
}

function abortSignal(signal, reason) {
  if (signal[kAborted]) return;
  signal[kAborted] = true;
  signal[kReason] = reason;
  signal.dispatchEvent(new Event('abort', { [parts.kTrustEvent]: true }));
  listenedTo.delete(signal);
  const dependants = [...(signal[kDependants] ?? [])];
  for (const ref of dependants) {
    const dependant = ref.deref();
    if (dependant) abortSignal(dependant, reason);
  }
}

class AbortController {
  #signal;

  get signal() {
    this.#signal ??= makeSignal();
    return this.#signal;
  }

  abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    this.#signal ??= makeSignal();
    abortSignal(this.#signal, reason);
  }

  [kInspect](depth, options, inspect) {
    return shown(this, { signal: this.signal }, depth, options, inspect);
  }
}

Object.defineProperty(AbortController.prototype, 'signal', enumerable);
Object.defineProperty(AbortController.prototype, 'abort', enumerable);
Object.defineProperty(AbortController.prototype, Symbol.toStringTag, parts.tag('AbortController'));

module.exports = { AbortController, AbortSignal };
