// What a frame must carry over a move: each call below is a place to stop, deep in a function that loops.
function turn(value) {
  for (let i = 0; i < 2; i++) turn.count++;
  return value;
}
turn.count = 0;

// Values of an expression that wait for the calls behind them.
function sums(a) {
  return a + turn(2) * 3 + turn(a) * (turn(5) - a);
}

// Positions of loops.
function walks() {
  let seen = '';
  for (const key in { a: 1, b: 2 }) seen += turn(key);
  for (const item of ['x', 'y']) seen += turn(item);
  for (const [key, value] of new Map([[1, 2]])) seen += turn(key) + turn(value);
  return seen;
}

// A guest's own iterator, which knows that it was closed.
function closes() {
  const list = {
    at: 0,
    [Symbol.iterator]() {
      return this;
    },
    next() {
      return { value: this.at++, done: false };
    },
    return() {
      this.closed = turn('closed');
      return {};
    },
  };
  for (const value of list) if (turn(value) === 1) break;
  const ended = list.closed;
  list.closed = undefined;
  try {
    for (const value of list) throw turn(value);
  } catch (error) {
    return [ended, list.closed, error];
  }
}

console.log(sums(4));
console.log(walks());
console.log(closes());
console.log(turn.count);
