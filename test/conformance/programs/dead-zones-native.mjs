// Variables that no closure captures, used before they are declared: an error wherever the program was moved in between.
import assert from 'node:assert';

let calls = 0;
const tick = (value) => {
  calls++;
  return value;
};
const thrown = (f) => {
  try {
    f();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
  return 'nothing';
};

const cases = [
  () => {
    tick();
    tick(x);
    let x = 1;
    return x;
  },
  () => {
    tick();
    x = tick(2);
    let x = 1;
    return x;
  },
  () => {
    tick();
    x += tick(2);
    let x = 1;
    return x;
  },
  () => {
    tick();
    typeof x;
    const x = 1;
    return x;
  },
  () => {
    tick();
    const x = tick(x);
    return x;
  },
  () => {
    tick();
    [x] = [tick(3)];
    let x = 1;
    return x;
  },
  () => {
    tick();
    x++;
    let x = 1;
    return x;
  },
  () => {
    tick();
    new X();
    class X {}
  },
  () => {
    const x = 1;
    tick();
    {
      tick(x);
      let y = x;
      tick(z);
      const z = y;
    }
  },
];
for (let i = 0; i < 3; i++)
  for (const one of cases) assert.match(thrown(one), /^ReferenceError: Cannot access '[xXz]' before initialization$/);
const [a, b = tick(a)] = [1];
for (let i = 0; i < 3; i++) {
  let first = tick(i);
  let second = first;
  assert.equal(tick(second), i);
}
console.log(calls, a, b);
