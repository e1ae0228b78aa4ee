/**
 * Turns the bytes of a link into frames. DATA payload is handed on in pieces as it arrives, by reference, each with its own
 * byte number; a control payload is collected (bounded) and handed on whole.
 * Its state outlives a TCP connection: a link is one continuous stream of bytes over any number of connections.
 */

import { type FrameHeader, FrameType, headerBytes, readHeader } from './frames.js';

/** `header` is reused between calls; `payload` is a view of the bytes read and must not be changed. */
export type FrameHandler = (header: FrameHeader, payload: Uint8Array) => void;

const nothing = new Uint8Array(0);

export class FrameReader {
  readonly #header: FrameHeader = { length: 0, type: 0, aux: 0, id: 0, seq: 0 };
  readonly #partial = Buffer.alloc(headerBytes);
  #partialBytes = 0;
  #payloadLeft = 0;
  #control: Buffer[] = [];

  constructor(
    private readonly maxDataBytes: number,
    private readonly maxControlBytes: number,
    private readonly onFrame: FrameHandler,
  ) {}

  /** Feeds bytes. Returns null, or what is wrong with them; after that the stream is beyond repair. */
  feed(bytes: Buffer): string | null {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#payloadLeft > 0) {
        offset += this.#takePayload(bytes, offset);
        continue;
      }
      if (this.#partialBytes === 0 && bytes.length - offset >= headerBytes) {
        const problem = this.#begin(bytes, offset);
        if (problem !== null) return problem;
        offset += headerBytes;
        continue;
      }
      const length = Math.min(headerBytes - this.#partialBytes, bytes.length - offset);
      bytes.copy(this.#partial, this.#partialBytes, offset, offset + length);
      this.#partialBytes += length;
      offset += length;
      if (this.#partialBytes < headerBytes) break;
      this.#partialBytes = 0;
      const problem = this.#begin(this.#partial, 0);
      if (problem !== null) return problem;
    }
    return null;
  }

  #begin(from: Buffer, offset: number): string | null {
    const problem = readHeader(from, offset, this.#header, this.maxDataBytes, this.maxControlBytes);
    if (problem !== null) return problem;
    this.#payloadLeft = this.#header.length;
    if (this.#payloadLeft === 0 && this.#header.type !== FrameType.DATA) this.onFrame(this.#header, nothing);
    return null;
  }

  #takePayload(bytes: Buffer, offset: number): number {
    const length = Math.min(this.#payloadLeft, bytes.length - offset);
    const piece = offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length);
    this.#payloadLeft -= length;
    if (this.#header.type === FrameType.DATA) {
      this.onFrame(this.#header, piece);
      this.#header.seq += length;
    } else {
      this.#control.push(piece);
      if (this.#payloadLeft === 0) {
        const whole = this.#control.length === 1 ? piece : Buffer.concat(this.#control);
        this.#control = [];
        this.onFrame(this.#header, whole);
      }
    }
    return length;
  }
}
