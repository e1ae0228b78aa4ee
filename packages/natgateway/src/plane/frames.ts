/**
 * The frames on a link between a node and the gateway, and how they are laid out (little endian):
 *
 *   0        4     5      6         8     12         20         28
 *   | length | type | flags | reserved | aux | id       | seq      | payload (length bytes)
 *   | u32    | u8   | u8    | u16 = 0  | u32 | float64  | float64  |
 *
 * `id` is a flow id, a PID or a request number; `seq` a byte number; `aux` a credit in bytes or an epoch.
 * Kept true: a header is checked whole (type, length for that type, reserved bits, integer numbers) before any of it is used.
 */

export const headerBytes = 28;

/** What a frame says. `→` node to gateway, `←` gateway to node. */
export const FrameType = {
  /** ↔ `seq` bytes of the link arrived; also the heartbeat. */
  LINK_ACK: 1,
  /** ↔ bytes of flow `id` from number `seq` on. */
  DATA: 2,
  /** ↔ all below `seq` of flow `id` was taken over, `aux` more bytes may come. */
  ACK: 3,
  /** ↔ the stream of flow `id` ends at `seq`; the payload is an error code, empty for an orderly end. */
  END: 4,
  /** ← a peer opened flow `id` to a listener (OpenMessage). */
  OPEN: 5,
  /** → the guest is done with flow `id`: aux 0 deliver the rest, then close; aux 1 reset; 2 more if the node waits for CLOSED. */
  CLOSE: 6,
  /** ← flow `id` is forgotten. */
  CLOSED: 7,
  /** → dial out as flow `id` (DialMessage). */
  DIAL: 8,
  /** ← flow `id` is connected (ConnectedMessage). */
  CONNECTED: 9,
  /** → listen (ListenMessage), answered by LISTENED or REFUSED with the same request number in `id`. */
  LISTEN: 10,
  LISTENED: 11,
  REFUSED: 12,
  /** → PID `id` of epoch `aux` no longer listens on port `seq`. */
  UNLISTEN: 13,
  /** → PID `id` of epoch `aux` is frozen: keep its bytes. */
  HOLD: 14,
  /** → PID `id` of epoch `aux` was given up here; a claim by another node is to follow. */
  RELEASE: 15,
  /** → PID `id` of epoch `aux` has ended here. */
  LEAVE: 16,
  /** → a claim (ClaimMessage) follows: RESUME for each flow, then CLAIM_END. Answered by CLAIMED or REFUSED. */
  CLAIM: 17,
  /** → flow `id` of the claim goes on: `seq` is the next byte expected, `aux` the credit. */
  RESUME: 18,
  /** `seq` is the number of the claim, which CLAIMED repeats. */
  CLAIM_END: 19,
  CLAIMED: 20,
  /** ← flow `id`: the gateway expects byte `seq` next, `aux` the credit. */
  RESUMED: 21,
  /** ← a port of PID `id` was lost (LostMessage). */
  PORT_LOST: 22,
  /** → PID `id` of epoch `aux` has load `seq` / 1000. */
  LOAD: 23,
} as const;

export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export interface FrameHeader {
  length: number;
  type: number;
  aux: number;
  id: number;
  seq: number;
}

/** Frames that carry a control message (JSON) or a code; DATA carries bytes; all others carry nothing. */
const controlTypes = new Set<number>([
  FrameType.END,
  FrameType.OPEN,
  FrameType.DIAL,
  FrameType.CONNECTED,
  FrameType.LISTEN,
  FrameType.LISTENED,
  FrameType.REFUSED,
  FrameType.CLAIM,
  FrameType.CLAIMED,
  FrameType.PORT_LOST,
]);

const highestType = FrameType.LOAD;

/** Writes a header at `offset`. */
export function writeHeader(
  into: Buffer,
  offset: number,
  type: FrameType,
  id: number,
  seq: number,
  aux: number,
  length: number,
): void {
  into.writeUInt32LE(length, offset);
  into.writeUInt32LE(type, offset + 4); // type, then flags and reserved as zero
  into.writeUInt32LE(aux, offset + 8);
  into.writeDoubleLE(id, offset + 12);
  into.writeDoubleLE(seq, offset + 20);
}

/** Reads and checks a header into `header`. Returns null, or what is wrong with it. */
export function readHeader(
  from: Buffer,
  offset: number,
  header: FrameHeader,
  maxData: number,
  maxControl: number,
): string | null {
  const length = from.readUInt32LE(offset);
  const word = from.readUInt32LE(offset + 4);
  if (word === 0 || word > highestType) return `unknown frame type or flags ${word}`;
  const most = word === FrameType.DATA ? maxData : controlTypes.has(word) ? maxControl : 0;
  if (length > most) return `frame of type ${word} with ${length} bytes, at most ${most} are allowed`;
  const id = from.readDoubleLE(offset + 12);
  const seq = from.readDoubleLE(offset + 20);
  if (!Number.isSafeInteger(id) || id < 0 || !Number.isSafeInteger(seq) || seq < 0)
    return `frame of type ${word} with a number out of range`;
  header.length = length;
  header.type = word;
  header.aux = from.readUInt32LE(offset + 8);
  header.id = id;
  header.seq = seq;
  return null;
}
