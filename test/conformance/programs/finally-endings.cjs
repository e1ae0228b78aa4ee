// How a try ended is known to its finally, whatever is called there and wherever that is stopped.
function turn(value) {
  for (let i = 0; i < 2; i++) turn.count++;
  return value;
}
turn.count = 0;

function returns() {
  try {
    return turn('returned');
  } finally {
    turn(1);
  }
}
function throws() {
  try {
    throw turn('thrown');
  } finally {
    turn(1);
  }
}
function leaves() {
  const seen = [];
  outer: for (let i = 0; i < 3; i++) {
    for (let turns = 0; turns < 2; turns++) {
      try {
        if (i === 0) continue outer;
        if (i === 1) break;
        break outer;
      } finally {
        seen.push(turn(i));
      }
    }
    seen.push('after');
  }
  return seen.join();
}
function overrides() {
  try {
    throw turn('lost');
  } finally {
    if (turn(true)) return 'kept';
  }
}
console.log(returns());
try {
  throws();
} catch (error) {
  console.log(error);
}
console.log(leaves());
console.log(overrides());
console.log(turn.count);
