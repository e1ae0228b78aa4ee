function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
const sym = Symbol('s'); const obj = { [sym]: 1, get double() { return this.v * 2; }, v: 21, nested: { deep: [1, , 3] } }; Object.freeze(obj.nested); const m = new Map([[obj, 'o'], ['k', new Set([1, 2])]]); const ws = new WeakMap([[obj, 'weak']]);
let q = 0; for (let i = 0; i < 30000000; i++) { q = (q + i * 7) % 1000003; } console.log('main loop', q, obj, m, ws.get(obj), obj.double, Object.isFrozen(obj.nested));
const sorted = Array.from({ length: 30000 }, (_, i) => (i * 7919) % 30011).sort((a, b) => { spin(20); return a - b; }); console.log('sort', sorted.slice(0, 5), sorted.length);
const it = new Map(Array.from({ length: 2000 }, (_, i) => [i, i * i])); let ms = 0; for (const [k, v] of it) { ms = (ms + spin(3000) + k * v) % 1000033; if (k % 10 === 0) it.delete(k + 5); } console.log('map', ms, it.size);
