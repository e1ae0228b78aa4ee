/**
 * The language by safepoints: each of these short programs (a breakpoint costs up to a millisecond) prints what it prints unmoved when it is
 * moved at certain safepoints, once or at all of them. The same safepoints in each run, and only some of them, so that the suite stays
 * short; `npm run conformance` takes more.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { compileGuest } from '../kit/shaker.js';
import { suiteOptions } from './machine/dist/limits.js';
import { closeMoves, isSame, pickHits, runForked, runMoved } from './machine/dist/moves.js';
import { runTasks } from './machine/dist/run-tasks.js';
import type { Result } from './machine/dist/verdict.js';

const programs = path.join(path.dirname(fileURLToPath(import.meta.url)), 'programs');
const { seed } = suiteOptions;

afterAll(closeMoves);

it('programs do the same on plain node, compiled, moved once, moved on and on, and by pages, at safepoints', async () => {
  const tasks = fs.readdirSync(programs).map((name) => ({ name, feature: '', file: path.join(programs, name) }));
  const results: Result[] = [];
  await runTasks(tasks, suiteOptions, 2, (result) => results.push(result));
  expect(results.length).toBe(tasks.length);
  for (const result of results) expect(result, result.reason).toMatchObject({ verdict: 'passed' });
}, 1_200_000);

// What comes back right from one move may come back wrong from the next: what made it is remade code then.
for (const name of [
  'unbegun.mjs',
  'private-generators.mjs',
  'own-names.cjs',
  'async-generator-second-hop.mjs',
  'async-generators.cjs',
  'delegates-running.mjs',
]) {
  it(`${name} is right when it is moved many times, whatever the safepoints`, async () => {
    const program = { bundle: await compileGuest(path.join(programs, name)), cwd: programs };
    const { run: unmoved } = await runForked(program, []);
    expect(unmoved.code).toBe(0);
    for (const chosen of [1, 2]) {
      const moved = await runMoved(program, pickHits(unmoved.hits, 8, chosen));
      expect(moved.moves).toBeGreaterThan(3);
      expect(isSame(moved, unmoved), `safepoints ${chosen}: ${moved.stderr}`).toBe(true);
    }
  }, 120_000);
}

it('a listener, or what else a call ends in, is captured inside', async () => {
  const program = { bundle: await compileGuest(path.join(programs, 'reached-calls.mjs')), cwd: programs };
  const { run: unmoved } = await runForked(program, []);
  expect(unmoved.code).toBe(0);
  const moved = await runMoved(program, pickHits(unmoved.hits, 30, seed));
  expect(isSame(moved, unmoved), moved.stderr).toBe(true);
  const inside = (name: string) => Object.keys(moved.putOff).filter((reason) => reason.includes(name));
  expect([...inside('called from emit'), ...inside('called from the program')]).toEqual([]);
}, 120_000);

// Found by public benchmarks, which could be captured nowhere.
for (const [name, reason] of [
  ['rest-needs-nothing.mjs', 'does not show'],
  ['property-arguments.cjs', 'shared with its arguments'],
] as const) {
  it(`nothing in ${name} is put off because something "${reason}"`, async () => {
    const program = { bundle: await compileGuest(path.join(programs, name)), cwd: programs };
    const { run: unmoved } = await runForked(program, []);
    expect(unmoved.code).toBe(0);
    const moved = await runMoved(program, pickHits(unmoved.hits, 30, seed));
    expect(isSame(moved, unmoved), moved.stderr).toBe(true);
    expect(Object.keys(moved.putOff).filter((why) => why.includes(reason))).toEqual([]);
  }, 120_000);
}

it('tells a compiler that forgets temporaries', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-broken-'));
  const file = path.join(folder, 'sum.cjs');
  fs.writeFileSync(file, 'function one() { return 1; }\nvar sum = one() + one() * 2 + one();\nconsole.log(sum);\n');
  const bundle = await compileGuest(file);
  fs.rmSync(folder, { recursive: true });
  const { run: unmoved } = await runForked({ bundle, cwd: programs }, []);
  expect(unmoved.stdout).toBe('4\n');
  const whole = await runMoved({ bundle, cwd: programs }, pickHits(unmoved.hits, 8, seed));
  expect(isSame(whole, unmoved)).toBe(true);
  const broken = structuredClone(bundle);
  for (const fn of broken.table.functions) for (const name of Object.keys(fn.temps)) fn.temps[name] = [0, -1];
  const moved = await runMoved({ bundle: broken, cwd: programs }, pickHits(unmoved.hits, 8, seed));
  expect(moved.moves).toBeGreaterThan(0);
  expect(isSame(moved, unmoved)).toBe(false);
});
