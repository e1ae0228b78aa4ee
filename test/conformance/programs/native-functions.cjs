// Functions that closures name and that never change are native variables (compile/native-functions.ts): each way to make, call and keep them.
const assert = require('node:assert');
const turn = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i % 3;
  return sum;
};

// Declarations that call each other, by name and as values.
function parity(start) {
  return [even(start), odd(start), [even, odd].map((f) => f(3))];
  function even(n) {
    return n === 0 ? turn(3) >= 0 : odd(n - 1);
  }
  function odd(n) {
    return n === 0 ? false : even(n - 1);
  }
}
assert.deepStrictEqual(parity(6), [true, false, [false, true]]);

// Arrow functions in constants: recursion, one calling an earlier one, kept beyond the call that made them.
function counters(step) {
  let count = 0;
  const add = (by) => {
    turn(2);
    count += by;
    return count;
  };
  const climb = (depth) => (depth === 0 ? add(step) : climb(depth - 1) + add(1));
  const late = () => later() + climb(1);
  const later = () => add(100);
  function hoisted() {
    return climb(2) + add(0);
  }
  return { add, climb, late, hoisted, get made() { return [add, climb].length; } };
}
const one = counters(5);
const two = counters(7);
assert.strictEqual(one.climb(3), 5 + 6 + 7 + 8);
assert.strictEqual(two.climb(1), 7 + 8);
assert.strictEqual(one.late(), 108 + (113 + 114));
assert.strictEqual(one.hoisted(), 119 + 120 + 121 + 121);
assert.strictEqual(two.made, 2);
assert.notStrictEqual(one.add, two.add);

// The same name in several functions, in inner ones, as a parameter, a property and a label.
function names(f) {
  const g = () => f + turn(2);
  const inner = (h) => {
    const g = (n) => (n > 0 ? g(n - 1) + h() : { g: 1 }.g);
    g: for (;;) {
      if (g(2) > 0) break g;
    }
    return [g(1), (({ g }) => g)({ g: 'property' })];
  };
  return [g(), inner(g)];
}
assert.deepStrictEqual(names(4), [5, [6, 'property']]);

// In generators, async functions and methods; as receivers, constructors and tags.
function kinds() {
  const seen = [];
  const note = (text) => {
    turn(2);
    seen.push(text);
    return seen.length;
  };
  note.twice = function (text) {
    return note(text) + note(text);
  };
  function* items(n) {
    try {
      for (let i = 0; i < n; i++) yield note(`item ${i}`);
    } finally {
      note('closed');
    }
  }
  const all = async (n) => {
    for (const item of items(n)) await note(`awaited ${item}`);
    return note('all');
  };
  async function* later() {
    yield await all(1);
    yield note('last');
  }
  function Point(x) {
    if (!new.target) return new Point(x);
    this.x = note(x);
  }
  Point.prototype.again = function () {
    return new Point(`${this.x}, again`);
  };
  const tag = (parts, ...values) => parts.raw.join('-') + values.map((value) => note(value)).join('+');
  class Holder {
    #kept = note('field');
    static first = note('static');
    kept() {
      return this.#kept + note('method');
    }
    get point() {
      return Point('getter');
    }
  }
  return { seen, note, items, all, later, Point, tag, Holder };
}
(async () => {
  const { seen, note, items, all, later, Point, tag, Holder } = kinds();
  assert.strictEqual(note.twice('two'), 5);
  const half = items(3);
  half.next();
  assert.strictEqual(await all(2), seen.length);
  half.return();
  const told = [];
  for await (const each of later()) told.push(each);
  const point = new Point('point');
  assert.ok(point.again() instanceof Point && Point('called') instanceof Point);
  assert.strictEqual(tag`a${'b'}c${'d'}e`.startsWith('a-c-e'), true);
  const held = new Holder();
  assert.ok(held.kept() > Holder.first && held.point instanceof Point);
  const result = [seen.join(), told, point.x];
  assert.strictEqual(result[0].length, 154);

  // Callbacks, which bear no brand, and what they make.
  const scale = (list) => {
    const twice = (x) => x * 2 + turn(2) * 0;
    const kept = [];
    list.forEach((x) => {
      kept.push(() => twice(x));
      twice(x);
    });
    return list.map((x) => twice(x)).concat(kept.map((f) => f()));
  };
  assert.deepStrictEqual(scale([1, 2]), [2, 4, 2, 4]);

  // Made while it is being made: the argument of a call that is its own value.
  const early = [];
  const loops = () => {
    const run = (f) => {
      turn(3);
      early.push(f);
      return f;
    };
    const made = run(() => made);
    return made() === made;
  };
  assert.strictEqual(loops(), true);
  assert.strictEqual(early[0](), early[0]);

  // Blocks and loops keep their own; text made at run time has natives of its own.
  const fs = [];
  for (let i = 0; i < 3; i++) {
    const f = () => i + turn(2);
    fs.push(() => f() + 1);
  }
  assert.deepStrictEqual(
    fs.map((f) => f()),
    [2, 3, 4],
  );
  const text = new Function('turn', 'const f = (n) => (n === 0 ? 0 : turn(2) + f(n - 1)); const g = () => f(2); return [g(), g]');
  const [first, g] = text(turn);
  assert.deepStrictEqual([first, g()], [2, 2]);
  console.log('native functions', result[0].length);
})();
