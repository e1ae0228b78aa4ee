/**
 * What the two ends of a drain say to each other on a move's page channel. Parcels are numbered from 1: the first of all came with the essence.
 *
 *   01 flags u32(number) u48(left) bytes   a piece of a parcel; flags: 1 the parcel ends here, 2 it is the last one; about so many
 *                                          bytes are left at the source behind it
 *   02 u32(number)                         every parcel up to this one is here
 *   03 u32(object)                         the guest stands still for this object
 *   05 u32(number) u32(collection) key     or for the place of this key (v8.serialize) in a Map or Set; questions are numbered
 *   04 reason                              what is left of the guest cannot be had any more
 */
import { deserialize, serialize } from 'node:v8';
import { GodwitError } from '@godwit/checkpoint/base';
import { isAskable, type Question, type Wish } from '@godwit/checkpoint/heap/wish';

export type PageMessage =
  | { type: 'piece'; number: number; endsParcel: boolean; isLast: boolean; leftBytes: number; bytes: Uint8Array }
  | { type: 'taken'; number: number }
  | { type: 'wanted'; wish: Wish }
  | { type: 'failed'; reason: string };

const tagOf = { piece: 1, taken: 2, wanted: 3, failed: 4, asked: 5 } as const;
const askedHeadBytes = 9;
const flagEnds = 1;
const flagLast = 2;
const pieceHeadBytes = 12;
const leftWidth = 6;
const leftMost = 2 ** 48 - 1;

export function encodePageMessage(message: PageMessage): Uint8Array {
  switch (message.type) {
    case 'piece': {
      const head = Buffer.alloc(pieceHeadBytes);
      head.writeUInt8(tagOf.piece, 0);
      head.writeUInt8((message.endsParcel ? flagEnds : 0) | (message.isLast ? flagLast : 0), 1);
      head.writeUInt32BE(message.number, 2);
      head.writeUIntBE(Math.min(leftMost, Math.ceil(message.leftBytes)), 6, leftWidth);
      return Buffer.concat([head, message.bytes]);
    }
    case 'taken':
      return numbered(tagOf.taken, message.number);
    case 'wanted':
      return typeof message.wish === 'number' ? numbered(tagOf.wanted, message.wish) : asked(message.wish);
    case 'failed':
      return Buffer.concat([Buffer.from([tagOf.failed]), Buffer.from(message.reason.slice(0, 1024))]);
  }
}

function numbered(tag: number, number: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(tag, 0);
  bytes.writeUInt32BE(number, 1);
  return bytes;
}

function asked({ number, collection, key }: Question): Buffer {
  const head = Buffer.alloc(askedHeadBytes);
  head.writeUInt8(tagOf.asked, 0);
  head.writeUInt32BE(number, 1);
  head.writeUInt32BE(collection, 5);
  return Buffer.concat([head, serialize(key)]);
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
  if (tag === tagOf.wanted && bytes.length === 5) return { type: 'wanted', wish: bytes.readUInt32BE(1) };
  if (tag === tagOf.asked && bytes.length > askedHeadBytes) return { type: 'wanted', wish: questionOf(bytes) };
  if (tag === tagOf.failed) return { type: 'failed', reason: bytes.toString('utf8', 1) };
  return malformed();
}

function questionOf(bytes: Buffer): Question {
  let key: unknown;
  try {
    key = deserialize(bytes.subarray(askedHeadBytes));
  } catch {
    malformed();
  }
  if (!isAskable(key)) malformed();
  return { number: bytes.readUInt32BE(1), collection: bytes.readUInt32BE(5), key };
}

function malformed(): never {
  throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read a message about pages: it is malformed');
}
