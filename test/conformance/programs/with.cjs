// With statements: frames outside of them move, those inside are put off.
function f(n) { var s = 0; for (var i = 0; i < n; i++) s += i; return s; }
function g(p) { var r; with (p) { for (var k = 0; k < 3; k++) { r = f(x); x++; } x = f(x); } return r + ':' + p.x; }
console.log(g({ x: 1 }), g({ x: 4 }));
function later(p) {
  with (p) setTimeout(() => { let s = 0; for (let i = 0; i < 3; i++) s += x; console.log('later', s); }, 1);
}
later({ x: 5 });
// A name inside may be a getter of the object: it is asked as often as the author's code asks.
var asked = 0;
var holder = { get own() { asked++; return { call2: () => f(2) }; }, get fn() { asked += 10; return f; } };
function inside() { var own = { call2: () => 0 }; var fn = () => 0; with (holder) { own.call2(); own.call2(); fn(3); return fn(4); } }
console.log(inside(), asked);
