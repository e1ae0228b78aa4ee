/**
 * How long a guest with 1 MB of small objects stands still when it moves among three nodes, as --stats says: the median, by the time
 * between moves. The first move meets nodes that have just started; it stands apart and is not in the median.
 *   node test/bench/pause.mjs [millions of turns] [shake ...]
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, machine } from './side-by-side.mjs';

const script = fileURLToPath(new URL('pause-guest.mjs', import.meta.url));
const turns = process.argv[2] ?? '600';
const shakes = process.argv.length > 3 ? process.argv.slice(3) : ['60ms', '300ms', '1s'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-pause-'));
const stats = path.join(folder, 'stats.json');

const plain = spawnSync(process.execPath, [script, turns], { encoding: 'utf8' });
console.log(machine);
console.log('shake   moves   first   median   90 %   ms');
for (const shake of shakes) {
  const args = [bin('run'), '--nodes', '3', '--shake', shake, '--stats', stats, script, turns];
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0 || stdout !== plain.stdout) throw new Error(`ended with ${status}: ${stderr}${stdout}`);
  const pauses = JSON.parse(fs.readFileSync(stats, 'utf8')).moves.map(({ pauseMs }) => pauseMs);
  const sorted = pauses.slice(1).sort((a, b) => a - b);
  const at = (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]);
  const cells = [pauses.length, Math.round(pauses[0]), at(0.5), at(0.9)];
  console.log(shake.padEnd(6), ...cells.map((cell) => String(cell).padStart(7)));
}
fs.rmSync(folder, { recursive: true });
