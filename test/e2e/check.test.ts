/** cluster-check names what would keep a script from moving, with the author's file, line and column, the worst first, and nothing that would not. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.close());

/** Each line that hinders says so: `// effect: why`. */
const program = `
import http from 'node:http'; // pin: uses node:http
import fs, { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import crypto from 'node:crypto';
import { AsyncLocalStorage } from 'node:async_hooks';
import { helper } from './helper.cjs';
const ask = (url) => fetch(url); // pin: uses fetch
const own = (WebSocket) => new WebSocket('x');
fs.createReadStream('x'); // pin: what fs.createReadStream opens
createReadStream('y'); // pin: what fs.createReadStream opens
fs.readFileSync('z', 'utf8').replace(/a/g, 'b');
'abc'.replace(/a/g, (found) => found);
Object.groupBy([1], (x) => own(x));
await readFile('z'); // wait: until fs/promises.readFile
await fs.promises.stat('z'); // wait: until fs/promises.stat
fs.readFile('z', (error, bytes) => bytes); // wait: until fs.readFile
crypto.randomBytes(4);
crypto.randomBytes(4, (error, bytes) => bytes); // wait: until crypto.randomBytes
const hash = crypto.createHash('sha1'); // wait: while what crypto.createHash gives is held
const digest = crypto.createHash('sha1').update('x').digest('hex');
crypto.pbkdf2Sync('a', 'b', 9, 9, 'sha1'); // putOff: while crypto.pbkdf2Sync
JSON.parse('1', (key, value) => value);
JSON.parse('1');
class Slow {
  get sum() { let n = 0; for (let i = 0; i < 9; i++) n += i; return n; } // putOff: while the getter of "sum"
  get one() { return 1; }
}
const load = (name) => import(name); // differs: import() of a computed name
const value = (n) => eval('n + 1');
const old = () => eval('with (Math) PI'); // differs: this direct eval
process.stdin.on('data', ask); // differs: process.stdin: stdin is always at its end
const store = new AsyncLocalStorage();
const signal = AbortSignal.timeout(5);
await sleep(1);
new EventEmitter();
helper();
`;
const helper = `const net = require('node:net');
const { request } = require('node:https'); // pin: uses node:https
exports.helper = () => [net, request];
`;

const effects = ['pin', 'wait', 'putOff', 'differs'];
interface Expected {
  file: string;
  line: number;
  effect: string;
  why: string;
}
const expected = (file: string, text: string): Expected[] =>
  text.split('\n').flatMap((line, index) => {
    const [, effect, why] = /\/\/ (\w+): (.*)$/.exec(line) ?? [];
    return effect && why ? [{ file, line: index + 1, effect, why }] : [];
  });

describe('cluster-check', () => {
  it('names each line that hinders, in every file, and no other, the worst first', async () => {
    const script = place.script('script.mjs', program);
    const found = [...expected(place.script('helper.cjs', helper), helper), ...expected(script, program)];
    const wanted = effects.flatMap((effect) => found.filter((each) => each.effect === effect));
    const { code, stdout, stderr } = await place.run('check', '--json', script);
    expect([code, stderr]).toEqual([0, '']);
    const { schema, hindrances } = JSON.parse(String(stdout));
    expect(schema).toBe('godwit.check/1');
    const shown = hindrances.map(({ file, line, effect, why }: Expected) => {
      const begins = wanted.find((each) => file === each.file && line === each.line)?.why;
      return { file, line, effect, why: begins !== undefined && why.startsWith(begins) ? begins : why };
    });
    expect(shown).toEqual(wanted);
    for (const { column, advice, package: from } of hindrances)
      expect([column > 0, advice.length > 0, from]).toEqual([true, true, null]);
  });

  it('says in lines what a person can click on, and when there is nothing to say', async () => {
    const clean = String((await place.run('check', place.script('clean.mjs', 'console.log([1, 2].map((x) => x * 2));'))).stdout);
    expect(clean).toMatch(/clean\.mjs: can run .*\nnothing in it is known/);
    const pins = String((await place.run('check', place.script('pins.mjs', `\n  import 'node:child_process';\n`))).stdout);
    expect(pins).toMatch(/\n1 for good\n.*pins\.mjs:2:\d+: pins: uses node:child_process, .*; load it in .*\n$/);
  });

  it('says a line for each kind of thing in a package, after the author’s own', async () => {
    const folder = join(place.folder, 'node_modules', 'many');
    mkdirSync(folder, { recursive: true });
    const loops = (n: number) => `get a${n}() { for (;;); }`;
    place.script('node_modules/many/index.mjs', `export const many = {\n${[1, 2, 3].map(loops).join(',\n')}\n};\n`);
    place.script('node_modules/many/package.json', '{"name":"many","exports":"./index.mjs"}');
    const script = place.script('uses.mjs', `import { many } from 'many';\nconsole.log({ ${loops(0)} }, many);\n`);
    const [, count, ...lines] = String((await place.run('check', script)).stdout)
      .trimEnd()
      .split('\n');
    expect(count).toBe('4 put off');
    expect(lines.length).toBe(2);
    expect(lines[0]).toMatch(/uses\.mjs:2:15: puts off: while the getter of "a0" runs \(it loops\); make it a method$/);
    expect(lines[1]).toMatch(/^many: puts off: while the getter of "a1" runs .* \(3 places, first at .*index\.mjs:2:1\)$/);
  });

  it('refuses a script that cannot be compiled with one line and exit 1', async () => {
    const { code, stderr } = await place.run('check', place.script('broken.mjs', 'let = ;'));
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
  });
});
