// A program that puts functions of its own around the methods of built-ins, as instrumentation and polyfills do, and counts their calls:
// the runtime's own work must not be among them.
'use strict';
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty, getPrototypeOf } = Reflect;
const { stringify } = JSON;
const counts = { __proto__: null };
let isOn = false;
const wrap = (holder, label) => {
  for (const key of ownKeys(holder)) {
    const descriptor = getOwnPropertyDescriptor(holder, key);
    if (key === 'constructor' || !descriptor.configurable) continue;
    const name = `${label}.${String(key)}`;
    const around = (native) =>
      ({
        around(...given) {
          if (isOn) counts[name] = (counts[name] ?? 0) + 1;
          return apply(native, this, given);
        },
      }).around;
    if (typeof descriptor.value === 'function') defineProperty(holder, key, { ...descriptor, value: around(descriptor.value) });
    else if (descriptor.get) defineProperty(holder, key, { ...descriptor, get: around(descriptor.get) });
  }
};
function work(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += step(i);
  return sum;
}
const step = (i) => (i % 3 === 0 ? new Made(i).value : i);
class Made {
  #value;
  constructor(value) {
    this.#value = value;
  }
  get value() {
    return this.#value;
  }
}
function* numbers() {
  for (let i = 0; ; i++) yield i;
}
const source = numbers();
const held = { map: new Map([[1, 2]]), set: new Set([3]), weak: new WeakMap([[step, 4]]), view: new Uint8Array(4), bound: step.bind(null, 5) };

const arrayIterator = getPrototypeOf([][Symbol.iterator]());
const holders = {
  __proto__: null,
  Object,
  'Object.prototype': Object.prototype,
  'Function.prototype': Function.prototype,
  Array,
  'Array.prototype': Array.prototype,
  'String.prototype': String.prototype,
  Number,
  'Number.prototype': Number.prototype,
  'Symbol.prototype': Symbol.prototype,
  'BigInt.prototype': BigInt.prototype,
  'Error.prototype': Error.prototype,
  'Promise.prototype': Promise.prototype,
  'RegExp.prototype': RegExp.prototype,
  'Map.prototype': Map.prototype,
  'Set.prototype': Set.prototype,
  'WeakMap.prototype': WeakMap.prototype,
  'WeakSet.prototype': WeakSet.prototype,
  Math,
  Reflect,
  JSON,
  'ArrayBuffer.prototype': ArrayBuffer.prototype,
  'DataView.prototype': DataView.prototype,
  'TypedArray.prototype': getPrototypeOf(Uint8Array.prototype),
  'ArrayIterator.prototype': arrayIterator,
  'Iterator.prototype': getPrototypeOf(arrayIterator),
  'MapIterator.prototype': getPrototypeOf(new Map().entries()),
  'SetIterator.prototype': getPrototypeOf(new Set().entries()),
  'StringIterator.prototype': getPrototypeOf(''[Symbol.iterator]()),
  'EventEmitter.prototype': require('node:events').prototype,
};
for (const label of ownKeys(holders)) wrap(holders[label], label);

isOn = true;
let sum = 0;
for (let i = 0; i < 40; i++) {
  sum += work(3) + source.next().value;
  if (i % 10 === 0) sum += [i, 1].indexOf(1) + held.map.get(1) + held.bound() + (held.weak.has(step) ? 1 : 0) + held.set.size;
}
isOn = false;
console.log(sum, stringify(counts));
