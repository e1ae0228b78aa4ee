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

// Strings
attempt('replace', () => 'a1b22c'.replace(/(\d)(\d)?/g, (match, one, two, at, text) => note(`<${match},${one},${two},${at},${text.length}>`)));
attempt('named', () => 'x=1,y=2'.replace(/(?<key>\w)=(?<value>\d)/g, (...given) => note(`${given.at(-1).value}:${given.at(-1).key}`)));
attempt('once', () => 'aXbX'.replace('X', (match, at) => note(`[${match}${at}]`)));
attempt('none', () => 'ab'.replace('X', () => note('never')));
attempt('all', () => 'aXbX'.replaceAll('X', (match, at) => note(`[${match}${at}]`)));
attempt('empty', () => 'ab'.replaceAll('', (match, at) => note(at)));
attempt('empty expression', () => 'a\u{1f600}b'.replace(/(?:)/gu, (match, at) => note(at)));
attempt('not global', () => 'aa'.replaceAll(/a/, () => note('never')));
attempt('sticky', () => {
  const pattern = /a/gy;
  pattern.lastIndex = 2;
  return ['aaba'.replace(pattern, () => note('s')), pattern.lastIndex];
});
attempt('throws', () => 'abc'.replace(/./g, (letter) => { if (letter === 'b') throw new RangeError(note('b')); return note(letter); })); // biome-ignore format: one line
attempt('symbol', () => 'a'.replace('a', () => { note('symbol'); return Symbol('s'); })); // biome-ignore format: one line
attempt('object', () => 'a'.replace(/a/, () => ({ toString: () => note('text') })));
attempt('own', () => 'a'.replace({ [Symbol.replace]: (text, by) => note(text) + by('z') }, (z) => note(z)));

// Iterables
function* numbers(n) {
  try {
    for (let i = 0; i < n; i++) yield note(i);
  } finally {
    note('closed');
  }
}
attempt('from', () => Array.from(numbers(3), (value, index) => note(value * 10 + index)));
attempt('from plain', () => Array.from(numbers(2)));
attempt('from like', () => Array.from({ length: 3, 1: 'x' }, (value, index) => note(`${value}${index}`)));
attempt('from map', () => Array.from(new Map([[1, 2]]), ([a, b]) => note(a + b)));
attempt('from text', () => Array.from('ab', (letter) => note(letter + letter)));
attempt('from this', () => Array.from([1], function () { return note(this.name); }, { name: 'me' })); // biome-ignore format: one line
attempt('from throws', () => Array.from(numbers(3), () => { throw new Error(note('no')); })); // biome-ignore format: one line
attempt('from class', () => { class List extends Array {} const made = List.from(numbers(2), (x) => note(x + 1)); return [made instanceof List, made.length]; }); // biome-ignore format: one line
attempt('from nothing', () => Array.from(null, () => 1));
attempt('from no function', () => Array.from([], {}));
attempt('entries', () => Object.fromEntries((function* () { yield ['a', note(1)]; yield ['b', note(2)]; })())); // biome-ignore format: one line
attempt('bad entry', () => Object.fromEntries((function* () { try { yield 5; } finally { note('closed'); } })())); // biome-ignore format: one line
attempt('map', () => [...new Map((function* () { yield ['a', note(1)]; yield ['a', note(2)]; })())]); // biome-ignore format: one line
attempt('set', () => [...new Set(numbers(3))]);
attempt('bad map', () => new Map((function* () { try { yield 5; } finally { note('closed'); } })())); // biome-ignore format: one line
attempt('no map', () => new Map(5));
attempt('weak', () => new WeakSet((function* () { yield seen; note('more'); })()).has(seen)); // biome-ignore format: one line

// JSON
attempt('revive', () => JSON.parse('{"a":[1,{"b":2}],"c":"d"}', function (key, value) { note(key, Array.isArray(this)); return typeof value === 'number' ? value + 1 : value; })); // biome-ignore format: one line
attempt('revive away', () => JSON.parse('[1,2,3]', (key, value) => (note(key) === '1' ? undefined : value)));
attempt('bad text', () => JSON.parse('{', (key) => note(key)));
const value = { n: 1, list: [1, undefined, () => 1], day: new Date(0), own: { toJSON: (key) => note(`own ${key}`) }, boxed: [Object(1), Object('s'), Object(false)] }; // biome-ignore format: one line
for (const space of [undefined, 2, '--', 20]) attempt('replacer', () => JSON.stringify(value, (key, item) => { note(key, typeof item); return key === 'n' ? undefined : item; }, space)); // biome-ignore format: one line
attempt('empty objects', () => JSON.stringify({ a: {}, b: [] }, (key, item) => { note(key); return item; }, 1)); // biome-ignore format: one line
attempt('big', () => JSON.stringify([1n], (key, item) => { note(key); return item; })); // biome-ignore format: one line
for (const depth of [0, 1, 2, 3, 5])
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
