// yield* over iterators that cannot be iterated themselves, with and without `return` and `throw`.
import assert from 'node:assert';

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
const log = [];
const source = (methods) => ({
  [Symbol.iterator]() {
    let n = 0;
    return {
      get next() {
        log.push('get');
        return (sent) => ({ value: tick(sent ?? n), done: n++ > 2 });
      },
      ...methods,
    };
  },
});
function* all(iterable) {
  try {
    return yield* iterable;
  } catch (error) {
    log.push(error.message);
    return tick('caught');
  } finally {
    tick();
  }
}
const whole = { return: (value) => ({ value: tick(`returned ${value}`), done: true }), throw: (error) => ({ value: tick(error.message), done: true }) };
for (let i = 0; i < 3; i++) {
  assert.deepEqual([...all(source({}))], [0, 1, 2]);
  const sent = all(source({}));
  assert.deepEqual([sent.next(), sent.next('a'), sent.next('b')], [{ value: 0, done: false }, { value: 'a', done: false }, { value: 'b', done: false }]);
  assert.deepEqual(sent.return('early'), { value: 'early', done: true });
  const bare = all(source({ return: whole.return }));
  bare.next();
  assert.deepEqual(bare.throw(new Error('in')), { value: 'caught', done: true });
  const both = all(source(whole));
  both.next();
  assert.deepEqual(both.throw(new Error('given')), { value: 'given', done: true });
  const ended = all(source(whole));
  ended.next();
  assert.deepEqual(ended.return('x'), { value: 'returned x', done: true });
  assert.deepEqual(log.splice(0), ['get', 'get', 'get', "The iterator does not provide a 'throw' method.", 'get', 'get']);
}
console.log(calls);
