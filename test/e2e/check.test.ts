/** cluster-check names what would keep a script from moving, with the author's file and line, and nothing that would not. */

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
import { helper } from './helper.cjs';
const ask = (url) => fetch(url); // pin: uses fetch
const own = (WebSocket) => new WebSocket('x');
fs.createReadStream('x'); // pin: what fs.createReadStream opens
createReadStream('y'); // pin: what fs.createReadStream opens
fs.readFileSync('z', 'utf8').replace(/a/g, 'b');
'abc'.replace(/a/g, (found) => found);
Object.groupBy([1], (x) => x); // putOff: while Object.groupBy
await readFile('z'); // wait: until fs/promises.readFile
await fs.promises.stat('z'); // wait: until fs/promises.stat
JSON.parse('1', (key, value) => value);
JSON.parse('1');
class Slow {
  get sum() { let n = 0; for (let i = 0; i < 9; i++) n += i; return n; } // putOff: while this getter
  get one() { return 1; }
}
const load = (name) => import(name); // differs: import() of a computed name
const value = (n) => eval('n + 1');
const old = () => eval('with (Math) PI'); // differs: direct eval
await sleep(1);
new EventEmitter();
helper();
`;
const helper = `const net = require('node:net');
const { request } = require('node:https'); // pin: uses node:https
exports.helper = () => [net, request];
`;

const expected = (file: string, text: string) =>
  text.split('\n').flatMap((line, index) => {
    const [, effect, why] = /\/\/ (\w+): (.*)$/.exec(line) ?? [];
    return effect ? [{ file, line: index + 1, effect, why }] : [];
  });

describe('cluster-check', () => {
  it('names each line that hinders, in every file, and no other', async () => {
    const script = place.script('script.mjs', program);
    const wanted = [...expected(place.script('helper.cjs', helper), helper), ...expected(script, program)];
    const { code, stdout, stderr } = await place.run('check', '--json', script);
    expect([code, stderr]).toEqual([0, '']);
    const { schema, hindrances } = JSON.parse(String(stdout));
    expect(schema).toBe('godwit.check/1');
    const shown = hindrances.map(({ why, ...rest }: { why: string; file: string; line: number }) => {
      const begins = wanted.find(({ file, line }) => file === rest.file && line === rest.line)?.why;
      return { ...rest, why: begins !== undefined && why.startsWith(begins) ? begins : why };
    });
    expect(shown).toEqual(wanted);
  });

  it('says in lines what a person can click on, and when there is nothing to say', async () => {
    const clean = String((await place.run('check', place.script('clean.mjs', 'console.log([1, 2].map((x) => x * 2));'))).stdout);
    expect(clean).toMatch(/clean\.mjs: can run .*\nnothing in it is known/);
    const pins = String((await place.run('check', place.script('pins.mjs', `\nimport 'node:child_process';\n`))).stdout);
    expect(pins).toMatch(/pins\.mjs:2: pins: uses node:child_process\n/);
  });

  it('refuses a script that cannot be compiled with one line and exit 1', async () => {
    const { code, stderr } = await place.run('check', place.script('broken.mjs', 'let = ;'));
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
  });
});
