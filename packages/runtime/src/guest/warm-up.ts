/**
 * What a spare worker does until its guest comes: it rehearses captures and restores (checkpoint/guest/rehearsal.ts), in slices, so
 * that a guest that comes waits for one slice at most.
 */

import { setFlagsFromString } from 'node:v8';
import type { Bundle } from '@godwit/checkpoint/compile';
import { Rehearsal } from '@godwit/checkpoint/guest';

let isWarm = false;

/**
 * Runs a capture or restore with what V8 has compiled in the rehearsal and nothing more: optimising another function takes longer than
 * it saves in some ten milliseconds. A worker that has not rehearsed needs the optimiser, whatever it takes.
 * The flag is the process's: other guests' new functions wait as long.
 */
export function asRehearsed<T>(action: () => T): T {
  if (!isWarm) return action();
  setFlagsFromString('--no-opt');
  try {
    return action();
  } finally {
    setFlagsFromString('--opt');
  }
}

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
      isWarm = true;
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
