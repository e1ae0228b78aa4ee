// Parameters and elements of `arguments` are one variable in sloppy functions: wherever the program is moved it must stay so, or wait.
const assert = require('node:assert');

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};

function assigned(a, b) {
  tick();
  a = tick('changed');
  tick();
  return [arguments[0], arguments.length, tick(b)];
}
function written(a, b) {
  tick();
  arguments[1] = tick('element');
  tick();
  return [a, b, arguments.length];
}
function shifted(first, second) {
  const taken = [].shift.call(arguments);
  tick();
  return [taken, first, second, arguments.length];
}
function* steps(a) {
  yield arguments[0];
  a = 'later';
  yield arguments[0];
}
// Nothing is shared that could be seen: these can be captured inside.
function counted(a) {
  tick();
  a = tick(arguments.length);
  return tick(a);
}
function passed(a, b) {
  tick();
  return tick(assigned.apply(this, arguments));
}
function strict(a) {
  'use strict';
  tick();
  a = tick('own');
  return [arguments[0], tick(a)];
}

for (let i = 0; i < 3; i++) {
  assert.deepStrictEqual(assigned(1, 2), ['changed', 2, 2]);
  assert.deepStrictEqual(written(1, 2), [1, 'element', 2]);
  assert.deepStrictEqual(shifted(1, 2), [1, 2, 2, 1]);
  assert.deepStrictEqual([...steps('first')], ['first', 'later']);
  assert.deepStrictEqual(counted(1, 2, 3), 3);
  assert.deepStrictEqual(passed('x', 'y'), ['changed', 2, 'y']);
  assert.deepStrictEqual(strict('given'), ['given', 'own']);
}
console.log(calls);
