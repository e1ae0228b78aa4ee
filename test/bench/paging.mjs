/**
 * What a move costs a guest by the size of its heap, whole and in parcels: the pause, what follows it, and the longest times for which the
 * program itself stood still (the first touch of a large Map among them).
 *   node test/bench/paging.mjs [SECONDS] [OBJECTS ...]
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, machine, median } from './side-by-side.mjs';

const script = fileURLToPath(new URL('paging-guest.mjs', import.meta.url));
const seconds = process.argv[2] ?? '15';
const sizes = process.argv.length > 3 ? process.argv.slice(3) : ['10000', '100000', '1000000'];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-paging-'));
const [stats, gaps] = ['stats.json', 'gaps.json'].map((name) => path.join(folder, name));
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

console.log(machine);
console.log('objects   parcels  moves  pause  longest  first KB  drain s  faults  stood still, ms');
for (const objects of sizes) {
  const plain = spawnSync(process.execPath, [script, objects, seconds], { encoding: 'utf8' });
  for (const paging of ['1', '0']) {
    const args = [bin('run'), '--nodes', '2', '--shake', '4s', '--stats', stats, script, objects, seconds, gaps];
    const env = { ...process.env, GODWIT_PAGING: paging };
    const { stdout, status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    if (status !== 0 || stdout !== plain.stdout) throw new Error(`ended with ${status}: ${stderr}${stdout}`);
    const { moves } = read(stats);
    if (moves.length === 0) {
      console.log(objects.padEnd(9), paging === '1' ? 'yes' : 'no ', '       0');
      continue;
    }
    const of = (key) => Math.round(median(moves.map((move) => move[key] ?? 0)));
    const cells = [
      [moves.length, 5],
      [of('pauseMs'), 6],
      [Math.round(Math.max(...moves.map(({ pauseMs }) => pauseMs))), 8],
      [Math.round(of('essenceBytes') / 1024), 9],
      [(of('drainMs') / 1000).toFixed(1), 8],
      [of('faults'), 7],
    ];
    const row = cells.map(([cell, width]) => String(cell).padStart(width)).join(' ');
    console.log(
      objects.padEnd(9),
      paging === '1' ? 'yes    ' : 'no     ',
      row,
      '',
      read(gaps)
        .slice(0, moves.length + 2)
        .join(' '),
    );
  }
}
fs.rmSync(folder, { recursive: true });
