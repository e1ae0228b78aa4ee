/**
 * What the language costs as a guest, side by side with plain node in one run: kernels, awaits and asynchronous programs, compile, start, and
 * the way back to full speed after a move; public suites of benchmarks where they are cloned beside the repository.
 *   npm run bench:language [-- ROUNDS [SECTION…]]      kernels, asynchronous, compile, start, move, suites
 * `suites=NAME,NAME` takes only these benchmarks. `suites-moved` runs only when it is named: the suites between two nodes, for their results.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, geometricMean, machine, median, printRatios, sideBySide } from './side-by-side.mjs';
import { moveSuites, runSuites } from './suites.mjs';

const rounds = Number(process.argv[2] ?? 3);
const at = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-bench-'));
const environment = { ...process.env, GODWIT_HOME: folder };
process.env.GODWIT_HOME = folder;

async function asynchronous() {
  // Each page links to some others; the server is in a process of its own, or it would share the guests' turns.
  const server = spawn(process.execPath, ['--input-type=module', '-e', site], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve) => server.stdout.once('data', (text) => resolve(String(text).trim())));
  printRatios(sideBySide([at('language-guest.mjs'), `127.0.0.1:${port}`], rounds));
  server.kill();
}
const site = `import http from 'node:http';
const server = http.createServer((request, response) => {
  const n = Number(request.url.slice(1));
  response.end([1, 7, 31].map((step) => '<a href="/' + ((n + step) % 500) + '">page</a>').join('\\n').padEnd(2000));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

/** A megabyte of npm packages, each under several names. */
function megabyte() {
  const modules = at('../../node_modules/');
  const sources = ['acorn/dist/acorn.mjs', 'marked/lib/marked.esm.js', 'chess.js/dist/esm/chess.js', 'astring/dist/astring.mjs'];
  const imports = [];
  for (let bytes = 0; bytes < 1e6; ) {
    const text = fs.readFileSync(path.join(modules, sources[imports.length % sources.length]), 'utf8');
    const name = `m${imports.length}`;
    fs.writeFileSync(path.join(folder, `${name}.mjs`), text);
    imports.push(`import * as ${name} from './${name}.mjs';\nconsole.log(Object.keys(${name}).length);\n`);
    bytes += text.length;
  }
  fs.writeFileSync(path.join(folder, 'megabyte.mjs'), imports.join(''));
  return path.join(folder, 'megabyte.mjs');
}

/** Milliseconds that passed, and those of the processor: on a busy machine only the second say anything. */
async function compile() {
  const entry = megabyte();
  for (const name of fs.readdirSync(folder)) if (name.endsWith('.mjs')) fs.utimesSync(path.join(folder, name), 1, 1); // settled
  const times = { cold: [], cached: [] };
  for (let i = 0; i < rounds; i++) {
    for (const list of Object.values(times)) list.push(compileTimes(entry, path.join(folder, `cache${i}`)));
  }
  for (const [kind, list] of Object.entries(times)) {
    const [ms, processorMs] = [0, 1].map((i) => median(list.map((each) => each[i])).toFixed(0));
    console.log(`${kind.padEnd(14)} ${ms} ms, ${processorMs} ms of processor time`);
  }
}

/** In a process of its own, as cluster-run does it: V8 has compiled nothing of the compiler yet. */
function compileTimes(entry, cacheDir) {
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', compiling], {
    encoding: 'utf8',
    env: { ...environment, ENTRY: entry, CACHE_DIR: cacheDir, CACHE: compileCache, MODULES: guestModules },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
const compileCache = at('../../packages/checkpoint/dist/compile/cache.js');
const guestModules = at('../../packages/runtime/dist/guest/modules.js');
const compiling = `const { CACHE, CACHE_DIR, ENTRY, MODULES } = process.env;
const { guestCompileOptions } = await import(MODULES);
const before = performance.now();
const { compileToText } = await import(CACHE);
await compileToText(ENTRY, { ...guestCompileOptions, cacheDir: CACHE_DIR });
const { user, system } = process.cpuUsage();
console.log(JSON.stringify([performance.now() - before, (user + system) / 1000]));`;

function timeOf(command) {
  const before = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env: environment });
  if (status !== 0 || stdout !== 'hello\n') throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - before;
}

function start() {
  const hello = path.join(folder, 'hello.js');
  fs.writeFileSync(hello, 'console.log("hello");\n');
  const times = { 'plain node': [], 'node running': [], embedded: [] };
  const begun = spawnSync(process.execPath, [bin('node'), 'start'], { encoding: 'utf8', env: environment });
  if (begun.status !== 0) throw new Error(begun.stderr);
  timeOf([bin('run'), hello]); // compiled and in the cache from here on
  for (let i = 0; i < rounds * 3; i++) {
    times['plain node'].push(timeOf([hello]));
    times['node running'].push(timeOf([bin('run'), hello]));
  }
  spawnSync(process.execPath, [bin('node'), 'stop', begun.stdout.trim()], { env: environment });
  for (let i = 0; i < rounds * 3; i++) times.embedded.push(timeOf([bin('run'), '--nodes', '1', hello]));
  const plain = median(times['plain node']);
  for (const [kind, list] of Object.entries(times))
    console.log(
      `${kind.padEnd(14)} ${median(list).toFixed(0)} ms ${kind === 'plain node' ? '' : `(+${(median(list) - plain).toFixed(0)})`}`,
    );
}

/** Time of each turn of a guest that is moved once, in units of its usual turn. */
function afterMove() {
  const script = path.join(folder, 'turns.mjs');
  fs.writeFileSync(script, turns);
  const command = [bin('run'), '--nodes', '2', '--shake', '1500ms', script];
  const { stdout, status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', env: environment });
  if (status !== 0) throw new Error(stderr);
  console.log(stdout.trim());
}
const turns = `const turn = () => { const counts = new Map(); for (let i = 0; i < 60_000; i++) { const key = 'k' + (i * 7919 % 1000); counts.set(key, (counts.get(key) ?? 0) + i); } return counts.size; };
const times = [];
let moved = -1;
while (times.length < 400 && (moved < 0 || times.length < moved + 30)) {
  const before = performance.now();
  turn();
  const ms = performance.now() - before;
  times.push(ms);
  const usual = [...times].sort((a, b) => a - b)[times.length >> 1];
  if (moved < 0 && times.length > 20 && ms > usual * 2.5) moved = times.length - 1;
}
const usual = [...times.slice(10, moved)].sort((a, b) => a - b)[(moved - 10) >> 1];
console.log(moved < 0 ? 'no move was seen' : 'turns of ' + usual.toFixed(1) + ' ms, the first one with the move in it:');
for (const ms of times.slice(moved, moved + 12)) console.log((ms / usual).toFixed(2).padStart(6) + ' ' + '#'.repeat(Math.min(60, Math.round(ms / usual * 10))));`;

/** Closures that are made and kept have an aim of their own: twice plain node's time. */
const CREATION = 'closures';

function kernels() {
  const all = sideBySide([at('kernels-guest.mjs')], rounds);
  const creation = all.get(CREATION);
  all.delete(CREATION);
  printRatios(all);
  const mean = geometricMean([...all.values()].map(({ ratio }) => ratio));
  console.log(`geometric mean of ${all.size}`.padEnd(27), mean.toFixed(2).padStart(8));
  printRatios(new Map([['closures made', creation]]));
}

const sections = {
  kernels: ['kernels', kernels],
  asynchronous: ['asynchronous programs', asynchronous],
  compile: ['compile of a megabyte', compile],
  start: ['start of a program that prints one line', start],
  move: ['after a move', afterMove],
  suites: ['suites', (only) => runSuites(folder, rounds, only)],
  'suites-moved': ['suites, moved every 200 ms', (only) => moveSuites(folder, only)],
};
const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(sections).filter((name) => name !== 'suites-moved');
for (const [name] of wanted.map((each) => each.split('='))) {
  if (sections[name]) continue;
  console.error(`bench:language: there is no section "${name}": there are ${Object.keys(sections).join(', ')}`);
  process.exit(2);
}
console.log(`${machine}, median of ${rounds}; ratios are guest / plain node; load ${os.loadavg()[0].toFixed(1)}`);
for (const each of wanted) {
  const [name, only] = each.split('=');
  const [title, run] = sections[name];
  console.log(`\n${title}`);
  await run(only?.split(',') ?? []);
}
fs.rmSync(folder, { recursive: true });
