/**
 * The receiving side of sections on a link: each one a stream of chunks with a name.
 * Keeps true: the reader sees all bytes and then the end, or an error, never a section that merely looks complete; a chunk
 * counts as read, for the sender's credit, when the reader asks for the next.
 * Not a store: what nobody reads is held back at the sender by the credit window.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import { protocolError } from './frames.js';

/** A section as it arrives. To be read once: by iterating, or whole. */
export interface IncomingSection extends AsyncIterable<Uint8Array> {
  readonly name: string;
  /** All of it. @throws GODWIT_TOO_LARGE over `limitBytes`, GODWIT_LINK_LOST, GODWIT_SECTION_CUT */
  collect(limitBytes?: number): Promise<Uint8Array>;
}

export class SectionInbox {
  readonly #open = new Map<number, Incoming>();
  #failure: Error | undefined;

  constructor(private readonly consumed: (bytes: number) => void) {}

  /** @throws GODWIT_PROTOCOL */
  begin(body: Buffer): IncomingSection {
    const stream = streamOf(body);
    if (this.#open.has(stream)) throw protocolError('a section that is open already');
    if (this.#open.size >= migrateLimits.maxOpenSections) throw protocolError('too many sections at once');
    if (body.length - 4 > migrateLimits.maxSectionNameBytes) throw protocolError('a section with too long a name');
    const section = new Incoming(body.subarray(4).toString('utf8'), this.consumed);
    if (this.#failure) section.finish(this.#failure);
    this.#open.set(stream, section);
    return section;
  }

  /** @throws GODWIT_PROTOCOL */
  data(body: Buffer): void {
    this.#section(body).push(body.subarray(4));
  }

  /** @throws GODWIT_PROTOCOL */
  end(body: Buffer): void {
    if (body.length !== 11) throw protocolError('a malformed end of a section');
    const section = this.#section(body);
    this.#open.delete(streamOf(body));
    const isWhole = body[4] === 1 && body.readUIntBE(5, 6) === section.totalBytes;
    section.finish(
      isWhole ? undefined : new GodwitError('GODWIT_SECTION_CUT', `Cannot read "${section.name}": its sender broke off`),
    );
  }

  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const section of this.#open.values()) section.finish(reason);
    this.#open.clear();
  }

  #section(body: Buffer): Incoming {
    const section = this.#open.get(streamOf(body));
    if (!section) throw protocolError('a piece of a section that was not begun');
    return section;
  }
}

class Incoming implements IncomingSection {
  totalBytes = 0;
  readonly #chunks: Buffer[] = [];
  #end: { reason: Error | undefined } | undefined;
  #wake: (() => void) | undefined;
  #abandoned = false;

  constructor(
    readonly name: string,
    private readonly consumed: (bytes: number) => void,
  ) {}

  push(chunk: Buffer): void {
    this.totalBytes += chunk.length;
    if (this.totalBytes > migrateLimits.maxSectionBytes) throw protocolError('a section over the limit');
    // A reader that went away must not hold the link up for the others.
    if (this.#abandoned) this.consumed(chunk.length);
    else this.#chunks.push(chunk);
    this.#wake?.();
  }

  finish(reason: Error | undefined): void {
    this.#end ??= { reason };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift();
        if (chunk) {
          try {
            yield chunk;
          } finally {
            this.consumed(chunk.length);
          }
        } else if (this.#end) {
          if (this.#end.reason) throw this.#end.reason;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.#abandoned = true;
      for (const chunk of this.#chunks.splice(0)) this.consumed(chunk.length);
    }
  }

  async collect(limitBytes: number = migrateLimits.maxCollectedBytes): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this) {
      bytes += piece.byteLength;
      if (bytes > limitBytes)
        throw new GodwitError('GODWIT_TOO_LARGE', `Cannot take in "${this.name}": it is over ${limitBytes} bytes`);
      pieces.push(piece);
    }
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes);
  }
}

function streamOf(body: Buffer): number {
  if (body.length < 4) throw protocolError('a section frame without a stream');
  return body.readUInt32BE(0);
}
