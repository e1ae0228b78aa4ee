/** Writes what was seen into a folder: results.json, the tables of results.md, and the plots pause.svg and lost.svg. */
import fs from 'node:fs';
import path from 'node:path';
import { summary } from './figures.mjs';
import { plot } from './plot.mjs';
import { merged, ordered } from './results.mjs';
import { modes, sections } from './sections.mjs';
import { markdown } from './table.mjs';

export function report(folder, rows) {
  fs.mkdirSync(folder, { recursive: true });
  const file = (name) => path.join(folder, name);
  const old = fs.existsSync(file('results.json')) ? JSON.parse(fs.readFileSync(file('results.json'), 'utf8')) : undefined;
  const results = merged(old, rows);
  results.rows = ordered(results.rows, sections, modes);
  fs.writeFileSync(file('results.json'), `${text(results)}\n`);
  fs.writeFileSync(file('results.md'), `${head(results.rows)}\n${markdown(results.rows, sections, modes)}`);
  drawn(file('pause.svg'), results.rows, 'objects', 'pauseMs', {
    title: 'How long a program stands still when it moves',
    under: 'It holds objects and touches none of them; median, and the stroke up to the longest',
    yTitle: 'pause',
  });
  drawn(file('lost.svg'), results.rows, 'walk', 'lostMs', {
    title: 'What a move costs a program that goes over all it holds',
    under: 'Pause and everything behind it; median, and the stroke up to the longest',
    yTitle: 'time lost in all',
  });
}

/** A run a line: so a change of the results can be read. */
function text({ schema, rows }) {
  const rowText = ({ runs, ...row }) => {
    const lines = runs.map((run) => `      ${JSON.stringify(run)}`).join(',\n');
    return `    ${JSON.stringify(row).slice(0, -1)},"runs":[${lines && `\n${lines}\n    `}]}`;
  };
  return `{\n  "schema": ${JSON.stringify(schema)},\n  "rows": [\n${rows.map(rowText).join(',\n')}\n  ]\n}`;
}

function head(rows) {
  const machines = [...new Set(rows.map(({ machine }) => machine))];
  const versions = [...new Set(rows.map(({ criu }) => criu).filter(Boolean))];
  const days = [...new Set(rows.map(({ at }) => at.slice(0, 10)))].sort();
  return [
    '# CRIU and Godwit, side by side',
    '',
    'Written by `npm run bench:criu`; README.md says what the figures mean. Medians, in brackets the 99th percentile, which of few runs is the longest.',
    '',
    `- ${machines.join('; ')}`,
    `- CRIU: ${versions.join(', ') || 'not run'}; ${days.join(', ')}`,
    '- The machine did other work beside: the load average before each run is in the tables.',
    '',
    '![pause by size of the heap](pause.svg)',
    '![time lost by size of the heap](lost.svg)',
    '',
  ].join('\n');
}

function drawn(file, rows, section, key, words) {
  const of = rows.filter((row) => row.section === section && row.size > 0);
  const series = Object.entries(modes).map(([mode, { name }]) => ({
    name,
    points: of
      .filter((row) => row.mode === mode)
      .map((row) => ({ x: row.size, figure: summary(row.runs)[key] }))
      .filter(({ figure }) => figure && figure.median > 0)
      .map(({ x, figure }) => ({ x, y: figure.median, longest: figure.p99 })),
  }));
  if (series.every(({ points }) => points.length === 0)) return;
  const xTicks = [...new Set(of.map(({ size }) => size))];
  const yText = (ms) => (ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`);
  const seen = series.map((each, place) => ({ ...each, place })).filter(({ points }) => points.length > 0);
  fs.writeFileSync(file, plot({ ...words, xTitle: 'objects in the heap, MB', xTicks, yText, series: seen }));
}
