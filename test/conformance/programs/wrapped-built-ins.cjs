// A program that puts functions of its own around all methods of built-ins, as instrumentation and polyfills do. Restores run before it
// does so again; of regular expressions, sets and the text of functions the runtime uses nothing that the program could see.
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
const seen = [];
let isOn = false;
const wrap = (holder, label, counts) => {
  for (const key of ownKeys(holder)) {
    const descriptor = getOwnPropertyDescriptor(holder, key);
    if (key === 'constructor' || !descriptor.configurable || typeof descriptor.value !== 'function') continue;
    const native = descriptor.value;
    const around = {
      [key](...given) {
        if (isOn && counts) seen[seen.length] = `${label}.${String(key)}`;
        return apply(native, this, given);
      },
    };
    defineProperty(holder, key, { ...descriptor, value: around[key] });
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

wrap(Array.prototype, 'Array', false);
wrap(String.prototype, 'String', false);
wrap(Map.prototype, 'Map', false);
wrap(Object, 'Object', false);
wrap(RegExp.prototype, 'RegExp', true);
wrap(Set.prototype, 'Set', true);
wrap(Function.prototype, 'Function', false);
isOn = true;
let sum = 0;
for (let i = 0; i < 4; i++) sum += work(3) + source.next().value;
isOn = false;
console.log(sum, seen.join(' '));
