function compose(...fs) { return (x) => fs.reduceRight((v, f) => f(v), x); }
const adders = []; for (let i = 0; i < 50; i++) { let count = 0; adders.push((x) => { count += x & 1; return x + i + count; }); }
let cs = 0; const all = compose(...adders); for (let i = 0; i < 4000000; i++) cs = (cs + all(i)) % 1000003; console.log('closures', cs);
