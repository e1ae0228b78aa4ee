/**
 * What source and target of a move say to each other, and which move it is about.
 *
 *   source  OFFER ────────→ target        REFUSE reason instead of ACCEPT ends it there
 *           ←──────── ACCEPT
 *           (essence) ────→               sections, on the same link
 *           ←──────── LOADED              FAILED reason instead: the target holds nothing
 *           (COMMIT: compare-and-swap in the location table)
 *           RUN ──────────→               repeated until STARTED; CANCEL instead of it: there was and will be no COMMIT
 *           ←──────── STARTED
 *           ←──────── DRAINED             the source may free everything
 *
 * Keeps true: (pid, epoch, attempt) names one try of one move, so a message of any other is stale and changes nothing.
 */

import { GodwitError } from '@godwit/checkpoint/base';

/** One try to move one guest. `epoch` is the source's, the one the move starts from. */
export interface MoveRef {
  readonly pid: number;
  readonly epoch: number;
  /** Counted by the owner within its epoch, from 1. */
  readonly attempt: number;
  readonly fromNode: number;
  readonly toNode: number;
}

/** What the guest will need at the target, to be reserved before anything is stopped. */
export interface MoveNeeds {
  readonly memoryBytes: number;
  /** The content hash of its bundle. */
  readonly bundle: string;
  /** Features of the image format and the platform without which it cannot be restored. */
  readonly features: readonly string[];
  /** V8 version, Node version: images are only promised to restore where they match. */
  readonly platform: string;
}

/** Why a node does not take a guest. */
export const refuseReasons = [
  'no-memory',
  'no-bundle',
  'missing-feature',
  'other-platform',
  'draining', // the node is being emptied
  'busy', // as many moves at once as it may
  'not-allowed', // pools, affinity, the user's rules
  'wrong-node', // it is not the node the offer names
  'failed', // something broke; the log of the target says what
] as const;
export type RefuseReason = (typeof refuseReasons)[number];

export type SourceMessage =
  | { readonly type: 'offer'; readonly needs: MoveNeeds }
  | { readonly type: 'run' }
  | { readonly type: 'cancel'; readonly reason: string };

export type TargetMessage =
  | { readonly type: 'accept' }
  | { readonly type: 'refuse'; readonly reason: RefuseReason; readonly detail: string }
  | { readonly type: 'loaded' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'started' }
  | { readonly type: 'drained' };

export type MoveMessage = SourceMessage | TargetMessage;

export function sameMove(a: MoveRef, b: MoveRef): boolean {
  return a.pid === b.pid && a.epoch === b.epoch && a.attempt === b.attempt && a.fromNode === b.fromNode && a.toNode === b.toNode;
}

/** A name for a move, for maps and logs. */
export function moveName({ pid, epoch, attempt }: MoveRef): string {
  return `${pid}/${epoch}/${attempt}`;
}

/** Verifies what came from another node. @throws GODWIT_PROTOCOL */
export function parseMoveMessage(value: unknown): { move: MoveRef; message: MoveMessage } {
  const { move, message } = object(value);
  const { pid, epoch, attempt, fromNode, toNode } = object(move);
  for (const count of [pid, epoch, attempt, fromNode, toNode])
    if (!Number.isSafeInteger(count) || (count as number) < 0) throw malformed();
  return { move: move as MoveRef, message: parseMessage(object(message)) };
}

function parseMessage(message: Record<string, unknown>): MoveMessage {
  const { type, reason, detail } = message;
  switch (type) {
    case 'offer':
      return { type, needs: parseNeeds(object(message.needs)) };
    case 'refuse':
      if (!refuseReasons.includes(reason as RefuseReason)) throw malformed();
      return { type, reason: reason as RefuseReason, detail: text(detail) };
    case 'cancel':
    case 'failed':
      return { type, reason: text(reason) };
    case 'accept':
    case 'loaded':
    case 'run':
    case 'started':
    case 'drained':
      return { type };
    default:
      throw malformed();
  }
}

function parseNeeds({ memoryBytes, bundle, features, platform }: Record<string, unknown>): MoveNeeds {
  const good = typeof memoryBytes === 'number' && memoryBytes >= 0 && Array.isArray(features) && features.length <= 256;
  if (!good) throw malformed();
  return { memoryBytes, bundle: text(bundle), features: features.map(text), platform: text(platform) };
}

function object(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed();
  return value as Record<string, unknown>;
}

function text(value: unknown): string {
  if (typeof value !== 'string' || value.length > 1024) throw malformed();
  return value;
}

function malformed(): GodwitError {
  return new GodwitError('GODWIT_PROTOCOL', 'Cannot read a message about a move: it is malformed');
}
