/**
 * The heap codec beside v8.serialize and v8.deserialize, on graphs of about a million objects: time and size as ratios, measured
 * side by side in one run. Prints, asserts nothing. Run: node --expose-gc test/bench/heap.bench.mjs [rounds]
 */
import os from 'node:os';
import v8 from 'node:v8';
import { decodeHeap, encodeHeap, Internals, nameBuiltins } from '@godwit/checkpoint/heap';

const rounds = Number(process.argv[2] ?? 5);
const options = { builtins: nameBuiltins({}), specials: [], internals: new Internals() };

class Point {
  constructor(i) {
    this.x = i;
    this.y = i / 3;
  }
}
const graphs = {
  'plain objects': () => Array.from({ length: 500_000 }, (_, i) => ({ id: i, name: `item ${i % 1000}`, at: { x: i, y: -i } })),
  'records with tags': () =>
    Array.from({ length: 330_000 }, (_, i) => ({ id: i, half: i / 2, tags: [i, `t${i}`], next: { k: i } })),
  tree() {
    const node = (depth) => (depth === 0 ? null : { depth, left: node(depth - 1), right: node(depth - 1) });
    return node(19);
  },
  'map of objects': () => new Map(Array.from({ length: 500_000 }, (_, i) => [`key ${i}`, { value: i }])),
  'array of integers': () => Array.from({ length: 2_000_000 }, (_, i) => i),
  strings: () => Array.from({ length: 500_000 }, (_, i) => `a somewhat longer string, number ${i}`),
};
const own = { 'class instances (v8 loses the class)': () => Array.from({ length: 500_000 }, (_, i) => new Point(i)) };

const time = (action) => {
  globalThis.gc?.();
  const start = performance.now();
  const result = action();
  return [performance.now() - start, result];
};
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

console.log(
  `node ${process.version}, v8 ${process.versions.v8}, ${os.cpus()[0].model} x ${os.cpus().length}, ${rounds} rounds, medians in ms`,
);
const rows = [];
// Instances need their class named: a prototype the codec knows by name.
options.specials.push({
  tag: 'Point',
  ownProperties: false,
  claims: (value) => value === Point.prototype,
  save: () => ({ create: [] }),
  create: () => Point.prototype,
});
for (const [name, make] of Object.entries({ ...graphs, ...own })) {
  const graph = make();
  const all = { v8Write: [], v8Read: [], write: [], read: [] };
  let v8Bytes;
  let encoded;
  for (let round = 0; round < rounds; round++) {
    const [v8Write, bytes] = time(() => v8.serialize(graph));
    const [v8Read] = time(() => v8.deserialize(bytes));
    const [write, image] = time(() => encodeHeap(graph, options));
    const [read] = time(() => decodeHeap(image.pages, options));
    v8Bytes = bytes.length;
    encoded = image;
    for (const [key, value] of Object.entries({ v8Write, v8Read, write, read })) all[key].push(value);
  }
  const m = Object.fromEntries(Object.entries(all).map(([key, values]) => [key, median(values)]));
  rows.push({
    graph: name,
    objects: encoded.stats.objects,
    'v8 write': m.v8Write.toFixed(0),
    write: m.write.toFixed(0),
    'write/v8': (m.write / m.v8Write).toFixed(2),
    'v8 read': m.v8Read.toFixed(0),
    read: m.read.toFixed(0),
    'read/v8': (m.read / m.v8Read).toFixed(2),
    'size/v8': (encoded.stats.bytes / v8Bytes).toFixed(2),
  });
}
console.table(rows);
