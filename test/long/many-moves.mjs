/**
 * One guest with 100 MB of objects, moved again and again among three nodes, beside one that takes half a core: its output must be plain node's, byte
 * for byte, and no node may keep memory. Prints the nodes' memory as it goes on.
 *   node test/long/many-moves.mjs [moves] [MB]
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin } from '../bench/side-by-side.mjs';

const moves = Number(process.argv[2] ?? 500);
const megabytes = process.argv[3] ?? '100';
const script = fileURLToPath(new URL('many-moves-guest.mjs', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-moves-'));
const [end, busy, output] = ['end', 'busy.mjs', 'output'].map((name) => path.join(folder, name));
const env = { ...process.env, HOME: folder, GODWIT_PAGING: '1' };
const command = (name, ...args) => spawnSync(process.execPath, [bin(name), ...args], { encoding: 'utf8', env });
/** The heap of a thread that was ended goes when the process gets to it; so each figure is the least of the samples taken during twenty moves. */
const samplesPerSecond = 5;

/** Resident MB of each node; nothing where the system does not say. */
function memory(pids) {
  try {
    return pids.map((pid) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024));
  } catch {
    return [];
  }
}

const total = (values) => values.reduce((a, b) => a + b, 0);
const mean = (values) => Math.round(total(values) / values.length);

for (let i = 0; i < 3; i++) {
  const { status, stderr } = command('node', 'start');
  if (status !== 0) throw new Error(stderr);
}
const pids = JSON.parse(command('node', 'ls', '--json').stdout).nodes.map(({ osPid }) => osPid);
fs.writeFileSync(busy, 'setInterval(() => { const endMs = Date.now() + 50; while (Date.now() < endMs); }, 100);\n');
const load = spawn(process.execPath, [bin('run'), busy], { env, stdio: 'ignore' });
const guest = spawn(process.execPath, [bin('run'), '--shake', '500ms', '--show-moves', script, megabytes, end], {
  env,
  stdio: ['ignore', fs.openSync(output, 'w'), 'pipe'],
});
const pauses = [];
const unexpected = [];
const figures = [];
let recent = [];
let said = '';
guest.stderr.setEncoding('utf8').on('data', (text) => {
  said += text;
  const lines = said.split('\n');
  said = lines.pop();
  for (const line of lines) {
    if (!line.startsWith('{')) unexpected.push(line);
    else if (line.includes('godwit.move/1')) moved(JSON.parse(line));
  }
});
function moved({ pauseMs }) {
  pauses.push(pauseMs);
  if (pauses.length % 20 === 0) {
    figures.push(recent);
    recent = [];
    console.log(`${pauses.length} moves, nodes at ${figures.at(-1).join(', ') || 'unknown'} MB at least`);
  }
  if (pauses.length === moves) fs.writeFileSync(end, '');
}
const sampling = setInterval(() => {
  const now = memory(pids);
  recent = now.map((value, i) => Math.min(value, recent[i] ?? value));
}, 1000 / samplesPerSecond);

guest.on('exit', (code) => {
  clearInterval(sampling);
  load.kill();
  for (const pid of pids) process.kill(pid);
  const seen = fs.readFileSync(output, 'utf8');
  const turns = /(\d+) \S+ \S+ \S+ \S+\n$/.exec(seen)?.[1];
  const plain = spawnSync(process.execPath, [script, megabytes, turns], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  const sorted = [...pauses].sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
  console.log(
    `${pauses.length} moves in ${turns} turns, pauses ${at(0.5)} ms at the median, ${at(0.99)} at the 99th percentile, ${at(1)} at most`,
  );
  const wrong = [...unexpected];
  if (code !== 0) wrong.push(`it ended with ${code}`);
  if (pauses.length < moves) wrong.push(`${pauses.length} moves instead of ${moves}`);
  if (plain.stdout !== seen) wrong.push('its output is not what plain node prints');
  // The first figures are of nodes that still grow to what a guest takes.
  const quarter = Math.max(1, Math.floor(figures.length / 4));
  const [early, late] = [figures.slice(quarter, 2 * quarter), figures.slice(-quarter)].map((some) => mean(some.map(total)));
  const taken = `the nodes take ${late} MB in the last quarter, ${early} in the second`;
  if (late > early * 1.25) wrong.push(taken);
  else if (figures.some((values) => values.length > 0)) console.log(taken);
  else console.log('skipped: how much memory the nodes take is read in /proc, which is not here');
  fs.rmSync(folder, { recursive: true });
  for (const what of wrong) console.log(`wrong: ${what}`);
  process.exit(wrong.length === 0 ? 0 : 1);
});
