/**
 * How fast a guest is after a move, beside how fast it was before and beside plain node: whole, and in parcels when all of them are there.
 *   node test/bench/after-move.mjs [seconds of a run] [runs]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bin, geometricMean, machine, median } from './side-by-side.mjs';

const script = fileURLToPath(new URL('after-move-guest.mjs', import.meta.url));
const seconds = process.argv[2] ?? '24';
const runs = Number(process.argv[3] ?? 3);
/** It is warm in the first two thirds, and moves once. */
const shake = `${Math.round((Number(seconds) * 2) / 3)}s`;
/** What a thread that is new needs to optimise its code is not what is asked here. */
const warmMs = 2000;

function run(args, paging) {
  const env = { ...process.env, GODWIT_PAGING: paging };
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, script, seconds], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
  const parse = (text) =>
    text
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { lines: parse(stdout), moves: parse(stderr) };
}

/** Medians of the lines between two times, by kernel. */
function between(lines, fromMs, toMs) {
  const chosen = lines.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  if (chosen.length === 0) throw new Error('nothing measured there: more seconds are needed');
  return Object.fromEntries(Object.keys(lines[0].ms).map((name) => [name, median(chosen.map(({ ms }) => ms[name]))]));
}

function moved(paging) {
  const { lines, moves } = run([bin('run'), '--nodes', '2', '--shake', shake, '--show-moves'], paging);
  const move = moves.find(({ schema }) => schema === 'godwit.move/1');
  const drain = moves.find(({ schema }) => schema === 'godwit.drain/1');
  if (move === undefined || (paging === '1') !== (drain !== undefined)) throw new Error('it did not move as it should');
  const overMs = drain === undefined ? move.atMs : move.atMs + drain.drainMs;
  return {
    before: between(lines, lines[0].atMs + warmMs, move.atMs - move.pauseMs),
    after: between(lines, overMs + warmMs, Infinity),
  };
}

const columns = { plain: [], whole: [], parcels: [] };
for (let i = 0; i < runs; i++) {
  const { lines } = run([], '0');
  columns.plain.push(between(lines, lines[0].atMs + warmMs, Infinity));
  columns.whole.push(moved('0'));
  columns.parcels.push(moved('1'));
}

const of = (list, name) => median(list.map((times) => times[name]));
const ratio = (list, name) => median(list.map(({ before, after }) => after[name] / before[name]));
const names = Object.keys(columns.plain[0]);
console.log(machine);
console.log('           plain node   guest, before   after/before: whole   in parcels   (medians, ms and ratios)');
for (const name of names) {
  const before = of(
    [...columns.whole, ...columns.parcels].map((run) => run.before),
    name,
  );
  const cells = [of(columns.plain, name), before, ratio(columns.whole, name), ratio(columns.parcels, name)];
  console.log(name.padEnd(10), ...cells.map((cell, i) => cell.toFixed(2).padStart([10, 15, 21, 12][i])));
}
const mean = (list) => geometricMean(names.map((name) => ratio(list, name))).toFixed(2);
console.log(`geometric mean after/before: whole ${mean(columns.whole)}, in parcels ${mean(columns.parcels)}`);
