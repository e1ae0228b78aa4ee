/**
 * Large programs from npm that were not written for this: node test/programs/run.mjs [NAME…] [--seconds N] [--rounds N] [--unmoved] [--folder DIR]
 * Installs the packages (package.json beside this file) into a temporary folder, or into DIR, which is kept. Each driver runs on plain node,
 * the oracle, and moved among three nodes all the time; both must print the same bytes and end with the same code.
 * `--unmoved` also runs it where it stays, beside a second plain run, and compares the times from the first line printed to the last.
 * What this says about speed is of one machine and one run.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileScript } from '../../packages/checkpoint/dist/compile/cache.js';
import { guestCompileOptions } from '../../packages/runtime/dist/guest/modules.js';
import { BundleStore } from '../../packages/runtime/dist/node/bundles.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const clusterRun = fileURLToPath(new URL('../../packages/runtime/bin/cluster-run.js', import.meta.url));
/** The file of each program. */
const known = new Map(
  readdirSync(join(here, 'drivers'))
    .filter((name) => name !== 'rounds.cjs')
    .map((file) => [file.slice(0, -4), file]),
);

function settings() {
  const options = {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string' },
    unmoved: { type: 'boolean' },
    folder: { type: 'string' },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  for (const name of positionals)
    if (!known.has(name)) throw new Error(`there is no program "${name}"; there are ${[...known.keys()].join(', ')}`);
  const seconds = Number(values.seconds);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (!(seconds > 0)) throw new Error(`--seconds takes a number above 0, not "${values.seconds}"`);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds takes a whole number from 1, not "${values.rounds}"`);
  return { ...values, seconds, rounds, names: positionals.length > 0 ? positionals : [...known.keys()] };
}

/** The packages in a folder with the drivers beside them. */
function install(kept) {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'godwit-programs-'));
  for (const file of ['package.json', 'package-lock.json', 'drivers'])
    cpSync(join(here, file), join(folder, file === 'drivers' ? '.' : file), { recursive: true });
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new Error(`npm could not install the packages (exit code ${status})`);
  return folder;
}

/** Runs to the end; `workMs` is the time from the first line printed to the last. */
function run(args, folder) {
  const { GODWIT_CLUSTER: _, ...environment } = process.env;
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...environment, GODWIT_HOME: join(folder, 'home') } });
  const told = { stdout: '', stderr: '' };
  const startedMs = performance.now();
  let [firstMs, lastMs] = [startedMs, startedMs];
  child.stdout.on('data', (chunk) => {
    lastMs = performance.now();
    if (told.stdout === '') firstMs = lastMs;
    told.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    told.stderr += chunk;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, ...told, workMs: lastMs - firstMs, wholeMs: performance.now() - startedMs }));
  });
}

/** How many rounds take plain node that long. */
async function roundsFor(file, folder, seconds) {
  const one = await run([file, '1'], folder);
  const five = await run([file, '5'], folder);
  const roundMs = Math.max(1, (five.wholeMs - one.wholeMs) / 4);
  return Math.max(2, Math.round((seconds * 1000) / roundMs));
}

const differs = (one, other) => one.stdout !== other.stdout || one.code !== other.code;

function firstDifference(plain, moved) {
  if (plain.code !== moved.code) return `exit code ${moved.code} instead of ${plain.code}: ${moved.stderr.slice(0, 2000)}`;
  const [expected, found] = [plain.stdout.split('\n'), moved.stdout.split('\n')];
  const at = expected.findIndex((line, i) => line !== found[i]);
  return `line ${at + 1}: ${found[at]}\n  instead of ${expected[at]}`;
}

/** One program; gives its row of the table and whether it was right. */
async function program(name, folder, options) {
  const file = known.get(name);
  const store = new BundleStore({ GODWIT_HOME: join(folder, 'home') });
  const startedMs = performance.now();
  const { code } = await compileScript(join(folder, file), { ...guestCompileOptions, cacheDir: store.compileCache });
  const compileMs = performance.now() - startedMs;
  const rounds = options.rounds ?? (await roundsFor(file, folder, options.seconds));
  const row = { program: name, 'bundle kB': Math.round(code.length / 1000), 'compile s': seconds(compileMs), rounds };
  const plain = await run([file, String(rounds)], folder);
  row['plain s'] = seconds(plain.wholeMs);
  const wrong = [];
  if (options.unmoved) {
    const pair = await Promise.all([
      run([file, String(rounds)], folder),
      run([clusterRun, '--nodes', '1', file, String(rounds)], folder),
    ]);
    row['unmoved/plain'] = (pair[1].workMs / pair[0].workMs).toFixed(2);
    if (differs(plain, pair[0])) wrong.push('plain node prints something else each time: the driver is not to be compared');
    else if (differs(plain, pair[1])) wrong.push(`unmoved: ${firstDifference(plain, pair[1])}`);
  }
  const stats = join(folder, `${name}.stats.json`);
  rmSync(stats, { force: true });
  const moved = await run([clusterRun, '--nodes', '3', '--shake', '60ms', '--stats', stats, file, String(rounds)], folder);
  row['moved s'] = seconds(moved.wholeMs);
  const moves = movesIn(stats);
  row.moves = moves.length;
  row['put off'] = moves.reduce((sum, { putOff }) => sum + putOff.length, 0);
  if (differs(plain, moved)) wrong.push(`moved: ${firstDifference(plain, moved)}`);
  row.result = wrong.length > 0 ? 'DIFFERENT' : moves.length > 0 ? 'same' : 'never moved';
  for (const line of wrong) console.error(`${name}: ${line}`);
  return { row, wrong: row.result !== 'same' };
}

const seconds = (ms) => Number((ms / 1000).toFixed(1));

function movesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).moves;
  } catch {
    return []; // the command failed before it wrote any: its exit code says so
  }
}

let options;
try {
  options = settings();
} catch (error) {
  console.error(`Cannot run the programs: ${error.message}`);
  process.exit(2);
}
const folder = install(options.folder);
const rows = [];
let failures = 0;
for (const name of options.names) {
  const { row, wrong } = await program(name, folder, options);
  console.log(JSON.stringify(row));
  rows.push(row);
  if (wrong) failures++;
}
console.table(rows);
if (options.folder === undefined) rmSync(folder, { recursive: true });
process.exit(failures === 0 ? 0 : 1);
