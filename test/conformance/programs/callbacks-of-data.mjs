/**
 * Built-ins that call back, moved while their callbacks run: what they give, in which order they call, and what they leave behind when a
 * callback throws or the thing they go through changes.
 */
const seen = [];
const note = (...items) => {
  seen.push(items.map(String).join('/'));
  return items[0];
};
const attempt = (name, action) => {
  try {
    note(name, JSON.stringify(action()));
  } catch (error) {
    note(name, error.name, error.message);
  }
};

function* numbers(n) {
  try {
    for (let i = 0; i < n; i++) yield note(i);
  } finally {
    note('closed');
  }
}

// JSON
attempt('revive', () => JSON.parse('{"a":[1,{"b":2}],"c":"d"}', function (key, value) { note(key, Array.isArray(this)); return typeof value === 'number' ? value + 1 : value; })); // biome-ignore format: one line
attempt('revive away', () => JSON.parse('[1,2,3]', (key, value) => (note(key) === '1' ? undefined : value)));
attempt('bad text', () => JSON.parse('{', (key) => note(key)));
const value = { n: 1, list: [1, undefined, () => 1], day: new Date(0), own: { toJSON: (key) => note(`own ${key}`) }, boxed: [Object(1), Object('s'), Object(false)] }; // biome-ignore format: one line
for (const space of [undefined, '--']) attempt('replacer', () => JSON.stringify(value, (key, item) => { note(key, typeof item); return key === 'n' ? undefined : item; }, space)); // biome-ignore format: one line
attempt('empty objects', () => JSON.stringify({ a: {}, b: [] }, (key, item) => { note(key); return item; }, 1)); // biome-ignore format: one line
attempt('big', () => JSON.stringify([1n], (key, item) => { note(key); return item; })); // biome-ignore format: one line
for (const depth of [0, 1, 3])
  attempt('circle', () => {
    const top = {};
    let at = top;
    for (let i = 0; i < depth; i++) at = at[`k${i}`] = i % 2 ? [] : {};
    at[0] = top;
    return JSON.stringify({ top }, (key, item) => (note(key), item));
  });

// Lists
attempt('sort', () => [5, 3, 9, 1].sort((a, b) => note(a) - note(b)));
attempt('sort booleans', () => [5, 3, 9, 1, 7, 2].sort((a, b) => note(a) > b));
attempt('sort holes', () => [3, , undefined, 1].sort((a, b) => note(a) - b)); // biome-ignore lint/suspicious/noSparseArray: that is what is tried
attempt('sorted', () => [3, 1, 2].toSorted((a, b) => note(b) - a));
attempt('this', () => [1, 2].map(function (x) { return note(this.k * x); }, { k: 3 })); // biome-ignore format: one line
attempt('reduce', () => [1, 2, 3].reduceRight((sum, x) => note(sum + x)));
attempt('bytes', () => [...new Uint8Array([1, 2, 300]).map((x) => note(x) * 100)]);
attempt('floats', () => [...new Float32Array([3, 1, 2]).filter((x) => note(x) > 1)]);
attempt('found', () => new Int16Array([4, 5, 6]).findLast((x) => note(x) < 6));
attempt('sum', () => new Int16Array([4, 5, 6]).reduce((a, b) => note(a + b)));

// Calls of calls
function add(a, b) {
  note('add', this?.name);
  return numbers(a).next().value + b;
}
attempt('call', () => [add.call({ name: 'c' }, 1, 2), add.apply({ name: 'a' }, [1, 2]), Reflect.apply(add, { name: 'r' }, [1, 2])]);
const holder = { inner: { add } };
attempt('deep', () => [holder.inner.add.call({ name: 'c' }, 1, 2), holder.inner.add.apply({ name: 'a' }, [1, 2])]);
attempt('bound', () => add.bind({ name: 'b' }, 1).bind(null, 4)());
class Point {
  constructor(x) {
    this.x = note(x);
  }
}
attempt('construct', () => Reflect.construct(Point, [7]).x);
console.log(seen.join('\n'));
