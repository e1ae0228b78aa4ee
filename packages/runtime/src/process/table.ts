/**
 * The process table of one mother node, as a pure machine: (table, event) → { state, commands }.
 *
 *   created ──started──→ running(node, epoch) ←──moved / move failed── moving(to)
 *      │                     │    └────────move begun────────────────────↑
 *      └──ended/lost──→ ended(exit) | lost(reason) ──waited──→ forgotten
 *
 * Keeps true: an entry stays for the guest's life, wherever it runs, and afterwards until somebody waited for it or room is
 * needed, so its PID stays taken; events of an older epoch change nothing; ended and lost are final.
 * Not the authority on where a guest is: the location table is, and the events come from watching it.
 */

import { assert } from '@godwit/checkpoint/base';
import { processLimits } from '../limits.js';
import type { Exit } from './location.js';

export type ProcessState =
  | { readonly kind: 'created' }
  | { readonly kind: 'running'; readonly node: number }
  | { readonly kind: 'moving'; readonly node: number; readonly toNode: number }
  | { readonly kind: 'ended'; readonly exit: Exit }
  | { readonly kind: 'lost'; readonly reason: string };

export interface ProcessEntry {
  readonly pid: number;
  readonly name: string;
  readonly argv: readonly string[];
  readonly startedAtMs: number;
  readonly epoch: number;
  readonly moves: number;
  readonly state: ProcessState;
  /** Callers of wait, by the id they gave. */
  readonly waiters: readonly string[];
}

/** In order of ending for what ended, of creation for the rest; ended ones go first when room is needed. */
export interface ProcessTable {
  readonly home: number;
  readonly entries: ReadonlyMap<number, ProcessEntry>;
  /** PIDs of ended and lost entries, oldest first. */
  readonly ended: readonly number[];
}

export type ProcessEvent =
  | { type: 'create'; pid: number; name: string; argv: readonly string[]; startedAtMs: number }
  | { type: 'started'; pid: number; node: number; epoch: number }
  | { type: 'moveBegun'; pid: number; toNode: number; epoch: number }
  | { type: 'moveFailed'; pid: number; epoch: number }
  /** `epoch` is the new one. */
  | { type: 'moved'; pid: number; node: number; epoch: number }
  | { type: 'ended'; pid: number; epoch: number; exit: Exit }
  | { type: 'lost'; pid: number; epoch: number; reason: string }
  | { type: 'wait'; pid: number; waiter: string }
  | { type: 'stopWaiting'; pid: number; waiter: string };

export type Outcome = { readonly exit: Exit } | { readonly lost: string };

export type ProcessCommand =
  /** Tell a waiter. `none`: there is no such process. */
  | { type: 'answer'; pid: number; waiter: string; outcome: Outcome | 'none' }
  /** The PID is free of memory here: its location may be removed. It is still never given out again. */
  | { type: 'forget'; pid: number }
  | { type: 'refuse'; pid: number; reason: 'full' | 'taken' };

export interface ProcessStep {
  readonly state: ProcessTable;
  readonly commands: ProcessCommand[];
}

/** What a mother shows for a guest that lives elsewhere. */
export interface Tombstone {
  readonly pid: number;
  readonly name: string;
  readonly node: number;
  readonly epoch: number;
  readonly moving: boolean;
}

export function emptyTable(home: number): ProcessTable {
  return { home, entries: new Map(), ended: [] };
}

/** The machine. */
export function processStep(table: ProcessTable, event: ProcessEvent): ProcessStep {
  if (event.type === 'create') return create(table, event);
  const entry = table.entries.get(event.pid);
  if (event.type === 'wait') return wait(table, entry, event);
  if (!entry) return { state: table, commands: [] };
  if (event.type === 'stopWaiting') {
    return put(table, { ...entry, waiters: entry.waiters.filter((waiter) => waiter !== event.waiter) });
  }
  const next = nextState(entry, event);
  if (!next) return { state: table, commands: [] };
  const moved = event.type === 'moved' ? 1 : 0;
  const changed = { ...entry, state: next, epoch: event.epoch, moves: entry.moves + moved };
  return next.kind === 'ended' || next.kind === 'lost' ? finish(table, changed) : put(table, changed);
}

/** The entries of guests that run on other nodes. */
export function tombstones(table: ProcessTable): Tombstone[] {
  return [...table.entries.values()].flatMap(({ pid, name, epoch, state }) =>
    (state.kind === 'running' || state.kind === 'moving') && state.node !== table.home
      ? [{ pid, name, node: state.node, epoch, moving: state.kind === 'moving' }]
      : [],
  );
}

type ChangeEvent = Exclude<ProcessEvent, { type: 'create' | 'wait' | 'stopWaiting' }>;

/** The transition table; undefined where the event does not apply: it is stale, repeated, or comes after the end. */
function nextState({ state, epoch }: ProcessEntry, event: ChangeEvent): ProcessState | undefined {
  if (state.kind === 'ended' || state.kind === 'lost' || event.epoch < epoch) return undefined;
  const sameEpoch = event.epoch === epoch;
  switch (event.type) {
    case 'started':
      return state.kind === 'created' ? { kind: 'running', node: event.node } : undefined;
    case 'moveBegun':
      return state.kind === 'running' && sameEpoch ? { kind: 'moving', node: state.node, toNode: event.toNode } : undefined;
    case 'moveFailed':
      return state.kind === 'moving' && sameEpoch ? { kind: 'running', node: state.node } : undefined;
    case 'moved':
      return sameEpoch ? undefined : { kind: 'running', node: event.node };
    case 'ended':
      return { kind: 'ended', exit: event.exit };
    case 'lost':
      return { kind: 'lost', reason: event.reason };
  }
}

function create(table: ProcessTable, event: Extract<ProcessEvent, { type: 'create' }>): ProcessStep {
  const { pid, name, argv, startedAtMs } = event;
  if (table.entries.has(pid)) return { state: table, commands: [{ type: 'refuse', pid, reason: 'taken' }] };
  const live = table.entries.size - table.ended.length;
  if (live >= processLimits.maxProcessesPerMother) return { state: table, commands: [{ type: 'refuse', pid, reason: 'full' }] };
  return put(table, { pid, name, argv, startedAtMs, epoch: 0, moves: 0, state: { kind: 'created' }, waiters: [] });
}

function wait(table: ProcessTable, entry: ProcessEntry | undefined, event: Extract<ProcessEvent, { type: 'wait' }>): ProcessStep {
  const { pid, waiter } = event;
  if (!entry) return { state: table, commands: [{ type: 'answer', pid, waiter, outcome: 'none' }] };
  const outcome = outcomeOf(entry.state);
  if (!outcome) return put(table, { ...entry, waiters: [...entry.waiters.filter((other) => other !== waiter), waiter] });
  return forget(table, pid, [{ type: 'answer', pid, waiter, outcome }]);
}

function finish(table: ProcessTable, entry: ProcessEntry): ProcessStep {
  const outcome = outcomeOf(entry.state);
  assert(outcome, 'what finishes has an outcome');
  const { pid, waiters } = entry;
  const answers = waiters.map((waiter): ProcessCommand => ({ type: 'answer', pid, waiter, outcome }));
  const kept = { ...put(table, { ...entry, waiters: [] }).state, ended: [...table.ended, pid] };
  if (answers.length > 0) return forget(kept, pid, answers);
  const oldest = kept.ended.length > processLimits.maxEndedRemembered ? kept.ended[0] : undefined;
  return oldest === undefined ? { state: kept, commands: [] } : forget(kept, oldest, []);
}

function forget(table: ProcessTable, pid: number, commands: ProcessCommand[]): ProcessStep {
  const entries = new Map(table.entries);
  entries.delete(pid);
  const ended = table.ended.filter((other) => other !== pid);
  return { state: { ...table, entries, ended }, commands: [...commands, { type: 'forget', pid }] };
}

function put(table: ProcessTable, entry: ProcessEntry): ProcessStep {
  return { state: { ...table, entries: new Map(table.entries).set(entry.pid, entry) }, commands: [] };
}

function outcomeOf(state: ProcessState): Outcome | undefined {
  if (state.kind === 'ended') return { exit: state.exit };
  return state.kind === 'lost' ? { lost: state.reason } : undefined;
}
