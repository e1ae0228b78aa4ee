/** What both implementations of Bus must do; run by hub.test.ts and nats.test.ts. */

import { realHost } from '@godwit/checkpoint/base';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, KeyValueChange } from '../../../src/cluster/bus.js';
import { connectBus } from '../../../src/cluster/connect.js';
import { clusterLimits } from '../../../src/limits.js';
import type { TestServer } from './servers.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined) => (value ? new TextDecoder().decode(value) : undefined);

/** Gathers what arrives and lets a test wait for the moment something is there. */
export function gather<T>() {
  const items: T[] = [];
  const wake: (() => void)[] = [];
  return {
    items,
    push(item: T) {
      items.push(item);
      for (const resolve of wake.splice(0)) resolve();
    },
    async until(condition: (items: T[]) => boolean) {
      while (!condition(items)) await new Promise<void>((resolve) => wake.push(resolve));
    },
  };
}

export function busContract(name: string, start: () => Promise<TestServer>, skip: boolean) {
  describe.skipIf(skip)(`${name}: the bus`, () => {
    let server: TestServer;
    const buses: Bus[] = [];
    let bucketNumber = 0;
    const connect = async () => {
      const bus = await connectBus(server.url, realHost('error'), 'contract');
      buses.push(bus);
      return bus;
    };
    const freshBucket = () => `test-${++bucketNumber}`;
    beforeAll(async () => {
      server = await start();
    });
    afterEach(async () => {
      await Promise.all(buses.splice(0).map((bus) => bus.close()));
    });
    afterAll(() => server.stop());

    it('delivers publications of one publisher in order to every matching subscriber', async () => {
      const [a, b] = [await connect(), await connect()];
      const exact = gather<string>();
      const star = gather<string>();
      const rest = gather<string>();
      b.subscribe('order.x', (m) => exact.push(text(m.payload)!));
      b.subscribe('order.*', (m) => star.push(`${m.subject}=${text(m.payload)}`));
      b.subscribe('>', (m) => m.subject.startsWith('order') && rest.push(text(m.payload)!));
      await b.flush();
      for (let i = 0; i < 500; i++) a.publish('order.x', bytes(`${i}`));
      a.publish('order.y.z', bytes('deep'));
      await rest.until((items) => items.length === 501);
      expect(exact.items).toEqual(Array.from({ length: 500 }, (_, i) => `${i}`));
      expect(star.items).toEqual(exact.items.map((i) => `order.x=${i}`));
      expect(rest.items.at(-1)).toBe('deep');
    });

    it('hands each message to one member of a queue group', async () => {
      const [a, b, c] = [await connect(), await connect(), await connect()];
      const all = gather<string>();
      for (const bus of [b, c]) bus.subscribe('work', (m) => all.push(text(m.payload)!), { queue: 'q' });
      await Promise.all([b.flush(), c.flush()]);
      for (let i = 0; i < 200; i++) a.publish('work', bytes(`${i}`));
      await all.until((items) => items.length >= 200);
      await Promise.all([a.flush(), b.flush(), c.flush()]);
      expect(new Set(all.items).size).toBe(200);
      expect(all.items.length).toBe(200);
    });

    it('answers requests, says at once when nobody listens, and times out when nobody answers', async () => {
      const [a, b] = [await connect(), await connect()];
      b.subscribe('echo', (m) => m.respond(m.payload));
      b.subscribe('mute', () => {});
      await b.flush();
      const large = new Uint8Array(700_000).map((_, i) => i % 251);
      expect(Buffer.compare(await a.request('echo', large, 5_000), large)).toBe(0);
      await expect(a.request('nobody', bytes(''), 5_000)).rejects.toMatchObject({ code: 'GODWIT_NO_RESPONDERS' });
      await expect(a.request('mute', bytes(''), 50)).rejects.toMatchObject({ code: 'GODWIT_TIMEOUT' });
    });

    it('stops delivering once a subscription was stopped', async () => {
      const a = await connect();
      const seen = gather<string>();
      const end = gather<string>();
      const subscription = a.subscribe('halt', (m) => {
        seen.push(text(m.payload)!);
        subscription.stop();
      });
      a.subscribe('end', () => end.push('end'));
      for (let i = 0; i < 10; i++) a.publish('halt', bytes(`${i}`));
      a.publish('end', bytes(''));
      await end.until((items) => items.length === 1);
      expect(seen.items).toEqual(['0']);
    });

    it('goes on after a handler failed', async () => {
      const a = await connect();
      a.subscribe('fragile', () => {
        throw new Error('on purpose');
      });
      a.subscribe('solid', (m) => m.respond(bytes('ok')));
      a.publish('fragile', bytes(''));
      expect(text(await a.request('solid', bytes(''), 5_000))).toBe('ok');
    });

    it('refuses malformed subjects, keys and buckets and what is too large, before sending', async () => {
      const a = await connect();
      for (const subject of ['', 'a..b', 'a b', 'a.*', 'x\r\nPING']) {
        expect(() => a.publish(subject, bytes('')), subject).toThrow(expect.objectContaining({ code: 'GODWIT_BAD_SUBJECT' }));
      }
      expect(() => a.subscribe('a.>.b', () => {})).toThrow(expect.objectContaining({ code: 'GODWIT_BAD_SUBJECT' }));
      expect(() => a.publish('big', new Uint8Array(clusterLimits.maxPayloadBytes + 1))).toThrow(
        expect.objectContaining({ code: 'GODWIT_TOO_LARGE' }),
      );
      const kv = await a.kv(freshBucket());
      await expect(kv.put('a b', bytes(''))).rejects.toMatchObject({ code: 'GODWIT_BAD_SUBJECT' });
      await expect(kv.put('a', new Uint8Array(clusterLimits.maxValueBytes + 1))).rejects.toMatchObject({
        code: 'GODWIT_TOO_LARGE',
      });
      expect(() => a.kv('a.b')).toThrow(expect.objectContaining({ code: 'GODWIT_BAD_SUBJECT' }));
    });

    it('closes: requests fail, closed resolves with no reason', async () => {
      const a = await connect();
      await a.close();
      expect(await a.closed).toBeUndefined();
      await expect(a.request('x', bytes(''), 100)).rejects.toMatchObject({ code: 'GODWIT_BUS_CLOSED' });
      expect(() => a.publish('x', bytes(''))).toThrow(expect.objectContaining({ code: 'GODWIT_BUS_CLOSED' }));
    });

    it('keeps values with revisions that grow, and compares before it swaps', async () => {
      const kv = await (await connect()).kv(freshBucket());
      expect(await kv.get('k')).toBeUndefined();
      const first = await kv.create('k', bytes('1'));
      await expect(kv.create('k', bytes('x'))).rejects.toMatchObject({ code: 'GODWIT_CONFLICT' });
      const second = await kv.update('k', bytes('2'), first);
      expect(second).toBeGreaterThan(first);
      await expect(kv.update('k', bytes('x'), first)).rejects.toMatchObject({ code: 'GODWIT_CONFLICT' });
      expect(text((await kv.get('k'))?.value)).toBe('2');
      expect((await kv.get('k'))?.revision).toBe(second);
      expect(await kv.put('other.deep', bytes('3'))).toBeGreaterThan(second);
      expect((await kv.keys()).sort()).toEqual(['k', 'other.deep']);
      expect(await kv.keys('other.')).toEqual(['other.deep']);
      expect(await kv.keys('k')).toEqual(['k']);
    });

    it('deletes, by revision if asked, and lets a deleted key be created again but not updated', async () => {
      const kv = await (await connect()).kv(freshBucket());
      const revision = await kv.create('k', bytes('1'));
      const later = await kv.put('k', bytes('2'));
      await expect(kv.delete('k', revision)).rejects.toMatchObject({ code: 'GODWIT_CONFLICT' });
      await kv.delete('k', later);
      expect(await kv.get('k')).toBeUndefined();
      expect(await kv.keys()).toEqual([]);
      await expect(kv.update('k', bytes('3'), later)).rejects.toMatchObject({ code: 'GODWIT_CONFLICT' });
      expect(await kv.create('k', bytes('4'))).toBeGreaterThan(later);
      await kv.delete('never-was');
    });

    it('lets exactly one of many racing writers win each revision', async () => {
      const bucket = freshBucket();
      const stores = await Promise.all([1, 2, 3, 4].map(async () => (await connect()).kv(bucket)));
      await stores[0]!.create('counter', bytes('0'));
      const increments = 10;
      await Promise.all(
        stores.map(async (kv) => {
          for (let done = 0; done < increments; ) {
            const entry = (await kv.get('counter'))!;
            const won = await kv.update('counter', bytes(`${Number(text(entry.value)) + 1}`), entry.revision).catch((error) => {
              if (error.code !== 'GODWIT_CONFLICT') throw error;
              return undefined;
            });
            if (won !== undefined) done++;
          }
        }),
      );
      expect(text((await stores[0]!.get('counter'))!.value)).toBe(`${4 * increments}`);
      const claims = await Promise.allSettled(stores.map((kv, i) => kv.create('claim', bytes(`${i}`))));
      expect(claims.filter((claim) => claim.status === 'fulfilled').length).toBe(1);
    });

    it('shows a watch what is there, then changes under its prefix in order, the last of each key among them', async () => {
      const bucket = freshBucket();
      const [a, b] = [await connect(), await connect()];
      const [writer, reader] = [await a.kv(bucket), await b.kv(bucket)];
      await writer.put('n.1', bytes('a'));
      await writer.put('n.gone', bytes('x'));
      await writer.delete('n.gone');
      await writer.put('m.1', bytes('unseen'));
      const seen = gather<KeyValueChange>();
      const watch = await reader.watch('n.', (change) => seen.push(change));
      expect(seen.items.map((c) => [c.key, text(c.value), c.initial])).toEqual([['n.1', 'a', true]]);
      for (let i = 0; i < 50; i++) await writer.put('n.2', bytes(`${i}`));
      await writer.delete('n.1');
      await seen.until((items) => items.some((c) => c.key === 'n.1' && c.value === undefined));
      const changes = seen.items.slice(1);
      expect(changes.every((c) => !c.initial)).toBe(true);
      // A value that is overwritten before it was told of may be left out.
      const values = changes.filter((c) => c.key === 'n.2').map((c) => Number(text(c.value)));
      expect(values.at(-1)).toBe(49);
      expect(values).toEqual([...new Set(values)].sort((x, y) => x - y));
      expect(changes.map((c) => c.revision)).toEqual([...changes.map((c) => c.revision)].sort((x, y) => x - y));
      watch.stop();
      const count = seen.items.length;
      await writer.put('n.3', bytes('late'));
      await b.flush();
      expect(seen.items.length).toBe(count);
    });

    it('lets entries expire that are not renewed, and tells watches', async () => {
      const kv = await (await connect()).kv(freshBucket(), { ttlMs: 600 });
      const seen = gather<KeyValueChange>();
      const watch = await kv.watch('', (change) => seen.push(change));
      await kv.create('lease', bytes('mine'));
      await seen.until((items) => items.some((c) => c.key === 'lease' && c.value === undefined));
      expect(await kv.get('lease')).toBeUndefined();
      expect(await kv.keys()).toEqual([]);
      await kv.create('lease', bytes('yours'));
      watch.stop();
    });

    it('comes back after the server was restarted: subscriptions, requests and watches work again', async () => {
      const [a, b] = [await connect(), await connect()];
      const bucket = freshBucket();
      const [kvA, kvB] = [await a.kv(bucket), await b.kv(bucket)];
      const seen = gather<KeyValueChange>();
      await kvB.watch('', (change) => seen.push(change));
      await kvA.put('before', bytes('1'));
      b.subscribe('still.there', (m) => m.respond(bytes('yes')));
      await seen.until((items) => items.length === 1);
      const back = [a, b].map((bus) => new Promise<void>((resolve) => bus.onReconnect(resolve)));
      await server.restart();
      await Promise.all(back);
      await b.flush();
      expect(text(await a.request('still.there', bytes(''), 5_000))).toBe('yes');
      await kvA.put('after', bytes('2'));
      await seen.until((items) => items.some((c) => c.key === 'after' && text(c.value) === '2'));
    });

    it('sends a write made while the server is away, once, when it is back', async () => {
      const a = await connect();
      const kv = await a.kv(freshBucket());
      const gone = server.restart();
      const write = kv.create('patient', bytes('1'));
      await gone;
      const revision = await write;
      expect((await kv.get('patient'))?.revision).toBe(revision);
    });
  });
}
