// With statements: frames outside of them move, those inside are put off.
function f(n) { var s = 0; for (var i = 0; i < n; i++) s += i; return s; }
function g(p) { var r; with (p) { for (var k = 0; k < 3; k++) { r = f(x); x++; } x = f(x); } return r + ':' + p.x; }
console.log(g({ x: 1 }), g({ x: 4 }));
function later(p) {
  with (p) setTimeout(() => { let s = 0; for (let i = 0; i < 3; i++) s += x; console.log('later', s); }, 1);
}
later({ x: 5 });
