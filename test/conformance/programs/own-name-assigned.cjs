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
const other = function Own() {
  const inner = () => Own;
  const results = [(Own += tick('!')).slice(-1), Own++, (Own &&= tick(5))];
  [Own] = [tick(6)];
  ({ a: Own = tick(7) } = {});
  for (Own of [tick(8)]) tick();
  return [results, inner()];
};
const strictPattern = function Own() {
  'use strict';
  const inner = () => Own;
  [Own] = [tick(9)];
  return inner;
};
for (let i = 0; i < 4; i++) {
  assert.deepStrictEqual(other(), [['!', NaN, 5], other]);
  assert.throws(strictPattern, { name: 'TypeError', message: 'Assignment to constant variable.' });
  assert.deepStrictEqual([...generator()], [generator, 2]);
  assert.strictEqual(plain(i), plain);
  assert.throws(strict, { name: 'TypeError', message: 'Assignment to constant variable.' });
}
console.log(calls);
