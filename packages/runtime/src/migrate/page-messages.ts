/**
 * What the two ends of a drain say to each other on a move's page channel. Parcels are numbered from 1: the first of all came with the essence.
 *
 *   01 flags u32(number) u48(left) bytes   a piece of a parcel; flags: 1 the parcel ends here, 2 it is the last one; about so many
 *                                          bytes are left at the source behind it
 *   02 u32(number)                         every parcel up to this one is here
 *   03 u32(object)                         the guest stands still for this object
 *   04 reason                              what is left of the guest cannot be had any more
 */
import { GodwitError } from '@godwit/checkpoint/base';

export type PageMessage =
  | { type: 'piece'; number: number; endsParcel: boolean; isLast: boolean; leftBytes: number; bytes: Uint8Array }
  | { type: 'taken'; number: number }
  | { type: 'wanted'; object: number }
  | { type: 'failed'; reason: string };

const tagOf = { piece: 1, taken: 2, wanted: 3, failed: 4 } as const;
const flagEnds = 1;
const flagLast = 2;
const pieceHeadBytes = 12;
const leftWidth = 6;
const leftMost = 2 ** 48 - 1;

export function encodePageMessage(message: PageMessage): Uint8Array {
  const tag = tagOf[message.type];
  switch (message.type) {
    case 'piece': {
      const head = Buffer.alloc(pieceHeadBytes);
      head.writeUInt8(tag, 0);
      head.writeUInt8((message.endsParcel ? flagEnds : 0) | (message.isLast ? flagLast : 0), 1);
      head.writeUInt32BE(message.number, 2);
      head.writeUIntBE(Math.min(leftMost, Math.ceil(message.leftBytes)), 6, leftWidth);
      return Buffer.concat([head, message.bytes]);
    }
    case 'taken':
    case 'wanted': {
      const bytes = Buffer.alloc(5);
      bytes.writeUInt8(tag, 0);
      bytes.writeUInt32BE(message.type === 'taken' ? message.number : message.object, 1);
      return bytes;
    }
    case 'failed':
      return Buffer.concat([Buffer.from([tag]), Buffer.from(message.reason.slice(0, 1024))]);
  }
}

/** @throws GODWIT_PROTOCOL */
export function decodePageMessage(message: Uint8Array): PageMessage {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const tag = bytes.length > 0 ? bytes[0] : undefined;
  if (tag === tagOf.piece && bytes.length >= pieceHeadBytes) {
    const flags = bytes[1]!;
    const number = bytes.readUInt32BE(2);
    return {
      type: 'piece',
      number,
      endsParcel: (flags & flagEnds) !== 0,
      isLast: (flags & flagLast) !== 0,
      leftBytes: bytes.readUIntBE(6, leftWidth),
      bytes: bytes.subarray(pieceHeadBytes),
    };
  }
  if (tag === tagOf.taken && bytes.length === 5) return { type: 'taken', number: bytes.readUInt32BE(1) };
  if (tag === tagOf.wanted && bytes.length === 5) return { type: 'wanted', object: bytes.readUInt32BE(1) };
  if (tag === tagOf.failed) return { type: 'failed', reason: bytes.toString('utf8', 1) };
  throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read a message about pages: it is malformed');
}
