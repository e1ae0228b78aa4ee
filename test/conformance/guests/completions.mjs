function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
function fin(n) { let log = 0; outer: for (let i = 0; i < n; i++) { try { if (i % 3 === 0) continue; if (i % 7 === 0) throw new Error('x' + i); if (i === n - 1) break outer; log += spin(50) & 7; } catch (e) { log += e.message.length; spin(100); } finally { log = (log * 3 + spin(30)) % 10007; } } return log; }
console.log('finally', fin(100000));
function sw(x) { switch (x % 5) { case 0: spin(10); return 1; case 1: { let y = spin(20); x += y; } case 2: x += spin(5); break; default: x = spin(7); } return x & 255; }
let ss = 0; for (let i = 0; i < 500000; i++) ss = (ss + sw(i)) % 65521; console.log('switch', ss);
label: { for (const k in { a: 1, b: 2, c: 3 }) { spin(2e7); if (k === 'b') break label; console.log('in', k); } }
