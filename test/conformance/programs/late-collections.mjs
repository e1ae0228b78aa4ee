// What a program does with single keys of Maps and Sets that are too large to come at once, and with the whole of them in between.
import assert from 'node:assert';

const step = async () => {
  await null;
};
const objects = Array.from({ length: 12 }, (_, i) => ({ i }));
const unique = Symbol('unique');
const odd = [NaN, 0, -7.25, 2 ** 40, 12n, true, null, undefined, unique, Symbol.for('registered'), 'a\ud800b', ''];
const keyOf = (i) => (i < odd.length ? odd[i] : i % 5 === 4 ? objects[i % 12] : i % 2 ? i : `key ${i}`);
const make = () => {
  const map = new Map();
  const set = new Set();
  for (let i = 0; i < 150; i++) {
    map.set(keyOf(i), { value: i, list: [i, i + 1] });
    set.add(keyOf(i));
  }
  return { map, set };
};
const seen = [];
const note = (...what) => seen.push(what.map(String).join(' '));

async function lookUp({ map, set }) {
  note('size', map.size, set.size);
  for (const i of [3, 140, 77, 5, 149, 20, 8, 9]) {
    await step();
    note(i, map.get(keyOf(i))?.value, map.has(keyOf(i)), set.has(keyOf(i)));
  }
  note(map.get('nothing'), map.has('nothing'), set.has(-1), map.has({}), map.get(-0)?.value);
}

async function change({ map, set }) {
  const item = map.get('key 60');
  await step();
  assert.strictEqual(map.get('key 60'), item);
  item.value = 'changed';
  note(map.set('key 60', item) === map, map.set('key 62', 'put') === map, set.add('key 62') === set);
  await step();
  note(map.delete('key 70'), map.delete('key 70'), set.delete('key 72'), set.delete('nothing'), map.size, set.size);
  map.set('key 70', 'again');
  map.set('new', { value: 'new' });
  set.add('new').add(objects[3]).add(NaN);
  await step();
  note(map.get('key 70'), map.get('new').value, map.get('key 62'), map.get('key 60').value, set.has('new'), map.size, set.size);
  note(map.delete('new'), map.has('new'), map.delete(NaN), map.get(NaN));
  await step();
  map.get('key 80').list.push('more');
}

async function whole({ map, set }) {
  await step();
  note([...map.keys()].map(String));
  note([...map.values()].map((item) => item.value ?? item));
  await step();
  note([...set].map(String));
  let sum = 0;
  for (const [, { list }] of map) sum += list ? list.length : 0;
  map.forEach((item) => {
    sum += item.value > 0 ? item.value : 1;
  });
  note(sum);
}

async function main() {
  const [a, b, c] = [make(), make(), make()];
  await step();
  await lookUp(a);
  await change(a);
  await whole(a);
  // An iterator that was there before, of collections that are changed by key.
  const iterator = b.map.entries();
  iterator.next();
  const items = b.set.values();
  items.next();
  await step();
  b.map.delete('key 18');
  b.set.delete(keyOf(1));
  b.map.set('late', { value: 'late' });
  await step();
  note(iterator.next().value[0], items.next().value, [...iterator].length, [...items].length);
  await whole(b);
  // Subclasses, and objects that inherit from a Map.
  class Counter extends Map {
    count(key) {
      this.set(key, (this.get(key) ?? 0) + 1);
      return this;
    }
  }
  const counter = new Counter();
  for (let i = 0; i < 120; i++) counter.count(`c${i}`);
  await step();
  note(counter.count('c100').get('c100'), counter.count('d').size, counter instanceof Counter);
  const heir = Object.create(c.map);
  await step();
  assert.throws(() => heir.get('key 60'), TypeError);
  assert.throws(() => heir.size, TypeError);
  c.map.own = 'mine';
  await step();
  note(c.map.own, Object.keys(c.map), c.map.get('key 60').value, 'get' in c.map, c.map.constructor === Map, `${c.map}`);
  c.map.clear();
  note(c.map.size, c.map.get('key 60'), c.map.set(1, 2).size);
}

await main();
let digest = 0;
for (const text of seen) for (let i = 0; i < text.length; i++) digest = (digest * 31 + text.charCodeAt(i)) | 0;
console.log(seen.length, digest);
for (const text of seen) console.log(text.slice(0, 200));
