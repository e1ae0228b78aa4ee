/**
 * The receiving half of a flow: which byte comes next, how far the far end may go, what it was told.
 * Kept true: every byte is taken exactly once, in order; a repeated one is recognised and cut off, a missing one is an error.
 * `limit` is what the consumer's progress allows; `announced*` is what the far end knows. No I/O here.
 */

export interface ReceiveHalf {
  /** Next byte expected; one more when the end marker was taken. */
  next: number;
  /** Bytes the consumer has finished with; the credit is this plus the window. */
  consumed: number;
  /** null until the end marker arrived; '' is an orderly end, anything else an error code. */
  end: string | null;
  announcedNext: number;
  announcedLimit: number;
}

/** A half that starts at byte `next`, of which `consumed` were used; nothing announced beyond the first window. */
export function newReceiveHalf(windowBytes: number, next = 0, consumed = next, end: string | null = null): ReceiveHalf {
  return { next, consumed, end, announcedNext: next, announcedLimit: consumed + windowBytes };
}

/** How many leading bytes of a run starting at `seq` are already here: 0 for all new, `length` for none; -1 for a gap. */
export function repeatedBytes(half: ReceiveHalf, seq: number, length: number): number {
  if (seq > half.next || (half.end !== null && seq + length >= half.next)) return -1;
  return Math.min(length, half.next - seq);
}

/** Takes the end marker at `seq`. False: it belongs elsewhere (a gap). A repeated marker is fine. */
export function takeEndMarker(half: ReceiveHalf, seq: number, code: string): 'taken' | 'repeated' | 'gap' {
  if (half.end !== null) return seq === half.next - 1 ? 'repeated' : 'gap';
  if (seq !== half.next) return 'gap';
  half.next += 1;
  half.end = code;
  return 'taken';
}

/** The credit to announce now: no byte at or above it may be sent. */
export function creditLimit(half: ReceiveHalf, windowBytes: number): number {
  return half.consumed + windowBytes;
}

/** How urgently the far end should be told: at once, with the next batch that is due anyway, or there is nothing new. */
export function ackUrgency(half: ReceiveHalf, windowBytes: number, eagerBytes: number): 'now' | 'lazy' | 'none' {
  const unacknowledged = half.next - half.announcedNext;
  const opened = creditLimit(half, windowBytes) - half.announcedLimit;
  if (unacknowledged === 0 && opened <= 0) return 'none';
  if (unacknowledged >= eagerBytes || opened >= eagerBytes) return 'now';
  return 'lazy';
}

/** Notes that the far end is being told the current numbers. */
export function announce(half: ReceiveHalf, windowBytes: number): void {
  half.announcedNext = half.next;
  half.announcedLimit = Math.max(half.announcedLimit, creditLimit(half, windowBytes));
}
