// super in methods of object literals, in their arrows, coroutines and accessors, and as a place to write to.
function tick(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
}
const base = {
  name: 'base',
  hello() {
    return `${this.name} ${tick(3)}`;
  },
  set last(value) {
    this.got = value;
  },
  get last() {
    return tick(4);
  },
};
const literal = {
  __proto__: base,
  name: 'literal',
  hello() {
    const twice = () => super.hello() + tick(2);
    return `${super.hello()} ${twice()} ${(() => this.name)()}`;
  },
  ['comp' + 'uted']() {
    return super.hello();
  },
  *steps() {
    yield super.hello();
    super.last = tick(5);
    yield this.got;
    [super.last] = [tick(6)];
    yield this.got;
  },
  async later() {
    super.last = await tick(4);
    super.last += await tick(5);
    return [super.last, this.got];
  },
  get last() {
    return super.last + 1;
  },
  set last(value) {
    super.last = [value, tick(3)];
  },
  without() {
    try {
      return delete super.last;
    } catch (error) {
      tick(2);
      return error.name;
    }
  },
};
class Point {
  move() {
    const inner = () => {
      super.x = tick(4);
      super.x += tick(3);
      return this.x;
    };
    super.y = tick(2);
    super.y++;
    return [inner(), this.y];
  }
}
Object.setPrototypeOf(Point.prototype, { x: 1, y: 2 });
console.log(literal.hello(), literal.computed(), [...literal.steps()], literal.without());
literal.last = 'set';
console.log(literal.last, literal.got, new Point().move());
literal.later().then((all) => console.log(all));
