// Direct evals in a module: strict throughout.
import { basename } from 'node:path';
export const base = 10;
let changes = 1;
function inside(code, n) { return eval(code); }
console.log(inside('n + base', 2), inside('changes++ + basename("/a/b").length', 0), changes);
console.log(eval('this'), eval('typeof base'), (() => { eval('var hidden = 1'); return typeof hidden; })());
function walk(limit) { let sum = 0; eval('for (let i = 0; i < limit; i++) { sum += (() => i * base)(); }'); return sum; }
console.log(walk(4));
const makers = eval('({ make(v) { return { get: () => v + base, set: (n) => { v = n; } }; } })');
const one = makers.make(1); one.set(5);
console.log(one.get());

try { eval('undeclared = 1'); } catch (e) { console.log(e.name, e.message); }
