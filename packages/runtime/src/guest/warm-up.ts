/**
 * What a spare worker does until its guest comes: it rehearses captures and restores (checkpoint/guest/rehearsal.ts), in slices, so
 * that a guest that comes waits for one slice at most.
 */

import { setFlagsFromString } from 'node:v8';
import { Rehearsal, type RehearsalOptions } from '@godwit/checkpoint/guest';
import { nodeLimits } from '../node/limits.js';

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

/** After so many rounds V8 has optimised what matters; more cost the machine more than they save a guest. */
const rounds = 6;
/** Resume code made in a rehearsal, for the same reason. */
const labels = 2;

/**
 * Two of them by turns, since code that has only ever met one realm is compiled for that one, and thrown away when the guest's comes.
 * They are kept: V8 throws code away when the last object of a hidden class dies that it was compiled for.
 */
const cast: Rehearsal[] = [];

function* rehearse(options: RehearsalOptions): Generator<void> {
  for (let i = 0; i < 2; i++) {
    cast.push(new Rehearsal(options));
    yield;
  }
  for (let round = 0; round < rounds; round++) {
    yield* cast[round % 2]!.round();
  }
  for (let label = 0; label < labels && cast[label % 2]!.peel(label); label++) yield;
  isWarm = true;
}

/** Set now: a guest's realm has others. */
const { setImmediate: soon, setTimeout: later } = globalThis;

/**
 * Starts; calls `done` when all is rehearsed. Gives a function that ends it before.
 * @param restUntilMs shared: until then (Date.now) nothing is done
 */
export function warmUp(options: RehearsalOptions, restUntilMs: BigInt64Array | undefined, done: () => void): () => void {
  let isOver = false;
  const slices = rehearse(options);
  const slice = (): void => {
    if (isOver) return;
    if (restUntilMs && Atomics.load(restUntilMs, 0) > BigInt(Date.now())) later(slice, nodeLimits.restCheckMs);
    else if (slices.next().done) done();
    else soon(slice);
  };
  soon(slice);
  return () => {
    isOver = true;
  };
}
