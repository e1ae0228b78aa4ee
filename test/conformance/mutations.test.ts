/**
 * Compilers with a deliberate fault each: the conformance programs notice every one, with the very moves of safepoints.test.ts, and pass with the
 * right compiler. A few here; GODWIT_MUTATIONS=all tries them all (test/long.mjs), against every program before one is said to survive.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { suiteOptions } from './machine/dist/limits.js';
import { closeMoves } from './machine/dist/moves.js';
import { type Compile, type Mutation, mutantCompiler, mutatedText } from './machine/dist/mutants.js';
import { mutations } from './machine/dist/mutations.js';
import { judge } from './machine/dist/verdict.js';

const programs = path.join(path.dirname(fileURLToPath(import.meta.url)), 'programs');
const triesAll = process.env.GODWIT_MUTATIONS === 'all';
/** Of different kinds, each noticed by a short program. */
const few = [
  'every second temporary is left out of frames',
  'a finally forgets how its try ended',
  'new.target is not kept for resumed code',
];
const tried = mutations.filter(({ name }) => triesAll || few.includes(name));

let folder: string;
let count = 0;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-mutants-'));
});
afterAll(async () => {
  await closeMoves();
  fs.rmSync(folder, { recursive: true });
});

function compilerWith(mutation: Mutation): Promise<Compile> {
  const own = path.join(folder, String(++count));
  fs.mkdirSync(own);
  return mutantCompiler(mutation, own);
}

async function verdictOf(name: string, compile: Compile): Promise<string> {
  const { verdict, mode, reason } = await judge({ name, feature: '', file: path.join(programs, name) }, suiteOptions, compile);
  expect(mode, `${name} is wrong on plain node: ${reason}`).not.toBe('oracle');
  return verdict;
}

/** The program that notices, the one that is named for it first. */
async function noticer(mutation: Mutation): Promise<string | undefined> {
  const compile = await compilerWith(mutation);
  const others = triesAll ? fs.readdirSync(programs).filter((name) => name !== mutation.noticedBy) : [];
  for (const name of [mutation.noticedBy, ...others]) {
    // What safepoints.test.ts asks of each.
    if ((await verdictOf(name, compile)) !== 'passed') return name;
  }
  return undefined;
}

it('has those that it names, and what each replaces is there', () => {
  for (const mutation of mutations) if ('file' in mutation) expect(mutatedText(mutation)).toContain(mutation.to);
  expect(tried.length).toBe(triesAll ? mutations.length : few.length);
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

it('a copy of the compiler without a fault is right', async () => {
  const text = 'export function compileText(';
  const compile = await compilerWith({ name: 'none', noticedBy: '', file: 'index.js', from: text, to: text });
  // safepoints.test.ts sees to the programs: here it is the copying that is tried.
  const names = triesAll ? new Set(tried.map(({ noticedBy }) => noticedBy)) : ['call-values.cjs'];
  for (const name of names) expect(await verdictOf(name, compile), name).toBe('passed');
}, 240_000);

it('a fault whose text is no longer there is refused', async () => {
  const gone: Mutation = { name: 'gone', noticedBy: '', file: 'index.js', from: 'is not there', to: '' };
  await expect(compilerWith(gone)).rejects.toThrow('"gone": its text is 0 times in index.js');
});

for (const mutation of tried)
  it(`is noticed: ${mutation.name}`, async () => {
    expect(await noticer(mutation)).toBe(mutation.noticedBy);
  }, 600_000);
