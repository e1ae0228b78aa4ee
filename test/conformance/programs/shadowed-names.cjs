// Functions and classes whose names an outer variable has too: they keep their names, and mean themselves.
const tick = (n) => n;
function next() {
  return 'outer';
}
var walk = function walk(n) {
  return n === 0 ? walk.name : tick(walk(n - 1));
};
var other = function next(n) {
  return n === 0 ? [next.name, typeof next, next === other] : next(tick(n - 1));
};
function declared() {
  function next(n) {
    return n > 0 ? next(n - 1) + tick(1) : 0;
  }
  return [next(3), next.name, { next }.next === next, { next: 1 }.next, String(next).slice(0, 13)];
}
function both() {
  const seen = [];
  for (let i = 0; i < 2; i++) {
    function next() {
      return `block ${tick(i)}`;
    }
    seen.push(next(), next.name);
  }
  return seen;
}
function uses() {
  var walker = function walker() {
    return [next(), walker.name].map((x) => tick(x));
  };
  return walker();
}
function assigned() {
  var self = function walk() {
    walk = 5;
    return typeof walk;
  };
  var { walk: taken = 3, ...rest } = { walk: undefined, next: tick(2) };
  return [self(), taken, rest, walk.name];
}
class Shape {
  static of() {
    return 'outer shape';
  }
}
function classes() {
  class Shape {
    static of() {
      return Shape.name + tick(1);
    }
    same = Shape === this.constructor;
  }
  const Inner = class Shape {
    who() {
      return Shape.name + (Shape === Inner);
    }
  };
  return [Shape.of(), new Shape().same, new Inner().who(), Inner.name];
}
function labels() {
  var seen = 0;
  var count = function count(n) {
    next: for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        if (tick(j) === 1) continue next;
        seen++;
      }
    }
    return n > 0 ? count(n - 1) : seen;
  };
  function next() {
    return count(1);
  }
  return [next(), count.name, next.name];
}
function* generators() {
  var next = function* next(n) {
    if (n > 0) yield* next(tick(n - 1));
    yield next.name + n;
  };
  yield* next(2);
}
const made = [];
for (let i = 0; i < 3; i++) made.push(function next() { return [i, next === made[i], next.name]; });
console.log(next(), walk(3), other(2), declared(), both(), uses(), assigned());
console.log(Shape.of(), classes(), labels(), [...generators()], made.map((f) => f()));
console.log(eval('next()'), eval('typeof walker'), eval('walk.name'), (() => eval('typeof count + Shape.of()'))());
