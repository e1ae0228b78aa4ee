// What a collector takes is told of once, also when it was registered before a move, and what it has taken stays gone.
const told = [];
const registry = new FinalizationRegistry((name) => told.push(name));
const refs = new Map();
let kept = {};
const token = {};
function registerSome(from, to) {
  for (let i = from; i < to; i++) {
    const target = { i };
    registry.register(target, i, i % 5 === 0 ? token : undefined);
    refs.set(i, new WeakRef(target));
    if (i % 7 === 0) kept[i] = target;
  }
}
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function collected(count) {
  for (let round = 0; told.length < count && round < 2_000; round++) {
    new Uint8Array(30_000_000)[round] = 1; // what makes V8 collect all there is
    await pause(1);
  }
}
for (let batch = 1; batch <= 8; batch++) {
  registerSome((batch - 1) * 35, batch * 35);
  await collected(batch * 30);
}
console.log(registry.unregister(token), registry.unregister(token));
const expected = Array.from({ length: 280 }, (_, i) => i).filter((i) => i % 7 !== 0);
console.log(told.toSorted((a, b) => a - b).join() === expected.join(), new Set(told).size === told.length);
console.log([...refs].every(([i, ref]) => (i % 7 === 0 ? ref.deref() === kept[i] : ref.deref() === undefined)));
kept = undefined;
await collected(272);
console.log(told.length, told.includes(0), told.includes(35), told.includes(63));
