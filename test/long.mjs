/**
 * What takes too long for each change: npm run test:long [-- SEED]
 * The programs of the conformance tests moved at many safepoints and again and again, every fault of the compiler that they must notice, all
 * properties with many seeds, the tour of the language moved for minutes, a guest of 100 MB moved 500 times (many-moves.mjs), large programs from
 * npm (docs/PROGRAMS.md; their packages are fetched from the registry).
 * The seed, printed first, makes a run that failed happen again (as far as time does not matter to it).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const seed = Number(process.argv[2] ?? 1 + Math.floor(Math.random() * 1e6));
if (!Number.isInteger(seed) || seed < 1) {
  console.error(`Cannot run: the seed "${process.argv[2]}" is no number from 1`);
  process.exit(2);
}
console.log(`seed ${seed}`);
const folder = mkdtempSync(join(tmpdir(), 'godwit-long-'));
let failures = 0;

function run(title, args, environment = {}) {
  console.log(`== ${title}`);
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  if (status === 0) return;
  failures++;
  console.log(`== failed: ${title}`);
}

const conformance = join(root, 'test/conformance/machine/dist/cli.js');
const bounds = ['--seed', String(seed), '--forks', '10', '--moves', '10', '--json', join(folder, 'programs.json')];
run('programs at safepoints', [conformance, 'test/conformance/programs', ...bounds]);
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
for (let i = 0; i < 10; i++)
  run(`properties, seed ${seed + i}`, [vitest, 'run', '--project', 'unit'], { GODWIT_SEED: String(seed + i) });

run('random programs', [vitest, 'run', '--project', 'conformance', 'test/conformance/random.test.ts'], {
  GODWIT_SEED: String(seed),
  GODWIT_RANDOM_RUNS: '150',
});

run('faults of the compiler', [vitest, 'run', '--project', 'conformance', 'test/conformance/mutations.test.ts'], {
  GODWIT_MUTATIONS: 'all',
});

for (let i = 0; i < 5; i++) run('guests moved by time', [vitest, 'run', '--project', 'conformance']);

console.log('== the tour, moved');
const tour = ['examples/tour/tour.mjs', '20000'];
const stats = join(folder, 'tour.json');
const plain = spawnSync(process.execPath, tour, { cwd: root, encoding: 'utf8' });
const command = ['packages/runtime/bin/cluster-run.js', '--nodes', '3', '--shake', '60ms', '--stats', stats, ...tour];
const moved = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
if (moved.stdout !== plain.stdout || moved.status !== 0) {
  failures++;
  console.log(`== failed: the tour ended with ${moved.status}\n${moved.stderr}${moved.stdout}`);
} else console.log(`${JSON.parse(readFileSync(stats, 'utf8')).moves.length} moves`);

run('one guest of 100 MB, moved 500 times', [join(root, 'test/long/many-moves.mjs')]);

run('programs from npm, a minute each', [join(root, 'test/programs/run.mjs')]);

rmSync(folder, { recursive: true });
console.log(failures === 0 ? 'all passed' : `${failures} failed`);
process.exit(failures === 0 ? 0 : 1);
