/**
 * What a spare worker does until its guest comes: it rehearses captures and restores (checkpoint/guest/rehearsal.ts), in slices, so
 * that a guest that comes waits for one slice at most.
 */

import type { Bundle } from '@godwit/checkpoint/compile';
import { Rehearsal } from '@godwit/checkpoint/guest';

/** After so many rounds V8 has optimised what it will. */
const rounds = 8;
/** Resume code made in a rehearsal: enough for V8 to compile what makes it. */
const labels = 8;

/** Starts; calls `done` when all rounds are over. Gives a function that ends it before. */
export function warmUp(bundle: Bundle, schedule: (slice: () => void) => void, done: () => void): () => void {
  let isOver = false;
  let rehearsal: Rehearsal | undefined;
  let round = 0;
  let label = 0;
  const slice = (): void => {
    if (isOver) return;
    if (!rehearsal) rehearsal = new Rehearsal(bundle);
    else if (round < rounds) {
      round++;
      rehearsal.round();
    } else if (label === labels || !rehearsal.peel(label++)) {
      isOver = true;
      rehearsal = undefined;
      done();
      return;
    }
    schedule(slice);
  };
  schedule(slice);
  return () => {
    isOver = true;
    rehearsal = undefined;
  };
}
