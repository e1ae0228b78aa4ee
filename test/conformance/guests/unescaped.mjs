// Objects that never leave their function: V8 must not replace them by registers, which no debugger shows.
function work(n, seed) { const p = { x: seed, y: 1 }; let s = 0; for (let i = 0; i < n; i++) { p.x = (p.x * 31 + i) | 0; s = (s + inner(p.y, i)) | 0; } return s + p.x; }
function inner(y, i) { let t = 0; for (let k = 0; k < 50; k++) t = (t + k * y + i) | 0; return t; }
function rest(...all) { let s = 0; for (let k = 0; k < 2000; k++) s = (s + inner(1, k)) | 0; return s + all.length; }
let s = 0;
for (let r = 0; r < 60; r++) { s = (s + work(300000, r)) | 0; for (let q = 0; q < 100; q++) s = (s + rest(1, 2, q)) | 0; }
console.log(s);
