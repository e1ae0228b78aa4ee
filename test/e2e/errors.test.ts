/**
 * What goes wrong, as a user meets it: one clear line, the exit code that was promised, and nobody else harmed.
 * All in one cluster of two daemons; a guest that counts runs beside everything and must be there, in order, at the end.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
let bystander: string;
beforeAll(async () => {
  place = new Workplace();
  await place.startNode();
  await place.startNode();
  const script = place.script('bystander.mjs', `let n = 0; setInterval(() => console.log('tick', n++), 50);`);
  bystander = String((await place.run('run', '-d', '--node', '0', script)).stdout).trim();
});
afterAll(() => place.close());

const lines = (text: string) => text.trimEnd().split('\n').length;

describe('a script that cannot be run', () => {
  const cases: [what: string, name: string, text: string, code: number, says: RegExp][] = [
    ['has a syntax error', 'syntax.mjs', 'const a = 1;\nlet b = ;\n', 126, /syntax\.mjs:2: Unexpected ";"/],
    ['imports a file that is not there', 'file.mjs', `\nimport x from './nowhere.mjs';\n`, 126, /file\.mjs:2: could not resolve/],
    [
      'imports a package that is not there',
      'pkg.mjs',
      `import x from 'no-such-package';\n`,
      126,
      /pkg\.mjs:1: could not resolve/,
    ],
    ['needs a native add-on', 'addon.cjs', `\nconst addon = require('./thing.node');\n`, 126, /addon\.cjs:2: .*native add-on/],
  ];
  it.each(cases)('%s: one line with file and line, exit 126', async (_, name, text, code, says) => {
    const result = await place.run('run', place.script(name, text));
    expect([result.code, lines(result.stderr), String(result.stdout)]).toEqual([code, 1, '']);
    expect(result.stderr).toMatch(says);
  });

  it('does not exist: one line, exit 127', async () => {
    const { code, stderr } = await place.run('run', 'nowhere.mjs');
    expect([code, lines(stderr)]).toEqual([127, 1]);
  });

  it('evaluates a with statement where it stands: one line with file and line, exit 126, which the program cannot catch', async () => {
    const text = `function f() {\n  const secret = 5;\n  try {\n    return eval('with ({}) secret + 1');\n  } catch { console.log('caught'); }\n}\nconsole.log('before');\nf();\n`;
    const { code, stderr, stdout } = await place.run('run', place.script('eval.cjs', text));
    expect([code, lines(stderr), String(stdout)]).toEqual([126, 1, 'before\n']);
    expect(stderr).toMatch(/direct eval at .*eval\.cjs:4: .*with statement/);
  });
});

it.each(['2', 'toString'])('a setting of a node with the value %s, which is none: one line, exit 125', async (value) => {
  process.env.GODWIT_PAGING = value;
  try {
    const { code, stderr } = await place.run('run', '--nodes', '1', place.script('setting.mjs', 'console.log(1);'));
    const text = `cluster-run: Cannot start a node: Cannot use GODWIT_PAGING "${value}": expected 0 or 1\n`;
    expect([code, stderr]).toEqual([125, text]);
  } finally {
    delete process.env.GODWIT_PAGING;
  }
});

describe('an error nobody catches', () => {
  const cases: [string, string, string][] = [
    ['an exception in a timer', 'timer.mjs', `function g(x) {\n  return x.y.z;\n}\nsetTimeout(() => {\n  g({});\n}, 5);\n`],
    ['a rejection', 'reject.mjs', `async function f() {\n  throw new TypeError('bad');\n}\nconsole.log('a');\nf();\nsetTimeout(() => console.log('never'), 50);\n`],
    ['a rejection after awaits', 'await.mjs', `const wait = () => new Promise((done) => setTimeout(done, 5));\nasync function inner() {\n  await wait();\n  throw new RangeError('late');\n}\nawait inner();\n`],
    ['a cause', 'cause.mjs', `const inner = new Error('inner');\nthrow new Error('outer', { cause: inner });\n`],
    ['deep recursion of a CommonJS script', 'deep.cjs', `class Mine extends Error { name = 'Mine'; extra = 5; }\nfunction deep(n) {\n  if (n === 0)\n    throw new Mine('deep');\n  deep(n - 1);\n}\ndeep(3);\n`],
    ['a callback of a built-in', 'map.mjs', `function each(x) {\n  return x.length;\n}\n[[1], null].map(each);\n`],
  ]; // biome-ignore format: one table
  // Node's own frames are not the author's. What differs stands in docs/LIMITS.md: no async frames, and the caret.
  const ofAuthor = (text: string, folder: string) =>
    text
      .split('\n')
      .filter((line) => !/^ *\^$|^\s+at async /.test(line) && (!/^\s+at /.test(line) || line.includes(folder)))
      .map((line) => line.replace(/ \{$/, ''));
  it.each(cases)("%s is printed as node prints it, with the author's files and lines, exit 1", async (_, name, text) => {
    const script = place.script(name, text);
    const [plain, guest] = await Promise.all([place.node(script), place.run('run', script)]);
    expect(ofAuthor(guest.stderr, place.folder)).toEqual(ofAuthor(plain.stderr, place.folder));
    expect([String(guest.stdout), guest.code]).toEqual([String(plain.stdout), 1]);
    expect(guest.stderr).not.toContain('packages/');
  });
});

describe('a guest that takes all memory', () => {
  const cases: [string, string][] = [
    ['objects', 'const a = []; for (;;) a.push({ x: a.length, y: [a.length] });'],
    ['one growing array', 'const a = []; for (;;) a.push(1.5);'],
    ['huge arrays', 'const a = []; for (;;) a.push(new Array(3e7).fill(0));'],
    ['buffers', 'const a = []; for (;;) a.push(new Float64Array(1 << 22).fill(1));'],
    ['strings', `const a = []; for (let i = 0; ; i++) a.push(Buffer.alloc(1e7, 65 + (i % 20)).toString('latin1'));`],
    ['promises', 'const a = []; for (;;) { a.push(new Uint8Array(1e5).fill(1)); await null; }'],
  ];
  it.each(cases)('in %s ends alone: one line, exit 134, what it printed before is there', async (_, text) => {
    const script = place.script('memory.mjs', `console.log('begun');\n${text}\n`);
    const { code, stderr, stdout } = await place.run('run', '--node', '0', '--memory', '64m', script);
    expect([code, String(stdout), lines(stderr)]).toEqual([134, 'begun\n', 1]);
    expect(stderr).toMatch(/out of memory: it holds \d+m, its limit is 64m/);
  });

  it('is not ended for garbage', async () => {
    const text = `let s = 0; for (let i = 0; i < 3e7; i++) s += [i, i].length; for (let i = 0; i < 1000; i++) s += new Uint8Array(1 << 20).fill(1)[5]; console.log(s);`;
    const script = place.script('garbage.mjs', text);
    const { code, stdout } = await place.run('run', '--memory', '64m', script);
    expect([code, String(stdout)]).toEqual([0, '60001000\n']);
  });
});

describe('a guest that never comes to an end', () => {
  it.each([
    ['promises', 'function f() { Promise.resolve().then(f); } f();'],
    ['await', '(async () => { for (;;) await null; })();'],
    ['ticks', 'const t = () => process.nextTick(t); t();'],
  ])('(of %s) is moved and killed like any other', async (_, text) => {
    const script = place.script('endless.mjs', text);
    const pid = String((await place.run('run', '-d', '--node', '0', script)).stdout).trim();
    const moved = await place.run('migrate', pid, '1');
    expect([moved.stderr, moved.code]).toEqual(['', 0]);
    expect((await place.run('kill', pid)).code).toBe(0);
    expect((await place.run('wait', pid)).code).toBe(143);
  });

  it.each([
    [
      'a built-in that calls back',
      `const list = new Float64Array(1e6).fill(1); for (;;) list.sort((a, b) => ((a + b) & 1) - 1);`,
    ],
    ['one native call', `/(a+)+$/.test('a'.repeat(60) + '!');`],
  ])('(in %s) is not moved, with a reason, and can be killed', async (_, text) => {
    const pid = String((await place.run('run', '-d', '--node', '0', place.script('native.mjs', text))).stdout).trim();
    const moved = await place.run('migrate', pid, '1');
    expect([moved.code, lines(moved.stderr)]).toEqual([1, 1]);
    expect(moved.stderr).toMatch(/built-in|one long native call/);
    expect((await place.run('kill', pid)).code).toBe(0);
  });
});

describe('wrong usage', () => {
  it.each([
    ['run'],
    ['run', '--no-such-option', 'x.mjs'],
    ['run', '--memory', 'much', 'x.mjs'],
    ['run', '--nodes', '0', 'x.mjs'],
    ['migrate', 'somebody'],
    ['kill'],
    ['wait', '0'],
    ['logs', '--tail', 'few', '130'],
    ['checkpoint'],
    ['restore'],
    ['inspect'],
  ])('cluster-%s %s %s %s: one line, exit 2', async (name, ...args) => {
    const { code, stderr, stdout } = await place.run(name, ...args);
    expect([code, lines(stderr), String(stdout)]).toEqual([2, 1, '']);
    expect(stderr).toContain(`cluster-${name}: `);
  });

  it.each(['migrate', 'kill', 'wait', 'logs', 'checkpoint'])('cluster-%s of an unknown PID: one line, exit 1', async (name) => {
    const { code, stderr } = await place.run(name, '99999');
    expect([code, lines(stderr)]).toEqual([1, 1]);
    expect(stderr).toMatch(/99999: there is none/);
  });
});

it.each([['ps'], ['node', 'ls'], ['ps', '--help'], ['logs', 'the bystander']])(
  'cluster-%s into a pipe that nobody reads ends without a word',
  async (name, ...args) => {
    const { child, result } = place.begin(name, ...args.map((arg) => (arg === 'the bystander' ? bystander : arg)));
    child.stdout!.destroy();
    expect((await result).stderr).toBe('');
  },
);

it('leaves everybody else as they were', async () => {
  const log = String((await place.run('logs', bystander)).stdout)
    .trimEnd()
    .split('\n');
  expect(log).toEqual(log.map((_, n) => `tick ${n}`));
  expect(log.length).toBeGreaterThan(100);
  const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
  expect(processes.map(({ pid }: { pid: number }) => String(pid))).toEqual([bystander]);
});
