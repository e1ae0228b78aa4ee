import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { realHost } from '@godwit/checkpoint/base';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { KeyValueChange } from '../../src/cluster/bus.js';
import { connectBus, withoutSecret } from '../../src/cluster/connect.js';
import { EmbeddedHub } from '../../src/cluster/hub/hub.js';
import { KeyValueService } from '../../src/cluster/hub/kv-service.js';
import { type ClientOperation, ProtocolParser } from '../../src/cluster/hub/parser.js';
import { KeyValueStore } from '../../src/cluster/hub/store.js';
import { decodeAnswer, encode, requestSubject } from '../../src/cluster/hub/wire.js';
import { WatchState } from '../../src/cluster/watch-state.js';
import { clusterLimits } from '../../src/limits.js';
import { gather } from './contract/bus-contract.js';
import { startHub } from './contract/servers.js';

const host = realHost('error');
const bytes = (text: string) => new TextEncoder().encode(text);
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function hubAndUrl() {
  const hub = new EmbeddedHub();
  const { url } = await hub.start(host);
  cleanups.push(() => hub.stop());
  return { url, port: Number(url.split(':').at(-1)) };
}

async function raw(port: number, text: string): Promise<string> {
  const socket = connectSocket(port, '127.0.0.1');
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return heard;
}

describe('EmbeddedHub', () => {
  it('refuses a client without the token, and tells no secret in the error', async () => {
    const { url, port } = await hubAndUrl();
    const wrong = `godwit://guess@127.0.0.1:${port}`;
    const failure = await connectBus(wrong, host, 'intruder').catch((error) => error);
    expect(failure).toMatchObject({ code: 'GODWIT_BUS_REFUSED' });
    expect(failure.message).not.toContain('guess');
    expect(withoutSecret(url)).toBe(`godwit://***@127.0.0.1:${port}`);
    expect(await raw(port, 'SUB > 1\r\n')).toContain("-ERR 'Authorization Violation'");
    expect(await raw(port, 'CONNECT {}\r\n')).toContain("-ERR 'Authorization Violation'");
  });

  it('cuts off what does not speak the protocol, before collecting it', async () => {
    const { port } = await hubAndUrl();
    expect(await raw(port, 'GET / HTTP/1.1\r\n\r\n')).toContain('-ERR');
    expect(await raw(port, 'x'.repeat(clusterLimits.maxControlLineBytes + 2))).toContain('line is too long');
    expect(await raw(port, `PUB a ${clusterLimits.maxPayloadBytes + 1}\r\n`)).toContain('Maximum Payload Violation');
  });

  it('does not let a client speak as the hub', async () => {
    const { url } = await hubAndUrl();
    const bus = await connectBus(url, host, 'test');
    cleanups.push(() => bus.close());
    const kv = await bus.kv('b');
    const seen = gather<KeyValueChange>();
    await kv.watch('', (change) => seen.push(change));
    bus.publish('$GODWIT.CHANGE.b.forged', encode({ revision: Number.MAX_SAFE_INTEGER, value: bytes('x') }));
    await kv.put('real', bytes('y'));
    await seen.until((items) => items.length > 0);
    expect(seen.items.map((change) => change.key)).toEqual(['real']);
  });

  it('cuts off a client that does not read, and goes on serving the others', async () => {
    const { url, port } = await hubAndUrl();
    const token = decodeURIComponent(/\/\/([^@]+)@/.exec(url)![1]!);
    const deaf = connectSocket(port, '127.0.0.1');
    deaf.on('error', () => {});
    deaf.write(`CONNECT ${JSON.stringify({ auth_token: token })}\r\nSUB flood 1\r\nSUB ready 2\r\nPING\r\n`);
    await once(deaf, 'data');
    deaf.pause();
    const bus = await connectBus(url, host, 'test');
    cleanups.push(() => bus.close());
    const chunk = new Uint8Array(1024 * 1024);
    // Socket buffers take some of it; twice the bound is more than they and the hub will hold.
    for (let sent = 0; sent < 2 * clusterLimits.maxPendingBytesPerClient; sent += chunk.length) {
      bus.publish('flood', chunk);
      await bus.flush();
    }
    bus.subscribe('alive', (m) => m.respond(bytes('yes')));
    expect(new TextDecoder().decode(await bus.request('alive', bytes(''), 5_000))).toBe('yes');
    const closed = once(deaf, 'close');
    deaf.resume();
    await closed;
  });

  it('shows a watch after a restart that lost the store that its keys are gone', async () => {
    const server = await startHub();
    cleanups.push(() => server.stop());
    const bus = await connectBus(server.url, host, 'test');
    cleanups.push(() => bus.close());
    const kv = await bus.kv('b');
    await kv.put('k', bytes('1'));
    const seen = gather<KeyValueChange>();
    await kv.watch('', (change) => seen.push(change));
    await server.restart();
    await seen.until((items) => items.some((change) => change.key === 'k' && change.value === undefined));
    const revision = seen.items[0]!.revision;
    await expect(kv.update('k', bytes('2'), revision)).rejects.toMatchObject({ code: 'GODWIT_CONFLICT' });
  });

  it('resolves closed with a reason when the hub is gone for good', async () => {
    const hub = new EmbeddedHub();
    const { url } = await hub.start(host);
    const bus = await connectBus(url, host, 'test');
    await hub.stop();
    expect(await bus.closed).toMatchObject({ code: 'GODWIT_DISCONNECTED' });
  }, 30_000);

  it('answers a write sent twice with its first answer', () => {
    const service = new KeyValueService(host, () => {});
    service.answer(encode({ op: 'open', bucket: 'b' }));
    const write = encode({ op: 'write', bucket: 'b', key: 'k', value: bytes('1'), expected: 0, id: 'one' });
    const first = decodeAnswer(service.answer(write));
    expect(decodeAnswer(service.answer(write))).toEqual(first);
    const other = encode({ op: 'write', bucket: 'b', key: 'k', value: bytes('1'), expected: 0, id: 'two' });
    expect(() => decodeAnswer(service.answer(other))).toThrow(expect.objectContaining({ code: 'GODWIT_CONFLICT' }));
    service.stop();
  });

  it('answers any bytes as a key-value request with an error instead of failing', () => {
    const service = new KeyValueService(host, () => {});
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => service.answer(payload) instanceof Uint8Array));
    fc.assert(fc.property(fc.object(), (request) => service.answer(encode(request)) instanceof Uint8Array));
    service.stop();
    expect(requestSubject).toBe('$GODWIT.KV');
  });
});

describe('ProtocolParser', () => {
  const payload = fc.uint8Array({ maxLength: 300 });
  const publish = payload.map((body) => ({
    text: Buffer.concat([Buffer.from(`PUB a.b ${body.length}\r\n`), body, Buffer.from('\r\n')]),
    body,
  }));

  it('gives the same operations however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(publish, { maxLength: 8 }), fc.array(fc.nat(4000), { maxLength: 12 }), (messages, cuts) => {
        const stream = Buffer.concat([
          Buffer.from('PING\r\n'),
          ...messages.map((m) => m.text),
          Buffer.from('SUB x q 7\r\nUNSUB 7 3\r\n'),
        ]);
        const seen: ClientOperation[] = [];
        const parser = new ProtocolParser((operation) => seen.push(operation));
        const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length])].sort((a, b) => a - b);
        for (let i = 1; i < edges.length; i++) parser.feed(stream.subarray(edges[i - 1]!, edges[i]!));
        expect(seen[0]).toEqual({ op: 'ping' });
        expect(seen.slice(1, -2).map((operation) => (operation.op === 'pub' ? Buffer.from(operation.body) : operation))).toEqual(
          messages.map((m) => Buffer.from(m.body)),
        );
        expect(seen.slice(-2)).toEqual([
          { op: 'sub', subject: 'x', queue: 'q', sid: '7' },
          { op: 'unsub', sid: '7', max: 3 },
        ]);
      }),
    );
  });

  it('never gives out a malformed subject and never fails but with its own error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (line) => {
        const parser = new ProtocolParser((operation) => {
          if ('subject' in operation) expect(operation.subject).toMatch(/^\S+$/);
        });
        try {
          parser.feed(Buffer.from(`${line}\r\n`));
        } catch (error) {
          expect(error).toMatchObject({ code: 'GODWIT_PROTOCOL' });
        }
      }),
    );
  });
});

describe('KeyValueStore', () => {
  it('behaves as a map with revisions and expiry, whatever is done to it', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom('put', 'create', 'update', 'stale', 'delete', 'wait'),
      passMs: fc.nat(60),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new KeyValueStore(1_000, () => {});
        store.open('t', 100);
        const model = new Map<string, { revision: number; dueMs: number }>();
        let nowMs = 0;
        for (const { key, op, passMs } of steps) {
          nowMs += passMs;
          for (const [k, m] of model) if (m.dueMs <= nowMs) model.delete(k);
          const present = model.get(key)?.revision ?? 0;
          const expected = { put: undefined, create: 0, update: present || -1, stale: present + 1, delete: undefined, wait: 0 }[
            op
          ];
          const allowed = expected === undefined || expected === present;
          if (op === 'wait') {
            expect(store.get('t', key, nowMs)?.revision ?? 0).toBe(present);
          } else if (op === 'delete') {
            store.delete('t', key, undefined, nowMs);
            model.delete(key);
          } else if (allowed) {
            const revision = store.write('t', key, bytes(op), expected, nowMs);
            expect(revision).toBeGreaterThan(present);
            model.set(key, { revision, dueMs: nowMs + 100 });
          } else {
            expect(() => store.write('t', key, bytes(op), expected, nowMs)).toThrow(
              expect.objectContaining({ code: 'GODWIT_CONFLICT' }),
            );
          }
        }
        expect([...store.entries('t', nowMs)].map(([key]) => key).sort()).toEqual([...model.keys()].sort());
      }),
    );
  });
});

describe('WatchState', () => {
  it('ends with the true state and shows growing revisions, wherever snapshots fall in the stream of changes', () => {
    const change = fc.record({ key: fc.constantFrom('a', 'b', 'c'), deleted: fc.boolean(), missed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), fc.nat(30), fc.nat(5), (changes, syncAt, syncLength) => {
        const truth = new Map<string, { key: string; value: Uint8Array; revision: number }>();
        const shown = new Map<string, KeyValueChange>();
        const state = new WatchState((c) => {
          expect(c.revision).toBeGreaterThan(shown.get(c.key)?.revision ?? 0);
          shown.set(c.key, c);
        });
        state.beginSync();
        state.finishSync([], 0);
        changes.forEach(({ key, deleted, missed }, i) => {
          const revision = i + 1;
          if (i === syncAt) state.beginSync();
          if (deleted) truth.delete(key);
          else truth.set(key, { key, value: bytes(`${i}`), revision });
          // What is missed before the snapshot is what the snapshot is for; afterwards the stream is whole.
          if (!(missed && i < syncAt)) state.change(key, deleted ? undefined : bytes(`${i}`), revision);
          if (i === syncAt + syncLength) state.finishSync([...truth.values()], revision);
        });
        state.beginSync();
        state.finishSync([...truth.values()], changes.length);
        const visible = [...shown.values()].filter((c) => c.value !== undefined);
        expect(new Map(visible.map((c) => [c.key, c.revision]))).toEqual(
          new Map([...truth.values()].map((t) => [t.key, t.revision])),
        );
      }),
    );
  });
});
