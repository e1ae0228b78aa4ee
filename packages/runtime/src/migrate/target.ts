/**
 * The target's side of a move, as a pure machine: (state, event) → { state, commands }.
 *
 *   reserving ─reserved→ receiving ─loaded→ waiting ─RUN→ starting ─running→ draining ─all pages here→ done (owner)
 *      │ cannot            │ fails           │ no RUN        │ cannot         │ pages lost
 *      ↓                   ↓                 ↓               ↓                ↓
 *    REFUSE              FAILED           deciding ──────→ lost, with a reason in the location table
 *                                            │ abandoned, void → dropped;  committed → starting
 *
 * Keeps true: nothing runs here before the COMMIT; a loaded guest is dropped only when it can never be committed any more:
 * the source said CANCEL, or the location table took note that this attempt was abandoned.
 */

import { migrateLimits } from '../limits.js';
import type { MoveNeeds, MoveRef, RefuseReason, SourceMessage, TargetMessage } from './messages.js';

export type TargetPhase = 'reserving' | 'receiving' | 'waiting' | 'deciding' | 'undecided' | 'starting' | 'draining' | 'done';

export interface TargetState {
  readonly phase: TargetPhase;
  readonly move: MoveRef;
  readonly wait: number;
  /** Nothing of the guest is left at the source: its loss does no harm. */
  readonly complete: boolean;
  readonly sourceLost: boolean;
  readonly outcome: ArrivalOutcome | undefined;
}

export type ArrivalOutcome =
  /** The guest lives here and needs its source no more. */
  | { readonly kind: 'arrived' }
  /** It was never this node's. */
  | { readonly kind: 'dropped'; readonly reason: string }
  /** It was this node's and could not go on; the location table says so. */
  | { readonly kind: 'lost'; readonly reason: string };

export type TargetEvent =
  | { type: 'begin'; needs: MoveNeeds }
  | { type: 'message'; message: SourceMessage }
  | { type: 'reserved' }
  | { type: 'reserveFailed'; reason: RefuseReason; detail: string }
  /** A piece of the essence came. */
  | { type: 'progress' }
  /** `complete`: there are no pages to follow. */
  | { type: 'loaded'; complete: boolean }
  | { type: 'loadFailed'; reason: string }
  | { type: 'abandonAnswer'; answer: 'abandoned' | 'committed' | 'void' | 'unknown' }
  | { type: 'running' }
  | { type: 'runFailed'; reason: string }
  /** Every page is here, or the guest ended and needs none. */
  | { type: 'drained' }
  /** Pages that are needed cannot be had any more. */
  | { type: 'pagesLost'; reason: string }
  | { type: 'timeout'; wait: number }
  | { type: 'linkLost'; reason: string }
  | { type: 'sourceLost' };

export type TargetCommand =
  | { type: 'send'; message: TargetMessage }
  | { type: 'arm'; delayMs: number; wait: number }
  | { type: 'reserve'; needs: MoveNeeds }
  /** Take the sections as they come and build the guest, stopped. */
  | { type: 'load' }
  /** Compare-and-swap: this attempt can no longer be committed. */
  | { type: 'abandon' }
  /** The guest is this node's, in epoch + 1: start it. */
  | { type: 'run' }
  /** Enter in the location table that the guest was lost here; to be tried until it is known to be there. */
  | { type: 'reportLost'; node: number; epoch: number; reason: string }
  /** End the copy and give the reservation back. */
  | { type: 'drop'; reason: string }
  | { type: 'finish'; outcome: ArrivalOutcome };

export interface TargetStep {
  readonly state: TargetState;
  readonly commands: TargetCommand[];
}

/** The state on an OFFER; the event `begin` with its needs follows. */
export function initialTarget(move: MoveRef): TargetState {
  return { phase: 'reserving', move, wait: 0, complete: false, sourceLost: false, outcome: undefined };
}

/** The machine. */
export function targetStep(state: TargetState, event: TargetEvent): TargetStep {
  if (event.type === 'timeout' && event.wait !== state.wait) return same(state);
  // Said once, needed later: what was only on the source is gone when the guest turns out to be this node's.
  const known = event.type === 'sourceLost' ? { ...state, sourceLost: true } : state;
  return table[state.phase](known, event);
}

type Rule = (state: TargetState, event: TargetEvent) => TargetStep;

const table: Record<TargetPhase, Rule> = {
  reserving(state, event) {
    if (event.type === 'begin')
      return go(state, 'reserving', migrateLimits.acceptTimeoutMs, [{ type: 'reserve', needs: event.needs }]);
    if (event.type === 'reserved') {
      return go(state, 'receiving', migrateLimits.essenceTimeoutMs, [
        { type: 'send', message: { type: 'accept' } },
        { type: 'load' },
      ]);
    }
    if (event.type === 'reserveFailed') return refuse(state, event.reason, event.detail);
    if (event.type === 'timeout') return refuse(state, 'failed', 'the reservation took too long');
    return dropIfOver(state, event);
  },

  receiving(state, event) {
    if (event.type === 'progress') return go(state, 'receiving', migrateLimits.essenceTimeoutMs, []);
    if (event.type === 'loaded') {
      const loaded = { ...state, complete: event.complete };
      return go(loaded, 'waiting', migrateLimits.runTimeoutMs, [{ type: 'send', message: { type: 'loaded' } }]);
    }
    // Without LOADED there is no COMMIT, so nobody has to be asked before giving up.
    if (event.type === 'loadFailed') return fail(state, event.reason);
    if (event.type === 'timeout') return fail(state, 'the essence did not arrive in time');
    return dropIfOver(state, event);
  },

  waiting(state, event) {
    if (event.type === 'message') return onVerdict(state, event.message);
    const isSilent = event.type === 'timeout' || event.type === 'linkLost' || event.type === 'sourceLost';
    return isSilent ? decide(state) : same(state);
  },

  deciding(state, event) {
    if (event.type === 'message') return onVerdict(state, event.message);
    if (event.type === 'abandonAnswer' && event.answer === 'committed') return start(state);
    if (event.type === 'abandonAnswer' && event.answer !== 'unknown')
      return fail(state, 'the source did not say RUN, and did not commit');
    const isOpen = event.type === 'timeout' || event.type === 'abandonAnswer';
    return isOpen ? go(state, 'undecided', migrateLimits.decideRetryMs, []) : same(state);
  },

  /** The location table could not be asked. There is no other way to know, so it is asked again. */
  undecided(state, event) {
    if (event.type === 'timeout') return decide(state);
    const isAnswer = event.type === 'message' || (event.type === 'abandonAnswer' && event.answer !== 'unknown');
    return isAnswer ? table.deciding(state, event) : same(state);
  },

  starting(state, event) {
    if (event.type === 'running') return started(state);
    if (event.type === 'runFailed') return lose(state, event.reason);
    if (event.type === 'timeout') return lose(state, 'the guest did not start in time');
    return loseIfPagesGone(state, event);
  },

  draining(state, event) {
    if (event.type === 'drained') return arrived(state);
    if (isRun(event)) return { state, commands: [{ type: 'send', message: { type: 'started' } }] };
    return loseIfPagesGone(state, event);
  },

  /** A RUN here means that the last word was lost: it is repeated. */
  done(state, event) {
    if (!isRun(event)) return same(state);
    const { outcome } = state;
    if (outcome?.kind === 'arrived') return { state, commands: [{ type: 'send', message: { type: 'drained' } }] };
    return outcome ? { state, commands: [failed(outcome.reason)] } : same(state);
  },
};

function onVerdict(state: TargetState, message: SourceMessage): TargetStep {
  if (message.type === 'run') return start(state);
  if (message.type === 'cancel') return drop(state, message.reason, []);
  return same(state);
}

function decide(state: TargetState): TargetStep {
  return go(state, 'deciding', migrateLimits.decideTimeoutMs, [{ type: 'abandon' }]);
}

function start(state: TargetState): TargetStep {
  // Not even begun: it would do a little more of its work, twice perhaps after a restart, and then stop for want of pages.
  if (state.sourceLost && !state.complete) return lose(state, pagesWereThere(state));
  return go(state, 'starting', migrateLimits.startTimeoutMs, [{ type: 'run' }]);
}

/** No timer from here on: the driver bounds the wait for each page, and says pagesLost. */
function started(state: TargetState): TargetStep {
  return {
    state: { ...state, phase: 'draining', wait: state.wait + 1 },
    commands: [{ type: 'send', message: { type: 'started' } }],
  };
}

function arrived(state: TargetState): TargetStep {
  return finish(state, { kind: 'arrived' }, [{ type: 'send', message: { type: 'drained' } }]);
}

/** Before LOADED was said, a source that is gone or cancels leaves nothing to decide. */
function dropIfOver(state: TargetState, event: TargetEvent): TargetStep {
  if (event.type === 'message' && event.message.type === 'cancel') return drop(state, event.message.reason, []);
  if (event.type === 'linkLost') return drop(state, event.reason, []);
  return event.type === 'sourceLost' ? drop(state, 'the source was lost', []) : same(state);
}

function loseIfPagesGone(state: TargetState, event: TargetEvent): TargetStep {
  if (event.type === 'pagesLost') return lose(state, event.reason);
  if (event.type === 'sourceLost' && !state.complete) return lose(state, pagesWereThere(state));
  return same(state);
}

function pagesWereThere(state: TargetState): string {
  return `pages of it were on node ${state.move.fromNode}, which was lost`;
}

function lose(state: TargetState, reason: string): TargetStep {
  const { toNode, epoch } = state.move;
  const report: TargetCommand = { type: 'reportLost', node: toNode, epoch: epoch + 1, reason };
  return finish(state, { kind: 'lost', reason }, [{ type: 'drop', reason }, report, failed(reason)]);
}

function refuse(state: TargetState, reason: RefuseReason, detail: string): TargetStep {
  return drop(state, detail, [{ type: 'send', message: { type: 'refuse', reason, detail: detail.slice(0, 1024) } }]);
}

function fail(state: TargetState, reason: string): TargetStep {
  return drop(state, reason, [failed(reason)]);
}

function drop(state: TargetState, reason: string, commands: TargetCommand[]): TargetStep {
  return finish(state, { kind: 'dropped', reason }, [...commands, { type: 'drop', reason }]);
}

function failed(reason: string): TargetCommand {
  return { type: 'send', message: { type: 'failed', reason: reason.slice(0, 1024) } };
}

function isRun(event: TargetEvent): boolean {
  return event.type === 'message' && event.message.type === 'run';
}

function go(state: TargetState, phase: TargetPhase, delayMs: number, commands: TargetCommand[]): TargetStep {
  const wait = state.wait + 1;
  return { state: { ...state, phase, wait }, commands: [...commands, { type: 'arm', delayMs, wait }] };
}

function finish(state: TargetState, outcome: ArrivalOutcome, commands: TargetCommand[]): TargetStep {
  const ended = { ...state, phase: 'done' as const, wait: state.wait + 1, outcome };
  return { state: ended, commands: [...commands, { type: 'finish', outcome }] };
}

function same(state: TargetState): TargetStep {
  return { state, commands: [] };
}
