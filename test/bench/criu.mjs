/**
 * CRIU and Godwit side by side: the same unmodified programs, moved once each, as plain node by CRIU (stop and copy; lazy pages) and as
 * guests by Godwit. Pause, total time, bytes and what the move costs behind the pause. docs/bench/README.md says what the figures mean.
 *   node test/bench/criu.mjs [SECTION ...] [--sizes 1,50,200,1000] [--buffers 500] [--connections 1,500] [--modes stop-and-copy,post-copy,godwit,whole]
 *        [--repeats 5] [--limit SECONDS] [--criu COMMAND] [--suite sid] [--out FOLDER]
 * SECTION: timers, objects, walk, buffers, server; all without one. CRIU comes from Debian's archive and is unpacked beside the system; it needs
 * root. Where it cannot run that is said, and Godwit runs alone. While it runs, fs.pipe-max-size is raised: lazy pages need it.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CriuRunner } from './criu/criu-runner.mjs';
import { quantile, summary } from './criu/figures.mjs';
import { getCriu } from './criu/get-criu.mjs';
import { GodwitCluster, GodwitRunner } from './criu/godwit-runner.mjs';
import { report } from './criu/report.mjs';
import { modes, sections } from './criu/sections.mjs';
import { trial } from './criu/trial.mjs';
import { machine } from './side-by-side.mjs';

const text = (value) => ({ type: 'string', default: value });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: text('1,50,200,1000'),
    buffers: text('500'),
    connections: text('1,500'),
    modes: text(Object.keys(modes).join(',')),
    repeats: text('5'),
    limit: text('240'),
    criu: { type: 'string' },
    suite: text('sid'),
    out: text(fileURLToPath(new URL('../../docs/bench', import.meta.url))),
  },
});
const list = (words) => words.split(',').filter((word) => word !== '');
const numbers = Object.fromEntries(['sizes', 'buffers', 'connections'].map((name) => [name, list(values[name]).map(Number)]));
const asked = { sections: positionals.length > 0 ? positionals : Object.keys(sections), modes: list(values.modes) };
for (const [kind, known] of Object.entries({ sections, modes }))
  for (const name of asked[kind])
    if (!(name in known)) throw new Error(`${name} is none of the ${kind} ${Object.keys(known).join(', ')}`);

/** Rows that twice did not come through are not tried again. */
const hopeless = 2;
const pipeLimit = '/proc/sys/fs/pipe-max-size';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-criu-'));
const place = `${machine}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()} ${os.release().replace(/-.*/, '')}`;
const isCriuAsked = asked.modes.some((mode) => modes[mode].side === 'criu');
const criu = isCriuAsked ? getCriu({ given: values.criu, suite: values.suite, folder }) : { missing: 'not asked for' };
const undo = criu.missing ? () => {} : raisePipes();
/** What runs now. */
let under;
process.once('SIGINT', stopped);
const loads = () =>
  os
    .loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');

console.log(place);
if (criu.version) console.log(`CRIU ${criu.version} (${criu.origin})`);
else if (isCriuAsked) console.log(`\n*** CRIU IS SKIPPED: ${criu.missing}. Godwit runs alone. ***\n`);
try {
  for (const name of asked.sections) {
    console.log(`\n${sections[name].title} (load ${loads()})`);
    for (const size of sections[name].sizes(numbers)) report(values.out, await rowsOf(name, size));
  }
} finally {
  undo();
  fs.rmSync(folder, { recursive: true, force: true });
}

/** The ways by turns, so that what else the machine does meets all of them. */
async function rowsOf(name, size) {
  const section = sections[name];
  const at = new Date().toISOString();
  const rows = section.modes
    .filter((mode) => asked.modes.includes(mode))
    .map((mode) => {
      const isSkipped = modes[mode].side === 'criu' && criu.missing;
      return {
        section: name,
        size,
        mode,
        at,
        machine: place,
        criu: criu.version,
        ...(isSkipped ? { skipped: criu.missing } : {}),
        runs: [],
      };
    });
  for (let i = 0; i < Number(values.repeats); i++)
    for (const row of rows) {
      const failed = row.runs.filter(({ outcome }) => outcome !== 'moved').length;
      if (row.skipped || failed >= hopeless) continue;
      const run = await once(row.mode, section.program(size));
      row.runs.push(run);
      const said =
        run.outcome === 'moved' ? `${run.pauseMs} ms, all there after ${run.totalMs} ms` : `${run.outcome}: ${run.reason}`;
      console.log(`${`${size} ${section.unit}`.padStart(15)}  ${modes[row.mode].name.padEnd(20)} ${said} (load ${run.load})`);
    }
  for (const { mode, runs } of rows) {
    const { moved, pauseMs } = summary(runs);
    const pauses = pauseMs
      ? `pause ${pauseMs.median} ms, longest ${quantile(
          runs.map((run) => run.pauseMs ?? 0),
          1,
        )} ms`
      : 'no figures';
    console.log(
      `${`${size} ${section.unit}`.padStart(15)}  ${modes[mode].name.padEnd(20)} ${moved} of ${runs.length} came through, ${pauses}`,
    );
  }
  return rows;
}

async function once(mode, program) {
  const cluster = modes[mode].side === 'godwit' ? await GodwitCluster.start(modes[mode].paging) : undefined;
  const runner = cluster ? new GodwitRunner(cluster) : new CriuRunner(criu, mode);
  under = { runner, cluster };
  try {
    const run = await trial(runner, program, Number(values.limit) * 1000);
    if (!cluster || cluster.isAlive()) return run;
    return { ...run, outcome: 'failed', reason: `${run.reason ?? ''} a node died`.trim() };
  } finally {
    cluster?.close();
    under = undefined;
  }
}

/** All of a program's memory waits in pipes at its source. */
function raisePipes() {
  const before = fs.readFileSync(pipeLimit, 'utf8');
  fs.writeFileSync(pipeLimit, String(2 ** 30));
  return () => fs.writeFileSync(pipeLimit, before);
}

/** Nothing of it stays. */
async function stopped() {
  undo();
  under?.cluster?.close();
  await under?.runner.close();
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit(130);
}
