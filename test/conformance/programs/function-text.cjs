// Functions print as their author wrote them, built-ins as built-ins, before and after a move.
const assert = require('node:assert');

function declared(a, /* kept */ b) { return a + b; } // biome-ignore format: the text is compared
class Base {
  static made = 1;
  static   spaced() { return this.made; } // biome-ignore format: the text is compared
  #own() {
    return 1;
  }
  get near() {
    return this.#own();
  }
  async *later() {
    yield this.near;
  }
}
const literal = {
  short() { return 'short'; }, // biome-ignore format: the text is compared
  async waits(x) { return x; }, // biome-ignore format: the text is compared
  ['computed' + 1]() {},
  get read() { return 2; }, // biome-ignore format: the text is compared
  arrow: (x) => x,
  named: function inner(x) { return x; }, // biome-ignore format: the text is compared
};
const accessor = (object, key) => Object.getOwnPropertyDescriptor(object, key).get;
const texts = () => [
  String(declared),
  String(Base.spaced),
  String(accessor(Base.prototype, 'near')),
  String(Base.prototype.later),
  `${literal.short} ${literal.waits} ${literal.computed1} ${literal.arrow} ${literal.named}`,
  accessor(literal, 'read').toString(),
  Function.prototype.toString.call(async () => 1),
  String([].map),
  String(Promise),
  String(Promise.prototype.then),
  String(Function.prototype.toString),
  String(new Function('a', 'return a * 2')),
  String(Base).length,
];

const first = texts();
assert.strictEqual(first[0], 'function declared(a, /* kept */ b) { return a + b; }');
assert.strictEqual(first[1], 'spaced() { return this.made; }');
assert.strictEqual(first[7], 'function map() { [native code] }');
assert.throws(() => Function.prototype.toString.call({}), TypeError);
let rounds = 0;
const again = () => {
  assert.deepStrictEqual(texts(), first);
  rounds++;
};
for (let i = 0; i < 5; i++) again();
console.log(rounds, first.join('\n'));
