// Text of indirect evals: completion values, globals, frames that move.
const run = eval;
globalThis.tick = (n) => n + 1;
console.log(run('1; 2'), run('var x1 = 5; x1 + 1'), x1, run('if (true) { tick(4); } else 3'), run('1; if (false) tick(1)'));
console.log(run('let hidden = 3; for (let i = 0; i < 3; i++) hidden += tick(i); hidden'), typeof hidden);
console.log(run('var total = 0; for (var k = 0; k < 4; k++) { total += tick(k); }'), total, k, delete globalThis.k, typeof k);
run('function declared(a) { let s = 0; for (let i = 0; i < a; i++) s += tick(i); return s; }');
console.log(declared(4), declared.name, Object.getOwnPropertyDescriptor(globalThis, 'declared').configurable);
console.log(run('"use strict"; var inner = 2; function g() { return this === undefined ? inner : 0; } [g(), typeof inner]'), typeof inner);
console.log(run('9; do { tick(2); } while (false);'), run('3; try { tick(7) } finally { tick(100) }'), run('L: { tick(1); break L; }'));
console.log(run('4; switch (tick(1)) { case 2: "two"; case 3: break; }'), run('(function () { return this; })() === globalThis'));
const make = (0, eval)('(a) => { let n = a; return { inc: () => ++n, gen: function* () { while (n < 9) yield n++; } }; }');
const made = make(4);
console.log(made.inc(), [...made.gen()], made.inc(), String(make));
console.log(globalThis.eval('tick(1) + tick(2)'), run.call(null, 'tick(3)'), [run('({ a: 1 })').a, run({}) instanceof Object], run(), eval.name, eval.length);
for (const bad of ['let a; let a;', 'return 1', '1 +', 'new.target', 'await 1 +', 'super()', 'break']) {
  try { console.log('ran', run(bad)); } catch (e) { console.log(e.name, e.message, e instanceof SyntaxError); }
}
try { run('tick(1); missing + 1'); } catch (e) { console.log(e.name, e.message); }
try { run('var undefined = 1; tick(1)'); console.log('ok'); } catch (e) { console.log(e.name, e.message); }
try { run('function NaN() { tick(1) }'); } catch (e) { console.log(e.name, e.message); }
console.log(run('{ function blocky() { return tick(8); } } blocky()'), typeof blocky, run('typeof tick + typeof nothing'));
console.log(run('var self = this; [self === globalThis, (() => this === globalThis)()]'));
console.log(run('class K { static #c = tick(1); static c() { return K.#c; } } K.c()'), typeof K);
const nested = run('(0, eval)("let s = 0; for (let i = 0; i < 5; i++) s += tick(i); s") * 2');
console.log(nested, run('[1, 2, 3].map((x) => tick(x))'), run('eval.name'), typeof eval);
try { new eval('1'); } catch (e) { console.log(e.name); }
const big = run(`(${JSON.stringify({ list: Array.from({ length: 50 }, (_, i) => ({ i })) })})`);
console.log(big.list.length);
