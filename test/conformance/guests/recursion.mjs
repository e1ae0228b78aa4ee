function rec(n, acc) { if (n === 0) return acc; const a = rec(n - 1, acc + n); return a ^ (n & 3); }
let out = [];
for (let i = 0; i < 20000; i++) out.push(rec(400, i));
console.log('rec', out.reduce((a, b) => a ^ b, 0));
