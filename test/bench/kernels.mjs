/**
 * CPU kernels as plain node and as a guest, side by side in one run: prints each ratio (guest / node) and the geometric mean.
 *   node test/bench/kernels.mjs [rounds]
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const script = path.join(here, 'kernels-guest.mjs');
const run = path.join(here, '../../packages/runtime/bin/cluster-run.js');
const rounds = Number(process.argv[2] ?? 3);

const timesOf = (command) => {
  const { stdout, status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => [line.split(/\s+/)[0], line.split(/\s+/).slice(1)]),
  );
};

const ratios = new Map();
for (let i = 0; i < rounds; i++) {
  const plain = timesOf([script]);
  const guest = timesOf(fs.existsSync(run) ? [run, '--nodes', '1', script] : [script]);
  for (const [name, [ms, result]] of plain) {
    if (guest.get(name)[1] !== result) throw new Error(`${name}: ${guest.get(name)[1]} instead of ${result}`);
    const list = ratios.get(name) ?? [];
    list.push([Number(guest.get(name)[0]) / Number(ms), Number(ms)]);
    ratios.set(name, list);
  }
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
let logs = 0;
console.log(`${os.cpus()[0].model}, ${os.cpus().length} cores, Node ${process.version}, median of ${rounds}`);
for (const [name, list] of ratios) {
  const ratio = median(list.map(([r]) => r));
  logs += Math.log(ratio);
  console.log(name.padEnd(12), `${median(list.map(([, ms]) => ms)).toFixed(1)} ms`.padStart(12), ratio.toFixed(2).padStart(8));
}
console.log(
  'geometric mean'.padEnd(25),
  Math.exp(logs / ratios.size)
    .toFixed(2)
    .padStart(7),
);
