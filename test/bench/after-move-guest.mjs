/**
 * Goes over what it holds in several ways, round after round, for so many seconds, and prints what each took: a line of JSON for 15 rounds, with
 * the medians in ms and the time.
 *   node after-move-guest.mjs SECONDS
 */
const records = 60_000;
const roundsALine = 15;

class Point {
  constructor(i) {
    this.x = i;
    this.y = i * 2;
    this.tags = [i, i + 1];
  }
  sum() {
    return this.x + this.y + this.tags[1];
  }
}

const list = (length, make) => Array.from({ length }, (_, i) => make(i));
const held = {
  records: list(records, (i) => ({
    id: i,
    name: `record ${i}`,
    price: i + 0.5,
    tags: [i % 7, `tag ${i % 100}`],
    orders: [
      { id: i, lines: [i, i + 1] },
      { id: i + 1, lines: [i] },
    ],
  })),
  integers: list(1_000_000, (i) => i),
  fractions: list(500_000, (i) => i + 0.5),
  points: list(records, (i) => new Point(i)),
  byName: new Map(list(records / 2, (i) => [`key ${i}`, { i, values: [i] }])),
};

const kernels = {
  nested() {
    let sum = 0;
    for (const record of held.records) {
      sum += record.id + record.price + record.tags[0];
      for (const order of record.orders) for (const line of order.lines) sum += line + order.id;
    }
    return sum;
  },
  indexed() {
    let sum = 0;
    for (let i = 0; i < records; i++) sum += held.records[i].name.length + held.records[i].orders.length;
    return sum;
  },
  integers() {
    let sum = 0;
    for (let i = 0; i < held.integers.length; i++) sum += held.integers[i];
    return sum;
  },
  fractions() {
    let sum = 0;
    for (const value of held.fractions) sum += value;
    return sum;
  },
  methods() {
    let sum = 0;
    for (const point of held.points) sum += point.sum();
    return sum;
  },
  arrows: () =>
    held.points.map((point) => point.x + point.tags[0]).filter((x) => x % 2).length +
    held.records.reduce((sum, record) => sum + record.orders[0].lines[0], 0),
  map() {
    let sum = 0;
    for (const [key, value] of held.byName) sum += key.length + value.values[0];
    for (let i = 0; i < records / 2; i += 3) sum += held.byName.get(`key ${i}`).i;
    return sum;
  },
  json: () => JSON.stringify(held.records.slice(0, 3000)).length,
};

const names = Object.keys(kernels);
const expected = names.map((name) => kernels[name]());
const endMs = Date.now() + Number(process.argv[2]) * 1000;
let times = names.map(() => []);
function round() {
  for (const [k, name] of names.entries()) {
    const startMs = performance.now();
    if (kernels[name]() !== expected[k]) throw new Error(`${name} is wrong`);
    times[k].push(performance.now() - startMs);
  }
  if (times[0].length === roundsALine) {
    const medians = names.map((name, k) => [name, times[k].sort((a, b) => a - b)[roundsALine >> 1]]);
    console.log(JSON.stringify({ atMs: Date.now(), ms: Object.fromEntries(medians) }));
    times = names.map(() => []);
  }
  if (Date.now() < endMs) setImmediate(round);
}
round();
