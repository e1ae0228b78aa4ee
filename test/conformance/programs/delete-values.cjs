// `delete` of what is no reference evaluates it and says true, in strict code too; of a chain it deletes.
const seen = [];
const tick = (value) => {
  seen.push(value);
  return value;
};
const box = () => tick({ inner: { a: 1, b: 2 }, c: 3 });
async function sloppy(n) {
  return [delete tick(n), delete (n ? tick(1) : tick(2)), delete (await tick(3)), delete `${tick(4)}`, delete new Object(tick(5)), delete (tick(6), n)];
}
async function strict(n) {
  'use strict';
  return [delete tick(n), delete (n && tick(1)), delete (await null), delete tick`x`, delete (() => n), delete void tick(7), delete this];
}
function* steps() {
  'use strict';
  yield delete (yield 1);
}
function chains() {
  const whole = box();
  const none = undefined;
  const same = (value) => tick(value);
  return [delete same(whole)?.c, delete same(whole).inner?.a, delete same(none)?.c, delete whole.inner[tick('b')], delete whole?.missing?.x, JSON.stringify(whole)];
}
function nested() {
  const held = { b: { c: 1, d: { e: 2 } } };
  const none = undefined;
  const results = [delete held?.b.c, delete none?.b.c, delete held.b?.d.e, delete held?.missing?.c, JSON.stringify(held)];
  try {
    results.push(delete held?.missing.c);
  } catch (error) {
    results.push(error.name);
  }
  return [results, tick(9) > 0 && delete held?.b, delete held?.[tick('b')], JSON.stringify(held)];
}
const walk = steps();
console.log(walk.next(), walk.next(), walk.next(), chains(), nested());
Promise.all([sloppy(0), strict(8)]).then((results) => console.log(results, seen.length, JSON.stringify(seen)));
