// Each scenario changes built-ins of its thread for good. What it gives back must be true, or says what was wrong.
import { parentPort, workerData } from 'node:worker_threads';
import {
  changedBuiltIns,
  ownOfGuest,
  prototypeOfGuest,
  watchBuiltIns,
  withOriginals,
} from '../../../dist/guest/original-built-ins.js';

const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible, ownKeys, setPrototypeOf } =
  Reflect;
const { freeze, is, preventExtensions, seal, setPrototypeOf: setTo } = Object;
const MapOf = Map;
const post = parentPort.postMessage.bind(parentPort);
const define = (holder, key, descriptor) => defineProperty(holder, key, { __proto__: null, configurable: true, ...descriptor });
const native = {
  push: Array.prototype.push,
  get: Map.prototype.get,
  iterate: Array.prototype[Symbol.iterator],
  keys: Object.keys,
};

/** Everything that can be seen of an object, as one flat list without a prototype. */
function stateOf(holder) {
  const state = setTo([getPrototypeOf(holder), isExtensible(holder)], null);
  const keys = setTo(ownKeys(holder), null);
  for (let k = 0; k < keys.length; k++) {
    const { value, get, set, writable, enumerable, configurable } = setTo(getOwnPropertyDescriptor(holder, keys[k]), null);
    const parts = setTo([keys[k], value, get, set, writable, enumerable, configurable], null);
    for (let i = 0; i < parts.length; i++) state[state.length] = parts[i];
  }
  return state;
}

function differs(before, after) {
  if (before.length !== after.length) return true;
  for (let i = 0; i < before.length; i++) if (!is(before[i], after[i])) return true;
  return false;
}

const holders = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Map.prototype,
  Object,
  Error,
  JSON,
  globalThis,
];
const namesOf = [
  'Object.prototype',
  'Array.prototype',
  'Function.prototype',
  'String.prototype',
  'Map.prototype',
  'Object',
  'Error',
  'JSON',
  'globalThis',
];

/** Runs work with the originals; says which holder is another one afterwards. */
function unchangedBy(work) {
  const before = [];
  for (let i = 0; i < holders.length; i++) define(before, i, { value: stateOf(holders[i]) });
  const answer = withOriginals(work);
  for (let i = 0; i < holders.length; i++) if (differs(before[i], stateOf(holders[i]))) return `${namesOf[i]} is another one`;
  return answer;
}

const throwing = () => {
  throw new Error('called');
};

const scenarios = {
  replaced() {
    const push = () => {};
    Array.prototype.push = push;
    define(Map.prototype, 'get', { get: throwing, enumerable: true });
    define(Array.prototype, Symbol.iterator, { value: throwing });
    globalThis.Map = throwing;
    return unchangedBy(
      () =>
        [].push === native.push &&
        new MapOf([[1, 2]]).get(1) === 2 &&
        Map === MapOf &&
        getOwnPropertyDescriptor(Array.prototype, 'push').enumerable === false &&
        ownOfGuest(Array.prototype, 'push').value === push &&
        ownOfGuest(Map.prototype, 'get').get === throwing,
    );
  },
  deleted() {
    for (const key of ['push', 'at', 'map']) delete Array.prototype[key];
    delete Map.prototype.get;
    delete globalThis.Error;
    return unchangedBy(
      () =>
        [].push === native.push &&
        new MapOf().get(1) === undefined &&
        Error.name === 'Error' &&
        ownOfGuest(Array.prototype, 'push') === undefined,
    );
  },
  reordered() {
    const { push } = Array.prototype;
    delete Array.prototype.push;
    define(Array.prototype, 'first', { value: 1, enumerable: true });
    Array.prototype.push = push;
    define(Array.prototype, Symbol('own'), { value: 2 });
    define(Array.prototype, Symbol.isConcatSpreadable, { get: throwing });
    delete Array.prototype[Symbol.iterator];
    define(Array.prototype, Symbol.iterator, { value: native.iterate, writable: true });
    delete Array.prototype.at;
    define(Array.prototype, 'at', { value: throwing });
    for (const key of [3, 1, 2]) define(Array.prototype, key, { get: throwing, set: throwing });
    return unchangedBy(
      () =>
        !('first' in []) &&
        !(1 in []) &&
        [5].concat([6])[1] === 6 &&
        getOwnPropertyDescriptor(Array.prototype, 'at').value !== throwing,
    );
  },
  added() {
    for (const key of ['get', 'set', 'value', 'writable', 'toJSON', '0'])
      define(Object.prototype, key, { get: throwing, set: throwing });
    Error.prepareStackTrace = throwing;
    Map.prototype.own = 1;
    return unchangedBy(() => {
      Object.defineProperty({}, 'a', { value: 1 });
      const list = [];
      list[0] = 1;
      return JSON.stringify({ list }) === '{"list":[1]}' && typeof new Error('made').stack === 'string';
    });
  },
  moved() {
    const between = { __proto__: Object.prototype, push: 1 };
    setPrototypeOf(Array.prototype, between);
    setPrototypeOf(Map.prototype, new Proxy({}, { get: throwing, getPrototypeOf: throwing, has: throwing }));
    return unchangedBy(
      () =>
        getPrototypeOf(Array.prototype) === Object.prototype &&
        new MapOf().nothing === undefined &&
        prototypeOfGuest(Array.prototype) === between,
    );
  },
  circle() {
    const typed = getPrototypeOf(Uint8Array.prototype);
    setPrototypeOf(Uint8Array.prototype, Object.prototype);
    setPrototypeOf(typed, Uint8Array.prototype);
    const isInside = withOriginals(
      () => getPrototypeOf(Uint8Array.prototype) === typed && getPrototypeOf(typed) === Object.prototype,
    );
    return (
      isInside && getPrototypeOf(Uint8Array.prototype) === Object.prototype && getPrototypeOf(typed) === Uint8Array.prototype
    );
  },
  fixed() {
    Array.prototype.push = throwing;
    Array.prototype.own = 1;
    freeze(Array.prototype);
    Map.prototype.get = throwing;
    delete Map.prototype.set;
    Map.prototype.own = 2;
    seal(Map.prototype);
    define(String.prototype, 'at', { value: throwing, configurable: false, writable: false });
    String.prototype.own = 3;
    define(Object, 'keys', { value: throwing, configurable: false, writable: true });
    define(Object.prototype, 'before', { value: 1 });
    define(Object.prototype, 'fixed', { value: 2, configurable: false });
    define(Object.prototype, 'behind', { value: 3 });
    JSON.parse = throwing;
    preventExtensions(JSON);
    return unchangedBy(
      () =>
        [].push === throwing && // frozen: it cannot be another one
        new MapOf().get(1) === undefined && // sealed, but writable
        Map.prototype.set === undefined && // it could not be taken away again
        ''.at === throwing &&
        ''.own === undefined &&
        Object.keys === native.keys &&
        {}.before === 1 && // taken away it would come back behind what is fixed
        {}.behind === undefined &&
        JSON.parse('1') === 1,
    );
  },
  failing() {
    Array.prototype.push = throwing;
    delete Map.prototype.get;
    let told;
    const answer = unchangedBy(() => {
      try {
        withOriginals(() => {
          throw new RangeError('of the work');
        });
      } catch (error) {
        told = error.message;
      }
      return [].push === native.push; // the inner one changed nothing
    });
    try {
      withOriginals(() => {
        throw told;
      });
    } catch (error) {
      return answer === true && error === 'of the work' && [].push === throwing && !('get' in Map.prototype);
    }
  },
  overflowing() {
    Array.prototype.push = throwing;
    const before = stateOf(Array.prototype);
    let last = '';
    const deep = (calls) => {
      // At every depth up to the end of the stack.
      try {
        deep(calls + 1);
      } catch {
        last = '';
      }
      if (last === '') {
        try {
          withOriginals(() => 1);
        } catch {
          return;
        }
        last = differs(before, stateOf(Array.prototype)) ? 'changed' : 'as before';
      }
    };
    deep(0);
    return !differs(before, stateOf(Array.prototype));
  },
  told() {
    Array.prototype.push = throwing;
    Array.prototype.own = 1;
    const holder = Array.prototype;
    const builtins = { changed: () => [Map.prototype] };
    let told;
    withOriginals(() => {
      told = changedBuiltIns(builtins.changed());
    });
    const flat = setTo([told[1].own.prototype, told[1].own.extensible], null);
    const keys = ownKeys(holder);
    const { properties } = told[1].own;
    for (let i = 0; i < keys.length; i++) if (properties[i].key !== keys[i]) return 'another order';
    return (
      told.length === 2 &&
      told[0].object === Map.prototype &&
      told[1].object === holder &&
      flat[0] === Object.prototype &&
      flat[1] &&
      properties[keys.indexOf('push')].first === throwing &&
      properties[keys.indexOf('own')].first === 1
    );
  },
  silent() {
    let calls = 0;
    const count = (fn) =>
      ({
        counts(...given) {
          calls++;
          return apply(fn, this, given);
        },
      }).counts;
    const wrapAll = (holder) => {
      const keys = ownKeys(holder);
      for (let k = 0; k < keys.length; k++) {
        const descriptor = getOwnPropertyDescriptor(holder, keys[k]);
        if (!descriptor.configurable) continue;
        if (typeof descriptor.value === 'function') define(holder, keys[k], { ...descriptor, value: count(descriptor.value) });
        else if (descriptor.get) define(holder, keys[k], { ...descriptor, get: count(descriptor.get) });
      }
    };
    const iterator = getPrototypeOf([][Symbol.iterator]());
    const others = [
      Reflect,
      Set.prototype,
      WeakMap.prototype,
      Number.prototype,
      Symbol.prototype,
      iterator,
      getPrototypeOf(iterator),
    ];
    for (const holder of [
      ...others,
      Map.prototype,
      String.prototype,
      Function.prototype,
      Object,
      Array.prototype,
      Object.prototype,
    ])
      wrapAll(holder);
    for (const key of ['get', 'value', 'configurable', 'writable', 'has', 'toJSON'])
      define(Object.prototype, key, { get: count(() => 1), set: count(() => {}) });
    for (let i = 0; i < 20; i++) define(Array.prototype, i, { get: count(() => 1), set: count(() => {}) });
    calls = 0;
    withOriginals(() => [1].map(String).push(2));
    return calls === 0 || `${calls} calls`;
  },
  stand() {
    const mine = function map() {};
    watchBuiltIns((fn, key) => fn === mine && key === 'map');
    Array.prototype.map = mine;
    if (withOriginals(() => [].map) !== mine) return 'put aside';
    getPrototypeOf(Uint8Array.prototype).map = mine;
    return withOriginals(() => new Uint8Array().map) !== mine;
  },
};

watchBuiltIns();
let answer;
try {
  answer = scenarios[workerData]();
} catch (error) {
  deleteProperty(Error, 'prepareStackTrace');
  answer = error.stack;
}
post(answer);
