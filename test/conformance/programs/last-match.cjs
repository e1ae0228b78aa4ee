// What RegExp.lastMatch and its like say is the program's own latest match, whatever the runtime did in between.
const names = ['input', 'lastMatch', 'lastParen', 'leftContext', 'rightContext', '$1', '$2', '$3', '$9'];
const now = () => names.map((name) => RegExp[name]).join('|');

function check(expected, what) {
  for (let i = 0; i < 2; i++) if (now() !== expected) throw new Error(`${what}: ${now()} where ${expected} was expected`);
}

const matches = {
  'groups, one of them not taken': () => /(b)(x)?(c+)/.exec('aabccd'),
  'groups around the match': () => /(?<=(a))b(?=(c))/.exec('zabcx'),
  'more than nine': () => /(1)(2)(3)(4)(5)(6)(7)(8)(9)(a)(b)/.exec('x123456789aby'),
  'an assigned input': () => {
    /x/.exec('yxy');
    RegExp.input = 'other';
  },
  nothing: () => /()/.exec('abc'),
  'half a pair': () => /\ud83d/.exec('a\ud83d\ude00'),
  'a long one': () => /^(y*)(z)/.exec(`${'y'.repeat(5000)}z.`),
  replaced: () => 'aXbXc'.replace(/X/g, '-'),
  tested: () => /(q)/.test('no') || /(n)/.test('no'),
};
for (const what of Object.keys(matches)) {
  matches[what]();
  const expected = now();
  check(expected, what);
}

/(m\w+)(\d)/.exec('-mark1-');
const mark = now();
const stack = () => {
  try {
    null.x;
  } catch (error) {
    return error.stack;
  }
};
stack();
check(mark, 'a stack');
new Function('o', 'with (o) { return a.map((x) => x) }')({ a: [1] });
check(mark, 'code made at run time');
function* steps() {
  for (let i = 0; i < 2; i++) yield i;
}
for (const _ of steps()) check(mark, 'a generator');
(async () => {
  await null;
  check(mark, 'an awaited value');
  await new Promise((resolve) => setTimeout(resolve, 1));
  check(mark, 'a timer');
  console.log('done');
})();
