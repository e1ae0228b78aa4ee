// The program that a spare worker captures and restores until V8 has compiled the codec for it (checkpoint/guest/rehearsal.ts).
// Something of every common kind, in the proportions of ordinary programs, and more than one heap page of it.
class Account {
  #balance = 0;
  constructor(owner) {
    this.owner = owner;
  }
  pay(amount) {
    this.#balance += amount;
    return this.#balance;
  }
}

function counter(from) {
  let count = from;
  return () => {
    for (let i = 0; i < 2; i++) count += 1;
    return count;
  };
}

function* steps(limit) {
  for (let i = 0; i < limit; i++) yield { step: i, of: limit };
}

function depth(n, seen) {
  if (n === 0) return seen.length;
  try {
    return 1 + depth(n - 1, [...seen, n]);
  } finally {
    seen.push(n);
  }
}

const symbols = [Symbol('own'), Symbol.iterator, Symbol.for('everybody'), Symbol()];
const numbers = [0, -0, 1, -1, 0.1, -0.5, 2 ** 27, 2 ** 31, 2 ** 53, -(2 ** 40), NaN, Infinity];
const prototype = { kind: 'inherited' };
const words = ['alpha', 'beta', 'gamma'];
const byName = new Map();
const seen = new Set();
const all = [];
let last = null;
for (let i = 0; i < 160; i++) {
  const plain = { id: i, name: `n${i}`, tags: [words[i % 3], i % 7], next: last, ratio: i / 3, odd: i % 2 === 1 };
  last = plain;
  byName.set(plain.name, plain).set(i, plain);
  seen.add(plain);
  const inherits = Object.assign(Object.create(prototype), { x: i, y: -i, label: undefined });
  const holey = new Array(3);
  holey[2] = plain;
  all.push(plain, inherits, [i, i + 1, i * 0.5], holey, { a: { b: { c: null } } });
  if (i % 8 === 0) all.push(new Account(plain), counter(i), new Date(i), Object.freeze({ i }));
  if (i % 64 === 0) {
    all.push(
      steps,
      symbols[(i / 64) % 4],
      { [symbols[(i / 64) % 4]]: i },
      numbers[(i / 64) % numbers.length],
      numbers.slice(i / 64),
      new Promise(() => {}),
      new Float64Array(4),
      BigInt(i) << 80n,
      /x/g,
      Object.create(null),
      new Error('e'),
    );
    // A page of a heap is full of text sooner than of records.
    all.push(`${i}`.padEnd(24_000, 'text '), {
      get ratio() {
        return i;
      },
      set ratio(to) {
        i = to;
      },
    });
  }
}
depth(3, []);

// Variables that a function names live as long as the program: these are what is captured.
export const everything = () => [all, byName, seen];
