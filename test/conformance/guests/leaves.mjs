// Callbacks that neither call nor loop: native built-ins call these, until a capture waits.
const twice = (x) => x * 2;
function odd(x) {
  return x % 2 === 1;
}
const third = function (x) {
  return x % 3 === 0;
};
const kept = [];
const mappers = [twice, (x) => x + 1, (x, i) => x ^ i, (x, i, list) => x - list[0], (x) => `${x}`.length, (x) => ({ x }).x];
const tests = [odd, third, (x) => x > 500, (x) => (x & 4) !== 0, (x) => x !== undefined];
let sum = 0;
const adders = [
  (a, b) => a + b,
  (a, b) => (a * 31 + b) | 0,
  (a, b) => {
    if (b > 7) return a - b;
    return a ^ b;
  },
];
const list = Array.from({ length: 1500 }, (_, i) => i);
for (let round = 0; round < 900; round++) {
  const mapped = list.map(mappers[round % mappers.length]);
  const filtered = mapped.filter(tests[round % tests.length]);
  sum = (sum * 7 + filtered.reduce(adders[round % adders.length], round)) | 0;
  sum ^= filtered.reduceRight(adders[(round + 1) % adders.length], round);
  filtered.forEach((x) => {
    sum = (sum + x) | 0;
  });
  if (mapped.some((x) => x === round) && !mapped.every((x) => x >= 0)) sum++;
  sum ^= mapped.findIndex((x) => x > round) ^ mapped.findLastIndex((x) => x < round);
  sum += (mapped.find(tests[3]) ?? 0) + (mapped.findLast(tests[4]) ?? 0);
  sum ^= mapped.flatMap((x) => [x, [x]]).length;
  if (round % 100 === 0) kept.push((x) => x + round);
}
console.log(sum, kept.map((f) => f(1)).join());
const holes = [1, , 3, , 5];
console.log(holes.map(twice), holes.filter(odd), holes.findIndex((x) => x === undefined), Object.keys(holes.map(twice)).join());
class Tagged extends Array {}
console.log(Tagged.from([1, 2, 3]).map(twice) instanceof Tagged, Array.prototype.map.call('abc', (c) => c + c).join());
for (const wrong of [() => [].reduce(adders[0]), () => [1].map(7), () => Array.prototype.some.call(null, odd)]) {
  try {
    wrong();
  } catch (error) {
    console.log(error.name, error.message);
  }
}
try {
  list.map((x) => {
    if (x === 1200) null.x;
    return x;
  });
} catch (error) {
  console.log(error.message);
}
console.log(list.map(third, {}).length, [3, 1, 2].map(function () { return this; }, 5).length); // biome-ignore format: short
