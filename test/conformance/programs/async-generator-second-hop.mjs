// A bit of everything; an async generator that was not begun, made by a closure that was moved before, came back as something else.
const log = [];
function* numbers(n) {
  try {
    for (let i = 0; i < n; i++) yield i;
  } finally {
    log.push('closed');
  }
}
function early(n) {
  for (const x of numbers(n)) if (x === 2) return `left at ${x}`;
  return 'all';
}
function completions(k) {
  const done = [];
  outer: for (let i = 0; i < 3; i++) {
    for (const c of 'ab') {
      try {
        if (k === i) continue outer;
        if (k === 5) throw new Error('k');
        done.push(c + i);
      } catch (error) {
        done.push(error.message);
        if (i === 1) break outer;
      } finally {
        done.push('f');
      }
    }
  }
  return done.join('');
}
const closures = [];
for (let i = 0, step = () => i; i < 3; i++) closures.push(() => [i, step()].join(':'));
function defaults({ a = one(), b: { c = a + one() } = {} } = {}, ...[d = one()]) {
  return a + c + d;
}
const one = () => 1;
async function later(n) {
  let sum = 0;
  for await (const x of (async function* () { for (let i = 0; i < n; i++) yield i; })()) sum += x;
  return sum;
}
log.push(early(5), early(2), completions(1), completions(5), closures.map((f) => f()).join());
log.push(defaults(), defaults({ a: 5 }, 2), await later(4));
class Base {
  static count = 0;
  constructor() {
    Base.count++;
    this.init?.();
  }
}
class Derived extends Base {
  #secret = one() + 1;
  static { this.tag = `tag ${one()}`; }
  init() { this.seen = #secret in this; }
  get secret() { return this.#secret; }
}
const made = new Derived();
log.push(made.secret, made.seen, Derived.tag, Base.count, Object.keys(made).join());
console.log(log.join('\n'));
