// What node:util makes of functions: it moves, and is captured inside.
const assert = require('node:assert');
const util = require('node:util');

const turn = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
};
function add(a, b, callback) {
  turn(3);
  if (typeof a !== 'number') throw new TypeError('a number');
  process.nextTick(() => callback(b === 0 ? new Error('nothing') : null, a + b + turn(2)));
}
add.extra = { kept: true };
const warnings = [];
process.on('warning', ({ name, message, code }) => warnings.push(`${name} ${code}: ${message}`));

const adds = util.promisify(add);
assert.deepEqual([adds.name, adds.length, adds.extra === add.extra, adds[util.promisify.custom] === adds], ['add', 3, true, true]);
const own = Object.assign(() => {}, { [util.promisify.custom]: () => 'own' });
assert.equal(util.promisify(own)(), 'own');
assert.throws(() => util.promisify(3), { code: 'ERR_INVALID_ARG_TYPE' });

const later = util.callbackify(async function later(a) {
  turn(3);
  if (a === undefined) throw undefined;
  return [this.name, a];
});
assert.deepEqual([later.name, later.length], ['laterCallbackified', 2]);

const old = util.deprecate(function old(a) { turn(2); return a + 1; }, 'old is old', 'OLD1'); // biome-ignore format: one line
class Old {
  constructor(value) {
    this.value = value;
  }
}
const OldClass = util.deprecate(Old, 'so is Old', 'OLD1');
const plain = util.deprecate(() => turn(4), 'without a code');
const log = util.debuglog('godwit-test');

(async () => {
  assert.equal(await adds(1, 2), 4);
  await assert.rejects(adds(1, 0), /nothing/);
  await assert.rejects(adds('x', 0), TypeError);
  assert.equal(await util.promisify(setTimeout)(1, 'slept'), 'slept');
  const found = await new Promise((resolve) => later.call({ name: 'me' }, 5, (error, value) => resolve([error, value])));
  assert.deepEqual(found, [null, ['me', 5]]);
  const failed = await new Promise((resolve) => later.call({}, undefined, resolve));
  assert.deepEqual([failed.code, failed.reason], ['ERR_FALSY_VALUE_REJECTION', undefined]);
  assert.deepEqual([old(1), old(2), plain(), plain()], [2, 3, 6, 6]);
  assert.deepEqual([new OldClass(7).value, new OldClass(8) instanceof Old, new Old(1) instanceof OldClass], [7, true, true]);
  log('not shown');
  assert.equal(log.enabled, false);
  assert.deepEqual([util.types.isPromise(adds(1, 1)), util.types.isPromise({}), util.types.isAsyncFunction(async () => {})], [true, false, true]);
  assert.equal(util.types.isAsyncFunction(() => {}), false);
  await new Promise(setImmediate);
  assert.deepEqual(warnings.sort(), ['DeprecationWarning OLD1: old is old', 'DeprecationWarning undefined: without a code']);
  console.log('done');
})();
