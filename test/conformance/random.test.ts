/**
 * Random programs do the same on plain node, compiled, moved once and moved on and on. Always the same few; GODWIT_SEED makes others,
 * GODWIT_RANDOM_RUNS more of them (test/long.mjs). What fails is shrunk and printed.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { closeMoves } from './machine/dist/moves.js';
import { randomBody, scriptOf } from './machine/dist/random-programs.js';
import { judge } from './machine/dist/verdict.js';

const seed = Number(process.env.GODWIT_SEED ?? 1);
const numRuns = Number(process.env.GODWIT_RANDOM_RUNS ?? 5);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-random-'));
const options = { seed: 1, forks: 1, moves: 5, paged: 3, mostHits: 600 };
let count = 0;

afterAll(async () => {
  await closeMoves();
  fs.rmSync(folder, { recursive: true });
});

/** What is wrong with them, if anything is. */
async function complaintAbout(bodies: readonly string[]): Promise<string | undefined> {
  const file = path.join(folder, `program-${++count}.mjs`);
  fs.writeFileSync(file, scriptOf(bodies));
  const { verdict, mode, reason } = await judge({ name: file, feature: '', file }, options);
  const isRight = ['passed', 'put off', 'pinned', 'not reached'].includes(verdict);
  return isRight ? undefined : `${verdict} [${mode}]: ${reason}`;
}

it(
  'random programs do the same in all modes',
  async () => {
    const programs = fc.array(randomBody, { minLength: 1, maxLength: 3, size: 'max' });
    const property = fc.asyncProperty(programs, async (bodies) => {
      expect(await complaintAbout(bodies)).toBeUndefined();
    });
    await fc.assert(property, { numRuns, seed, interruptAfterTimeLimit: 280_000 * Math.max(1, numRuns / 5) });
  },
  300_000 * Math.max(1, numRuns / 5),
);
