/**
 * Move messages on a link's control channel: MessagePack of { move, message }, or of { move, essence } with which the
 * source says that all sections of the essence were sent.
 * Keeps true: verified before it is used (messages.ts).
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { Packr } from 'msgpackr';
import { type MoveMessage, type MoveRef, parseMoveMessage } from './messages.js';

const packr = new Packr({ useRecords: false });

export type ControlMessage = { move: MoveRef; message: MoveMessage } | { move: MoveRef; message: { type: 'essenceSent' } };

export function encodeControl(control: ControlMessage): Uint8Array {
  return packr.pack(control);
}

/** @throws GODWIT_PROTOCOL */
export function decodeControl(bytes: Uint8Array): ControlMessage {
  let value: unknown;
  try {
    value = packr.unpack(bytes);
  } catch (error) {
    throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read a message about a move: it is no MessagePack', { cause: error });
  }
  const type = (value as { message?: { type?: unknown } } | null)?.message?.type;
  if (type !== 'essenceSent') return parseMoveMessage(value);
  // The rest of it is verified as if it were a message without fields.
  const { move } = parseMoveMessage({ ...(value as object), message: { type: 'run' } });
  return { move, message: { type } };
}
