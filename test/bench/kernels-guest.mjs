/** Kernels for language.mjs; prints name, best milliseconds of several rounds, result. */
function fib(n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
function sieve(n) {
  const a = new Uint8Array(n + 1);
  let c = 0;
  for (let i = 2; i <= n; i++) {
    if (a[i] === 0) {
      c++;
      for (let j = i * 2; j <= n; j += i) a[j] = 1;
    }
  }
  return c;
}
class V {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  add(o) {
    return new V(this.x + o.x, this.y + o.y);
  }
  dot(o) {
    return this.x * o.x + this.y * o.y;
  }
}
function vec(n) {
  let v = new V(0, 0);
  const d = new V(1, 0.5);
  for (let i = 0; i < n; i++) {
    v = v.add(d);
    if (v.dot(d) > 1e6) v = new V(0, 0);
  }
  return v.x;
}
function closures(n) {
  const list = Array.from({ length: 1024 }, (_, i) => (x) => x ^ i);
  let s = 0;
  for (let i = 0; i < n; i++) {
    const k = i;
    list[i & 1023] = (x) => x + k;
    s += list[(i * 7) & 1023](i) & 3;
  }
  return s;
}
function arrays(n) {
  let s = 0;
  const a = Array.from({ length: 1000 }, (_, i) => i);
  for (let i = 0; i < n; i++)
    s += a
      .map((x) => x * 2)
      .filter((x) => x % 3 === 0)
      .reduce((p, q) => p + q, 0);
  return s;
}
function forof(n) {
  const a = Array.from({ length: 1000 }, (_, i) => i);
  let s = 0;
  for (let i = 0; i < n; i++) for (const x of a) s += x;
  return s;
}
function strings(n) {
  let s = '';
  let h = 0;
  for (let i = 0; i < n; i++) {
    s += String.fromCharCode(97 + (i % 26));
    if (s.length > 1000) {
      h = (h * 31 + s.charCodeAt(i % 900)) | 0;
      s = s.slice(500);
    }
  }
  return h;
}
function maps(n) {
  const m = new Map();
  for (let i = 0; i < n; i++) m.set(i % 5000, (m.get(i % 5000) ?? 0) + i);
  let s = 0;
  for (const [k, v] of m) s += k ^ v;
  return s;
}
function* g(n) {
  for (let i = 0; i < n; i++) yield i;
}
function gens(n) {
  let s = 0;
  for (const x of g(n)) s += x;
  return s;
}
class P {
  #a = 1;
  #b = 2;
  step() {
    this.#a += this.#b;
    this.#b ^= this.#a & 7;
    return this.#a;
  }
}
function priv(n) {
  const p = new P();
  let s = 0;
  for (let i = 0; i < n; i++) s ^= p.step();
  return s;
}
/** An operating system of tasks that pass packets: objects, lists, dispatch (after Martin Richards). */
class Packet {
  constructor(link, owner, kind) {
    this.link = link;
    this.owner = owner;
    this.kind = kind;
    this.value = 0;
  }
}
class Task {
  constructor(number, scheduler) {
    this.number = number;
    this.scheduler = scheduler;
    this.queue = null;
    this.handled = 0;
  }
  put(packet) {
    packet.link = null;
    if (this.queue === null) {
      this.queue = packet;
      return;
    }
    let last = this.queue;
    while (last.link !== null) last = last.link;
    last.link = packet;
  }
  step() {
    const packet = this.queue;
    if (packet === null) return false;
    this.queue = packet.link;
    this.handled++;
    this.handle(packet);
    return true;
  }
}
class Worker extends Task {
  handle(packet) {
    packet.value = (packet.value * 31 + this.number) & 0xffff;
    this.scheduler.send(packet, (packet.value + this.number) % this.scheduler.tasks.length);
  }
}
class Device extends Task {
  handle(packet) {
    if (packet.kind > 1) packet.value ^= 0x55;
    this.scheduler.send(packet, (this.number + packet.kind) % this.scheduler.tasks.length);
  }
}
class Scheduler {
  constructor() {
    this.tasks = [];
    for (let i = 0; i < 6; i++) this.tasks.push(i % 2 === 0 ? new Worker(i, this) : new Device(i, this));
    for (let i = 0; i < 12; i++) this.tasks[i % 6].put(new Packet(null, i, i % 4));
  }
  send(packet, to) {
    this.tasks[to].put(packet);
  }
  run(steps) {
    let done = 0;
    while (done < steps) {
      for (let i = 0; i < this.tasks.length; i++) if (this.tasks[i].step()) done++;
    }
    return this.tasks.reduce((sum, task) => sum * 7 + task.handled, 0);
  }
}
function richards(n) {
  return new Scheduler().run(n);
}
/** One-way constraints in a chain and a plan that runs them: small polymorphic objects with callbacks (after deltablue). */
class Variable {
  constructor(value) {
    this.value = value;
    this.constraints = [];
    this.mark = 0;
  }
}
class Equal {
  constructor(from, to) {
    this.from = from;
    this.to = to;
    from.constraints.push(this);
  }
  execute() {
    this.to.value = this.from.value;
  }
}
class Scale extends Equal {
  constructor(from, to, factor, offset) {
    super(from, to);
    this.factor = factor;
    this.offset = offset;
  }
  execute() {
    this.to.value = (this.from.value * this.factor + this.offset) % 10007;
  }
}
function planFrom(start, mark) {
  const plan = [];
  const todo = [start];
  while (todo.length > 0) {
    const variable = todo.pop();
    if (variable.mark === mark) continue;
    variable.mark = mark;
    variable.constraints.forEach((constraint) => {
      plan.push(constraint);
      todo.push(constraint.to);
    });
  }
  return plan;
}
function deltablue(n) {
  const variables = [new Variable(1)];
  for (let i = 1; i < 100; i++) {
    variables.push(new Variable(0));
    if (i % 3 === 0) new Scale(variables[i - 1], variables[i], 3, i);
    else new Equal(variables[i - 1], variables[i]);
  }
  let sum = 0;
  for (let round = 1; round <= n; round++) {
    variables[0].value = round;
    for (const constraint of planFrom(variables[0], round)) constraint.execute();
    sum += variables[99].value;
  }
  return sum;
}
class Body {
  constructor(x, y, z, vx, vy, vz, mass) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.vx = vx;
    this.vy = vy;
    this.vz = vz;
    this.mass = mass;
  }
}
function nbody(n) {
  const bodies = [0, 1, 2, 3, 4].map((i) => new Body(i * 1.5, i - 2, i * 0.3, 0.1 * i, 0.2, -0.1 * i, 1 / (i + 1)));
  for (let step = 0; step < n; step++) {
    for (let i = 0; i < bodies.length; i++) {
      const a = bodies[i];
      for (let j = i + 1; j < bodies.length; j++) {
        const b = bodies[j];
        const dx = a.x - b.x;
        const dy = a.y - b.y;
        const dz = a.z - b.z;
        const square = dx * dx + dy * dy + dz * dz + 0.01;
        const pull = 0.001 / (square * Math.sqrt(square));
        a.vx -= dx * b.mass * pull;
        a.vy -= dy * b.mass * pull;
        a.vz -= dz * b.mass * pull;
        b.vx += dx * a.mass * pull;
        b.vy += dy * a.mass * pull;
        b.vz += dz * a.mass * pull;
      }
    }
    for (const body of bodies) {
      body.x += 0.001 * body.vx;
      body.y += 0.001 * body.vy;
      body.z += 0.001 * body.vz;
    }
  }
  return bodies[0].x.toFixed(9);
}
function mandelbrot(size) {
  let sum = 0;
  for (let y = 0; y < size; y++) {
    const ci = (2 * y) / size - 1;
    for (let x = 0; x < size; x++) {
      const cr = (2 * x) / size - 1.5;
      let zr = 0;
      let zi = 0;
      let i = 0;
      while (i < 50 && zr * zr + zi * zi < 4) {
        const t = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = t;
        i++;
      }
      sum += i;
    }
  }
  return sum;
}
function permute(size) {
  const v = Array.from({ length: size }, (_, i) => i);
  let count = 0;
  const swap = (i, j) => {
    const kept = v[i];
    v[i] = v[j];
    v[j] = kept;
  };
  const visit = (n) => {
    count++;
    if (n === 0) return;
    const last = n - 1;
    visit(last);
    for (let i = last; i >= 0; i--) {
      swap(last, i);
      visit(last);
      swap(last, i);
    }
  };
  visit(size);
  return count;
}
class Queens {
  constructor(size) {
    this.size = size;
    this.rows = new Array(size).fill(true);
    this.up = new Array(2 * size).fill(true);
    this.down = new Array(2 * size).fill(true);
    this.count = 0;
  }
  place(column) {
    if (column === this.size) {
      this.count++;
      return;
    }
    for (let row = 0; row < this.size; row++) {
      if (this.rows[row] && this.up[column + row] && this.down[column - row + this.size]) {
        this.set(row, column, false);
        this.place(column + 1);
        this.set(row, column, true);
      }
    }
  }
  set(row, column, free) {
    this.rows[row] = free;
    this.up[column + row] = free;
    this.down[column - row + this.size] = free;
  }
}
function queens(size) {
  const board = new Queens(size);
  board.place(0);
  return board.count;
}
/** A parser of JSON, written by hand: strings by character, small methods, maps. */
class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }
  skip() {
    while (this.text.charCodeAt(this.at) <= 32) this.at++;
  }
  value() {
    this.skip();
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      default:
        return this.number();
    }
  }
  object() {
    const made = new Map();
    this.at++;
    for (this.skip(); this.text[this.at] !== '}'; this.skip()) {
      const key = this.string();
      this.skip();
      this.at++;
      made.set(key, this.value());
      this.skip();
      if (this.text[this.at] === ',') this.at++;
    }
    this.at++;
    return made;
  }
  array() {
    const made = [];
    this.at++;
    for (this.skip(); this.text[this.at] !== ']'; this.skip()) {
      made.push(this.value());
      this.skip();
      if (this.text[this.at] === ',') this.at++;
    }
    this.at++;
    return made;
  }
  string() {
    const from = ++this.at;
    while (this.text[this.at] !== '"') this.at++;
    return this.text.slice(from, this.at++);
  }
  number() {
    const from = this.at;
    for (let c = this.text.charCodeAt(this.at); (c >= 48 && c <= 57) || c === 46 || c === 45; )
      c = this.text.charCodeAt(++this.at);
    return Number(this.text.slice(from, this.at));
  }
}
const records = Array.from({ length: 60 }, (_, i) => ({ id: i, name: `name ${i * 7}`, tags: ['a', 'bc', `t${i}`], at: i * 1.5 }));
const text = JSON.stringify({ records });
function json(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    for (const record of new Parser(text).value().get('records')) {
      sum +=
        record.get('id') +
        record
          .get('tags')
          .map((tag) => tag.length)
          .reduce((a, b) => a + b, 0);
    }
  }
  return sum;
}
/** Strongly connected parts of a graph (Tarjan): recursion, Maps and Sets (after havlak). */
function graph(n) {
  const edges = new Map();
  for (let i = 0; i < n; i++) edges.set(i, new Set([(i * 7 + 1) % n, (i * i + 3) % n, i % 5 === 0 ? (i + 1) % n : i]));
  const index = new Map();
  const low = new Map();
  const stack = [];
  const onStack = new Set();
  let parts = 0;
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    onStack.add(node);
    for (const next of edges.get(node)) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (onStack.has(next)) low.set(node, Math.min(low.get(node), index.get(next)));
    }
    if (low.get(node) !== index.get(node)) return;
    parts++;
    for (;;) {
      const member = stack.pop();
      onStack.delete(member);
      if (member === node) return;
    }
  };
  for (const [node] of edges) if (!index.has(node)) visit(node);
  return parts;
}
/** The best of rounds of ten calls each, for most of a second: what counts is code that V8 has seen before, on both sides. */
const LASTS_MS = 700;
function timed(name, kernel, size) {
  let best = Infinity;
  let value;
  const begun = performance.now();
  for (let round = 0; round < 5 || performance.now() - begun < LASTS_MS; round++) {
    const start = performance.now();
    for (let call = 0; call < 10; call++) value = kernel(size);
    best = Math.min(best, performance.now() - start);
  }
  console.log(name.padEnd(10), best.toFixed(1).padStart(8), value);
}
timed('fib', fib, 27);
timed('sieve', sieve, 5e5);
timed('vec', vec, 2e6);
timed('arrays', arrays, 300);
timed('forof', forof, 2000);
timed('strings', strings, 3e5);
timed('maps', maps, 3e5);
timed('gens', gens, 5e5);
timed('priv', priv, 2e6);
timed('richards', richards, 1e5);
timed('deltablue', deltablue, 1500);
timed('nbody', nbody, 2e4);
timed('mandelbrot', mandelbrot, 150);
timed('permute', permute, 8);
timed('queens', queens, 11);
timed('json', json, 40);
timed('graph', graph, 4000);
timed('closures', closures, 5e5); // made and kept: what a closure costs, not a kernel like the others
