// Lists that are delegated to, or looped over with awaits, can be captured in the middle.
import assert from 'node:assert';

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
function* delegates(list) {
  tick();
  const result = yield* list;
  return tick(result);
}
async function* delegatesLater(list) {
  yield* list;
  yield tick('end');
}
for (let i = 0; i < 2; i++) {
  const seen = [];
  for (const value of delegates([1, , 'three'])) seen.push(tick(value)); // biome-ignore format: a hole
  for await (const value of [Promise.resolve(tick(4)), 5]) seen.push(tick(value));
  for await (const value of delegatesLater(new Set([6, 7]))) seen.push(tick(value));
  for await (const value of delegatesLater('89')) seen.push(tick(value));
  const growing = [0];
  for (const value of delegates(growing)) if (growing.length < 4) growing.push(tick(value + 1));
  assert.deepEqual([seen, growing], [[1, undefined, 'three', 4, 5, 6, 7, 'end', '8', '9', 'end'], [0, 1, 2, 3]]);
}
console.log(calls);
