// Direct evals in parameters, generators, async functions, loops; what is none; what is refused.
var top1 = 1;
const tick = (n) => n + 1;
function params(a, b = eval('a + 1'), c = () => eval('b')) { return [a, b, c()]; }
console.log(params(1), params(1, 5));
function notEval(eval) { return eval('1 + 1'); }
console.log(notEval((s) => s + '!'));
function nested() { let v = 1; return eval('eval("v + 1") + eval("var w = 5; w") + w'); }
console.log(nested(), eval(), eval(5), eval('1;;;'), eval(...['2 + 2']));
function* gen(n) { for (let i = 0; i < n; i++) { const got = eval('tick(i) * 2'); yield got; } }
console.log([...gen(4)]);
async function later(n) { let total = 0; for (let i = 0; i < n; i++) { await null; eval('total += tick(i)'); } return total; }
later(4).then((t) => console.log('later', t));
const fns = [];
for (let i = 0; i < 3; i++) fns.push(eval('() => i * 10'));
console.log(fns.map((f) => f()));
try { eval('throw new RangeError("x")'); } catch (err) { console.log(err.name, eval('err.message')); }
function tag(s, ...v) { return s.raw.join('|') + v; }
console.log(eval('tag`a${1}b`'), (0, eval)('((s) => s)`q`').raw[0]);
switch (1) { case 1: let sw = 5; console.log(eval('sw')); }
console.log(eval('{ function blk() { return 3; } } blk()'), typeof blk);
function redefine(a) { eval('var a = 2; var b = a'); return a + b; }
console.log(redefine(1));
var ev = eval; function indirect() { var loc = 1; try { return ev('loc'); } catch (e) { return e.name; } }
console.log(indirect(), typeof eval, eval === ev);
console.log(String(eval('(function   z ( ) { })')));
const aliased = { eval }; console.log(aliased.eval('typeof aliased'), (() => { var aliased = 1; return eval?.('typeof aliased'); })());
