/**
 * Moving guests between nodes: `NodeMoves` is what a daemon uses, `MigrationDriver` what it provides.
 * The machines (source.ts, target.ts) are exported for simulations, which run the very same code.
 */

export { DrainEstimate } from './drain-estimate.js';
export { type MigrationDriver, type OutgoingSection, type PageChannel, Refusal } from './driver.js';
export type { Link } from './link.js';
export { type MoveNeeds, type MoveRef, moveName, type RefuseReason, refuseReasons, sameMove } from './messages.js';
export { type MoveHandle, type MoveRequest, NodeMoves, type NodeMovesOptions } from './node-moves.js';
export { PageReceiver } from './page-receiver.js';
export { type NextParcel, PageSender } from './page-sender.js';
export type { IncomingSection } from './section.js';
export { initialSource, type MoveOutcome, type SourceCommand, type SourceEvent, type SourceState, sourceStep } from './source.js';
export {
  type ArrivalOutcome,
  initialTarget,
  type TargetCommand,
  type TargetEvent,
  type TargetState,
  targetStep,
} from './target.js';
export { dialLink, type LinkAddress, type LinkIdentity, type LinkListener, listenForLinks } from './transport.js';
