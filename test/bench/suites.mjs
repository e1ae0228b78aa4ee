/**
 * The benchmarks of are-we-fast-yet and Octane, each in a process of its own on both sides, plain node and guest by turns; and the same
 * programs moved again and again, for what they print. The suites are clones beside the repository, or in the folder that GODWIT_SUITES names;
 * one that is not there is skipped, and said so. A benchmark that fails on either side is printed with what it said and fails the bench.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, geometricMean, printRatios, sideBySide } from './side-by-side.mjs';
import { suites } from './suites-programs.mjs';

const clones = process.env.GODWIT_SUITES
  ? path.resolve(process.env.GODWIT_SUITES)
  : fileURLToPath(new URL('../../../', import.meta.url));

/** Rounds of programs that are moved: one that ends before it was moved a few times is run again, longer. With many objects a move takes seconds. */
const MOVED_ROUNDS = [4, 32, 256];
const MOVES_WANTED = 3;
const MOVED_LIMIT_MS = 600_000;

/** Calls `run(name, script, text)` for each program that can be made in `folder`; `only` are the wanted benchmarks (all if there are none). */
function eachProgram(suite, folder, only, run) {
  const clone = path.join(clones, suite.name);
  console.log(`${suite.name} (${clone})`);
  if (!fs.existsSync(clone)) {
    console.log(`  SKIPPED: it is not there; git clone ${suite.url} ${clone}`);
    return;
  }
  for (const name of suite.benchmarks) {
    if (only.length > 0 && !only.includes(name)) continue;
    const { files, text } = suite.program(clone, name);
    const missing = files.filter((file) => !fs.existsSync(file));
    if (missing.length > 0) {
      console.log(`${name.padEnd(14)} SKIPPED: the clone has no ${missing.join(' ')}`);
      continue;
    }
    const script = path.join(folder, `${suite.name}-${name}.cjs`);
    fs.writeFileSync(script, text());
    try {
      run(name, script, text);
    } catch (error) {
      process.exitCode = 1;
      console.log(`${name.padEnd(14)} FAILED: ${error.message.slice(0, 1000)}`);
    }
  }
}

/** Ratios of all benchmarks and their geometric mean, suite by suite. */
export function runSuites(folder, rounds, only) {
  for (const suite of suites) {
    const ratios = [];
    eachProgram(suite, folder, only, (_name, script) => {
      const result = sideBySide([script], rounds);
      printRatios(result);
      ratios.push(...[...result.values()].map(({ ratio }) => ratio));
    });
    if (ratios.length > 0)
      console.log(`geometric mean of ${ratios.length}`.padEnd(27), geometricMean(ratios).toFixed(2).padStart(8));
  }
}

/** Everything that a program printed but its times. */
function resultsOf(command) {
  const { stdout, status, stderr, error } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: MOVED_LIMIT_MS });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
  return stdout.replace(/^(\S+) [\d.]+ /gm, '$1 ');
}

/** Once each between two nodes, as often as it can be moved, and whether it came out as in plain node. */
export function moveSuites(folder, only) {
  const move = (name, script, text) => {
    const stats = `${script}.json`;
    let moves = 0;
    for (const rounds of MOVED_ROUNDS) {
      fs.writeFileSync(script, text(rounds));
      const plain = resultsOf([script]);
      const moved = resultsOf([bin('run'), '--nodes', '2', '--shake', '200ms', '--stats', stats, script]);
      if (moved !== plain) throw new Error(`moved it printed\n${moved}instead of\n${plain}`);
      moves = JSON.parse(fs.readFileSync(stats, 'utf8')).moves.length;
      if (moves >= MOVES_WANTED) break;
    }
    console.log(name.padEnd(14), `the same, ${moves} moves`);
  };
  for (const suite of suites) eachProgram(suite, folder, only, move);
}
