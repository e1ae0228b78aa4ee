/**
 * npm run conformance -- DIR [--filter TEXT] [--sample N] [--seed S] [--forks N] [--moves N] [--paged N] [--hits N] [--processes N] [--json FILE]
 *
 * Runs the programs in a folder on plain node, compiled, moved once, moved at every safepoint, and so by pages. In a clone of test262 its tests, elsewhere
 * every script that checks itself: it ends with code 0, and prints the same in every mode. Exit code 1 when one came back different.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { reportText, summary } from './report.js';
import { runTasks } from './run-tasks.js';
import { tasksOf, test262Root } from './test262.js';
import type { Result, Task } from './verdict.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    filter: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    forks: { type: 'string', default: '3' },
    moves: { type: 'string', default: '10' },
    paged: { type: 'string', default: '5' },
    hits: { type: 'string', default: '1000' },
    processes: { type: 'string', default: '2' },
    json: { type: 'string', default: 'conformance.json' },
  },
});

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const count = (name: 'sample' | 'seed' | 'forks' | 'moves' | 'paged' | 'hits' | 'processes'): number => {
  const number = Number(values[name]);
  return Number.isInteger(number) && number >= 0 ? number : fail(`Cannot run: --${name} is "${values[name]}", not a number`);
};

const folder = path.resolve(positionals[0] ?? fail('Cannot run: no folder of programs given (npm run conformance -- DIR)'));
if (!fs.existsSync(folder)) fail(`Cannot run the programs in "${folder}": no such folder`);
const seed = count('seed');

function filesIn(at: string): string[] {
  if (fs.statSync(at).isFile()) return [at];
  const found: string[] = [];
  for (const entry of fs.readdirSync(at, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && /\.(js|cjs|mjs|ts)$/.test(entry.name) && !entry.name.includes('_FIXTURE'))
      found.push(path.join(entry.parentPath ?? entry.path, entry.name));
  return found.sort().filter((file) => !values.filter || file.includes(values.filter));
}

/** `n` of them, the same for the same seed. */
function sampled<T>(list: T[], n: number): T[] {
  let state = seed | 0;
  const keyed = list.map((item) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return { item, key: Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0 };
  });
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, n)
    .map(({ item }) => item);
}

const results: Result[] = [];
const tasks: Task[] = [];
const output = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-conformance-'));
const root = test262Root(folder);
const files = filesIn(folder);
for (const file of values.sample ? sampled(files, count('sample')) : files) {
  const name = path.relative(folder, file);
  if (root === undefined) tasks.push({ name, feature: path.dirname(name), file });
  else {
    const { tasks: made, notTaken } = tasksOf(file, root, output);
    tasks.push(...made);
    if (notTaken)
      results.push({
        name,
        feature: path.dirname(name),
        verdict: 'not taken',
        reason: notTaken,
        mode: 'oracle',
        hits: 0,
        moves: 0,
        inParcels: 0,
        unclean: {},
        putOff: {},
      });
  }
}

const options = { seed, forks: count('forks'), moves: count('moves'), paged: count('paged'), mostHits: count('hits') };
let done = 0;
await runTasks(tasks, options, count('processes'), (result) => {
  results.push(result);
  if (++done % 50 === 0) process.stderr.write(`${done} of ${tasks.length}\n`);
});
fs.rmSync(output, { recursive: true });
fs.writeFileSync(values.json, `${JSON.stringify({ folder, options, summary: summary(results), results }, null, 1)}\n`);
process.stdout.write(`${reportText(results)}\n\nseed ${seed}; every result stands in ${values.json}\n`);
process.exitCode = results.some(({ verdict }) => verdict === 'wrong moved' || verdict === 'lost') ? 1 : 0;
