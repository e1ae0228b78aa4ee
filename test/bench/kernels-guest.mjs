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
  let s = 0;
  for (let i = 0; i < n; i++) {
    const k = i;
    const f = (x) => x + k;
    s += f(i) & 3;
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
async function aw(n) {
  let s = 0;
  for (let i = 0; i < n; i++) s += await i;
  return s;
}
async function timed(name, f, ...a) {
  let best = 1e9,
    v;
  for (let r = 0; r < 4; r++) {
    const t = performance.now();
    v = await f(...a);
    best = Math.min(best, performance.now() - t);
  }
  console.log(name.padEnd(10), best.toFixed(1).padStart(8), v);
}
await timed('fib', fib, 32);
await timed('sieve', sieve, 5e6);
await timed('vec', vec, 2e7);
await timed('closures', closures, 1e7);
await timed('arrays', arrays, 3000);
await timed('forof', forof, 20000);
await timed('strings', strings, 3e6);
await timed('maps', maps, 3e6);
await timed('gens', gens, 5e6);
await timed('priv', priv, 2e7);
await timed('await', aw, 3e5);
