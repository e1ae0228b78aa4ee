/**
 * One entry of the location table: where a guest is, under which epoch, and how it ended.
 * Pure: what may follow what, and the form in the store. Changing it there is locations.ts.
 *
 *   running(node, epoch) ──commit──→ running(other, epoch+1)      ──end──→ ended(exit)
 *            └──node lost──→ lost(reason, epoch+1)
 *   ended, lost ──restored from an image under its PID──→ running(node, epoch+1), the entry of a new life
 *
 * Keeps true: the epoch only grows; ended and lost are final for the life they end; a move that its target gave up cannot be committed later.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { processLimits } from '../limits.js';
import { isPid } from './pid.js';

/** How a guest ended: its exit code, or the signal that ended it. */
export type Exit = { readonly code: number } | { readonly signal: string };

export interface Location {
  readonly pid: number;
  /** The mother node. */
  readonly home: number;
  /** The node that owns it, or owned it last. */
  readonly node: number;
  /** Raised by each move and by a loss; whoever holds an older one is fenced off. */
  readonly epoch: number;
  readonly state: 'running' | 'ended' | 'lost';
  readonly name: string;
  readonly argv: readonly string[];
  readonly startedAtMs: number;
  readonly moves: number;
  /** The highest move attempt of this epoch that its target gave up; commits up to it are refused. */
  readonly abandonedAttempt: number;
  readonly exit?: Exit;
  readonly reason?: string;
  readonly endedAtMs?: number;
}

export type NewLocation = Pick<Location, 'pid' | 'home' | 'name' | 'argv' | 'startedAtMs'> & { node?: number };

/** What a change of a location comes to: the new value, or why there is none. */
export type Change = { readonly write: Location } | { readonly done: Location } | { readonly stale: Location };

/** The entry of a guest that begins, in epoch 1, on its mother unless said otherwise. */
export function newLocation(created: NewLocation): Location {
  const { pid, home, startedAtMs } = created;
  const argv = created.argv.slice(0, processLimits.maxArgs).map((arg) => arg.slice(0, processLimits.maxArgChars));
  const name = created.name.slice(0, processLimits.maxNameChars);
  return {
    pid,
    home,
    node: created.node ?? home,
    epoch: 1,
    state: 'running',
    name,
    argv,
    startedAtMs,
    moves: 0,
    abandonedAttempt: 0,
  };
}

/** COMMIT: the guest belongs to `toNode` from here on. Saying it twice is saying it once. */
export function committed(
  location: Location,
  fromEpoch: number,
  fromNode: number | undefined,
  toNode: number,
  attempt: number,
): Change {
  const isDone = location.state === 'running' && location.epoch === fromEpoch + 1 && location.node === toNode;
  if (isDone && location.moves > 0) return { done: location };
  const mayCommit =
    location.state === 'running' &&
    location.epoch === fromEpoch &&
    (fromNode === undefined || location.node === fromNode) &&
    attempt > location.abandonedAttempt;
  if (!mayCommit) return { stale: location };
  return { write: { ...location, node: toNode, epoch: fromEpoch + 1, moves: location.moves + 1, abandonedAttempt: 0 } };
}

/** The target gives an attempt up: after this is written its source cannot commit it any more. `stale`: it was committed, or is void anyway. */
export function abandoned(location: Location, fromEpoch: number, attempt: number): Change {
  if (location.state !== 'running' || location.epoch !== fromEpoch) return { stale: location };
  if (location.abandonedAttempt >= attempt) return { done: location };
  return { write: { ...location, abandonedAttempt: attempt } };
}

/** The guest ended where it runs. An owner of an older epoch has no say. */
export function endedAt(location: Location, epoch: number, exit: Exit, nowMs: number): Change {
  if (location.state === 'ended' && location.epoch === epoch) return { done: location };
  if (location.state !== 'running' || location.epoch !== epoch) return { stale: location };
  return { write: { ...location, state: 'ended', exit, endedAtMs: nowMs } };
}

/** A process under a PID that had one before. `stale`: that one is running. */
export function restoredAt(location: Location, created: NewLocation): Change {
  if (location.state === 'running') return { stale: location };
  return { write: { ...newLocation(created), epoch: location.epoch + 1 } };
}

/** Its owner is gone, with what the guest was. The epoch is raised so that an owner that comes back is fenced off. */
export function lostAt(location: Location, node: number, reason: string, nowMs: number, epoch?: number): Change {
  if (location.state !== 'running' || location.node !== node || (epoch !== undefined && location.epoch !== epoch))
    return { stale: location };
  return { write: { ...location, state: 'lost', epoch: location.epoch + 1, reason, endedAtMs: nowMs } };
}

export function encodeLocation(location: Location): Uint8Array {
  return encodeJson(location);
}

/** @throws GODWIT_PROTOCOL */
export function parseLocation(bytes: Uint8Array): Location {
  const value = decodeJson(bytes, 'location of a process');
  const counts = [value.home, value.node, value.epoch, value.moves, value.abandonedAttempt, value.startedAtMs];
  const good =
    isPid(value.pid) &&
    counts.every((count) => typeof count === 'number' && count >= 0) &&
    (value.state === 'running' || value.state === 'ended' || value.state === 'lost') &&
    typeof value.name === 'string' &&
    Array.isArray(value.argv) &&
    value.argv.every((arg) => typeof arg === 'string');
  if (!good) throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read the location of a process: it is malformed');
  return value as unknown as Location; // each field the machine decides by was looked at above
}
