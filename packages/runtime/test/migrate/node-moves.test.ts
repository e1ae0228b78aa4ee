import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { realHost } from '@godwit/checkpoint/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/cluster/bus.js';
import { connectBus } from '../../src/cluster/connect.js';
import type { MigrationDriver, OutgoingSection, PageChannel } from '../../src/migrate/driver.js';
import { Refusal } from '../../src/migrate/driver.js';
import type { MoveNeeds, MoveRef } from '../../src/migrate/messages.js';
import { NodeMoves } from '../../src/migrate/node-moves.js';
import type { IncomingSection } from '../../src/migrate/section.js';
import type { LinkAddress } from '../../src/migrate/transport.js';
import { Locations } from '../../src/process/locations.js';
import { gather } from '../cluster/contract/bus-contract.js';
import { startHub, type TestServer } from '../cluster/contract/servers.js';

const host = { ...realHost('error'), log: () => {} };
const needs: MoveNeeds = { memoryBytes: 1, bundle: 'b', features: [], platform: 'p' };
const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value));
const decode = (value: Uint8Array) => JSON.parse(new TextDecoder().decode(value));

interface Guest {
  state: 'running' | 'stopped' | 'loaded';
  count: number;
  pages: Map<number, string>;
  missing: Set<number>;
  drained: Promise<void>;
}

/** A driver whose guests are a number and some pages: what a worker is to the protocol, without the worker. */
class PlainDriver implements MigrationDriver {
  readonly guests = new Map<number, Guest>();
  readonly calls: string[] = [];
  readonly settledAs = gather<string>();
  trouble: { [call in 'capture' | 'reserve' | 'load' | 'run']?: Error } = {};
  /** Resolved by a test that wants to act in the middle of the drain. */
  holdPages: Promise<void> | undefined;
  readonly asked = gather<number>();

  async capture({ pid }: MoveRef): Promise<Iterable<OutgoingSection>> {
    this.#note('capture');
    const guest = this.guests.get(pid)!;
    guest.state = 'stopped';
    const body = encode({ count: guest.count, pages: [...guest.pages.keys()] });
    return [
      { name: 'essence', content: body },
      { name: 'ballast', content: new Uint8Array(3_000_000) },
    ];
  }
  async takeBack({ pid }: MoveRef): Promise<void> {
    this.#note('takeBack');
    this.guests.get(pid)!.state = 'running';
  }
  handOver({ pid }: MoveRef, pages: PageChannel): void {
    this.#note('handOver');
    pages.onMessage(async (bytes) => {
      await this.holdPages;
      const { page } = decode(bytes);
      this.asked.push(page);
      await pages.send(encode({ page, text: this.guests.get(pid)!.pages.get(page) })).catch(() => {});
    });
  }
  release({ pid }: MoveRef): void {
    this.#note('release');
    this.guests.delete(pid);
  }
  async reserve(): Promise<void> {
    this.#note('reserve');
  }
  async load({ pid }: MoveRef, sections: AsyncIterable<IncomingSection>): Promise<{ complete: boolean }> {
    this.#note('load');
    let complete = false;
    for await (const section of sections) {
      const bytes = await section.collect();
      if (section.name !== 'essence') continue;
      const { count, pages } = decode(bytes);
      this.guests.set(pid, { state: 'loaded', count, pages: new Map(), missing: new Set(pages), drained: Promise.resolve() });
      complete = pages.length === 0;
    }
    return { complete };
  }
  async run({ pid }: MoveRef, pages: PageChannel): Promise<void> {
    this.#note('run');
    const guest = this.guests.get(pid)!;
    guest.state = 'running';
    guest.drained = new Promise((resolve) => {
      const ask = () => {
        for (const page of guest.missing) pages.send(encode({ page })).catch(() => {});
        if (guest.missing.size === 0) resolve();
      };
      pages.onMessage((bytes) => {
        const { page, text } = decode(bytes);
        guest.pages.set(page, text);
        guest.missing.delete(page);
        if (guest.missing.size === 0) resolve();
      });
      pages.onLink((state) => state === 'restored' && ask());
      ask();
    });
  }
  drained({ pid }: MoveRef): Promise<void> {
    return this.guests.get(pid)!.drained;
  }
  drop({ pid }: MoveRef): void {
    this.#note('drop');
    this.guests.delete(pid);
  }
  settled(_: MoveRef, { kind }: { kind: string }): void {
    this.settledAs.push(kind);
  }
  #note(call: string): void {
    this.calls.push(call);
    const trouble = this.trouble[call as 'run'];
    if (trouble) throw trouble;
  }
}

/** A port in front of a node's, whose connections a test can cut. */
async function cuttable(to: LinkAddress) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((inward) => {
    const outward = connectSocket(to.port, to.address);
    for (const [a, b] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      sockets.add(a);
      a.on('error', () => b.destroy()).on('close', () => b.destroy());
      a.pipe(b);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const { port } = server.address() as { port: number };
  const close = () => {
    cut();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { address: '127.0.0.1', port, cut, close };
}

describe('NodeMoves', () => {
  let server: TestServer;
  const buses: Bus[] = [];
  let nodes: { moves: NodeMoves; driver: PlainDriver; locations: Locations }[];
  const closers: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    server = await startHub();
    nodes = await Promise.all(
      [0, 1, 2].map(async (node) => {
        const bus = await connectBus(server.url, host, `node-${node}`);
        buses.push(bus);
        const locations = await Locations.open(bus, host);
        const driver = new PlainDriver();
        return { driver, locations, moves: await NodeMoves.start({ host, node, secret: 's', driver, locations }) };
      }),
    );
    const pages = new Map([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    nodes[0]!.driver.guests.set(101, { state: 'running', count: 7, pages, missing: new Set(), drained: Promise.resolve() });
    await nodes[0]!.locations.create({ pid: 101, home: 0, name: 'g', argv: [], startedAtMs: 0 });
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    await Promise.all(nodes.map(({ moves }) => moves.stop()));
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await server.stop();
  });

  const move = (from: number, to: number, epoch: number, at: LinkAddress = nodes[to]!.moves.address) =>
    nodes[from]!.moves.moveOut({ pid: 101, epoch, toNode: to, to: at, needs });
  const owners = () => nodes.flatMap(({ driver }, node) => (driver.guests.get(101)?.state === 'running' ? [node] : []));

  it('moves a guest on and on, with its pages, and leaves nothing where it was', async () => {
    for (const [from, to, epoch] of [
      [0, 1, 1],
      [1, 2, 2],
      [2, 0, 3],
    ] as const) {
      const handle = move(from, to, epoch);
      expect(await handle.decided).toBe('moved');
      expect(await handle.outcome).toEqual({ kind: 'moved', drained: true });
      expect(owners()).toEqual([to]);
      expect(nodes[from]!.driver.guests.size).toBe(0);
      expect(await nodes[0]!.locations.read(101)).toMatchObject({ node: to, epoch: epoch + 1, state: 'running' });
    }
    const guest = nodes[0]!.driver.guests.get(101)!;
    expect([guest.count, [...guest.pages.values()].sort()]).toEqual([7, ['one', 'three', 'two']]);
    expect(nodes[1]!.driver.calls).toEqual(['reserve', 'load', 'run', 'capture', 'handOver', 'release']);
  });

  it('keeps the guest, and can move it later, when the target refuses, fails to load, or is not there', async () => {
    const [source, target] = [nodes[0]!.driver, nodes[1]!.driver];
    target.trouble = { reserve: new Refusal('no-memory', 'needs 512 MB, has 100 MB') };
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'kept', reason: 'needs 512 MB, has 100 MB', refusal: 'no-memory' });
    expect(source.calls).toEqual([]);
    target.trouble = { load: new Error('damaged') };
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'kept', reason: 'damaged' });
    expect(source.calls).toEqual(['capture', 'takeBack']);
    target.trouble = {};
    source.trouble = { capture: new Error('a native frame is on the stack') };
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'kept', reason: 'a native frame is on the stack' });
    source.trouble = {};
    expect(await move(0, 1, 1, { address: '127.0.0.1', port: 1 }).outcome).toMatchObject({ kind: 'kept' });
    expect(await move(0, 2, 1, nodes[1]!.moves.address).outcome).toMatchObject({ kind: 'kept' });
    expect(owners()).toEqual([0]);
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'moved', drained: true });
    expect(owners()).toEqual([1]);
  });

  it('refuses a second move of a guest that is being moved, and calls one off on request', async () => {
    const first = move(0, 1, 1);
    expect(() => move(0, 2, 1)).toThrow(expect.objectContaining({ code: 'GODWIT_MOVING' }));
    first.abort('the user changed their mind');
    expect(await first.outcome).toEqual({ kind: 'kept', reason: 'the user changed their mind' });
    expect(owners()).toEqual([0]);
  });

  it('reports a guest lost that could not be started after the COMMIT', async () => {
    nodes[1]!.driver.trouble = { run: new Error('out of memory') };
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'gone', reason: 'out of memory' });
    await nodes[1]!.driver.settledAs.until((items) => items.length === 1);
    expect(nodes[1]!.driver.settledAs.items).toEqual(['lost']);
    const lost = gather<string>();
    await nodes[2]!.locations.watch((_, location) => location?.state === 'lost' && lost.push(location.reason!));
    await lost.until((items) => items.length === 1);
    expect([lost.items, owners()]).toEqual([['out of memory'], []]);
  });

  it('fences a source that was declared lost meanwhile: its COMMIT is stale and its copy ends', async () => {
    await nodes[2]!.locations.markLost(0);
    expect(await move(0, 1, 1).outcome).toEqual({ kind: 'gone', reason: 'node 0 was lost' });
    await nodes[1]!.driver.settledAs.until((items) => items.length === 1);
    expect(nodes[1]!.driver.settledAs.items).toEqual(['dropped']);
    expect(nodes.map(({ driver }) => driver.guests.size)).toEqual([0, 0, 0]);
  });

  it('goes on with the drain over a new link when the link breaks', async () => {
    const proxy = await cuttable(nodes[1]!.moves.address);
    closers.push(() => proxy.close());
    const { driver } = nodes[0]!;
    let release = () => {};
    driver.holdPages = new Promise((resolve) => {
      release = resolve;
    });
    const handle = move(0, 1, 1, proxy);
    expect(await handle.decided).toBe('moved');
    proxy.cut();
    release();
    driver.holdPages = undefined;
    expect(await handle.outcome).toEqual({ kind: 'moved', drained: true });
    expect([...nodes[1]!.driver.guests.get(101)!.pages.values()].sort()).toEqual(['one', 'three', 'two']);
    expect(owners()).toEqual([1]);
  });

  it('loses a guest whose pages were on a node that died, and no other', async () => {
    nodes[0]!.driver.holdPages = new Promise(() => {});
    expect(await move(0, 1, 1).decided).toBe('moved');
    await nodes[0]!.moves.stop();
    nodes[1]!.moves.nodeLost(0);
    await nodes[1]!.driver.settledAs.until((items) => items.length === 1);
    expect(nodes[1]!.driver.settledAs.items).toEqual(['lost']);
    expect(nodes[1]!.driver.guests.size).toBe(0);
  });

  it('keeps a guest that came whole when its source dies', async () => {
    nodes[0]!.driver.guests.get(101)!.pages.clear();
    expect(await move(0, 1, 1).decided).toBe('moved');
    await nodes[0]!.moves.stop();
    nodes[1]!.moves.nodeLost(0);
    await nodes[1]!.driver.settledAs.until((items) => items.length === 1);
    expect(nodes[1]!.driver.settledAs.items).toEqual(['arrived']);
    expect(owners()).toEqual([1]);
  });
});
