import { realHost } from '@godwit/checkpoint/base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/cluster/bus.js';
import { connectBus } from '../../src/cluster/connect.js';
import { PidAllocator } from '../../src/process/allocator.js';
import type { Location } from '../../src/process/location.js';
import { Locations } from '../../src/process/locations.js';
import { gather } from '../cluster/contract/bus-contract.js';
import { startHub, type TestServer } from '../cluster/contract/servers.js';

const host = realHost('error');
let server: TestServer;
let buses: Bus[];
let tables: Locations[];
let nextPid = 1000;
beforeAll(async () => {
  server = await startHub();
  buses = await Promise.all([1, 2, 3].map(() => connectBus(server.url, host, 'test')));
  tables = await Promise.all(buses.map((bus) => Locations.open(bus, host)));
});
afterAll(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await server.stop();
});

async function guest(node = 0): Promise<number> {
  const pid = nextPid++;
  await tables[0]!.create({ pid, home: 0, node, name: 'g', argv: ['g.js'], startedAtMs: 5 });
  return pid;
}

describe('Locations', () => {
  it('enters a guest once, in epoch 1 at its mother', async () => {
    const pid = await guest();
    expect(await tables[1]!.read(pid)).toMatchObject({ pid, home: 0, node: 0, epoch: 1, state: 'running', moves: 0 });
    await expect(tables[1]!.create({ pid, home: 0, name: '', argv: [], startedAtMs: 0 })).rejects.toMatchObject({
      code: 'GODWIT_CONFLICT',
    });
    expect(await tables[0]!.read(999_999)).toBeUndefined();
    await expect(tables[0]!.commitMove(999_999, 1, 1)).rejects.toMatchObject({ code: 'GODWIT_NO_PROCESS' });
  });

  it('commits a move once; said again it is still committed, under an older epoch it is stale', async () => {
    const pid = await guest();
    expect(await tables[0]!.commitMove(pid, 1, 2)).toBe('committed');
    expect(await tables[1]!.commitMove(pid, 1, 2)).toBe('committed');
    expect(await tables[1]!.commitMove(pid, 1, 1)).toBe('stale');
    expect(await tables[0]!.read(pid)).toMatchObject({ node: 2, epoch: 2, moves: 1 });
    expect(await tables[2]!.end(pid, 1, { code: 0 })).toBe(false);
    expect(await tables[2]!.end(pid, 2, { code: 7 })).toBe(true);
    expect(await tables[2]!.end(pid, 2, { code: 7 })).toBe(true);
    expect(await tables[0]!.read(pid)).toMatchObject({ state: 'ended', exit: { code: 7 } });
    expect(await tables[0]!.commitMove(pid, 2, 1)).toBe('stale');
  });

  it('lets exactly one of commit and abandon win, and both sides agree which', async () => {
    for (let round = 0; round < 30; round++) {
      const pid = await guest();
      const [commit, abandon] = await Promise.all([tables[0]!.commitMove(pid, 1, 2, 1), tables[1]!.abandonMove(pid, 1, 2, 1)]);
      expect([`committed committed`, `stale abandoned`]).toContain(`${commit} ${abandon}`);
      const location = (await tables[2]!.read(pid))!;
      expect(location.node).toBe(commit === 'committed' ? 2 : 0);
      // An abandoned attempt does not stand in the way of the next one.
      if (commit === 'stale') expect(await tables[0]!.commitMove(pid, 1, 2, 2)).toBe('committed');
    }
  });

  it('marks all guests of a dead node lost and no others, whoever does it, and fences a source that returns', async () => {
    const [gone, moved, safe] = [await guest(5), await guest(5), await guest(6)];
    await tables[0]!.commitMove(moved, 1, 6);
    const lost = (await Promise.all(tables.map((table) => table.markLost(5)))).flat();
    expect(lost.map((location) => location.pid)).toEqual([gone]);
    expect(await tables[0]!.read(gone)).toMatchObject({ state: 'lost', epoch: 2, reason: 'node 5 was lost' });
    for (const pid of [moved, safe]) expect((await tables[0]!.read(pid))?.state).toBe('running');
    expect(await tables[1]!.commitMove(gone, 1, 6)).toBe('stale');
    expect(await tables[1]!.abandonMove(gone, 1, 6, 1)).toBe('void');
    expect(await tables[1]!.end(gone, 1, { code: 0 })).toBe(false);
  });

  it('shows a watch each guest and each change, until its entry is removed', async () => {
    const pid = await guest();
    const seen = gather<[number, Location | undefined]>();
    const watch = await tables[1]!.watch((changed, location) => changed === pid && seen.push([changed, location]));
    await tables[0]!.remove(pid); // running: stays
    await tables[0]!.commitMove(pid, 1, 1);
    await tables[0]!.end(pid, 2, { signal: 'SIGTERM' });
    await tables[0]!.remove(pid);
    await seen.until((items) => items.some(([, location]) => !location));
    expect(seen.items.map(([, location]) => location && [location.epoch, location.state])).toEqual([
      [1, 'running'],
      [2, 'running'],
      [2, 'ended'],
      undefined,
    ]);
    watch.stop();
  });

  it('keeps one owner and growing epochs under any race of moves, ends and losses', async () => {
    const action = fc.record({
      kind: fc.constantFrom('commit', 'abandon', 'end', 'lose'),
      table: fc.nat(2),
      epoch: fc.integer({ min: 1, max: 3 }),
      node: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 8 }), async (actions) => {
        const pid = await guest();
        const history: Location[] = [];
        const watch = await tables[0]!.watch((changed, location) => changed === pid && location && history.push(location));
        await Promise.all(
          actions.map(async ({ kind, table, epoch, node }) => {
            const locations = tables[table]!;
            if (kind === 'commit') await locations.commitMove(pid, epoch, node);
            else if (kind === 'abandon') await locations.abandonMove(pid, epoch, node, 1);
            else if (kind === 'end') await locations.end(pid, epoch, { code: 0 });
            else await locations.markGuestLost(pid, node, epoch, 'test');
          }),
        );
        await buses[0]!.flush();
        watch.stop();
        for (let i = 1; i < history.length; i++) {
          const [before, after] = [history[i - 1]!, history[i]!];
          expect(before.state).toBe('running');
          expect(after.epoch).toBeGreaterThanOrEqual(before.epoch);
          if (after.node !== before.node) expect(after.epoch).toBe(before.epoch + 1);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('PidAllocator', () => {
  it('gives no PID twice, over restarts and two holders of one node id at once', async () => {
    const bucket = await buses[0]!.kv('godwit');
    const other = await buses[1]!.kv('godwit');
    const seen: number[] = [];
    for (const [kv, count] of [
      [bucket, 3],
      [other, 70],
      [bucket, 130],
    ] as const) {
      const allocators = [new PidAllocator(kv, 3, 8), new PidAllocator(kv, 3, 8)];
      seen.push(...(await Promise.all(Array.from({ length: count }, (_, i) => allocators[i % 2]!.allocate()))));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.every((pid) => pid % 8 === 3 && pid > 100)).toBe(true);
    expect(Math.min(...seen)).toBe(107);
  });

  it('says so when the PIDs are used up', async () => {
    const bucket = await buses[0]!.kv('full');
    await bucket.put('pids.0', new TextEncoder().encode('{"next":2147483600}'));
    await expect(new PidAllocator(bucket, 0, 8).allocate()).rejects.toMatchObject({ code: 'GODWIT_NO_PIDS' });
  });
});
