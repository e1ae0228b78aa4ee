/** From offsets in a text to lines and columns, all zero-based. In a guest's thread it is asked in interrupts: see capture/look.ts. */
import { indexOf } from '../heap/primordials.js';

/** Where each line begins. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let i = indexOf(text, '\n', 0); i >= 0; i = indexOf(text, '\n', i + 1)) starts[starts.length] = i + 1;
  return starts;
}

/** Line and column of an offset, by the starts of the lines. */
export function lineAndColumn(starts: readonly number[], offset: number): { line: number; column: number } {
  let line = 0;
  let behind = starts.length;
  while (line + 1 < behind) {
    const middle = (line + behind) >> 1;
    if (starts[middle]! <= offset) line = middle;
    else behind = middle;
  }
  return { line, column: offset - starts[line]! };
}
