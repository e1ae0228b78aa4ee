/**
 * What a node must be able to do with a real guest for moves to work: the interface between the move protocol, which only
 * decides, and the workers, which the node daemon owns. One driver a node serves as source and as target.
 * A call that rejects is a failure with that reason; `drop`, `release` and `takeBack` may come at any time after the call
 * they undo began, even before it settled, and once only.
 */

import type { MoveNeeds, MoveRef, RefuseReason } from './messages.js';
import type { IncomingSection } from './section.js';
import type { MoveOutcome } from './source.js';
import type { ArrivalOutcome } from './target.js';

/** A piece of the essence on its way out. */
export interface OutgoingSection {
  readonly name: string;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Page traffic of one move, in both directions, over whatever link there is at the moment. */
export interface PageChannel {
  /** Resolves when sent; waits for credit. What was under way when the link broke is lost. @throws GODWIT_LINK_LOST */
  send(bytes: Uint8Array): Promise<void>;
  /** One handler; the other side's credit is given back when it is done. Messages before it is set wait for it. */
  onMessage(handler: (bytes: Uint8Array) => void | Promise<void>): void;
  /** The link broke (PAUSED), or there is one again: send again what was not answered (RECOVER). */
  onLink(handler: (state: 'lost' | 'restored') => void): void;
}

export interface MigrationDriver {
  // As source, in order of a move that succeeds:

  /** Stops the guest and gives its essence, whose end may come later than its parts: when it is known to be all; what was given is no more read after takeBack. Rejects, with the guest running on, when it cannot be captured now; the message is the reason shown. */
  capture(move: MoveRef): Promise<Iterable<OutgoingSection> | AsyncIterable<OutgoingSection>>;
  /** Resumes the guest where it was stopped, or calls the capture off. Rejects only if the guest is beyond help. */
  takeBack(move: MoveRef, reason: string): Promise<void>;
  /** The guest belongs to the target: forward its services, re-point its flows, serve its pages. */
  handOver(move: MoveRef, pages: PageChannel): void;
  /** Ends the stopped copy and frees everything. Unless this node is its mother, it keeps nothing. */
  release(move: MoveRef, outcome: MoveOutcome): void;

  // As target:

  /** Memory, bundle, a warm worker. Rejects with `refusal(reason, detail)`. */
  reserve(move: MoveRef, needs: MoveNeeds): Promise<void>;
  /**
   * Builds the guest, stopped, from the sections as they arrive; each is to be read to its end before the next. It is loaded when it is built
   * and the sections have ended.
   * `complete` says that no pages are to follow, so that the guest survives the loss of its source.
   */
  load(move: MoveRef, sections: AsyncIterable<IncomingSection>): Promise<{ complete: boolean }>;
  /** Starts it, in epoch `move.epoch + 1`. */
  run(move: MoveRef, pages: PageChannel): Promise<void>;
  /** After run: resolves when every page is here, or the guest ended; rejects when pages it needs cannot be had. */
  drained(move: MoveRef): Promise<void>;
  /** Ends the copy and gives the reservation back. */
  drop(move: MoveRef, reason: string): void;
  /** How the arrival ended; a guest that arrived may be moved on from now. */
  settled(move: MoveRef, outcome: ArrivalOutcome): void;
}

/** What reserve rejects with. */
export class Refusal extends Error {
  constructor(
    readonly reason: RefuseReason,
    detail: string,
  ) {
    super(detail);
  }
}
