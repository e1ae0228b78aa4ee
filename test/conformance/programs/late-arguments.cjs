// `arguments` at the top of a text that an indirect eval runs is a global of that name, or nobody's.
const run = eval;
const tick = globalThis.tick = (n) => n + 1;
const said = (text) => {
  try { return run(text); } catch (e) { return `${e.name}: ${e.message}`; }
};
console.log(said('tick(1); typeof arguments'), said('tick(1); arguments'), said('tick(1); arguments += 1'), said('tick(1); arguments++'));
console.log(said('"use strict"; tick(1); typeof arguments'), said('"use strict"; tick(1); arguments.length'), said('tick(1); delete arguments'));
console.log(said('[() => typeof arguments, function () { return typeof arguments; }].map((f) => f(tick(1)))'));
console.log(said('tick(1); arguments = 7; arguments * 2'), globalThis.arguments, said('tick(1); arguments += tick(1); arguments++; arguments'));
console.log(said('tick(1); typeof arguments'), said('tick(1); `${arguments}`'), said('"use strict"; tick(1); arguments'), said('tick(1); delete arguments'), said('tick(1); typeof arguments'));
console.log(said('tick(1); var arguments = 5; arguments'), globalThis.arguments, said('delete globalThis.arguments'));
console.log(said('tick(1); function arguments() { return tick(8); } arguments()'), typeof globalThis.arguments, said('tick(1); delete arguments'));
console.log(said('tick(1); let arguments = tick(3); (() => arguments)()'), typeof globalThis.arguments);
console.log(said('globalThis.arguments = function () { return this === undefined || this === globalThis; }; tick(1); arguments(tick(2))'), delete globalThis.arguments);
console.log(said('for (arguments of [tick(1), tick(2)]); arguments'), said('[arguments] = [tick(5)]; arguments'), said('({ arguments } = { arguments: tick(6) }); arguments'), delete globalThis.arguments);
const total = run('var whole = typeof arguments == "undefined" ? 1 : 2; function walk(n) { let s = 0; for (let i = 0; i < n; i++) s += tick(i); return s; } walk(6) + walk(4) + whole');
console.log(total, walk(3), whole);
console.log(new Function('a', 'return arguments.length + a')(1, 2, 3), run('tick(1); (function () { return arguments.length; })(1, 2)'));
