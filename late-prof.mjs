import { Internals, nameBuiltins, PagedHeap, ParcelSource } from '@godwit/checkpoint/heap';
const options = { builtins: nameBuiltins({}), specials: [], internals: new Internals() };
const objects = Number(process.argv[2] ?? 1000000);
const byName = new Map(); const list = [];
for (let i = 0; i < objects / 3; i++) {
  const item = { id: i, name: `item ${i}`, tags: [i % 7, i % 11], next: null };
  byName.set(`key ${i}`, item);
  list.push({ at: i, item });
}
const root = { byName, list };
for (let round = 0; round < 3; round++) {
  const source = new ParcelSource(root, options, 64 * 1024);
  let srcMs = 0, n = 0;
  const next = (wanted) => { const t = performance.now(); const p = source.next(32 * 1024, wanted); srcMs += performance.now() - t; n++; return p; };
  const heap = new PagedHeap({ ...options, next, neighbours: 500 });
  const r = heap.load(source.first());
  const out = [];
  for (let turn = 0; turn < 12; turn++) {
    srcMs = 0; n = 0; let t = performance.now();
    let a = 0, b = 0;
    for (let j = 0; j < 5; j++) {
      const at = (turn * 7919 + j * 104729) % list.length;
      let t1 = performance.now();
      const late = heap.learned(r.byName, `key ${at}`); const item = late.get(`key ${at}`); item.id; a += performance.now() - t1;
      t1 = performance.now(); r.list[at].item.tags[0]; b += performance.now() - t1;
    }
    out.push(`${(performance.now() - t).toFixed(1)} (map ${a.toFixed(1)} list ${b.toFixed(1)} source ${srcMs.toFixed(1)} in ${n})`);
  }
  console.log(out.join('\n')); console.log('--');
}
