/** Results as a table by feature and as lists, the worst first. */
import { type Result, type Verdict, worstFirst } from './verdict.js';

const most = (list: Iterable<[string, number]>): [string, number][] => [...list].sort(([, a], [, b]) => b - a);

function counts<T>(list: readonly T[], key: (item: T) => string): Map<string, number> {
  const found = new Map<string, number>();
  for (const item of list) found.set(key(item), (found.get(key(item)) ?? 0) + 1);
  return found;
}

/** How many of those that pass on plain node pass in each mode. */
export function summary(results: readonly Result[]): Record<string, number> {
  const taken = results.filter(({ mode, verdict }) => mode !== 'oracle' && verdict !== 'not taken');
  const compiled = taken.filter(({ mode, verdict }) => mode !== 'compiled' || verdict === 'passed');
  const wrong = (mode: Result['mode']) =>
    taken.filter((r) => r.mode === mode && worstFirst.indexOf(r.verdict) < worstFirst.indexOf('pinned')).length;
  const isHeld = ({ verdict }: Result) => verdict === 'pinned' || verdict === 'put off';
  return {
    'pass on node': taken.length,
    'right compiled': compiled.length,
    'right moved once': compiled.length - wrong('once'),
    'right moved at every safepoint': compiled.length - wrong('once') - wrong('every'),
    'right moved by pages': compiled.length - wrong('once') - wrong('every') - wrong('paged'),
    'of these never moved': compiled.filter(isHeld).length,
    moves: results.reduce((sum, { moves }) => sum + moves, 0),
    'of these in parcels': results.reduce((sum, { inParcels }) => sum + inParcels, 0),
  };
}

export function reportText(results: readonly Result[]): string {
  const lines: string[] = [];
  for (const verdict of worstFirst) {
    const of = results.filter((result) => result.verdict === verdict);
    if (of.length === 0) continue;
    lines.push(`\n${verdict}: ${of.length}`);
    if (verdict === 'passed' || verdict === 'not reached') continue;
    const byReason = verdict === 'pinned' || verdict === 'put off' || verdict === 'not taken' || verdict === 'no oracle';
    if (byReason)
      for (const [reason, n] of most(counts(of, (r) => firstLine(r.reason))).slice(0, 20)) lines.push(`  ${n}  ${reason}`);
    else for (const { name, mode, reason } of of.slice(0, 100)) lines.push(`  ${name} [${mode}]: ${firstLine(reason)}`);
  }
  lines.push('', ...table(results), '');
  for (const [what, count] of Object.entries(summary(results))) lines.push(`${String(count).padStart(8)}  ${what}`);
  return lines.join('\n');
}

const firstLine = (text: string): string =>
  (text.split('\n').find((line) => /Error|Cannot|ends with|prints|built-in/.test(line)) ?? text.split('\n')[0]!).slice(0, 160);

function table(results: readonly Result[]): string[] {
  const shown = worstFirst.filter((verdict) => results.some((result) => result.verdict === verdict));
  const features = [...counts(results, (r) => r.feature).keys()].sort();
  const width = Math.max(...features.map((feature) => feature.length), 7);
  const row = (name: string, cells: string[]) => `${name.padEnd(width)} ${cells.map((cell) => cell.padStart(14)).join('')}`;
  const cell = (feature: string, verdict: Verdict) =>
    String(results.filter((r) => r.feature === feature && r.verdict === verdict).length || '');
  return [
    row('feature', [...shown]),
    ...features.map((f) =>
      row(
        f,
        shown.map((verdict) => cell(f, verdict)),
      ),
    ),
  ];
}
