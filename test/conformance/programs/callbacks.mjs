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

console.log(seen.join('\n'));
