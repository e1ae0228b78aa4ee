import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realHost } from '@godwit/checkpoint/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/cluster/bus.js';
import { connectBus } from '../../src/cluster/connect.js';
import { announceCluster, clusterFile, findCluster, withdrawCluster } from '../../src/cluster/discovery.js';
import { ClusterMembership } from '../../src/cluster/join.js';
import type { MembershipChange } from '../../src/cluster/membership.js';
import { openCluster } from '../../src/cluster/settings.js';
import { gather } from './contract/bus-contract.js';
import { startHub, type TestServer } from './contract/servers.js';
import { ManualHost } from './manual-host.js';

const host = realHost('error');
let server: TestServer;
let buses: Bus[];
beforeEach(async () => {
  server = await startHub();
  buses = [];
});
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  await server.stop();
});

async function member(name: string, stride = 4) {
  const bus = await connectBus(server.url, host, name);
  buses.push(bus);
  const clock = new ManualHost();
  const changes = gather<MembershipChange>();
  const fences = gather<string>();
  const membership = await ClusterMembership.join(bus, clock, {
    info: { name },
    stride,
    onChange: (change) => changes.push(change),
    onFence: (reason) => fences.push(reason),
  });
  const saw = (kind: string, id: number) =>
    changes.until((all) => all.some((c) => c.kind === kind && 'node' in c && c.node.id === id));
  return { bus, clock, changes, fences, membership, saw };
}

describe('ClusterMembership', () => {
  it('gives each node an id of its own, lowest first, and makes them known to each other', async () => {
    const [a, b] = [await member('a'), await member('b')];
    expect([a.membership.self.id, b.membership.self.id]).toEqual([0, 1]);
    await Promise.all([a.saw('joined', 1), b.saw('joined', 0)]);
    expect(a.membership.members.get(1)?.info).toEqual({ name: 'b' });
  });

  it('reports a node that leaves as left and gives its id to the next', async () => {
    const [a, b] = [await member('a'), await member('b')];
    await a.saw('joined', 1);
    await b.membership.leave();
    await a.saw('left', 1);
    expect((await member('c')).membership.self.id).toBe(1);
  });

  it('reports a frozen node lost, and fences it when it wakes', async () => {
    const [a, b] = [await member('a'), await member('b')];
    await a.saw('joined', 1);
    while (!a.changes.items.some((c) => c.kind === 'lost')) {
      // b's clock stands still, so b is silent; a's ticks, and each step's bus traffic is waited for.
      a.clock.advance(500);
      await a.bus.flush();
    }
    b.clock.advance(5_000);
    await b.fences.until((all) => all.length === 1);
    expect(b.membership.phase).toBe('fenced');
    expect(a.membership.phase).toBe('in');
  });

  it('keeps the stride a cluster was created with, and refuses another', async () => {
    const a = await member('a', 8);
    expect(a.membership.settings.stride).toBe(8);
    expect((await openCluster(a.bus, 0)).secret).toBe(a.membership.settings.secret);
    await expect(openCluster(a.bus, 0, 9)).rejects.toMatchObject({ code: 'GODWIT_BAD_STRIDE' });
  });

  it('refuses to join a cluster whose ids are all in use by nodes that live', async () => {
    const a = await member('a', 1);
    const bus = await connectBus(server.url, host, 'late');
    buses.push(bus);
    const clock = new ManualHost();
    const joining = ClusterMembership.join(bus, clock, { info: {}, onChange: () => {}, onFence: () => {} });
    const outcome = joining.then(
      () => 'joined',
      (error) => error.code,
    );
    let settled: string | undefined;
    void outcome.then((value) => (settled = value));
    while (settled === undefined) {
      a.clock.advance(1_000);
      await a.bus.flush();
      await bus.flush();
      clock.advance(100);
    }
    expect(settled).toBe('GODWIT_CLUSTER_FULL');
  });
});

describe('discovery', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'godwit-home-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('finds what was announced, in a file only its owner can read, until it is withdrawn', async () => {
    const environment = { XDG_RUNTIME_DIR: home };
    const entry = { url: server.url, pid: process.pid, startedAtMs: 1 };
    expect(await findCluster(host, environment)).toBeUndefined();
    announceCluster(environment, entry);
    expect(clusterFile(environment)).toBe(join(home, 'godwit', 'cluster.json'));
    expect(statSync(clusterFile(environment)).mode & 0o777).toBe(0o600);
    expect(await findCluster(host, environment)).toEqual(entry);
    expect(() => announceCluster(environment, entry)).toThrow(expect.objectContaining({ code: 'GODWIT_CLUSTER_RUNS' }));
    withdrawCluster(environment, { ...entry, url: 'godwit://other@127.0.0.1:1' });
    expect(await findCluster(host, environment)).toEqual(entry);
    withdrawCluster(environment, entry);
    expect(await findCluster(host, environment)).toBeUndefined();
  });

  it('removes an entry whose process is dead, whose hub does not answer, or that is no entry', async () => {
    const environment = { GODWIT_HOME: home };
    const gone = { url: `godwit://${randomUUID()}@127.0.0.1:1`, pid: process.pid, startedAtMs: 1 };
    for (const write of [
      () => announceCluster(environment, { ...gone, url: server.url, pid: 2 ** 30 }),
      () => announceCluster(environment, gone),
      () => writeFileSync(clusterFile(environment), '{"url":', { mode: 0o600 }),
    ]) {
      write();
      expect(await findCluster(host, environment)).toBeUndefined();
      expect(existsSync(clusterFile(environment))).toBe(false);
    }
  });

  it('believes nothing that others could have written', async () => {
    const environment = { GODWIT_HOME: home };
    writeFileSync(clusterFile(environment), JSON.stringify({ url: server.url, pid: process.pid, startedAtMs: 1 }), {
      mode: 0o666,
    });
    await expect(findCluster(host, environment)).rejects.toMatchObject({ code: 'GODWIT_DISCOVERY' });
  });
});
