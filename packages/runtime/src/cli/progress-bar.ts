/**
 * A line on a terminal that shows how much of something has come, drawn over itself. The whole is an estimate, so what is shown of it
 * never falls, and is not 100 % before the end. Elsewhere than on a terminal nothing is drawn.
 */

import { bytesText } from './table.js';

export interface Progress {
  readonly title: string;
  readonly doneBytes: number;
  /** About. */
  readonly leftBytes: number;
  /** Not shown as long as there is none. */
  readonly bytesPerS: number | null;
  /** For the end of the line. */
  readonly note: string;
}

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const usualColumns = 80;
const narrowestBar = 8;
const widestBar = 40;
const clearToEnd = '\x1b[K';

export class ProgressBar {
  readonly #isShown: boolean;
  #last: { progress: Progress; percent: number } | undefined;

  constructor(
    private readonly terminal: Terminal,
    kind: string | undefined,
  ) {
    this.#isShown = terminal.isTTY === true && kind !== 'dumb';
  }

  draw(progress: Progress): void {
    const { doneBytes, leftBytes } = progress;
    const percent = Math.floor((100 * doneBytes) / Math.max(1, doneBytes + leftBytes));
    this.#put(progress, Math.min(99, Math.max(percent, this.#last?.percent ?? 0)));
  }

  /** The line stays as it is, whole or not. Without a line before there is none now. */
  end(isWhole: boolean, progress: Progress | undefined = this.#last?.progress): void {
    if (!this.#last) return;
    if (isWhole && progress) this.#put(progress, 100);
    if (this.#isShown) this.terminal.write('\n');
    this.#last = undefined;
  }

  #put(progress: Progress, percent: number): void {
    this.#last = { progress, percent };
    if (this.#isShown) this.terminal.write(`\r${barLine(progress, percent, this.terminal.columns)}${clearToEnd}`);
  }
}

/** As wide as fits: the bar goes before the figures do. */
export function barLine(
  { title, doneBytes, leftBytes, bytesPerS, note }: Progress,
  percent: number,
  columns = usualColumns,
): string {
  const rate = !bytesPerS ? '' : `  ${bytesText(Math.round(bytesPerS))}/s`;
  const left = percent === 100 ? '' : `, ${bytesText(leftBytes)} left`;
  const figures = `${String(percent).padStart(3)}%  ${bytesText(doneBytes)}${left}${rate}  ${note}`;
  // The last column stays free: a terminal would go to the next line.
  const room = columns - 1 - title.length - figures.length - ' [] '.length;
  if (room < narrowestBar) return `${title} ${figures}`.slice(0, columns - 1);
  const width = Math.min(widestBar, room);
  const full = Math.floor((width * percent) / 100);
  const bar = percent === 100 ? '='.repeat(width) : `${'='.repeat(full)}>`.padEnd(width);
  return `${title} [${bar}] ${figures}`;
}
