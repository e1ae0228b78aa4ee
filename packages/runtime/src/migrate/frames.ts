/**
 * Frames on a connection between two nodes, and bytes back into frames.
 *
 *   length u32 (of what follows) | kind u8 | body
 *   HELLO   magic "GDWT" | version u8 | node u32 | nonce 32 bytes        PROOF   32 bytes
 *   MESSAGE channel u8 | bytes                                            CREDIT  bytes u32
 *   SECTION stream u32 | name utf8      DATA  stream u32 | bytes          END     stream u32 | whole u8 | total u48
 *   PING, PONG  nothing
 *
 * All numbers big-endian. Keeps true: a length over the bound in force is refused before anything of it is collected.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';

export const frameKind = { hello: 1, proof: 2, message: 3, section: 4, data: 5, end: 6, credit: 7, ping: 8, pong: 9 } as const;

export interface Frame {
  readonly kind: number;
  readonly body: Buffer;
}

/** The pieces of one frame, to be written one after the other; big bodies are not copied. */
export function encodeFrame(kind: number, ...body: Uint8Array[]): Uint8Array[] {
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32BE(1 + body.reduce((bytes, part) => bytes + part.byteLength, 0), 0);
  head.writeUInt8(kind, 4);
  return [head, ...body];
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

export class FrameReader {
  #chunks: Buffer[] = [];
  #bufferedBytes = 0;
  #needed: number | undefined;
  /** Small until the other side has proved who it is. */
  maxFrameBytes = 256;

  #successor: FrameReader | undefined;

  constructor(private readonly emit: (frame: Frame) => void) {}

  /** Called while a frame is given out: all bytes after it go to another reader. */
  handOver(successor: FrameReader): void {
    this.#successor = successor;
  }

  /** Takes the next bytes. @throws GODWIT_PROTOCOL; the stream cannot be read on after that. */
  feed(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    for (;;) {
      if (this.#successor) {
        const rest = this.#bufferedBytes > 0 ? this.#take(this.#bufferedBytes) : undefined;
        if (rest) this.#successor.feed(rest);
        return;
      }
      if (this.#needed === undefined) {
        if (this.#bufferedBytes < 4) return;
        const length = this.#take(4).readUInt32BE(0);
        if (length < 1 || length > this.maxFrameBytes) throw protocolError(`a frame of ${length} bytes`);
        this.#needed = length;
      }
      if (this.#bufferedBytes < this.#needed) return;
      const bytes = this.#take(this.#needed);
      this.#needed = undefined;
      this.emit({ kind: bytes[0]!, body: bytes.subarray(1) });
    }
  }

  #take(bytes: number): Buffer {
    const first = this.#chunks[0]!;
    const whole = first.length >= bytes ? first : Buffer.concat(this.#chunks, this.#bufferedBytes);
    if (whole !== first) this.#chunks = [whole];
    this.#bufferedBytes -= bytes;
    if (whole.length > bytes) this.#chunks[0] = whole.subarray(bytes);
    else this.#chunks.shift();
    return whole.subarray(0, bytes);
  }
}

/** The largest frame after the handshake: a chunk or a message with its head. */
export const openFrameBytes = migrateLimits.maxFrameBytes + 64;

/** What a peer that breaks the protocol gets: the connection ends. */
export function protocolError(state: string): GodwitError {
  return new GodwitError('GODWIT_PROTOCOL', `Cannot read from the other node: ${state}`, { fields: { state } });
}
