// A program that deletes built-ins, breaks them and adds to them, and goes on: it finds them as it made them, in their order, wherever it moves.
'use strict';
const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty, setPrototypeOf, getPrototypeOf, preventExtensions } = Reflect;
const { freeze } = Object;
const text = String;
const holders = {
  __proto__: null,
  A: Array.prototype,
  O: Object.prototype,
  M: Map.prototype,
  S: String.prototype,
  F: Function.prototype,
};
const before = [];
const change = (holder, key, descriptor) => {
  before[before.length] = { holder, key, was: getOwnPropertyDescriptor(holder, key) };
  if (descriptor === undefined) deleteProperty(holder, key);
  else defineProperty(holder, key, { __proto__: null, configurable: true, ...descriptor });
};
const orderOf = (holder) => {
  const keys = ownKeys(holder);
  let order = '';
  for (let i = 0; i < keys.length; i++) {
    const { value, get, enumerable, writable } = getOwnPropertyDescriptor(holder, keys[i]);
    order += `${text(keys[i])}:${typeof (get ?? value)}${enumerable ? 'e' : ''}${writable ? 'w' : ''} `;
  }
  return order;
};
const broken = () => {
  throw new Error('broken');
};
const frozen = freeze({ __proto__: Map.prototype });

change(Array.prototype, 'push', undefined);
change(Array.prototype, 'forEach', undefined);
change(Array.prototype, 'some', { value: broken });
change(Array.prototype, 'slice', { get: broken });
change(Array.prototype, Symbol.iterator, { value: broken, enumerable: true });
change(Array.prototype, 'own', { value: 1, enumerable: true });
change(Array.prototype, 'at', undefined);
change(Array.prototype, 'at', { value: (i) => i, writable: true });
change(Object, 'keys', { value: null });
change(Object, 'defineProperty', { value: broken });
change(Object.prototype, 'extra', { value: 5, writable: true });
change(Object.prototype, 'hasOwnProperty', undefined);
change(Object.prototype, 'last', { get: () => 6 });
change(Map.prototype, 'get', { value: null });
change(Map.prototype, 'set', undefined);
change(Set.prototype, 'has', { value: broken });
change(WeakMap.prototype, 'get', undefined);
change(String.prototype, 'startsWith', undefined);
change(String.prototype, 'charCodeAt', { value: () => 36 });
change(String.prototype, 'slice', { value: broken });
change(Function.prototype, 'apply', undefined);
change(Function.prototype, 'call', undefined);
change(JSON, 'stringify', { value: broken });
change(Reflect, 'apply', { value: broken });
change(globalThis, 'Map', { value: broken });
change(globalThis, 'Error', undefined);
const prototypeOfArrays = getPrototypeOf(Array.prototype);
const between = { __proto__: prototypeOfArrays };
setPrototypeOf(Array.prototype, between);

let sum = 0;
const step = (i) => i + frozen.extra + [].own + (getPrototypeOf([].__proto__) === between ? 1 : 0);
for (let round = 0; round < 6; round++) for (let i = 0; i < 8; i++) sum += step(i);
const seen = `${sum} ${typeof Map} ${typeof Error} ${typeof [].push} ${[].at(3)} ${({}).last}`;
const labels = ownKeys(holders);
let orders = '';
for (let i = 0; i < labels.length; i++) orders += `\n${labels[i]} ${orderOf(holders[labels[i]])}`;

setPrototypeOf(Array.prototype, prototypeOfArrays);
for (let i = before.length - 1; i >= 0; i--) {
  const { holder, key, was } = before[i];
  if (was === undefined) deleteProperty(holder, key);
  else defineProperty(holder, key, was);
}
console.log(seen, orders);

// What is fixed stays as it is, and the program goes on all the same.
Array.prototype.flat = step;
Array.prototype.extra = 7;
freeze(Array.prototype);
defineProperty(String.prototype, 'endsWith', { value: step, configurable: false, writable: false });
preventExtensions(Map.prototype);
deleteProperty(Map.prototype, 'delete');
Map.prototype.has = step;
sum = 0;
for (let i = 0; i < 20; i++) sum += [].flat(i) + ''.endsWith(i);
console.log(sum, orderOf(Array.prototype), orderOf(Map.prototype));
