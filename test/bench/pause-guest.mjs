// A hot loop over some 1 MB of small objects: the guest of pause.mjs. Its argument is millions of turns.
const items = [];
for (let i = 0; i < 8000; i++) items.push({ id: i, name: `item${i}`, tags: ['a', i % 7], next: null });
for (let i = 0; i < items.length - 1; i++) items[i].next = items[i + 1];
const byName = new Map(items.map((item) => [item.name, item]));
const turns = Number(process.argv[2]) * 1e6;
let sum = 0;
for (let i = 0; i < turns; i++) {
  const item = items[(i * 31) % items.length];
  sum = (sum + item.id * (i & 15) + item.tags[1]) % 1000003;
}
console.log(sum, byName.size);
