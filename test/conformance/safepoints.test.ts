/**
 * The language by safepoints: each of these short programs (a breakpoint costs up to a millisecond) prints what it prints unmoved when it is moved at certain safepoints, once or at all of them. The
 * same safepoints in each run, and only some of them, so that the suite stays short; `npm run conformance` takes more.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { compileGuest } from '../kit/shaker.js';
import { closeMoves, isSame, pickHits, runForked, runMoved } from './machine/dist/moves.js';

const guests = path.join(path.dirname(fileURLToPath(import.meta.url)), 'programs');
const run = promisify(execFile);
const seed = 3;
const mostHits = 200;
const forks = 3;
const moves = 8;

afterAll(closeMoves);

describe.each(fs.readdirSync(guests).filter((f) => /\.(mjs|cjs|js|ts)$/.test(f)))('%s', (name) => {
  it('prints the same moved once and moved on and on, at safepoints', async () => {
    const file = path.join(guests, name);
    const oracle = await run(process.execPath, [file]);
    const program = { bundle: await compileGuest(file), cwd: guests, mostHits };
    const { run: unmoved, moved: forked } = await runForked(program, pickHits(mostHits, forks, seed));
    expect(unmoved).toMatchObject({ stdout: oracle.stdout, code: 0 });
    for (const once of forked) expect(once, `moved at ${once.movedAt}`).toMatchObject({ stdout: oracle.stdout, code: 0 });
    const moved = await runMoved(program, pickHits(mostHits, moves, seed));
    expect(moved, `moved at ${moved.movedAt}`).toMatchObject({ stdout: oracle.stdout, code: 0 });
    expect(moved.moves, JSON.stringify(moved.putOff)).toBeGreaterThan(0);
  });
});

it('tells a compiler that forgets temporaries', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-broken-'));
  const file = path.join(folder, 'sum.cjs');
  fs.writeFileSync(file, 'function one() { return 1; }\nvar sum = one() + one() * 2 + one();\nconsole.log(sum);\n');
  const bundle = await compileGuest(file);
  fs.rmSync(folder, { recursive: true });
  const { run: unmoved } = await runForked({ bundle, cwd: guests }, []);
  expect(unmoved.stdout).toBe('4\n');
  const whole = await runMoved({ bundle, cwd: guests }, pickHits(unmoved.hits, 8, seed));
  expect(isSame(whole, unmoved)).toBe(true);
  const broken = structuredClone(bundle);
  for (const fn of broken.table.functions) for (const name of Object.keys(fn.temps)) fn.temps[name] = [0, -1];
  const moved = await runMoved({ bundle: broken, cwd: guests }, pickHits(unmoved.hits, 8, seed));
  expect(moved.moves).toBeGreaterThan(0);
  expect(isSame(moved, unmoved)).toBe(false);
});
