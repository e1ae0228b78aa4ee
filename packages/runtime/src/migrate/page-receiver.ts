/**
 * The target's end of a drain: puts parcels together, gives them to the guest in their order and once, and says which it has.
 * Keeps true: a guest that stands still for an object has said so on the link of the moment; one whose source cannot be reached for too long
 * is lost, with the reason.
 */
import { GodwitError, type Host, type TimerHandle } from '@godwit/checkpoint/base';
import { isSameWish, type Wish } from '@godwit/checkpoint/heap/wish';
import { migrateLimits } from '../limits.js';
import type { PageChannel } from './driver.js';
import { decodePageMessage, encodePageMessage, type PageMessage } from './page-messages.js';

/** Takes the next parcel; about `leftBytes` are to follow. Resolves when the guest reads it. */
export type TakeParcel = (parcel: Uint8Array, isLast: boolean, leftBytes: number) => Promise<void> | undefined;

export class PageReceiver {
  /** Resolves when everything is here; rejects when it cannot be had. */
  readonly drained: Promise<void>;
  /** The last parcel that is here to its end. */
  #have = 0;
  #pieces: Uint8Array[] = [];
  /** What the guest stood still for last. */
  #wanted: Wish | undefined;
  #patience: TimerHandle | undefined;
  #isOver = false;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor(
    private readonly channel: PageChannel,
    private readonly host: Host,
    private readonly fromNode: number,
    private readonly take: TakeParcel,
  ) {
    this.drained = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.drained.catch(() => {});
    channel.onMessage((bytes) => this.#hear(decodePageMessage(bytes)));
    channel.onLink((state) => {
      this.#pieces = [];
      if (state === 'lost') this.#wait();
      else {
        this.#patience?.cancel();
        if (this.#wanted !== undefined) this.#say({ type: 'wanted', wish: this.#wanted });
        this.#say({ type: 'taken', number: this.#have });
      }
    });
  }

  /** The guest stands still for this, or for whatever comes next. */
  want(wish: Wish | undefined): void {
    // Asked again when a parcel came without it, which the other side knows.
    if (wish === undefined || isSameWish(wish, this.#wanted)) return;
    this.#wanted = wish;
    this.#say({ type: 'wanted', wish });
  }

  /** It ended, and needs nothing more. */
  end(): void {
    this.#finish();
    this.#resolve();
  }

  #hear(message: PageMessage): void {
    if (this.#isOver) return;
    if (message.type === 'failed') this.#fail(message.reason);
    if (message.type !== 'piece' || message.number !== this.#have + 1) return;
    this.#pieces.push(message.bytes);
    if (!message.endsParcel) return;
    // Its own memory: the parcel is handed over to the guest's thread.
    const parcel = joined(this.#pieces);
    this.#pieces = [];
    const number = ++this.#have;
    const read = this.take(parcel, message.isLast, message.isLast ? 0 : message.leftBytes);
    if (read && !message.isLast) this.#confirm(number, read);
    else this.#say({ type: 'taken', number });
    if (message.isLast) this.end();
  }

  /** What the guest stands still for comes behind what it has not read yet, so there is little of that; but one that never waits gets all the same what is its. */
  #confirm(number: number, read: Promise<void>): void {
    let isSaid = false;
    const say = (): void => {
      patience.cancel();
      if (!isSaid) this.#say({ type: 'taken', number });
      isSaid = true;
    };
    const patience = this.host.after(migrateLimits.unreadMs, say);
    void read.then(say);
  }

  #wait(): void {
    if (this.#isOver) return;
    this.#patience?.cancel();
    this.#patience = this.host.after(migrateLimits.pagesLostAfterMs, () =>
      this.#fail(
        `node ${this.fromNode}, which has a part of it, could not be reached for ${migrateLimits.pagesLostAfterMs / 1000} s`,
      ),
    );
  }

  #fail(reason: string): void {
    this.#finish();
    this.#reject(new GodwitError('GODWIT_LINK_LOST', `Cannot bring the rest of the process here: ${reason}`));
  }

  #finish(): void {
    this.#isOver = true;
    this.#patience?.cancel();
  }

  #say(message: PageMessage): void {
    // Lost with the link: it is said again on the next one.
    this.channel.send(encodePageMessage(message)).catch(() => {});
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.byteLength;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
