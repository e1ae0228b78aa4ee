/**
 * Where a capture is tried: what a look at the stack refuses costs the guest no pause, and calls in optimised code, which has let go of what
 * it called, put nothing off.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { GuestWorker } from '../../packages/runtime/dist/node/guest-worker.js';
import { runGuest } from '../kit/shaker.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-looks-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

let pauses = 0;
beforeAll(() => {
  const worker = GuestWorker.prototype as unknown as { receive(message: { type: string }): void };
  const { receive } = worker;
  vi.spyOn(worker, 'receive').mockImplementation(function (this: typeof worker, message) {
    if (message.type === 'paused') pauses++;
    receive.call(this, message);
  });
});

it('a guest that spends its time in native code is not stopped for nothing', async () => {
  const file = path.join(folder, 'words.mjs');
  fs.writeFileSync(
    file,
    `let sum = 0;
     for (let round = 0; round < 30; round++) {
       const numbers = Float64Array.from({ length: 200_000 }, (_, i) => (i * 7919 + round) % 10_007);
       sum += numbers.sort((a, b) => a - b)[10];
       for (let i = 0; i < 1_000_000; i++) sum += i % 2;
     }
     console.log(sum);`,
  );
  pauses = 0;
  const guest = await runGuest(file, { everyMs: 5 });
  expect(guest.stdout).toBe(String(execFileSync(process.execPath, [file])));
  expect(guest.moves).toBeGreaterThan(0);
  expect(guest.tries).toBeGreaterThan(20);
  expect(pauses).toBeLessThan(guest.moves + guest.tries / 4);
}, 60_000);

it('deep stacks of optimised code are captured, whatever was called', async () => {
  const file = fileURLToPath(new URL('guests/gone-callees.mjs', import.meta.url));
  const guest = await runGuest(file, { everyMs: 5 });
  expect(guest.moves).toBeGreaterThan(2);
  // Only natives and what they call may put it off, constructors that begin, and a table that is changed in the midst of a call through it.
  // The last two make closures, and what brands these has no place that a look could name. A callee that is gone is told in the same words,
  // so no function that others are called from may be added. A look can fall where no frame is the guest's, too: while the runtime begins a job of it.
  const allowed =
    /^the runtime itself is running$|natives|eval|the program|step|entry of|expression of Lazy|called from (makeChecker|get method)\)$/;
  const others = guest.putOff.filter((reason) => !allowed.test(reason));
  // And the getter itself, where the guest is stopped as it begins: rare, while a stack that goes through it is the rule.
  const getter = others.filter((reason) => reason.includes('expression of viaNamespace'));
  expect(getter.length).toBeLessThan(3);
  expect(others.filter((reason) => !getter.includes(reason))).toEqual([]);
}, 60_000);

it('a look at the middle of native code matches nothing: the latest match is the guest’s own', async () => {
  const file = path.join(folder, 'last-match.cjs');
  fs.writeFileSync(
    file,
    `const seen = new Set();
     for (let round = 0; round < 60; round++) {
       /z+/.exec('a zzz');
       const numbers = Float64Array.from({ length: 60_000 }, (_, i) => (i * 7919) % 10_007);
       numbers.sort((a, b) => a - b);
       seen.add(RegExp.lastMatch);
     }
     console.log([...seen]);`,
  );
  const guest = await runGuest(file, { everyMs: 5 });
  expect(guest.stdout).toBe(String(execFileSync(process.execPath, [file])));
  expect(guest.tries).toBeGreaterThan(20);
}, 60_000);
