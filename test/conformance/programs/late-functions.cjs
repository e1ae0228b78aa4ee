// Functions made at run time: loops, closures, generators and async functions of theirs move.
const tick = (n) => n + 1;
globalThis.tick = tick;
const add = new Function('a', 'b', 'return a + b');
const loop = new Function('n', 'let s = 0; for (let i = 0; i < n; i++) s = tick(s) + i; return s;');
const maker = Function('start', 'let n = start; return { up() { return ++n; }, get now() { return n; }, down: () => --n };');
const Generator = Object.getPrototypeOf(function* () {}).constructor;
const AsyncFunction = (async () => {}).constructor;
const AsyncGenerator = Object.getPrototypeOf(async function* () {}).constructor;
const numbers = new Generator('n', 'for (let i = 0; i < n; i++) { const got = yield tick(i); if (got) i += got; }');
const later = new AsyncFunction('list', 'let s = 0; for (const x of list) s += await x; return s;');
const stream = new AsyncGenerator('n', 'for (let i = 0; i < n; i++) yield await i * 2;');
console.log(add(1, 2), add.name, add.length, String(add));
console.log(loop(4), loop.name, String(loop), loop instanceof Function, loop.constructor === Function);
const counter = maker(5);
console.log(counter.up(), counter.up(), counter.now, counter.down());
const walk = numbers(6);
console.log(walk.next(), walk.next(2), [...walk]);
console.log(Object.getPrototypeOf(numbers) === Generator.prototype, Generator.name, Object.getPrototypeOf(Generator) === Function);
const sameAgain = [1, 2, 3].map((n) => new Function('x', 'return (() => x * 2)()')(n));
console.log(sameAgain);
const Shape = new Function('return class Shape { #side; constructor(s) { this.#side = s; } area() { return this.#side ** 2; } static of(s) { return new this(s); } }')();
const square = Shape.of(3);
class Sub extends Function { twice(n) { return this(this(n)); } }
const sub = new Sub('x', 'return tick(x) * 2');
console.log(square.area(), Shape.name, sub.twice(3), sub instanceof Sub);
for (const bad of [() => new Function('a b', ''), () => Function('/*', '*/){'), () => new Function('return ]'), () => new Function('a', '"use strict"; with (a) {}'), () => Function('yield = ;')]) {
  try { bad(); console.log('made'); } catch (e) { console.log(e.name, e.message, e instanceof SyntaxError); }
}
const sloppy = new Function('return typeof this + (function () { return this === globalThis; })()');
const strict = new Function('"use strict"; return (() => this === undefined && typeof arguments)()');
console.log(sloppy.call(1), strict(), new (new Function('a', 'this.a = a; this.t = new.target !== undefined'))(7).a);
console.log(Function.prototype.toString.call(add) === String(add), typeof Function.prototype.constructor, Function.length, Function.name);
const compiledTemplate = new Function('data', 'var out = ""; for (const item of data.items) { out += "<li>" + item.name + "</li>"; } return "<ul>" + out + "</ul>";');
console.log(compiledTemplate({ items: [{ name: 'a' }, { name: 'b' }] }));
const recursive = new Function('n', 'function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } return fib(n);');
console.log(recursive(7), new Function('return this')() === globalThis);
(async () => {
  console.log(await later([1, Promise.resolve(2), 3]));
  for await (const x of stream(3)) console.log(x);
  console.log(String(later), String(stream), String(numbers));
})();
