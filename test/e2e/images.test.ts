/**
 * Images of processes through the commands: taken in the middle of a loop, run again in another cluster that never saw the script,
 * compared with plain node byte for byte; damaged ones refused with one line.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readImage, writeImage } from '../../packages/checkpoint/src/image/index.js';
import { Workplace } from './commands.js';

let place: Workplace;
let elsewhere: Workplace;
beforeEach(() => {
  place = new Workplace();
  elsewhere = new Workplace();
});
afterEach(() => {
  place.close();
  elsewhere.close();
});

/** A loop with a deep stack, closures, a generator, timers and a promise under way; ends by itself with code 5. */
const program = `
const seen = new Map();
class Counter { #n = 0; add(k) { this.#n += k % 7; return this.#n; } }
const counter = new Counter();
function* squares() { for (let i = 0; ; i++) yield i * i; }
const square = squares();
setTimeout((word) => console.log(word, counter.add(1)), 200, 'timer');
Promise.resolve().then(() => console.log('microtask'));
function work(depth, k) {
  if (depth > 0) return work(depth - 1, k) + 1;
  let sum = 0;
  for (let i = 0; i < 3e7; i++) sum += (i ^ k) % 5;
  return sum + square.next().value;
}
for (let k = 0; k < 120; k++) {
  seen.set(k, work(5, k) + counter.add(k));
  console.log('step', k, seen.get(k));
}
process.on('exit', (code) => console.log('exit', code, seen.size));
process.exitCode = 5;
`;

const begun = async (script: string) => {
  const guest = place.begin('run', script);
  await guest.until('step 5 ');
  const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
  return { guest, pid: String(processes[0].pid) };
};

describe('an image of a process', () => {
  it('taken with --stop in mid-loop goes on in another cluster, without its script, as plain node would have', async () => {
    await place.startNode();
    const script = place.script('work.mjs', program);
    const plain = await place.node(script);
    const { guest, pid } = await begun(script);
    const file = join(elsewhere.folder, 'work.image');
    const taken = await place.run('checkpoint', pid, '-o', file, '--stop', '--json');
    expect([taken.stderr, taken.code]).toEqual(['', 0]);
    expect(JSON.parse(String(taken.stdout))).toMatchObject({ schema: 'godwit.checkpoint/1', stopped: true, pauseMs: null });
    const first = await guest.result;
    expect([first.code, first.stderr.trimEnd().split('\n').length]).toEqual([137, 1]);
    expect((await place.run('migrate', pid)).code).toBe(1);

    const shown = JSON.parse(String((await elsewhere.run('inspect', file, '--json')).stdout));
    expect(shown).toMatchObject({ schema: 'godwit.image/1', pid: Number(pid), nodeVersion: process.versions.node });
    expect(shown.frames.at(-1)).toMatchObject({ place: { file: script } });
    const lines = program.split('\n');
    for (const { place: at } of shown.frames) expect(lines[at.line - 1]).toMatch(/work\(|for \(let|counter/);
    expect(shown.services).toMatchObject({ timers: 1 });
    expect(shown.types.length).toBeGreaterThan(0);

    place.close();
    const second = await elsewhere.run('restore', file, '--nodes', '1');
    expect(second.stderr).toBe(plain.stderr);
    expect(String(first.stdout) + String(second.stdout)).toBe(String(plain.stdout));
    expect(second.code).toBe(plain.code);
    // An image is not used up.
    expect((await elsewhere.run('restore', file)).stdout.equals(second.stdout)).toBe(true);
  });

  it('leaves a process that goes on undisturbed; the PID it had is taken until that ends', async () => {
    await place.startNode();
    const script = place.script('work.mjs', program);
    const plain = await place.node(script);
    const { guest, pid } = await begun(script);
    const taken = await place.run('checkpoint', pid);
    expect([taken.stderr, taken.code]).toEqual(['', 0]);
    const refused = await place.run('restore', '--same-pid', `${pid}.image`);
    expect([refused.code, refused.stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
    const whole = await guest.result;
    expect([String(whole.stdout), whole.code]).toEqual([String(plain.stdout), plain.code]);

    const again = await place.run('restore', '--same-pid', '-d', `${pid}.image`);
    expect(String(again.stdout)).toBe(`${pid}\n`);
    expect((await place.run('wait', pid)).code).toBe(5);
    const rest = String((await place.run('logs', pid)).stdout);
    expect(rest.length).toBeGreaterThan(0);
    expect(String(plain.stdout).endsWith(rest)).toBe(true);
    const other = await place.run('restore', '-d', `${pid}.image`);
    expect(Number(String(other.stdout))).not.toBe(Number(pid));
    expect((await place.run('kill', String(other.stdout).trim())).code).toBe(0);
  });

  it('is not taken of a process that uses the network: one line, and the process goes on', async () => {
    await place.startNode();
    const text = `import net from 'node:net'; net.createServer().listen(0, () => console.log('listens')); let n = 0; setInterval(() => console.log('tick', n++), 20);`;
    const guest = place.begin('run', place.script('server.mjs', text));
    await guest.until('listens');
    const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
    for (const stop of [[], ['--stop']]) {
      const taken = await place.run('checkpoint', String(processes[0].pid), ...stop);
      expect([taken.code, taken.stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
      expect(taken.stderr).toMatch(/uses the network/);
    }
    const seen = String(guest.stdout()).split('\n').length;
    await guest.until(`tick ${seen + 5}\n`);
    expect((await place.run('kill', String(processes[0].pid))).code).toBe(0);
    expect((await guest.result).code).toBe(143);
  });

  it('is refused with one line and exit 1 when damaged, cut short, of another Node major, of a newer format, or none', async () => {
    await place.startNode();
    const { guest, pid } = await begun(place.script('work.mjs', program));
    const good = join(place.folder, 'good.image');
    expect((await place.run('checkpoint', pid, '-o', good, '--stop')).code).toBe(0);
    await guest.result;
    const bytes = readFileSync(good);
    const flipped = (at: number) => Buffer.from(bytes).fill(bytes[at]! ^ 4, at, at + 1);
    const { header, sections } = await readImage(bytes);
    const { sections: _, sizes: __, formatVersion: ___, ...fields } = header;
    const parts = [...sections].map(([name, content]) => ({ name, bytes: content }));
    const remade = (changed: object) => writeImage({ ...fields, ...changed }, parts);
    const cases: [string, Uint8Array, RegExp][] = [
      ['flipped in the header', flipped(200), /checksum/],
      ['flipped in the payload', flipped(bytes.length - 100), /checksum/],
      ['cut in the middle', bytes.subarray(0, bytes.length >> 1), /ends after/],
      ['cut by a byte', bytes.subarray(0, -1), /ends after/],
      ['empty', Buffer.alloc(0), /ends after 0 bytes/],
      ['something else', Buffer.from('#!/bin/sh'), /not a Godwit image/],
      ['another major', await remade({ nodeVersion: '18.1.0' }), /needs Node 18/],
      ['a newer format', flipped(7), /format version/],
      ['a newer feature', await remade({ requiredFeatures: ['heap-1', 'heap-9'] }), /requires "heap-9"/],
      ['other code', await remade({ bundleHash: 'ab'.repeat(32) }), /its code is not what it names/],
    ];
    const file = join(place.folder, 'bad.image');
    for (const [name, content, reason] of cases) {
      writeFileSync(file, content);
      for (const command of ['inspect', 'restore']) {
        const { code, stderr, stdout } = await place.run(command, file);
        expect([name, command, code, stderr.trimEnd().split('\n').length, String(stdout)]).toEqual([name, command, 1, 1, '']);
        expect(stderr).toMatch(reason);
        expect(stderr).toContain('bad.image');
      }
    }
    rmSync(file);
    for (const command of ['inspect', 'restore']) expect((await place.run(command, file)).stderr).toContain('no such file');
    expect((await place.run('ps', '-a', '-q')).stdout.toString().trim()).toBe(pid);
  });
});
