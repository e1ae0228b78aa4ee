// A member that is assigned what an await gives, in bodies that V8 has optimised: they save no register that only names the object.
const box = { results: [] };
const work = async (n) => { let v = n; for (let i = 0; i < 300; i++) v = (v * 1103515245 + 12345) % 2147483648; return v; };
async function fill(results, times) {
  const at = [0];
  for (let i = 0; i < times; i++) {
    results[i % 7] = await work(i);
    if (i % 3 === 0) box.results[i % 5] = await work(i + 1);
    box.last = await work(i + 2);
  }
  return at;
}
let sum = 0;
for (let round = 0; round < Number(process.argv[2] ?? 80); round++) {
  const results = [];
  await Promise.all([fill(results, 500), fill(box.results, 500)]);
  for (const x of results) sum = (sum + x) % 1000007;
}
console.log(sum, box.last);
