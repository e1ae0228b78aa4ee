/**
 * A connection between two nodes after its handshake: messages on numbered channels, and named sections of any size as
 * streams of chunks. What ARCHITECTURE means by "bulk pages go node to node".
 * Keeps true: messages and the begins and ends of sections arrive in the order sent; at most a window of bytes is under
 * way unread in each direction, so neither side's memory grows with what the other sends; a silent peer is noticed.
 * Messages on channel 0 are for control and need no credit, so that they are never stuck behind bulk.
 * Not reliable beyond the connection: what is sent when it breaks may or may not have arrived.
 */

import type { Socket } from 'node:net';
import { assert, GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import { CreditWindow } from './credit.js';
import { encodeFrame, type Frame, FrameReader, frameKind, openFrameBytes, protocolError, u32 } from './frames.js';
import { type IncomingSection, SectionInbox } from './section.js';

export type MessageHandler = (bytes: Uint8Array) => void | Promise<void>;

export class Link {
  readonly reader = new FrameReader((frame) => this.#receive(frame));
  readonly closed: Promise<Error | undefined>;
  readonly #credit = new CreditWindow(migrateLimits.creditWindowBytes);
  readonly #handlers = new Map<number, MessageHandler>();
  readonly #inbox: SectionInbox;
  #onSection: ((section: IncomingSection) => void) | undefined;
  #nextStream = 1;
  /** Bytes received and not yet given back as credit. */
  #unreadBytes = 0;
  #consumedBytes = 0;
  #sentAtMs: number;
  #heardAtMs: number;
  #timer: TimerHandle | undefined;
  #failure: Error | undefined;
  #isClosed = false;
  #resolveClosed!: (reason: Error | undefined) => void;

  constructor(
    private readonly socket: Socket,
    private readonly host: Host,
    readonly peerNode: number,
  ) {
    this.#sentAtMs = this.#heardAtMs = host.monotonicMs();
    this.#inbox = new SectionInbox((bytes) => this.#consumed(bytes));
    this.reader.maxFrameBytes = openFrameBytes;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#feed(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#end());
    this.#watchSilence();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends one message. Resolves when it is on its way; waits for credit except on channel 0. @throws GODWIT_LINK_LOST, GODWIT_TOO_LARGE */
  async send(channel: number, bytes: Uint8Array): Promise<void> {
    assert(channel >= 0 && channel <= 255, 'channels are 0 to 255');
    if (bytes.byteLength > migrateLimits.maxFrameBytes) {
      const limit = migrateLimits.maxFrameBytes;
      throw new GodwitError(
        'GODWIT_TOO_LARGE',
        `Cannot send ${bytes.byteLength} bytes to node ${this.peerNode}: at most ${limit} go in a message`,
      );
    }
    if (channel !== 0) await this.#credit.take(bytes.byteLength);
    this.#write(encodeFrame(frameKind.message, Buffer.from([channel]), bytes));
  }

  /** Takes a channel's messages; credit for each is given back when the handler is done with it. One handler a channel. */
  onMessage(channel: number, handler: MessageHandler | undefined): void {
    if (handler) this.#handlers.set(channel, handler);
    else this.#handlers.delete(channel);
  }

  /** Sends a section whole. Several may be under way at once. @throws GODWIT_LINK_LOST, and what the source of the bytes throws */
  async sendSection(name: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const stream = this.#nextStream++;
    this.#write(encodeFrame(frameKind.section, u32(stream), Buffer.from(name)));
    let totalBytes = 0;
    let whole = 0;
    try {
      for await (const piece of content instanceof Uint8Array ? [content] : content) {
        for (let at = 0; at < piece.byteLength; at += migrateLimits.chunkBytes) {
          const chunk = piece.subarray(at, at + migrateLimits.chunkBytes);
          await this.#credit.take(chunk.byteLength);
          this.#write(encodeFrame(frameKind.data, u32(stream), chunk));
          totalBytes += chunk.byteLength;
        }
      }
      whole = 1;
    } finally {
      const tail = Buffer.allocUnsafe(7);
      tail.writeUInt8(whole, 0);
      tail.writeUIntBE(totalBytes, 1, 6);
      if (!this.#isClosed) this.#write(encodeFrame(frameKind.end, u32(stream), tail));
    }
  }

  /** Takes the sections that arrive, in the order they were begun. To be set before any can. */
  onSection(handler: (section: IncomingSection) => void): void {
    this.#onSection = handler;
  }

  /** Ends the link; what was sent before still leaves. */
  close(): void {
    if (this.#isClosed) return;
    this.socket.end();
    this.#end();
  }

  #feed(chunk: Buffer): void {
    if (this.#isClosed) return;
    this.#heardAtMs = this.host.monotonicMs();
    try {
      this.reader.feed(chunk);
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      this.#fail(error);
    }
  }

  #receive({ kind, body }: Frame): void {
    if (this.#isClosed) return;
    if (kind === frameKind.message) this.#message(body);
    else if (kind === frameKind.data) {
      this.#charge(body.length - 4);
      this.#inbox.data(body);
    } else if (kind === frameKind.section) this.#section(body);
    else if (kind === frameKind.end) this.#inbox.end(body);
    else if (kind === frameKind.credit && body.length === 4) this.#credit.give(body.readUInt32BE(0));
    else if (kind === frameKind.ping) this.#write(encodeFrame(frameKind.pong));
    else if (kind !== frameKind.pong) throw protocolError(`a frame of kind ${kind}`);
  }

  #section(body: Buffer): void {
    const section = this.#inbox.begin(body);
    if (!this.#onSection) throw protocolError('a section nobody waits for');
    this.#onSection(section);
  }

  #message(body: Buffer): void {
    if (body.length < 1) throw protocolError('a message without a channel');
    const channel = body[0]!;
    const bytes = body.subarray(1);
    if (channel !== 0) this.#charge(bytes.length);
    const handler = this.#handlers.get(channel);
    if (!handler) {
      this.host.log('debug', 'link: a message on a channel nobody listens to', { channel });
      if (channel !== 0) this.#consumed(bytes.length);
      return;
    }
    void this.#handle(handler, channel, bytes);
  }

  async #handle(handler: MessageHandler, channel: number, bytes: Buffer): Promise<void> {
    try {
      await handler(bytes);
    } catch (error) {
      this.host.log('error', 'link: a handler failed', { channel, reason: messageOf(error) });
    } finally {
      if (channel !== 0) this.#consumed(bytes.length);
    }
  }

  #charge(bytes: number): void {
    this.#unreadBytes += bytes;
    // The other side's window is ours; whoever sends more than it was given does not keep to the protocol.
    if (this.#unreadBytes > migrateLimits.creditWindowBytes) throw protocolError('more bytes than it had credit for');
  }

  /** Given back in lumps: a credit frame for each small message would cost as much as the message. */
  #consumed(bytes: number): void {
    this.#consumedBytes += bytes;
    if (this.#isClosed || this.#consumedBytes < migrateLimits.creditWindowBytes / 8) return;
    this.#unreadBytes -= this.#consumedBytes;
    this.#write(encodeFrame(frameKind.credit, u32(this.#consumedBytes)));
    this.#consumedBytes = 0;
  }

  #write(parts: Uint8Array[]): void {
    if (this.#isClosed) throw this.#lost();
    this.#sentAtMs = this.host.monotonicMs();
    this.socket.cork();
    for (const part of parts) this.socket.write(part);
    this.socket.uncork();
  }

  #watchSilence(): void {
    this.#timer = this.host.after(migrateLimits.linkIdleMs, () => {
      const nowMs = this.host.monotonicMs();
      if (nowMs - this.#heardAtMs >= 3 * migrateLimits.linkIdleMs) {
        this.#fail(new GodwitError('GODWIT_TIMEOUT', `Cannot hear from node ${this.peerNode}: it fell silent`));
        return;
      }
      if (nowMs - this.#sentAtMs >= migrateLimits.linkIdleMs) this.#write(encodeFrame(frameKind.ping));
      this.#watchSilence();
    });
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#credit.fail(this.#lost());
    this.#inbox.fail(this.#lost());
    this.#resolveClosed(this.#failure);
  }

  #lost(): GodwitError {
    return new GodwitError('GODWIT_LINK_LOST', `Cannot reach node ${this.peerNode}: the link is gone`, { cause: this.#failure });
  }
}
