/**
 * Iterators of built-ins that are held while a program moves: of Maps and Sets, changed meanwhile or known to nobody else, and those
 * that loops make for themselves (strings, typed arrays, arguments, entries of lists, matches).
 */
const seen = [];
const tick = (...items) => {
  for (const item of items) seen.push(String(item));
};

const map = new Map([['a', 1], ['b', 2], ['c', 3], ['d', 4]]); // biome-ignore format: one list
const values = map.values();
const twin = map.entries();
tick(values.next().value, twin.next().value);
map.delete('b');
tick(values.next().value);
map.set('e', 5);
map.delete('a');
for (const value of values) {
  tick(value);
  if (value === 3) map.set('f', 6);
}
tick(...twin);
tick(values.next().done);
map.set('g', 7);
tick(values.next().done);

const alone = new Set(['x', 'y', 'z']).values();
tick(alone.next().value);
for (const item of alone) tick(item);
tick(alone.next().done, Object.prototype.toString.call(alone));

const empty = new Map();
const waiting = empty.keys();
tick('before');
empty.set('late', 1);
tick(waiting.next().value);

for (const key of map.keys()) {
  tick(key);
  if (key === 'c') map.delete('d');
}
for (const [a, b] of new Set([1, 2]).entries()) tick(a + b);
const list = ['p', 'q', 'r'];
for (const [index, item] of list.entries()) {
  tick(index, item);
  if (index === 0) list.push('s');
}
for (const index of list.keys()) tick(index);
for (const item of list.values()) tick(item);
for (const letter of 'a\u{1f600}b\ud800') tick(letter.length);
for (const byte of new Uint8Array([1, 2, 3])) tick(byte);
function sum() {
  let total = 0;
  for (const item of arguments) {
    tick(item);
    total += item;
  }
  return total;
}
tick(sum(1, 2, 3));
const pattern = /(?<word>\w)x?/gu;
for (const match of 'ab xcx'.matchAll(pattern)) {
  tick(match[0], match.index, match.groups.word);
  pattern.lastIndex = 3;
}
for (const match of 'ab'.matchAll(/(?:)/g)) tick(match.index);

const own = {
  entries() {
    tick('own');
    return [1, 2];
  },
};
for (const item of own.entries()) tick(item);
try {
  for (const item of (void 0).entries()) tick(item);
} catch (error) {
  tick(error.message);
}
// Looked at again and again by captures, an iterator at its end must not end before the guest itself finds it there.
const late = new Set();
const lateValues = late.values();
for (let i = 0; i < 3; i++) tick(i);
late.add('added late');
tick(...lateValues);
late.add('too late');
tick(...lateValues);
console.log(seen.join(' '));
