// Keys that a program adds to Object.prototype and Array.prototype are found by all that looks for a key that may be missing, and by all that
// stores by index. It counts who asks.
'use strict';
const { ownKeys, defineProperty, deleteProperty } = Reflect;
const { stringify } = JSON;
const counts = { __proto__: null };
let isOn = false;
const added = [];
const add = (holder, label, key) => {
  defineProperty(added, added.length, { __proto__: null, value: [holder, key], configurable: true });
  const name = `${label}.${String(key)}`;
  const count = () => {
    if (isOn) counts[name] = (counts[name] ?? 0) + 1;
  };
  defineProperty(holder, key, {
    __proto__: null,
    get() {
      count();
    },
    set: count,
    configurable: true,
  });
};
const onObjects = ['value', 'writable', 'get', 'set', 'enumerable', 'configurable', 'label', 'receiver', 'construct', 'code', 'key'];
for (const key of onObjects) add(Object.prototype, 'Object', key);
add(Object.prototype, 'Object', 0);
add(Object.prototype, 'Object', Symbol.toStringTag);
for (let i = 0; i < 50; i++) add(Array.prototype, 'Array', i);
add(Array.prototype, 'Array', Symbol.isConcatSpreadable);
Array.prototype.later = 1;
add(Array.prototype, 'Array', 'constructor');

class Made {
  #value = 1;
  get value() {
    return this.#value;
  }
}
function work(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i % 3 === 0 ? new Made().value : i;
  return sum;
}
const held = { list: [7, 1], map: new Map([[1, 2]]), own: { value: 3, get: 4 }, bound: work.bind(undefined, 3) };
isOn = true;
let sum = 0;
for (let i = 0; i < 40; i++) sum += work(3) + held.bound() + held.list.length;
sum += held.own.value + held.own.get + (0 in held.list ? 1 : 0) + (held.list[0] === undefined ? 1 : 0);
isOn = false;
const keys = [ownKeys(Object.prototype), ownKeys(Array.prototype)];
for (let i = 0; i < 2; i++) {
  const names = keys[i];
  let text = '';
  for (let k = 0; k < names.length; k++) text += `${String(names[k])} `;
  keys[i] = text;
}
for (let i = added.length - 1; i >= 0; i--) if (added[i][1] !== 'constructor') deleteProperty(added[i][0], added[i][1]);
console.log(sum, stringify(counts), keys[0], keys[1]);
