/**
 * The node's end of a worker's page port (guest/pages.ts): asks a captured guest for its parcels, and feeds them to one that goes on.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Wish } from '@godwit/checkpoint/heap/wish';
import { type PageAnswer, type PageRequest, type PageWish, WAKE } from '../guest/protocol.js';

/** Undefined: whatever comes next. */
type Wanted = Wish | undefined;

export class PagePort {
  /** For the worker. */
  readonly other: MessagePort;
  readonly #port: MessagePort;
  #answers: ((answer: PageAnswer) => void)[] = [];
  #onWish: ((wanted: Wanted) => void) | undefined;
  #onWaited: (wanted: Wanted, waitedMs: number) => void = () => {};
  #wishes: PageWish[] = [];
  #unread: (() => void)[] = [];
  #isClosed = false;

  constructor(private readonly words: Int32Array) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.other = port2;
    port1.on('message', (message: PageAnswer | PageWish) => this.#hear(message));
    port1.unref();
  }

  /** The next parcel of a guest that is held. */
  ask(request: PageRequest): Promise<PageAnswer> {
    if (this.#isClosed) return Promise.resolve({ failed: 'its worker ended' });
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#port.postMessage(request);
      this.wake();
    });
  }

  /** Gives the guest its next parcel; resolves when that is read. */
  feed(parcel: Uint8Array): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#unread.push(resolve);
      this.#port.postMessage(parcel, [parcel.buffer as ArrayBuffer]);
      this.wake();
    });
  }

  /** Is told what a guest waits for, at once if it waits already, and, with each parcel that it waited for, how long it did. */
  onWish(take: (wanted: Wanted) => void, waited: (wanted: Wanted, waitedMs: number) => void = () => {}): void {
    this.#onWish = take;
    this.#onWaited = waited;
    for (const wish of this.#wishes.splice(0)) this.#hear(wish);
  }

  /** Hears now what the worker has said. */
  hearOut(): void {
    for (let said = this.#said(); said; said = this.#said()) this.#hear(said);
  }

  /** Lets the worker look at its words and its port again. */
  wake(): void {
    Atomics.add(this.words, WAKE, 1);
    Atomics.notify(this.words, WAKE);
  }

  #said(): PageAnswer | PageWish | undefined {
    return this.#isClosed ? undefined : receiveMessageOnPort(this.#port)?.message;
  }

  #hear(message: PageAnswer | PageWish): void {
    if ('isRead' in message) this.#unread.shift()?.();
    else if (!('wanted' in message)) this.#answers.shift()?.(message);
    else if (!this.#onWish) this.#wishes.push(message);
    else if (message.waitedMs === undefined) this.#onWish(message.wanted);
    else this.#onWaited(message.wanted, message.waitedMs);
  }

  close(): void {
    this.#isClosed = true;
    for (const resolve of this.#unread.splice(0)) resolve();
    for (const settle of this.#answers.splice(0)) settle({ failed: 'its worker ended' });
    this.#port.close();
  }
}
