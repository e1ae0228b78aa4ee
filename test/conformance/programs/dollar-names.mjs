function f($e1, e1, $1) { let $b1 = $e1 + 1; const g = ($c1) => () => [$e1++, $b1++, e1++, $c1, $1++]; const h = g(7); h(); return [h(), $e1, $b1, e1, $1]; }
console.log(f(1, 2, 3));
let $e2 = 5; const k = () => $e2++; k(); console.log($e2, k(), $e2); var $2 = [1,2,3].map((x) => x + $e2); console.log($2);
function $main(n) { return n ? $main(n - 1) + $$(n) : 0; } const $$ = (x) => x * 2; class $e9 { static $c = 4; $f() { return $e9.$c; } }
const { $f1, $3: { $4 = 6 } } = { $f1: 1, $3: {} }; console.log($main(4), $$.name, $main.name, new $e9().$f(), $e9.name, $f1, $4, { $f1, $4 });
label: for (const $e3 of [1, 2]) { const q = () => $e3; if (q() === 2) break label; console.log(q()); }
try { throw 1; } catch ($e4) { console.log((() => $e4)()); }
let $v = 'v', $c = 'c', $h = 'h', $k = 'k', $o = 'o', after = 'after'; const all = () => { for (let i = 0; i < 3; i++) after += i; return [$v, $c, $h, $k, $o, after]; }; console.log(all(), all());
