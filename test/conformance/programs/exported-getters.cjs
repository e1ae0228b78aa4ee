// Calls through properties that are getters which only read, as bundlers make one for each export; and through some that do more.
const exportAll = (target, all) => {
  for (const name in all) Object.defineProperty(target, name, { get: all[name], enumerable: true });
};
const copyAll = (from) => {
  const to = {};
  for (const key of Object.getOwnPropertyNames(from)) Object.defineProperty(to, key, { get: () => from[key], enumerable: true });
  return to;
};
const lib = {};
exportAll(lib, { sum: () => sum, Made: () => Made, times: () => times });
function sum(n) {
  let total = 0;
  for (let i = 0; i < n; i++) total += i;
  return total;
}
class Made {
  constructor(n) {
    this.value = sum(n);
  }
  get doubled() {
    return lib.times(this, 2);
  }
}
let times = (made, n) => {
  let value = 0;
  for (let i = 0; i < n; i++) value += made.value;
  return value;
};
const copied = copyAll(copyAll(lib));
console.log(copied.sum(4), new copied.Made(3).value, new lib.Made(3).doubled);

// Which function a getter answers changes while that function runs.
const changing = {
  get step() {
    return step;
  },
};
let step = first;
function first(n) {
  step = second;
  return sum(n) + 1;
}
function second(n) {
  step = first;
  return sum(n) + 2;
}
console.log(changing.step(3), changing.step(3), changing.step(3));

// Getters that count, that make what they answer, and that give way to it; a key that is asked for its name.
let count = 0;
const busy = {
  get counted() {
    count += sum(2);
    return sum;
  },
  get made() {
    return (n) => sum(n) + count;
  },
  get once() {
    const made = (n) => sum(n) * 3;
    Object.defineProperty(this, 'once', { value: made });
    sum(3);
    return made;
  },
};
const key = { toString: () => (sum(2), 'counted') };
console.log(busy.counted(3), busy.made(3), busy.once(3), busy.once(3), busy[key](3), count);
