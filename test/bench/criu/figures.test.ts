/** The pure parts of the bench beside CRIU: what a move's figures are, of one run and of many; results, tables, plots, apt's sources. */
import { describe, expect, it } from 'vitest';
import { debianSource } from './apt-source.mjs';
import { clientFigures, figures, quantile, roundFigures, summary } from './figures.mjs';
import { decadesOf, plot } from './plot.mjs';
import { merged, ordered } from './results.mjs';
import { markdown } from './table.mjs';

const move = { beganAtMs: 1_000, arrivedAtMs: 1_300, wholeAtMs: 2_000, stopAtMs: 5_000 };

describe('figures of one run', () => {
  it('takes the longest gap that begins in the move as the pause, and what is longest behind it as a later stall', () => {
    const gaps = [
      [900, 70],
      [1_100, 20],
      [1_200, 90],
      [1_800, 400],
      [6_000, 999],
    ];
    expect(figures(gaps, move)).toEqual({ pauseMs: 90, totalMs: 800, laterStallMs: 400, unmovedStallMs: 70 });
  });

  it('counts a pause that lasts until after everything is there as the whole of the move', () => {
    expect(figures([[1_200, 3_000]], move)).toMatchObject({ pauseMs: 3_000, totalMs: 3_000, laterStallMs: 0 });
  });

  it('throws when the program did not stand still', () => {
    expect(() => figures([[10, 500]], move)).toThrow('did not stand still');
  });

  it('adds up what rounds took longer until those of a fifth of a second are as fast as before', () => {
    const before = [
      [600, 90],
      [690, 110],
      [800, 100],
    ];
    const after = [
      [900, 700],
      [1_600, 300],
      [1_900, 120],
      [2_020, 140],
      [2_160, 100],
      [2_260, 120],
      [2_380, 900],
    ];
    // Of the pairs after two seconds the first takes 1.2 times a round.
    expect(roundFigures([...before, ...after], move)).toEqual({ roundMs: 100, longestRoundMs: 700, lostMs: 860 });
  });

  it('takes the longest round trip that was under way in the move', () => {
    const seen = {
      trips: 9,
      wrong: 0,
      broken: 1,
      long: [
        [100, 800],
        [950, 260],
        [2_900, 700],
      ],
    };
    expect(clientFigures(seen, move)).toEqual({ longestTripMs: 260, trips: 9, wrongAnswers: 0, brokenClients: 1 });
  });
});

describe('figures of many runs', () => {
  const runs = [
    { outcome: 'moved', pauseMs: 30, bytes: 5 },
    { outcome: 'moved', pauseMs: 10, bytes: 5 },
    { outcome: 'failed', reason: 'it was lost', pauseMs: 1 },
    { outcome: 'moved', pauseMs: 20, bytes: 5 },
  ];

  it('are of those that moved only, and say what became of the others', () => {
    expect(summary(runs)).toMatchObject({ moved: 3, runs: 4, others: ['it was lost'], pauseMs: { median: 20, p99: 30 } });
  });

  it('have quantiles that are values which were seen', () => {
    expect([quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.99), quantile([], 0.5)]).toEqual([2, 4, undefined]);
  });
});

describe('results', () => {
  const sections = { small: { title: 'Small', unit: 'MB' }, large: { title: 'Large', unit: 'MB' } };
  const modes = { a: { name: 'A' }, b: { name: 'B' } };
  const row = (section: string, size: number, mode: string, more = {}) => ({ section, size, mode, runs: [], ...more });

  it('take the place of those of the same section, size and mode, and are put in order', () => {
    const old = { schema: 'godwit.bench-criu/1', rows: [row('large', 1, 'a'), row('small', 50, 'b'), row('small', 1, 'b')] };
    const { rows } = merged(old, [row('small', 50, 'b', { at: 'now' }), row('small', 1, 'a')]);
    expect(ordered(rows, sections, modes).map((each) => [each.section, each.size, each.mode, 'at' in each])).toEqual([
      ['small', 1, 'a', false],
      ['small', 1, 'b', false],
      ['small', 50, 'b', true],
      ['large', 1, 'a', false],
    ]);
  });

  it('are a Markdown table in which every line has as many cells, without figures where there are none', () => {
    const runs = [{ outcome: 'moved', pauseMs: 12_345, totalMs: 12_400, bytes: 2_500_000, load: 1 }];
    const failed = [{ outcome: 'too long', reason: '> 2 s | it had moved', load: 2 }];
    const rows = [
      row('small', 1, 'a', { runs }),
      row('small', 1, 'b', { runs: failed }),
      row('small', 2, 'a', { skipped: 'no root' }),
    ];
    const lines = markdown(rows, sections, modes)
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(new Set(lines.map((line) => line.replaceAll('\\|', '').split('|').length)).size).toBe(1);
    expect(lines[2]).toContain('| 1 of 1 | 12.3 s (12.3 s) | 12.4 s | 2.5 |');
    expect(lines[3]).toContain('| 0 of 1 |  |  |  |');
    expect(lines[4]).toContain('| skipped |');
    expect(lines[4]).toContain('no root');
  });
});

describe('a plot', () => {
  it('has decades around all values', () => {
    expect(decadesOf([20, 3_000])).toEqual([10, 100, 1_000, 10_000]);
    expect(decadesOf([10])).toEqual([1, 10].map((each) => each * 10));
  });

  it('draws larger values higher, equal ratios equally far, and writes names as text', () => {
    const points = [1, 10, 100].map((x) => ({ x, y: x * 10, longest: x * 20 }));
    const words = { title: 'a < b', under: '', xTitle: 'MB', yTitle: 'ms', xTicks: [1, 10, 100], yText: String };
    const svg = plot({ ...words, series: [{ name: 'A & B', place: 0, points }] });
    const ends = [...svg.match(/<path class="line s0" d="([^"]+)"/)![1]!.matchAll(/([\d.]+) ([\d.]+)/g)];
    const [xs, ys] = [1, 2].map((i) => ends.map((end) => Number(end[i])));
    expect(xs![2]! - xs![1]!).toBeCloseTo(xs![1]! - xs![0]!, 0);
    expect(ys![0]! - ys![1]!).toBeCloseTo(ys![1]! - ys![2]!, 0);
    expect(ys![0]).toBeGreaterThan(ys![1]!);
    expect(svg).toContain('A &amp; B');
    expect(svg).not.toContain('a < b');
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('the source of another suite', () => {
  const release = 'ID=debian\nVERSION_CODENAME=bookworm\n';
  const security = 'Types: deb\nURIs: http://archive.example/security\nSuites: bookworm-security\nComponents: main\n';
  const own = 'Types: deb\nURIs: http://archive.example/debian\nSuites: bookworm bookworm-updates\nSigned-By: /keys/debian.gpg\n';

  it('is the archive and the key of the machine', () => {
    expect(debianSource(['', `${security}\n# more\n${own}`], release, 'sid')).toBe(
      'deb [signed-by=/keys/debian.gpg] http://archive.example/debian sid main\n',
    );
    expect(debianSource(['# deb x y z\ndeb http://archive.example/debian bookworm main\n'], release, 'trixie')).toBe(
      'deb http://archive.example/debian trixie main\n',
    );
  });

  it('is refused where the machine has none', () => {
    expect(() => debianSource([security], release, 'sid')).toThrow('no source');
    expect(() => debianSource([own], 'ID=ubuntu\nVERSION_CODENAME=noble\n', 'sid')).toThrow('not Debian');
  });
});
