/**
 * The guest's `node:util`: Node's own, but for what makes functions. These are compiled with the guest, so that what they make moves with it.
 * Adapted from lib/util.js, lib/internal/util.js and lib/internal/util/debuglog.js of Node.js 20 (MIT licence, copyright Joyent, Inc. and
 * other Node contributors).
 * Not here: the names that a few of Node's functions give several results by (`promisify(fs.read)` resolves to the first).
 */
'use strict';

const native = require('node:util');
const { checkFunction, checkSignal, codedError, invalidType } = require('./coded-error.cjs');
const types = require('./util-types.cjs');

const { custom } = native.promisify;

/** Own properties of the original, as Node gives them to what it makes. */
function takeProperties(made, original, change = () => {}) {
  const descriptors = Object.getOwnPropertyDescriptors(original);
  change(descriptors);
  for (const key of Reflect.ownKeys(descriptors)) {
    const own = Object.getOwnPropertyDescriptor(made, key);
    if (own === undefined || own.configurable || own.writable) Object.defineProperty(made, key, descriptors[key]);
  }
  return made;
}

function promisify(original) {
  checkFunction(original, 'original');
  const own = original[custom];
  if (own) {
    checkFunction(own, 'util.promisify.custom');
    return Object.defineProperty(own, custom, { value: own, enumerable: false, writable: false, configurable: true });
  }
  function fn(...args) {
    let settle;
    const promise = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    try {
      original.call(this, ...args, (error, value) => {
        if (error) settle.reject(error);
        else settle.resolve(value);
      });
    } catch (error) {
      settle.reject(error);
    }
    return promise;
  }
  Object.setPrototypeOf(fn, Object.getPrototypeOf(original));
  Object.defineProperty(fn, custom, { value: fn, enumerable: false, writable: false, configurable: true });
  return takeProperties(fn, original);
}
promisify.custom = custom;

function callbackify(original) {
  checkFunction(original, 'original');
  function callbackified(...args) {
    const callback = args.pop();
    checkFunction(callback, 'last argument');
    const answer = callback.bind(this);
    original.call(this, ...args).then(
      (value) => process.nextTick(answer, null, value),
      (reason) => process.nextTick(callbackifyOnRejected, reason, answer),
    );
  }
  return takeProperties(callbackified, original, ({ length, name }) => {
    if (typeof length.value === 'number') length.value++;
    if (typeof name.value === 'string') name.value += 'Callbackified';
  });
}

/** A callback that is given nothing thinks that all went well. */
function callbackifyOnRejected(reason, callback) {
  if (reason) return callback(reason);
  const error = codedError(Error, 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value');
  error.reason = reason;
  return callback(error);
}

const warnedCodes = new Set();

function deprecate(fn, message, code) {
  if (code !== undefined && typeof code !== 'string') throw invalidType('code', 'of type string', code);
  let isWarned = false;
  function warn() {
    if (isWarned) return;
    isWarned = true;
    if (code === undefined) process.emitWarning(message, 'DeprecationWarning', deprecated);
    else if (!warnedCodes.has(code)) {
      warnedCodes.add(code);
      process.emitWarning(message, 'DeprecationWarning', code, deprecated);
    }
  }
  function deprecated(...args) {
    if (!process.noDeprecation) warn();
    if (new.target) return Reflect.construct(fn, args, new.target);
    return fn.call(this, ...args);
  }
  Object.setPrototypeOf(deprecated, fn);
  if (fn.prototype) deprecated.prototype = fn.prototype;
  return deprecated;
}

/** NODE_DEBUG is a list of names with wildcards. */
function isDebugged(set) {
  const wanted = process.env.NODE_DEBUG;
  if (!wanted) return false;
  const pattern = wanted
    .replace(/[|\\{}()[\]^$+?.]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll(',', '$|^');
  return new RegExp(`^${pattern}$`, 'i').test(set);
}

function debuglog(name, callback) {
  const set = String(name).toUpperCase();
  let enabled;
  const isEnabled = () => {
    enabled ??= isDebugged(set);
    return enabled;
  };
  let isFirst = true;
  const logger = (...args) => {
    if (isFirst) {
      isFirst = false;
      if (typeof callback === 'function') callback(logger);
    }
    if (isEnabled()) process.stderr.write(`${set} ${process.pid}: ${native.format(...args)}\n`);
  };
  return Object.defineProperty(logger, 'enabled', { get: isEnabled, configurable: true, enumerable: true });
}

/** Node holds what waits only as long as the resource; here the signal does. */
async function aborted(signal, resource) {
  if (signal === undefined) throw invalidType('signal', 'an instance of AbortSignal', signal);
  checkSignal(signal, 'signal');
  if (resource === null || (typeof resource !== 'object' && typeof resource !== 'function'))
    throw invalidType('resource', 'of type object', resource);
  if (signal.aborted) return undefined;
  return new Promise((resolve) => {
    signal.addEventListener('abort', resolve, { once: true });
  });
}

// What is an accessor there is one here: it is not for this module to ask for it.
const members = Object.getOwnPropertyDescriptors(native);
for (const key of Object.keys(members)) if (!members[key].enumerable) delete members[key];
const own = { aborted, callbackify, debug: debuglog, debuglog, deprecate, promisify, types };
module.exports = Object.defineProperties({}, { ...members, ...Object.getOwnPropertyDescriptors(own) });
