/** Kernels for kernels.mjs; prints name, best milliseconds of four, result. */
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
/** The best of several rounds of ten calls each: what counts is code that V8 has seen before, on both sides. */
function timed(name, kernel, size) {
  let best = Infinity;
  let value;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let call = 0; call < 10; call++) value = kernel(size);
    best = Math.min(best, performance.now() - start);
  }
  console.log(name.padEnd(10), best.toFixed(1).padStart(8), value);
}
timed('fib', fib, 27);
timed('sieve', sieve, 5e5);
timed('vec', vec, 2e6);
timed('closures', closures, 5e5);
timed('arrays', arrays, 300);
timed('forof', forof, 2000);
timed('strings', strings, 3e5);
timed('maps', maps, 3e5);
timed('gens', gens, 5e5);
timed('priv', priv, 2e6);
