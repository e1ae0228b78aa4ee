// Callbacks given where they are written: made without an identity, captured with one, also where the callee keeps them.
import assert from 'node:assert';

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
class Keeper {
  kept = [];
  map(callback) {
    this.kept.push(callback);
    return this;
  }
  filter(callback) {
    return this.map(callback);
  }
  run(value) {
    return this.kept.reduce((sum, f) => tick(f(sum)), value);
  }
}
function totals(list, factor) {
  const seen = [];
  let sum = 0;
  list.forEach((value, i) => {
    seen.push(tick(i));
    [value, value + 1].forEach((inner) => {
      sum += tick(inner) * factor;
    });
  });
  const named = list.map(function (value) {
    return [tick(value), this.factor, new.target];
  }, { factor });
  return [sum, seen, named.length, named[0]];
}
const keepers = [1, 2, 3].map((n) => {
  const keeper = new Keeper();
  const base = tick(n);
  return keeper.map((x) => tick(x + base)).filter((x) => tick(x * n)).map(function (x) {
    return tick(x - base);
  });
});
for (let i = 0; i < 3; i++) {
  assert.deepEqual(totals([1, 2, 3], 2), [30, [0, 1, 2], 3, [1, 2, undefined]]);
  assert.deepEqual(keepers.map((keeper) => keeper.run(10)), [10, 22, 36]);
  const names = [];
  [0].forEach((x) => names.push(tick(x)));
  [() => {}].forEach((f) => names.push(f.name, tick(f.length)));
  assert.deepEqual(names, [0, '', 0]);
  assert.deepEqual([3, 1, 2].sort((a, b) => tick(a) - b), [1, 2, 3]);
  assert.equal([1, 2].reduce((a, b) => tick(a) + b, tick(4)), 7);
}
let text;
new Keeper().map((x) => {
  return tick(x);
}).kept.forEach((f) => {
  text = String(f);
});
console.log(calls, text);
