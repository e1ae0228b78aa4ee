// What resumed code must not lose at its second move: arguments, new.target; and what has the names of its own variables.
const turn = () => { for (let i = 0; i < 2; i++); };
function f(a) { const $arguments = 5; turn(); turn(); return `${arguments.length} ${[...arguments].join()} ${a} ${$arguments}`; }
console.log(f(1, 2, 3));
function T(a) { turn(); turn(); this.x = new.target === T; turn(); }
console.log(new T(1).x);
class U { constructor() { turn(); turn(); this.x = new.target === U; turn(); } }
console.log(new U(1).x);
class V extends U { constructor() { turn(); super(); turn(); this.y = new.target === V;turn(); } }
console.log(new V(1).x, new V(1).y);
function callee() { turn(); turn(); return arguments.callee === callee; }
console.log(callee());
class W { constructor(a) { turn(); this.k = [new.target.name, (() => new.target.name)(), arguments.length]; turn(); turn(); this.k.push(arguments.length, new.target === W); } }
console.log(new W(1, 2).k.join(), Reflect.construct(W, [3], T).k.join());
function* generator() { turn(); yield arguments[0]; turn(); yield arguments.length; }
const waiting = generator('a', 'b');
turn();
console.log(waiting.next().value);
turn();
console.log([...waiting].join());
async function later() { turn(); await null; turn(); await null; return [...arguments].join('+'); }
(function ($f, $b1, $1) {
  const $e1 = () => $f + $b1;
  let $home = turn() ?? $e1();
  turn();
  $home += one($1) + one($f);
  return () => { turn(); console.log($home, $f, $b1, $1, $e1()); turn(); };
})(1, 2, 3)();
function one(x) { return x + 1; }
(function ($f, $b1, $1, $e1) {
  const $a1 = one($f) + one($b1);
  turn();
  let $newTarget = one($1) + one($e1);
  turn();
  console.log($f, $b1, $1, $e1, $a1, $newTarget);
})(1, 2, 3, 4);
(async () => { console.log(await later(1, 2, 3)); })();
