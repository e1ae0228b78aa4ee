function spin(n) { let h = 0; for (let i = 0; i < n; i++) h = (h * 31 + i) | 0; return h; }
setTimeout(() => console.log('t1', spin(3e7)), 40);
process.nextTick(() => console.log('tick'));
queueMicrotask(() => console.log('micro'));
let ticks = 0;
const interval = setInterval(() => {
  ticks++;
  spin(1e7);
  console.log('spun', ticks);
  if (ticks === 8) clearInterval(interval);
}, 60);
process.on('exit', (code) => console.log('exit', code));
