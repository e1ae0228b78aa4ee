/**
 * Runs a script that prints lines of name, milliseconds, result as plain node and as a guest, by turns, and gives the ratios (guest / node).
 * Results that differ are an error: what is not the same need not be compared.
 */
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const bin = (name) =>
  path.join(path.dirname(fileURLToPath(import.meta.url)), `../../packages/runtime/bin/cluster-${name}.js`);

export const machine = `${os.cpus()[0].model}, ${os.cpus().length} cores, Node ${process.version}`;

export const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

export const geometricMean = (list) => Math.exp(list.reduce((sum, ratio) => sum + Math.log(ratio), 0) / list.length);

function timesOf(command) {
  const { stdout, status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => [line.split(/\s+/)[0], line.split(/\s+/).slice(1)]));
}

/** Name → { ms (plain node's median), ratio (median) } over the rounds. */
export function sideBySide(command, rounds) {
  const lists = new Map();
  for (let i = 0; i < rounds; i++) {
    const plain = timesOf(command);
    const guest = timesOf([bin('run'), '--nodes', '1', ...command]);
    for (const [name, [ms, result]] of plain) {
      if (guest.get(name)?.[1] !== result) throw new Error(`${name}: ${guest.get(name)?.[1]} instead of ${result}`);
      const list = lists.get(name) ?? [];
      list.push({ ms: Number(ms), ratio: Number(guest.get(name)[0]) / Number(ms) });
      lists.set(name, list);
    }
  }
  return new Map(
    [...lists].map(([name, list]) => [
      name,
      { ms: median(list.map(({ ms }) => ms)), ratio: median(list.map(({ ratio }) => ratio)) },
    ]),
  );
}

export function printRatios(ratios) {
  for (const [name, { ms, ratio }] of ratios)
    console.log(name.padEnd(14), `${ms.toFixed(1)} ms`.padStart(12), ratio.toFixed(2).padStart(8));
}
