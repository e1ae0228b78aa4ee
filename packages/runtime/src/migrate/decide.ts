/**
 * The location table as the machines ask it: every failure of the bus becomes `unknown`, to be asked again.
 * Keeps true: `unknown` is said only when nothing is known; an entry that is not there is an answer.
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import type { Location } from '../process/location.js';
import type { Locations, SeenLocation } from '../process/locations.js';
import type { MoveRef } from './messages.js';

/** `seen`: what lookAhead() gave. */
export async function askCommit(
  locations: Locations,
  move: MoveRef,
  seen?: SeenLocation,
): Promise<'committed' | 'stale' | 'unknown'> {
  return answerOr(() => locations.commitMove(move.pid, move.epoch, move.toNode, move.attempt, seen), 'stale', 'unknown');
}

/** What is in the table before the COMMIT, which is one question less for it; undefined when that is not known. */
export async function lookAhead(locations: Locations, move: MoveRef): Promise<SeenLocation | undefined> {
  return answerOr(() => locations.look(move.pid), undefined, undefined);
}

export async function askAbandon(locations: Locations, move: MoveRef): Promise<'abandoned' | 'committed' | 'void' | 'unknown'> {
  return answerOr(() => locations.abandonMove(move.pid, move.epoch, move.toNode, move.attempt), 'void', 'unknown');
}

export async function askLocation(locations: Locations, move: MoveRef): Promise<Location | undefined | 'unknown'> {
  return answerOr(() => locations.read(move.pid), undefined, 'unknown');
}

/** Enters a loss, however often it takes, until `isOver` says that nobody is left to care (the node stops or is fenced). */
export async function reportLost(
  locations: Locations,
  host: Host,
  lost: { pid: number; node: number; epoch: number; reason: string },
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const report = async () => String(await locations.markGuestLost(lost.pid, lost.node, lost.epoch, lost.reason));
    if ((await answerOr(report, 'none', 'unknown')) !== 'unknown') return;
    host.log('warn', 'a loss could not be entered in the location table yet', { pid: lost.pid });
    await new Promise<void>((resolve) => host.after(migrateLimits.decideRetryMs, resolve));
  }
}

async function answerOr<T, A, U>(ask: () => Promise<T>, absent: A, unknown: U): Promise<T | A | U> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof GodwitError)) throw error;
    if (error.code === 'GODWIT_NO_PROCESS') return absent;
    // Contention, a lost connection, a leader being elected, even an entry nobody can read: none says who owns the guest.
    return unknown;
  }
}
