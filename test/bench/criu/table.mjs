/** The results as Markdown: a table for each section, in the units of its columns. Pure. */
import { summary } from './figures.mjs';
import { ordered } from './results.mjs';

const ms = (value) => (value >= 10_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`);
const megabytes = (value) => (value >= 100e6 ? (value / 1e6).toFixed(0) : (value / 1e6).toFixed(value >= 1e6 ? 1 : 2));
const both = (text) => (figure) => (figure ? `${text(figure.median)} (${text(figure.p99)})` : '');
const one = (text) => (figure) => (figure ? text(figure.median) : '');

const always = [
  ['pause (longest)', 'pauseMs', both(ms)],
  ['all of it there after', 'totalMs', one(ms)],
  ['MB moved', 'bytes', one(megabytes)],
  ['longest later stall (worst)', 'laterStallMs', both(ms)],
  ['unmoved', 'unmovedStallMs', one(ms)],
];
const more = {
  walk: [
    ['a round', 'roundMs', one((value) => (value >= 10 ? ms(value) : `${value.toPrecision(2)} ms`))],
    ['lost in all (longest)', 'lostMs', both(ms)],
  ],
  server: [['longest round trip of a client (worst)', 'longestTripMs', both(ms)]],
};

export function markdown(rows, sections, modes) {
  const names = [...new Set(ordered(rows, sections, modes).map(({ section }) => section))];
  return names.map((name) => sectionText(name, ordered(rows, sections, modes), sections[name], modes)).join('\n');
}

function sectionText(name, rows, { title, unit }, modes) {
  const columns = [...always, ...(more[name] ?? [])];
  const header = [unit || 'size', 'moved by', 'came through', ...columns.map(([head]) => head), 'load', 'else'];
  const lines = rows.filter(({ section }) => section === name).map((row) => line(row, columns, modes));
  const ruled = [header, header.map((_, i) => (i < 2 || i === header.length - 1 ? '---' : '--:')), ...lines];
  return `## ${title}\n\n${ruled.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function line(row, columns, modes) {
  const of = summary(row.runs);
  const loads = row.runs.map(({ load }) => load);
  const load = loads.length > 0 ? `${Math.min(...loads)} to ${Math.max(...loads)}` : '';
  const came = row.skipped ? 'skipped' : `${of.moved} of ${of.runs}`;
  const rest = (row.skipped ? [row.skipped] : of.others).map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' '));
  return [row.size || '', modes[row.mode].name, came, ...columns.map(([, key, text]) => text(of[key])), load, rest.join('; ')];
}
