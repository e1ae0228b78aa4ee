/**
 * The source's end of a drain: asks the guest that is held for parcel after parcel and sends them, what the guest waits for first. Parcels
 * grow as long as nobody waits for anything, and are small again when somebody does; smallest are those that somebody waits for.
 * Keeps true: a parcel is kept until the other side says that it has it, and sent again on each new link until then; a few are under way at
 * most, so that what is asked for has little before it.
 */
import { messageOf } from '@godwit/checkpoint/base';
import { isSameWish, nearObjects, type Wish } from '@godwit/checkpoint/heap/wish';
import { migrateLimits } from '../limits.js';
import type { PageChannel } from './driver.js';
import { decodePageMessage, encodePageMessage } from './page-messages.js';

export interface MadeParcel {
  readonly parcel: Uint8Array;
  readonly isLast: boolean;
  /** Of those that follow, about. */
  readonly leftBytes: number;
}

/** Gives the next parcel of about so many bytes, if possible with what is wanted. Rejects when what is left cannot be had. */
export type NextParcel = (bytes: number, wanted: Wish | undefined) => Promise<MadeParcel>;

interface Kept extends MadeParcel {
  readonly number: number;
}

export class PageSender {
  readonly #kept: Kept[] = [];
  /** How many of them are sent on the link of the moment. */
  #sent = 0;
  #made = 0;
  #isMade = false;
  /** A parcel is being made that nobody waits for. */
  #isBackground = false;
  #failure: string | undefined;
  #bytes: number = migrateLimits.parcelMinBytes;
  #wanted: Wish[] = [];
  /** The last object that was waited for, and how large its parcel was. */
  #lastWanted = -1;
  #faultBytes: number = migrateLimits.faultBytes;
  #isLinked = true;
  #isStopped = false;
  #wake: () => void = () => {};
  /** Something changed since the last look at what is to be done. */
  #isChanged = false;

  constructor(
    private readonly channel: PageChannel,
    private readonly next: NextParcel,
    /** Ends the parcel that is being made: somebody waits for another. */
    private readonly cut: () => void = () => {},
  ) {
    channel.onMessage((bytes) => this.#hear(bytes));
    channel.onLink((state) => {
      this.#isLinked = state === 'restored';
      this.#sent = 0;
      this.#change();
    });
    void this.#run();
  }

  /** The move is over. */
  stop(): void {
    this.#isStopped = true;
    this.#change();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#isChanged = false;
      if (!(await this.#step())) await this.#changed();
    }
  }

  /** Does one thing if there is one to do. */
  async #step(): Promise<boolean> {
    const due = this.#isLinked ? this.#kept[this.#sent] : undefined;
    if (due) {
      // Counted first: a link that is lost meanwhile counts from the start again.
      this.#sent++;
      await this.#send(due);
      return true;
    }
    if (this.#failure !== undefined || this.#isMade || this.#kept.length >= migrateLimits.parcelsUnderWay) return false;
    await this.#make();
    return true;
  }

  async #make(): Promise<void> {
    const wanted = this.#wanted.shift();
    const bytes = wanted === undefined ? this.#bytes : this.#bytesFor(wanted);
    this.#isBackground = wanted === undefined;
    try {
      const made = await this.next(bytes, wanted);
      this.#kept.push({ number: ++this.#made, ...made });
      this.#isMade = made.isLast;
      this.#bytes = Math.min(migrateLimits.parcelMaxBytes, bytes * 2);
    } catch (error) {
      if (this.#isStopped) return;
      this.#failure = messageOf(error);
      await this.channel.send(encodePageMessage({ type: 'failed', reason: this.#failure })).catch(() => {});
    } finally {
      this.#isBackground = false;
    }
  }

  /** Whoever goes through things in order asks for what is next to the last: more of that comes at once. */
  #bytesFor(wanted: Wish): number {
    let bytes: number = migrateLimits.faultBytes;
    if (typeof wanted === 'number') {
      const ahead = wanted - this.#lastWanted;
      if (ahead > 0 && ahead <= nearObjects) bytes = Math.min(migrateLimits.parcelMinBytes * 2, this.#faultBytes * 2);
      this.#lastWanted = wanted;
    }
    this.#faultBytes = bytes;
    return bytes;
  }

  async #send({ number, parcel, isLast, leftBytes }: Kept): Promise<void> {
    try {
      for (let at = 0; at < parcel.byteLength || at === 0; at += migrateLimits.chunkBytes) {
        const bytes = parcel.subarray(at, at + migrateLimits.chunkBytes);
        const endsParcel = at + migrateLimits.chunkBytes >= parcel.byteLength;
        await this.channel.send(encodePageMessage({ type: 'piece', number, endsParcel, isLast, leftBytes, bytes }));
      }
    } catch {
      // With the link; it is sent again on the next one.
    }
  }

  #hear(bytes: Uint8Array): void {
    const message = decodePageMessage(bytes);
    if (message.type === 'wanted') {
      if (this.#isBackground) this.cut();
      if (!this.#wanted.some((wish) => isSameWish(wish, message.wish))) this.#wanted.push(message.wish);
    } else if (message.type === 'taken') {
      while (this.#kept.length > 0 && this.#kept[0]!.number <= message.number) {
        this.#kept.shift();
        this.#sent = Math.max(0, this.#sent - 1);
      }
    }
    this.#change();
  }

  #change(): void {
    this.#isChanged = true;
    this.#wake();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#isChanged) resolve();
    });
  }
}
