// A named function expression cannot assign its own name: sloppy code does nothing, strict code throws.
const assert = require('node:assert');

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
const generator = function* Own() {
  tick();
  (() => {
    Own = tick(1);
  })();
  yield Own;
  yield (() => (Own = tick(2)))();
};
const plain = function Own(n) {
  const inner = () => Own;
  Own = tick(n);
  return tick(inner());
};
const strict = function Own() {
  'use strict';
  const inner = () => Own;
  tick();
  Own = tick(3);
  return inner;
};
for (let i = 0; i < 4; i++) {
  assert.deepStrictEqual([...generator()], [generator, 2]);
  assert.strictEqual(plain(i), plain);
  assert.throws(strict, { name: 'TypeError', message: 'Assignment to constant variable.' });
}
console.log(calls);
