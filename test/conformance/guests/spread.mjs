// Spread in arrays, calls and construction, over everything iterable, with code of the guest running in between.
function* g(n) { for (let i = 0; i < n; i++) yield i; }
const f = (...a) => a.join();
const order = [];
const tell = (name, value) => { order.push(name); return value; };
class Listed { *[Symbol.iterator]() { yield* [1, 2]; } }
function args() { return [...arguments, arguments.length]; }
const holey = [1, , 3];
const subject = { get method() { order.push('method'); return (...a) => a.length; } };
let out = [];
for (let round = 0; round < 6000; round++) {
  out = [
    [...g(3), 9, ...g(2)],
    f(...g(3), ...'héllo', ...new Set([1, 2]), ...new Map([[1, 2]]).keys()),
    [...holey], 1 in [...holey],
    new Date(...[2020, 1, 2]).getFullYear(),
    args(1, ...g(2)), [...[1, 2].entries()], [...new Uint8Array(2)],
    true && [...g(2)], round < 0 ? 1 : f(...g(2)),
    [...new Listed()], Math.max(...new Listed()), [...[[...new Listed()], ...new Listed()]],
    subject.method(...tell('first', g(2)), tell('second', 5)), order.splice(0),
  ];
  const shared = [1, 2];
  out.push(f(...shared, shared.push(3), ...shared));
  for (const bad of [() => [...{}], () => [...5], () => f(1, ...g(1), ...undefined)]) try { bad(); } catch (e) { out.push(e.name); }
}
console.log(JSON.stringify(out));
