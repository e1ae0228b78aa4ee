/**
 * The source's side of a move, as a pure machine: (state, event) → { state, commands }.
 *
 *   offering ─ACCEPT→ capturing ─captured→ loading ─LOADED→ committing ─committed→ handing ─STARTED→ draining ─DRAINED→ moved
 *      │ REFUSE          │                   │               │  ↑ no answer       │ target lost        │
 *      ↓ timeout …       ↓                   ↓         stale ↓  │ (undecided)      ↓                    ↓
 *     kept ←───────── takingBack ←───────────┴──────────── reading ─────────────→ gone ←───────────────┘
 *                          ↑── abandoned ── abandoning ←─target lost─ committing, undecided
 *
 * Keeps true: before COMMIT every failure takes the guest back; from the COMMIT on nothing but the location table says
 * whose the guest is, however long it takes to ask; the guest stays stopped meanwhile; nothing is released before that.
 * A COMMIT that may reach the table after its target was declared lost would give the guest to nobody: it is abandoned there.
 * Every wait has one timer; `wait` numbers it, so that a timer of an earlier state is known as stale.
 */

import { migrateLimits } from '../limits.js';
import type { Location } from '../process/location.js';
import type { MoveNeeds, MoveRef, RefuseReason, SourceMessage, TargetMessage } from './messages.js';

export type SourcePhase =
  | 'offering'
  | 'capturing'
  | 'loading'
  | 'committing'
  | 'undecided'
  | 'reading'
  | 'rereading'
  | 'abandoning'
  | 'reabandoning'
  | 'takingBack'
  | 'handing'
  | 'draining'
  | 'checking'
  | 'done';

export interface SourceState {
  readonly phase: SourcePhase;
  readonly move: MoveRef;
  readonly wait: number;
  /** RUNs sent again in `handing`, silent periods in `draining`. */
  readonly tries: number;
  /** Why the guest is taken back. */
  readonly reason: string;
  readonly refusal: RefuseReason | undefined;
  readonly outcome: MoveOutcome | undefined;
}

export type MoveOutcome =
  /** `drained` is false when the source stopped serving pages without hearing DRAINED. */
  | { readonly kind: 'moved'; readonly drained: boolean }
  /** The guest runs on at the source. */
  | { readonly kind: 'kept'; readonly reason: string; readonly refusal?: RefuseReason }
  /** The guest is no longer this node's: it was lost, ended, or this node was fenced off. */
  | { readonly kind: 'gone'; readonly reason: string };

export type SourceEvent =
  | { type: 'begin'; needs: MoveNeeds }
  | { type: 'message'; message: TargetMessage }
  | { type: 'captured' }
  /** The guest runs on, or ended by itself. */
  | { type: 'captureFailed'; reason: string }
  | { type: 'tookBack' }
  | { type: 'takeBackFailed'; reason: string }
  | { type: 'commitAnswer'; answer: 'committed' | 'stale' | 'unknown' }
  | { type: 'abandonAnswer'; answer: 'abandoned' | 'committed' | 'void' | 'unknown' }
  | { type: 'locationRead'; location: Location | undefined | 'unknown' }
  | { type: 'timeout'; wait: number }
  | { type: 'linkLost'; reason: string }
  | { type: 'targetLost' }
  /** The user or the daemon wants the move called off; without effect from the COMMIT on. */
  | { type: 'abort'; reason: string }
  /** A page was served or asked for. */
  | { type: 'progress' };

export type SourceCommand =
  | { type: 'send'; message: SourceMessage }
  | { type: 'arm'; delayMs: number; wait: number }
  | { type: 'capture' }
  | { type: 'sendEssence' }
  /** Call a capture off or resume the stopped guest where it was. Answered by tookBack or takeBackFailed. */
  | { type: 'takeBack'; reason: string }
  | { type: 'commit' }
  /** Compare-and-swap: this attempt can no longer be committed. */
  | { type: 'abandon' }
  | { type: 'readLocation' }
  /** The guest is the target's: re-point flows, forward service queues, serve pages. */
  | { type: 'handOver' }
  /** Enter in the location table that the guest was lost at that node; to be tried until it is known to be there. */
  | { type: 'reportLost'; node: number; epoch: number; reason: string }
  /** End the stopped copy and free everything. */
  | { type: 'release' }
  | { type: 'finish'; outcome: MoveOutcome };

export interface SourceStep {
  readonly state: SourceState;
  readonly commands: SourceCommand[];
}

export function initialSource(move: MoveRef): SourceState {
  return { phase: 'offering', move, wait: 0, tries: 0, reason: '', refusal: undefined, outcome: undefined };
}

/** The machine. */
export function sourceStep(state: SourceState, event: SourceEvent): SourceStep {
  if (event.type === 'timeout' && event.wait !== state.wait) return same(state);
  return table[state.phase](state, event);
}

type Rule = (state: SourceState, event: SourceEvent) => SourceStep;

const table: Record<SourcePhase, Rule> = {
  offering(state, event) {
    if (event.type === 'begin') {
      return go(state, 'offering', migrateLimits.acceptTimeoutMs, [send({ type: 'offer', needs: event.needs })]);
    }
    const message = event.type === 'message' ? event.message : undefined;
    if (message?.type === 'accept') return go(state, 'capturing', migrateLimits.captureTimeoutMs, [{ type: 'capture' }]);
    if (message?.type === 'refuse') {
      const refusal = { refusal: message.reason };
      return finish(state, { kind: 'kept', reason: message.detail || message.reason, ...refusal }, []);
    }
    const failure = failureOf(event, 'the target did not answer the offer in time');
    return failure === undefined ? same(state) : finish(state, { kind: 'kept', reason: failure }, [cancel(failure)]);
  },

  capturing(state, event) {
    if (event.type === 'captured') return go(state, 'loading', migrateLimits.loadedTimeoutMs, [{ type: 'sendEssence' }]);
    if (event.type === 'captureFailed') return finish(state, { kind: 'kept', reason: event.reason }, [cancel(event.reason)]);
    const failure = failureOf(event, 'the guest could not be captured in time');
    return failure === undefined ? same(state) : takeBack(state, failure);
  },

  loading(state, event) {
    if (event.type === 'message' && event.message.type === 'loaded') return commit(state);
    const failure = failureOf(event, 'the target did not load the guest in time');
    return failure === undefined ? same(state) : takeBack(state, failure);
  },

  committing(state, event) {
    if (event.type === 'targetLost') return abandon(state);
    if (event.type === 'commitAnswer' && event.answer === 'committed') {
      return go({ ...state, tries: 0 }, 'handing', migrateLimits.runResendMs, [{ type: 'handOver' }, send({ type: 'run' })]);
    }
    if (event.type === 'commitAnswer' && event.answer === 'stale') {
      return go(state, 'reading', migrateLimits.decideTimeoutMs, [{ type: 'readLocation' }]);
    }
    const isOpen = event.type === 'timeout' || (event.type === 'commitAnswer' && event.answer === 'unknown');
    return isOpen ? go(state, 'undecided', migrateLimits.decideRetryMs, []) : proven(state, event);
  },

  /** Whether the COMMIT happened is not known. Said again it comes out the same, so it is asked until there is an answer. */
  undecided(state, event) {
    if (event.type === 'targetLost') return abandon(state);
    // A late answer of an earlier try counts as much as that of a new one.
    if (event.type === 'commitAnswer' && event.answer !== 'unknown') return table.committing(state, event);
    return event.type === 'timeout' ? commit(state) : proven(state, event);
  },

  /** The COMMIT did not happen; the table says whether the guest is still this node's. */
  reading(state, event) {
    if (event.type === 'locationRead' && event.location !== 'unknown') {
      const { location, move } = { location: event.location, move: state.move };
      const isOurs = location?.state === 'running' && location.node === move.fromNode && location.epoch === move.epoch;
      if (isOurs) return takeBack(state, 'the target gave the move up');
      return finish(state, { kind: 'gone', reason: whereTo(location) }, [cancel(whereTo(location)), { type: 'release' }]);
    }
    const isOpen = event.type === 'timeout' || event.type === 'locationRead';
    return isOpen ? go(state, 'rereading', migrateLimits.decideRetryMs, []) : same(state);
  },

  rereading(state, event) {
    return event.type === 'timeout'
      ? go(state, 'reading', migrateLimits.decideTimeoutMs, [{ type: 'readLocation' }])
      : same(state);
  },

  /** The target was lost with the COMMIT open: whichever of the two reached the table first holds. */
  abandoning(state, event) {
    const isCommitted = (event.type === 'abandonAnswer' || event.type === 'commitAnswer') && event.answer === 'committed';
    if (isCommitted) return goneWithTarget(state);
    if (event.type === 'abandonAnswer' && event.answer === 'abandoned') return takeBack(state, 'the target was lost');
    if (event.type === 'abandonAnswer' && event.answer === 'void') {
      return go(state, 'reading', migrateLimits.decideTimeoutMs, [{ type: 'readLocation' }]);
    }
    const isOpen = event.type === 'timeout' || event.type === 'abandonAnswer';
    return isOpen ? go(state, 'reabandoning', migrateLimits.decideRetryMs, []) : same(state);
  },

  reabandoning(state, event) {
    if (event.type === 'timeout') return abandon(state);
    const isAnswer = (event.type === 'abandonAnswer' || event.type === 'commitAnswer') && event.answer !== 'unknown';
    return isAnswer ? table.abandoning(state, event) : same(state);
  },

  takingBack(state, event) {
    if (event.type === 'tookBack') {
      const refusal = state.refusal ? { refusal: state.refusal } : {};
      return finish(state, { kind: 'kept', reason: state.reason, ...refusal }, []);
    }
    if (event.type !== 'takeBackFailed' && event.type !== 'timeout') return same(state);
    const why = event.type === 'timeout' ? 'it did not resume in time' : event.reason;
    const reason = `the guest could not be taken back: ${why}`;
    return finish(state, { kind: 'gone', reason }, [
      { type: 'reportLost', node: state.move.fromNode, epoch: state.move.epoch, reason },
      { type: 'release' },
    ]);
  },

  handing(state, event) {
    const message = event.type === 'message' ? event.message : undefined;
    if (message?.type === 'started') return go({ ...state, tries: 0 }, 'draining', migrateLimits.drainSilenceMs, []);
    if (event.type === 'timeout' && state.tries < migrateLimits.runResends) {
      return go({ ...state, tries: state.tries + 1 }, 'handing', migrateLimits.runResendMs, [send({ type: 'run' })]);
    }
    // The target, if it lives, reads the location table by itself and starts the guest; pages are served meanwhile.
    if (event.type === 'timeout') return go({ ...state, tries: 0 }, 'draining', migrateLimits.drainSilenceMs, []);
    return afterCommit(state, event);
  },

  draining(state, event) {
    if (event.type === 'progress') return go({ ...state, tries: 0 }, 'draining', migrateLimits.drainSilenceMs, []);
    if (event.type === 'timeout' || event.type === 'linkLost') {
      // RUN once more, on a new link if need be, asks the target to repeat STARTED or DRAINED, should they have been lost.
      const ask: SourceCommand[] = [send({ type: 'run' }), { type: 'readLocation' }];
      const tries = event.type === 'timeout' ? state.tries + 1 : state.tries;
      return go({ ...state, tries }, 'checking', migrateLimits.decideTimeoutMs, ask);
    }
    return afterCommit(state, event);
  },

  /** A silent drain: is the guest still there, and still in need of this node? */
  checking(state, event) {
    const goOn = () => go(state, 'draining', migrateLimits.drainSilenceMs, []);
    if (event.type === 'progress') return go({ ...state, tries: 0 }, 'draining', migrateLimits.drainSilenceMs, []);
    const isOpen = event.type === 'timeout' || (event.type === 'locationRead' && event.location === 'unknown');
    if (isOpen) return state.tries >= migrateLimits.drainSilentPeriods ? giveDrainUp(state) : goOn();
    if (event.type === 'locationRead' && event.location !== 'unknown') {
      const { location, move } = { location: event.location, move: state.move };
      const isThere = location?.state === 'running' && location.node === move.toNode && location.epoch === move.epoch + 1;
      if (!isThere) return finish(state, { kind: 'moved', drained: false }, [{ type: 'release' }]);
      return state.tries >= migrateLimits.drainSilentPeriods ? giveDrainUp(state) : goOn();
    }
    return afterCommit(state, event);
  },

  done(state) {
    return same(state);
  },
};

/** A target that started the guest has seen the COMMIT in the location table: its word is as good as the lost answer. */
function proven(state: SourceState, event: SourceEvent): SourceStep {
  const type = event.type === 'message' ? event.message.type : undefined;
  if (type === 'started') return go({ ...state, tries: 0 }, 'draining', migrateLimits.drainSilenceMs, [{ type: 'handOver' }]);
  if (type === 'drained') return finish(state, { kind: 'moved', drained: true }, [{ type: 'handOver' }, { type: 'release' }]);
  return same(state);
}

/** What can come once the guest is the target's. */
function afterCommit(state: SourceState, event: SourceEvent): SourceStep {
  if (event.type === 'message' && event.message.type === 'drained') {
    return finish(state, { kind: 'moved', drained: true }, [{ type: 'release' }]);
  }
  if (event.type === 'targetLost') return goneWithTarget(state);
  const reason = event.type === 'message' && event.message.type === 'failed' ? event.message.reason : undefined;
  return reason === undefined ? same(state) : finish(state, { kind: 'gone', reason }, [{ type: 'release' }]);
}

/** The COMMIT may have reached the table after the target's guests were marked lost there, so it is said for this one again. */
function goneWithTarget(state: SourceState): SourceStep {
  const { toNode, epoch } = state.move;
  const reason = `node ${toNode} was lost`;
  return finish(state, { kind: 'gone', reason }, [
    { type: 'reportLost', node: toNode, epoch: epoch + 1, reason },
    { type: 'release' },
  ]);
}

function abandon(state: SourceState): SourceStep {
  return go(state, 'abandoning', migrateLimits.decideTimeoutMs, [{ type: 'abandon' }]);
}

function giveDrainUp(state: SourceState): SourceStep {
  return finish(state, { kind: 'moved', drained: false }, [{ type: 'release' }]);
}

function commit(state: SourceState): SourceStep {
  return go(state, 'committing', migrateLimits.decideTimeoutMs, [{ type: 'commit' }]);
}

/** What, before the COMMIT, ends the attempt. */
function failureOf(event: SourceEvent, onTimeout: string): string | undefined {
  if (event.type === 'timeout') return onTimeout;
  if (event.type === 'linkLost' || event.type === 'abort') return event.reason;
  if (event.type === 'targetLost') return 'the target was lost';
  if (event.type !== 'message') return undefined;
  if (event.message.type === 'failed') return event.message.reason;
  return event.message.type === 'refuse' ? event.message.detail || event.message.reason : undefined;
}

function takeBack(state: SourceState, reason: string): SourceStep {
  return go({ ...state, reason }, 'takingBack', migrateLimits.startTimeoutMs, [cancel(reason), { type: 'takeBack', reason }]);
}

function whereTo(location: Location | undefined): string {
  if (!location) return 'its location was removed';
  if (location.state === 'running') return `it belongs to node ${location.node} in epoch ${location.epoch}`;
  return location.state === 'lost' ? (location.reason ?? 'it was lost') : 'it ended';
}

function go(state: SourceState, phase: SourcePhase, delayMs: number, commands: SourceCommand[]): SourceStep {
  const wait = state.wait + 1;
  return { state: { ...state, phase, wait }, commands: [...commands, { type: 'arm', delayMs, wait }] };
}

function finish(state: SourceState, outcome: MoveOutcome, commands: SourceCommand[]): SourceStep {
  const ended = { ...state, phase: 'done' as const, wait: state.wait + 1, outcome };
  return { state: ended, commands: [...commands, { type: 'finish', outcome }] };
}

function send(message: SourceMessage): SourceCommand {
  return { type: 'send', message };
}

function cancel(reason: string): SourceCommand {
  return send({ type: 'cancel', reason: reason.slice(0, 1024) });
}

function same(state: SourceState): SourceStep {
  return { state, commands: [] };
}
