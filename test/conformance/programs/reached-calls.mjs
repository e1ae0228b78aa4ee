// Functions that call, apply, Reflect.apply and bound ones end in, with arguments that are spread: what they run is captured inside.
import assert from 'node:assert';
import { EventEmitter } from 'node:events';

let sum = 0;
const add = (n) => {
  for (let i = 0; i < 2; i++) sum += n;
  return n;
};
function addOwn(n) {
  for (let i = 0; i < 2; i++) sum += n + this.own;
  return n;
}
const list = [1, 2];

const emitter = new EventEmitter();
emitter.on('one', add);
emitter.on('both', add).on('both', (...numbers) => add(numbers[1]));
emitter.emit('one', ...list);
emitter.emit('both', ...list);
assert.equal(sum, 8);

assert.equal(addOwn.call({ own: 1 }, ...list), 1);
assert.equal(add.apply(null, [...list]), 1);
assert.equal(addOwn.call.call(addOwn, { own: 1 }, ...list), 1);
assert.equal(Reflect.apply(addOwn, { own: 1 }, [...list]), 1);
assert.equal(sum, 22);

const bound = Function.prototype.call.bind(addOwn, { own: 2 });
assert.equal(bound(...list), 1);
const applied = Function.prototype.apply.bind(add);
assert.equal(applied(null, list), 1);
assert.equal(sum, 30);
