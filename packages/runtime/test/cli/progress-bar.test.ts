/** The line of a drain on a terminal: it never falls, is not at its end before that is reached, and fits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barLine, type Progress, ProgressBar } from '../../src/cli/progress-bar.js';

const progress = (doneBytes: number, leftBytes: number): Progress => ({
  title: '130: node 0 -> 2',
  doneBytes,
  leftBytes,
  bytesPerS: 8_400_000,
  note: '12 faults',
});

function terminal(isTTY = true, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}
const percents = (written: readonly string[]) =>
  written.flatMap((text) => [...text.matchAll(/ (\d+)%/g)].map(([, n]) => Number(n)));

describe('ProgressBar', () => {
  it('never falls, whatever is said to be left, and says 100 % at the end only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(10 ** 10), fc.nat(10 ** 10)), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 20, max: 200 }),
        (looks, columns) => {
          const screen = terminal(true, columns);
          const bar = new ProgressBar(screen, 'xterm');
          for (const [done, left] of looks) bar.draw(progress(done, left));
          const drawn = percents(screen.written);
          expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
          expect(drawn.every((percent) => percent < 100)).toBe(true);
          for (const text of screen.written) expect(text.replace(/^\r/, '').replace('\x1b[K', '').length).toBeLessThan(columns);
          bar.end(true);
          if (columns >= 30) expect(percents(screen.written).at(-1)).toBe(100);
          expect(screen.written.at(-1)).toBe('\n');
        },
      ),
    );
  });

  it('stays where it was when the rest does not come', () => {
    const screen = terminal();
    const bar = new ProgressBar(screen, 'xterm');
    bar.draw(progress(30_000_000, 10_000_000));
    bar.end(false);
    expect(percents(screen.written)).toEqual([75]);
    expect(screen.written.at(-1)).toBe('\n');
  });

  it('writes nothing elsewhere than on a terminal, on a dumb one, or when all was there at the first look', () => {
    for (const [screen, kind] of [
      [terminal(false), 'xterm'],
      [terminal(), 'dumb'],
    ] as const) {
      const bar = new ProgressBar(screen, kind);
      bar.draw(progress(1, 2));
      bar.end(true);
      expect(screen.written).toEqual([]);
    }
    const screen = terminal();
    new ProgressBar(screen, 'xterm').end(true, progress(3, 0));
    expect(screen.written).toEqual([]);
  });
});

describe('barLine', () => {
  it('has a bar where there is room for one, and figures always', () => {
    expect(barLine(progress(12_900_000, 17_500_000), 42, 120)).toBe(
      '130: node 0 -> 2 [================>                       ]  42%  12.3M, 16.7M left  8.0M/s  12 faults',
    );
    expect(barLine(progress(12_900_000, 17_500_000), 42, 80)).toBe(
      '130: node 0 -> 2 [=======>         ]  42%  12.3M, 16.7M left  8.0M/s  12 faults',
    );
    expect(barLine(progress(12_900_000, 17_500_000), 42, 60)).toBe('130: node 0 -> 2  42%  12.3M, 16.7M left  8.0M/s  12 faults');
    expect(barLine(progress(30_400_000, 0), 100, 80)).toBe(
      '130: node 0 -> 2 [=============================] 100%  29.0M  8.0M/s  12 faults',
    );
  });
});
