function* walk(n) { if (n === 0) { yield 0; return; } for (const x of walk(n - 1)) { yield x + 1; } yield* leafs(n); }
function* leafs(n) { for (let i = 0; i < n; i++) { const r = yield i * n; if (r) console.log('got', r); } return n; }
let gs = 0; for (let i = 0; i < 6000; i++) for (const v of walk(6)) { gs = (gs * 31 + v) % 1000007; for (let k = 0; k < 3000; k++) gs = (gs * 7 + k) % 1000007; } console.log('gens', gs);
