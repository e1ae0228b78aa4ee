// Iterators of built-ins that a pattern or a loop walks: a capture waits until it is through.
import assert from 'node:assert';

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
class Bag {
  items = [1, undefined, 3];
  [Symbol.iterator]() {
    return this.items[Symbol.iterator]();
  }
}
for (let i = 0; i < 3; i++) {
  const [a, b = tick(2), ...rest] = new Bag();
  assert.deepEqual([a, b, rest], [1, 2, [3]]);
  const [c, d = tick('y')] = 'x'[Symbol.iterator]();
  assert.deepEqual([c, d], ['x', 'y']);
  const [[, e = tick(5)], f = tick(6)] = [new Bag()].values();
  assert.deepEqual([e, f], [5, 6]);
  let sum = 0;
  for (const item of new Bag()) sum += tick(item ?? 0);
  assert.equal(sum, 4);
}
console.log(calls);
