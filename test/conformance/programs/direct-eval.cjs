// Direct evals: locals, this, arguments, new variables, closures and frames that move.
var top1 = 1;
const tick = (n) => n + 1;
function locals(a, b) { let c = 3; const d = 4; eval('c = a + b; a = 10'); return [a, b, c, eval('d')]; }
console.log(locals(1, 2));
function loops(n) { let s = 0; eval('for (let i = 0; i < n; i++) { s += tick(i); }'); return s; }
console.log(loops(5));
function adds(code) { eval(code); return typeof x + '/' + typeof f + '/' + (typeof x === 'number' ? x : 'none'); }
console.log(adds('var x = 7'), adds('function f() {}'), adds('1'), adds('let x = 3'));
var x = 'outer';
function shadow(code) { const before = x; eval(code); const inner = () => x; return [before, x, inner(), eval('x'), eval('delete x'), x]; }
console.log(shadow('var x = "inner"'), shadow(''), x);
function keeps() { eval('var count = 0; function up() { return ++count; }'); return { up, get: () => count, more: (c) => eval(c) }; }
const kept = keeps();
kept.up(); kept.up();
console.log(kept.get(), kept.more('count += 10; up()'), kept.get());
console.log((function () { return eval('arguments.length + this.v'); }).call({ v: 5 }, 1, 2));
class A { #p = 4; m(c) { return eval(c); } static s(c) { return eval(c); } n() { return 'An'; } f = eval('this.n()'); }
class B extends A { n() { return 'Bn' + eval('super.n()'); } }
console.log(new A().m('this.#p + 1'), A.s('this.name'), new B().n(), new B().f);
function K() { return eval('new.target === K'); }
console.log(new (function () { this.t = eval('new.target !== undefined'); })().t, typeof K());
const arrow = (q) => eval('q * 2 + top1');
console.log(arrow(4), eval('top1 + 1'), eval('var made = 5; made'), made);
console.log((function () { 'use strict'; eval('var hidden = 1'); return typeof hidden; })(), (() => { eval('"use strict"; var hidden = 1'); return typeof hidden; })());
