/**
 * The sending half of a flow: what was given, what is on its way, what the far end has taken over.
 *
 *   base ........ sent ........ next          limit
 *   | unacknowledged | not sent | (end marker)  | the far end's credit
 *
 * Kept true: base <= sent, base <= next; bytes in [base, next) are held until acknowledged, so that they can be replayed
 * from any number the far end names. The end marker takes one sequence number (next), as TCP's FIN does, and needs no credit.
 * No I/O here: both the gateway and the agents drive it.
 */

import { assert } from '@godwit/checkpoint/base';

export interface SendHalf {
  /** First byte that is not acknowledged. */
  base: number;
  /** Next byte to put on the link. */
  sent: number;
  /** One past the last byte given. */
  next: number;
  /** Bytes below this number may be sent. */
  limit: number;
  /** No more bytes will be given: '' is an orderly end, anything else the code of the error that cut the stream. */
  end: string | null;
  /** Bytes [base, next), oldest first, from `head` on; `cursor`/`cursorSkip` point at byte `sent`. */
  chunks: Uint8Array[];
  head: number;
  cursor: number;
  cursorSkip: number;
}

/** A half that starts at byte `base` with credit for `windowBytes`. */
export function newSendHalf(windowBytes: number, base = 0): SendHalf {
  return { base, sent: base, next: base, limit: base + windowBytes, end: null, chunks: [], head: 0, cursor: 0, cursorSkip: 0 };
}

/** Appends bytes. They must not change afterwards: they are sent by reference. */
export function pushBytes(half: SendHalf, bytes: Uint8Array): void {
  assert(half.end === null, 'bytes after the end of a flow');
  if (bytes.length === 0) return;
  half.chunks.push(bytes);
  half.next += bytes.length;
}

/** Puts the end marker behind the bytes given so far. The first one counts. */
export function pushEnd(half: SendHalf, code: string): void {
  half.end ??= code;
}

/** The next run of bytes that may be sent, at most `maxBytes`; its number is `half.sent` before the call. Null: nothing may. */
export function takeBytes(half: SendHalf, maxBytes: number): Uint8Array | null {
  const allowed = Math.min(half.limit, half.next) - half.sent;
  if (allowed <= 0) return null;
  const chunk = half.chunks[half.cursor]!; // sent < next, so the cursor stands inside a chunk
  const length = Math.min(chunk.length - half.cursorSkip, allowed, maxBytes);
  const bytes = length === chunk.length ? chunk : chunk.subarray(half.cursorSkip, half.cursorSkip + length);
  half.sent += length;
  half.cursorSkip += length;
  if (half.cursorSkip === chunk.length) {
    half.cursor += 1;
    half.cursorSkip = 0;
  }
  return bytes;
}

/** True once, when every byte was sent and the end marker is due. */
export function takeEnd(half: SendHalf): boolean {
  if (half.end === null || half.sent !== half.next) return false;
  half.sent += 1;
  return true;
}

/** The far end has everything below `seq`: forgets it. Returns how many bytes were freed, or -1 if the number makes no sense. */
export function acknowledge(half: SendHalf, seq: number): number {
  const top = half.end === null ? half.next : half.next + 1;
  if (!(seq <= half.sent) || seq > top) return -1; // also false for NaN
  if (seq <= half.base) return 0;
  const before = half.base;
  dropTo(half, Math.min(seq, half.next));
  half.base = seq;
  return Math.min(seq, half.next) - before;
}

/** Frees whole and part chunks below byte `seq`; the cursor keeps pointing at byte `sent`. */
function dropTo(half: SendHalf, seq: number): void {
  let left = seq - half.base;
  while (left > 0) {
    const chunk = half.chunks[half.head]!; // bytes [base, next) are all held
    const atCursor = half.cursor === half.head;
    if (chunk.length <= left) {
      left -= chunk.length;
      half.chunks[half.head] = emptyChunk; // frees it now; the array is compacted below
      half.head += 1;
      if (atCursor) {
        half.cursor = half.head;
        half.cursorSkip = 0;
      }
    } else {
      half.chunks[half.head] = chunk.subarray(left);
      if (atCursor) half.cursorSkip = Math.max(0, half.cursorSkip - left);
      left = 0;
    }
  }
  if (half.head > 64 || half.head === half.chunks.length) {
    half.chunks.splice(0, half.head);
    half.cursor -= half.head;
    half.head = 0;
  }
}

const emptyChunk = new Uint8Array(0);

/**
 * The far end (maybe another one) says it has everything below `seq` and gives a new credit: all above is sent again.
 * Returns the bytes freed, or -1 if it has less than was acknowledged or more than was ever given.
 */
export function rewindTo(half: SendHalf, seq: number, limit: number): number {
  if (seq < half.base) return -1;
  half.sent = half.end === null ? half.next : half.next + 1; // whatever was sent by a former holder counts as sent
  const freed = acknowledge(half, seq);
  if (freed < 0) return -1;
  half.sent = half.base;
  half.cursor = half.head;
  half.cursorSkip = 0;
  half.limit = limit;
  return freed;
}

/** Bytes held for replay or not sent yet. */
export function heldBytes(half: SendHalf): number {
  return Math.max(0, half.next - half.base);
}

/** The end marker and everything before it were acknowledged. */
export function endAcknowledged(half: SendHalf): boolean {
  return half.end !== null && half.base === half.next + 1;
}
