/** Both ends of a drain over links that break, at every message: each parcel arrives once and in its place, or the guest is lost with a reason. */
import type { Wish } from '@godwit/checkpoint/heap/wish';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrateLimits } from '../../src/limits.js';
import type { PageChannel } from '../../src/migrate/driver.js';
import { PageReceiver } from '../../src/migrate/page-receiver.js';
import { PageSender } from '../../src/migrate/page-sender.js';
import { ManualHost } from '../cluster/manual-host.js';

const soon = () => new Promise((resolve) => setImmediate(resolve));

/** Two channels over one link, which breaks at the given messages, with what was under way, and is there again when asked for. */
class Wire {
  readonly ends: [End, End] = [new End(this), new End(this)];
  #messages = 0;
  isUp = true;

  constructor(private readonly breaksAt: ReadonlySet<number>) {}

  /** Whether a message gets through. */
  carry(): boolean {
    if (!this.isUp) return false;
    if (!this.breaksAt.has(this.#messages++)) return true;
    this.break();
    return false;
  }

  break(): void {
    this.isUp = false;
    for (const end of this.ends) end.tell('lost');
  }

  restore(): void {
    this.isUp = true;
    for (const end of this.ends) end.tell('restored');
  }
}

class End implements PageChannel {
  #handler: (bytes: Uint8Array) => void | Promise<void> = () => {};
  #onLink: (state: 'lost' | 'restored') => void = () => {};
  #link = 0;

  constructor(private readonly wire: Wire) {}

  async send(bytes: Uint8Array): Promise<void> {
    if (!this.wire.carry()) throw new Error('the link is gone');
    const link = this.#link;
    const other = this.wire.ends[this === this.wire.ends[0] ? 1 : 0];
    await soon();
    // What was under way when the link broke is lost.
    if (this.wire.isUp && link === this.#link) await other.#handler(bytes);
  }
  onMessage(handler: (bytes: Uint8Array) => void | Promise<void>): void {
    this.#handler = handler;
  }
  onLink(handler: (state: 'lost' | 'restored') => void): void {
    this.#onLink = handler;
  }
  tell(state: 'lost' | 'restored'): void {
    if (state === 'lost') this.#link++;
    this.#onLink(state);
  }
}

const parcelOf = (number: number): Uint8Array => {
  const large = number % 5 === 0 ? migrateLimits.chunkBytes * 2 + 7 : 10;
  return new Uint8Array(large).fill(number);
};

function drain(wire: Wire, count: number, host = new ManualHost()) {
  const taken: Uint8Array[] = [];
  const asked: (Wish | undefined)[] = [];
  const sizes: number[] = [];
  let made = 0;
  const left: number[] = [];
  const receiver = new PageReceiver(wire.ends[1], host, 7, (parcel, _isLast, leftBytes) => {
    taken.push(parcel);
    left.push(leftBytes);
  });
  const sender = new PageSender(wire.ends[0], async (bytes, wanted) => {
    asked.push(wanted);
    sizes.push(bytes);
    await soon();
    made++;
    return { parcel: parcelOf(made), isLast: made === count, leftBytes: count - made };
  });
  return { receiver, sender, taken, left, asked, sizes, host };
}

const keys = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.bigInt(), fc.boolean(), fc.constant(undefined));
const wishes: fc.Arbitrary<Wish> = fc.oneof(
  fc.nat({ max: 99 }),
  fc.record({ number: fc.nat({ max: 99 }), collection: fc.nat({ max: 99 }), key: keys }),
);

describe('a drain', () => {
  it('gives every parcel once and in its place, however often the link breaks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat({ max: 60 }), { maxLength: 8 }),
        fc.array(wishes, { maxLength: 4 }),
        async (count, breaks, wanted) => {
          const wire = new Wire(new Set(breaks));
          const { receiver, sender, taken, left } = drain(wire, count);
          let isOver = false;
          void receiver.drained.then(() => {
            isOver = true;
          });
          for (let turn = 0; !isOver && turn < 2_000; turn++) {
            const wish = wanted[turn];
            if (wish !== undefined) receiver.want(wish);
            if (!wire.isUp) wire.restore();
            await soon();
          }
          sender.stop();
          expect(isOver).toBe(true);
          expect(taken.length).toBe(count);
          expect(left).toEqual(taken.map((_, i) => count - 1 - i));
          expect(taken.every((parcel, i) => Buffer.from(parcel).equals(parcelOf(i + 1)))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('asks the guest for what is waited for, and says it again on a new link', async () => {
    const wire = new Wire(new Set());
    const { receiver, sender, asked } = drain(wire, 1_000);
    await soon();
    wire.break();
    receiver.want(42);
    for (let i = 0; i < 20; i++) await soon();
    expect(asked).not.toContain(42);
    wire.restore();
    for (let i = 0; i < 40 && !asked.includes(42); i++) await soon();
    expect(asked.filter((wanted) => wanted === 42)).toHaveLength(1);
    sender.stop();
  });

  it('asks for the place of a key as it was said, whatever the key', async () => {
    for (const key of ['a key', 'a\ud800b', '', NaN, -0, 1.5, 2n ** 70n, true, null, undefined]) {
      const { receiver, sender, asked } = drain(new Wire(new Set()), 1_000);
      const question = { number: 3, collection: 70_000, key };
      receiver.want(question);
      for (let i = 0; i < 40 && asked.every((wish) => typeof wish !== 'object'); i++) await soon();
      expect(asked.filter((wish) => typeof wish === 'object')).toEqual([question]);
      sender.stop();
    }
  });

  it('ends the parcel that is being made when somebody waits for another, and no other', async () => {
    const wire = new Wire(new Set());
    let cuts = 0;
    let finish = (): void => {};
    const made: (Wish | undefined)[] = [];
    const next = (_bytes: number, wanted: Wish | undefined) =>
      new Promise<{ parcel: Uint8Array; isLast: boolean; leftBytes: number }>((resolve) => {
        finish = () => {
          made.push(wanted);
          resolve({ parcel: parcelOf(1), isLast: false, leftBytes: 1 });
        };
      });
    const receiver = new PageReceiver(wire.ends[1], new ManualHost(), 7, () => undefined);
    const sender = new PageSender(wire.ends[0], next, () => cuts++);
    await soon();
    receiver.want(5);
    for (let i = 0; i < 5; i++) await soon();
    expect(cuts).toBe(1);
    finish();
    for (let i = 0; i < 5; i++) await soon();
    receiver.want(6);
    for (let i = 0; i < 5; i++) await soon();
    expect(cuts).toBe(1);
    finish();
    for (let i = 0; i < 5; i++) await soon();
    finish();
    expect(made).toEqual([undefined, 5, 6]);
    sender.stop();
  });

  it('brings little of what somebody waits for, and more of what is in order', async () => {
    const { receiver, sender, asked, sizes } = drain(new Wire(new Set()), 1_000);
    for (const wish of [50_000, 10, 20, 30]) {
      receiver.want(wish);
      for (let i = 0; i < 40 && !asked.includes(wish); i++) await soon();
    }
    const { faultBytes } = migrateLimits;
    expect([50_000, 10, 20, 30].map((wish) => sizes[asked.indexOf(wish)])).toEqual(
      [1, 1, 2, 4].map((times) => times * faultBytes),
    );
    sender.stop();
  });

  it('has few parcels under way that nobody confirmed', async () => {
    const wire = new Wire(new Set());
    const { sender, asked } = drain(wire, 1_000);
    wire.ends[1].onMessage(() => {});
    for (let i = 0; i < 50; i++) await soon();
    expect(asked).toHaveLength(migrateLimits.parcelsUnderWay);
    sender.stop();
  });

  it('fails when its source stays away, and not before', async () => {
    const wire = new Wire(new Set());
    const { receiver, sender, host } = drain(wire, 1_000);
    let reason: string | undefined;
    receiver.drained.catch((error: Error) => {
      reason = error.message;
    });
    wire.break();
    host.advance(migrateLimits.pagesLostAfterMs - 1);
    wire.restore();
    await soon();
    host.advance(migrateLimits.pagesLostAfterMs);
    await soon();
    expect(reason).toBe(undefined);
    wire.break();
    host.advance(migrateLimits.pagesLostAfterMs);
    await soon();
    expect(reason).toMatch(/node 7, which has a part of it, could not be reached for 60 s/);
    sender.stop();
  });

  it('fails with the reason of a guest that cannot be captured after all', async () => {
    const wire = new Wire(new Set());
    const receiver = new PageReceiver(wire.ends[1], new ManualHost(), 7, () => {});
    const sender = new PageSender(wire.ends[0], () => Promise.reject(new Error('it holds a socket of Node’s')));
    await expect(receiver.drained).rejects.toThrow('it holds a socket of Node’s');
    sender.stop();
  });

  it('ends when the guest does', async () => {
    const wire = new Wire(new Set());
    const { receiver, sender } = drain(wire, 1_000);
    receiver.end();
    await receiver.drained;
    sender.stop();
  });
});
