// What closures see when they are called after a move that they were made before.
function turn(value) {
  for (let i = 0; i < 2; i++) turn.count++;
  return value;
}
turn.count = 0;

function counter(start) {
  let count = start;
  const inner = (step) => {
    const deeper = () => (count += step);
    turn(1);
    return deeper;
  };
  return { inner, read: () => count };
}

function perIteration() {
  const list = [];
  for (let i = 0; i < 3; i++) {
    list.push(() => i);
    turn(i);
  }
  return list.map((each) => each()).join();
}

function Box(value) {
  this.value = value;
  this.get = () => this.value;
  this.count = () => arguments.length;
  turn(1);
}

function strictOne() {
  'use strict';
  const prefix = 'strict';
  return function () {
    return `${prefix} ${this === undefined}`;
  };
}

const made = counter(10);
const add = made.inner(5);
const box = new Box('boxed', 2);
const strict = strictOne();
turn(1);
console.log(add(), made.read());
turn(1);
console.log(perIteration());
console.log(box.get(), box.count(), strict());
console.log(turn.count);
