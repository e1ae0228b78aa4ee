function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
async function worker(id, n) { let h = 0; for (let i = 0; i < n; i++) { h ^= spin(2000); await null; if (i % 50 === 0) await new Promise((r) => setTimeout(r, 1)); } return `${id}:${h}`; }
console.log('async', await Promise.all([worker(1, 300), worker(2, 200), worker(3, 100)]));
async function* agen(n) { try { for (let i = 0; i < n; i++) { spin(20000); yield i; } } finally { console.log('agen closed'); } }
let as = 0; for await (const v of agen(1000)) { as += v; if (v === 900) break; } console.log('agen', as);
