/**
 * A worker's end of its page port: the parcels of a guest that was captured here, for whoever asks, and those of one that goes on here, from
 * wherever it was captured. Its thread stands still while it serves, or while it waits for what it needs, so it is woken by the word WAKE.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import type { ParcelSource, Wish } from '@godwit/checkpoint/guest';
import { HOLD, type PageAnswer, type PageRequest, type PageWish, VERDICT, WAKE } from './protocol.js';

const { load, wait } = Atomics;
const now = performance.now.bind(performance);

type NextParcel = (source: ParcelSource, bytes: number, wanted: Wish | undefined, isCut: () => boolean) => Uint8Array | undefined;

interface Waiting {
  readonly parcel: Uint8Array;
  next: Waiting | undefined;
}

export class Pages {
  #first: Uint8Array[] = [];
  /** Came while nobody waited, and was not taken. Linked: the guest may have changed what lists do. */
  #come: Waiting | undefined;
  #last: Waiting | undefined;
  #mayWait = false;

  constructor(
    private readonly port: MessagePort,
    private readonly words: Int32Array,
  ) {}

  /** Stands still until the host decides about the guest, and gives it what is left of the guest when it asks; little when it is woken meanwhile. */
  hold(source: ParcelSource | undefined, next: NextParcel): void {
    const { words } = this;
    for (;;) {
      const seen = load(words, WAKE);
      if (load(words, VERDICT) !== HOLD) return;
      const asked = source && receiveMessageOnPort(this.port);
      if (asked) this.#answer(source, next, asked.message as PageRequest, () => load(words, WAKE) !== seen);
      else wait(words, WAKE, seen);
    }
  }

  /** What the guest begins with here. */
  begin(parcels: readonly Uint8Array[]): void {
    this.#first = parcels.slice(1);
  }

  /** It runs on: from here on it may wait for a parcel. */
  go(): void {
    this.#mayWait = true;
  }

  /**
   * The next parcel, if possible with what is wanted; waits for it. Throws GODWIT_CANNOT_RESTORE before the guest runs: until then its source,
   * where it is held, gives nothing more.
   */
  next(wanted: Wish | undefined): Uint8Array {
    const given = this.#first.shift() ?? this.take();
    if (given) return given;
    if (!this.#mayWait) {
      const what = typeof wanted === 'number' ? `object ${wanted}` : 'something';
      throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot load the process: it needs ${what} that is not in its first parcel`);
    }
    let askedAtMs: number | undefined;
    for (;;) {
      const seen = load(this.words, WAKE);
      const come = receiveMessageOnPort(this.port);
      if (come) {
        if (askedAtMs !== undefined) this.#say({ wanted, waitedMs: now() - askedAtMs });
        this.#say({ isRead: true });
        return come.message as Uint8Array;
      }
      if (askedAtMs === undefined) {
        askedAtMs = now();
        this.#say({ wanted });
      } else wait(this.words, WAKE, seen);
    }
  }

  /** Tells of parcels that come while nobody waits for them. They are taken one at a time: the guest has turns of its own between them. */
  onParcel(tell: () => void): void {
    this.port.on('message', (parcel: Uint8Array) => {
      const waiting: Waiting = { parcel, next: undefined };
      if (this.#last) this.#last.next = waiting;
      else this.#come = waiting;
      this.#last = waiting;
      tell();
    });
    this.port.unref();
  }

  /** A parcel that has come. */
  take(): Uint8Array | undefined {
    const waiting = this.#come;
    if (!waiting) return undefined;
    this.#come = waiting.next;
    if (!this.#come) this.#last = undefined;
    this.#say({ isRead: true });
    return waiting.parcel;
  }

  #say(wish: PageWish): void {
    this.port.postMessage(wish);
  }

  #answer(source: ParcelSource, next: NextParcel, { wanted, bytes }: PageRequest, isCut: () => boolean): void {
    let answer: PageAnswer;
    try {
      const parcel = next(source, bytes, wanted, isCut);
      answer = { parcel, isLast: source.isComplete, written: source.written, left: source.left };
    } catch (error) {
      answer = { failed: messageOf(error) };
    }
    this.port.postMessage(answer, 'parcel' in answer && answer.parcel ? [answer.parcel.buffer as ArrayBuffer] : []);
  }
}
