import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { realHost } from '@godwit/checkpoint/base';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { migrateLimits } from '../../src/limits.js';
import { encodeFrame, type Frame, FrameReader, frameKind, u32 } from '../../src/migrate/frames.js';
import type { Link } from '../../src/migrate/link.js';
import type { IncomingSection } from '../../src/migrate/section.js';
import { dialLink, type LinkListener, listenForLinks } from '../../src/migrate/transport.js';
import { gather } from '../cluster/contract/bus-contract.js';

const host = realHost('error');
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);
const identity = (node: number, secret = 's') => ({ host: { ...host, log: () => {} }, secret, node });
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listener(onLink: (link: Link) => void): Promise<LinkListener> {
  const listening = await listenForLinks(identity(2), onLink);
  cleanups.push(() => listening.close());
  return listening;
}

async function pair() {
  const accepted = gather<Link>();
  const listening = await listener((link) => accepted.push(link));
  const a = await dialLink(identity(1), 2, listening);
  await accepted.until((links) => links.length === 1);
  const b = accepted.items[0]!;
  cleanups.push(() => {
    a.close();
    b.close();
  });
  return { a, b, listening };
}

/** Chunks of pseudo-random bytes, with their hash. */
async function* chunks(count: number, size: number, hash = createHash('sha256')): AsyncGenerator<Uint8Array> {
  let x = 7;
  for (let i = 0; i < count; i++) {
    const chunk = new Uint8Array(size);
    for (let j = 0; j < size; j += 97) chunk[j] = x = (x * 31 + i) & 0xff;
    hash.update(chunk);
    yield chunk;
  }
}

describe('a link', () => {
  it('knows both ends, and carries messages on channels in order both ways', async () => {
    const { a, b } = await pair();
    expect([a.peerNode, b.peerNode]).toEqual([2, 1]);
    const seen = gather<string>();
    b.onMessage(0, (m) => seen.push(`0:${text(m)}`));
    b.onMessage(7, async (m) => {
      seen.push(`7:${text(m)}`);
      if (text(m) === '99') await b.send(0, bytes('all'));
    });
    const answer = gather<string>();
    a.onMessage(0, (m) => answer.push(text(m)));
    for (let i = 0; i < 100; i++) await a.send(i % 2 === 0 ? 0 : 7, bytes(`${i}`));
    await answer.until((items) => items.length === 1);
    expect(seen.items).toEqual(Array.from({ length: 100 }, (_, i) => `${i % 2 === 0 ? 0 : 7}:${i}`));
  });

  it('carries sections larger than its window, several at once, byte-exact', async () => {
    const { a, b } = await pair();
    const sections = gather<{ name: string; hash: string; length: number }>();
    b.onSection(async (section) => {
      const hash = createHash('sha256');
      let length = 0;
      for await (const chunk of section) {
        hash.update(chunk);
        length += chunk.byteLength;
      }
      sections.push({ name: section.name, hash: hash.digest('hex'), length });
    });
    const sent = [createHash('sha256'), createHash('sha256')];
    await Promise.all([
      a.sendSection('big', chunks(5, migrateLimits.creditWindowBytes / 2, sent[0])),
      a.sendSection('odd', chunks(1001, 1003, sent[1])),
      a.sendSection('empty', new Uint8Array()),
    ]);
    await sections.until((items) => items.length === 3);
    const found = new Map(sections.items.map((section) => [section.name, section]));
    expect(found.get('big')).toMatchObject({ hash: sent[0]!.digest('hex'), length: 2.5 * migrateLimits.creditWindowBytes });
    expect(found.get('odd')).toMatchObject({ hash: sent[1]!.digest('hex'), length: 1001 * 1003 });
    expect(found.get('empty')?.length).toBe(0);
  });

  it('holds a sender back at the window while nobody reads, and lets control messages pass', async () => {
    const { a, b } = await pair();
    const arrived = gather<IncomingSection>();
    b.onSection((section) => arrived.push(section));
    const control = gather<string>();
    b.onMessage(0, (m) => control.push(text(m)));
    let produced = 0;
    async function* endless() {
      for await (const chunk of chunks(40, 1024 * 1024)) {
        produced += chunk.byteLength;
        yield chunk;
      }
    }
    const sending = a.sendSection('held', endless());
    await arrived.until((items) => items.length === 1);
    await a.send(0, bytes('through'));
    await control.until((items) => items.length === 1);
    expect(produced).toBeLessThanOrEqual(migrateLimits.creditWindowBytes + 1024 * 1024);
    const [content] = await Promise.all([arrived.items[0]!.collect(), sending]);
    expect(content.byteLength).toBe(40 * 1024 * 1024);
  });

  it('gives the reader of a section an error when its sender breaks off or the link does', async () => {
    const { a, b } = await pair();
    const arrived = gather<IncomingSection>();
    b.onSection((section) => arrived.push(section));
    async function* broken() {
      yield bytes('half');
      throw new Error('disk');
    }
    await expect(a.sendSection('cut', broken())).rejects.toThrow('disk');
    await arrived.until((items) => items.length === 1);
    await expect(arrived.items[0]!.collect()).rejects.toMatchObject({ code: 'GODWIT_SECTION_CUT' });
    const never = new Promise<never>(() => {});
    async function* stalled() {
      yield bytes('half');
      await never;
    }
    void a.sendSection('stalled', stalled()).catch(() => {});
    await arrived.until((items) => items.length === 2);
    a.close();
    await expect(arrived.items[1]!.collect()).rejects.toMatchObject({ code: 'GODWIT_LINK_LOST' });
    await expect(a.send(0, bytes('x'))).rejects.toMatchObject({ code: 'GODWIT_LINK_LOST' });
    await b.closed;
  });

  it('goes on for others when a reader turns away from its section', async () => {
    const { a, b } = await pair();
    const done = gather<string>();
    b.onSection(async (section) => {
      for await (const _ of section) {
        if (section.name === 'left') break;
      }
      done.push(section.name);
    });
    await a.sendSection('left', chunks(4, migrateLimits.creditWindowBytes / 2));
    await a.sendSection('read', chunks(4, migrateLimits.creditWindowBytes / 2));
    await done.until((items) => items.length === 2);
    expect(done.items).toEqual(['left', 'read']);
  });

  it('is refused to who does not know the secret, to the wrong node, and to what is no node', async () => {
    const links: Link[] = [];
    const listening = await listenForLinks(identity(2), (link) => links.push(link));
    cleanups.push(() => listening.close());
    await expect(dialLink(identity(1, 'guess'), 2, listening)).rejects.toMatchObject({ code: 'GODWIT_HANDSHAKE' });
    await expect(dialLink(identity(1), 3, listening)).rejects.toMatchObject({ code: 'GODWIT_HANDSHAKE' });
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x02\x03x', '\xff'.repeat(300)]) {
      const socket = connectSocket(listening.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.write(Buffer.from(garbage, 'latin1'));
      await once(socket, 'close');
    }
    await listening.close();
    await expect(dialLink(identity(1), 2, listening)).rejects.toMatchObject({ code: 'GODWIT_LINK_LOST' });
    expect(links).toEqual([]);
  });

  it('ends when the other side does not keep to the window, or sends what nobody waits for', async () => {
    for (const frames of [
      () =>
        Array.from({ length: 3 }, () =>
          encodeFrame(frameKind.message, Buffer.from([1]), new Uint8Array(migrateLimits.maxFrameBytes)),
        ).flat(),
      () => encodeFrame(frameKind.data, u32(5), bytes('stray')),
      () => encodeFrame(99),
    ]) {
      const { a, b } = await pair();
      b.onMessage(1, () => new Promise(() => {}));
      // The socket below the link, to say what the link itself never would.
      const socket = (a as unknown as { socket: import('node:net').Socket }).socket;
      for (const part of frames()) socket.write(part);
      expect(await b.closed).toMatchObject({ code: 'GODWIT_PROTOCOL' });
    }
  });
});

describe('FrameReader', () => {
  it('gives the same frames however the bytes are cut', () => {
    const frame = fc.record({ kind: fc.integer({ min: 1, max: 9 }), body: fc.uint8Array({ maxLength: 200 }) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), fc.array(fc.nat(2500), { maxLength: 12 }), (frames, cuts) => {
        const stream = Buffer.concat(frames.flatMap(({ kind, body }) => encodeFrame(kind, body)));
        const seen: Frame[] = [];
        const reader = new FrameReader((f) => seen.push({ kind: f.kind, body: Buffer.from(f.body) }));
        const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, stream.length)), stream.length])].sort((a, b) => a - b);
        for (let i = 1; i < edges.length; i++) reader.feed(stream.subarray(edges[i - 1]!, edges[i]!));
        expect(seen).toEqual(frames.map(({ kind, body }) => ({ kind, body: Buffer.from(body) })));
      }),
    );
  });

  it('refuses a frame over the bound before collecting it', () => {
    const reader = new FrameReader(() => {});
    expect(() => reader.feed(Buffer.from([0, 0, 255, 255]))).toThrow(expect.objectContaining({ code: 'GODWIT_PROTOCOL' }));
  });
});
