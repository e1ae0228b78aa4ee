/** What a user sees of a cluster, and the commands that move things by hand: each through the real command. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(async () => {
  place = new Workplace();
  // Nothing moves but by command, so that every figure is known.
  for (let node = 0; node < 3; node++) await place.startNode('--no-balance', '--cores', '2', '--name', `n${node}`);
});
afterEach(() => place.close());

const out = async (name: string, ...args: string[]) => String((await place.run(name, ...args)).stdout);
const lines = async (name: string, ...args: string[]) => (await out(name, ...args)).trimEnd().split('\n');
// biome-ignore lint/suspicious/noExplicitAny: rows of JSON documents; what is read of them is asserted
const rows = async (...args: string[]): Promise<any[]> => JSON.parse(await out('ps', '--json', ...args)).processes;
/** Looks until it is as wanted; each look is a command, bounded by the test's own time limit. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look()));
}

describe('cluster-ps', () => {
  it('shows every process with its state, figures and columns, filtered, sorted and cut as asked', async () => {
    const idle = place.script('idle.mjs', `setInterval(() => {}, 1000); console.log('up');`);
    const hot = place.script('hot.mjs', `console.log('up'); for (;;);`);
    const [idlePid, hotPid] = [
      await out('run', '-d', '--node', 'n0', '--name', 'sleeper', '--pin', idle, 'x'.repeat(80)),
      await out('run', '-d', '--node', 'n1', hot),
    ].map((text) => Number(text));
    const ended = Number(await out('run', '-d', '--node', '2', place.script('three.mjs', 'process.exit(3);')));
    await place.run('wait', String(ended));
    await until(async () => (await rows())[1].cpuPercent > 5 && (await rows())[0].cpuPercent < 5);

    const [sleeper, busy, ...others] = await rows();
    expect(others).toEqual([]);
    expect(sleeper).toMatchObject({ pid: idlePid, home: 0, node: 0, stat: 'S', moves: 0, name: 'sleeper', pinned: ['--pin'] });
    expect(busy).toMatchObject({ pid: hotPid, home: 1, node: 1, stat: 'R', pinned: [], remoteBytes: 0 });
    expect(sleeper.residentBytes).toBeGreaterThan(100_000);
    expect(busy.cpuMs).toBeGreaterThan(sleeper.cpuMs);
    expect(await rows('-a', '-f', 'stat=Z')).toMatchObject([{ pid: ended, exit: { code: 3 }, cpuPercent: null }]);

    const [title, ...table] = await lines('ps');
    expect(title!.split(/\s+/)).toEqual(
      ['PID', 'HOME', 'NODE', 'STAT', '%CPU', 'MEM', 'MOVES', 'REMOTE', 'TIME', 'COMMAND', 'PINNED'], // the manual's
    );
    expect(table).toHaveLength(2);
    expect(table[0]).toContain('…');
    expect((await lines('ps', '--no-trunc'))[1]).toContain('x'.repeat(80));
    expect(await lines('ps', '-q')).toEqual([String(idlePid), String(hotPid)]);
    expect(await lines('ps', '-q', '--sort', '-%cpu')).toEqual([String(hotPid), String(idlePid)]);
    expect(await lines('ps', '-q', '-f', 'pinned=yes', '-f', 'node=0')).toEqual([String(idlePid)]);
    expect(await lines('ps', '-f', 'name=sleep', '-o', 'pid,stat,name')).toEqual([
      'PID  STAT  NAME',
      `${idlePid}     S  sleeper`,
    ]);

    const system = await rows('--system');
    expect(system.filter(({ pid }) => pid <= 100).map(({ name, node }) => `${name} ${node}`)).toEqual([
      ...[
        'godwit-daemon 1',
        'godwit-daemon 2',
        'godwit-daemon 0',
        'godwit-scheduler 1',
        'godwit-scheduler 2',
        'godwit-scheduler 0',
      ],
    ]);
    const tree = await lines('ps', '--tree', '-o', 'pid,command');
    const daemonOf = (node: number) => tree.findIndex((line) => line.includes(`daemon of node ${node}`));
    expect(tree[daemonOf(1) + 2]).toMatch(new RegExp(`${hotPid}  └─ .*hot.mjs`));
    const watching = place.begin('ps', '-w', '100ms', '-q');
    await watching.until(`${hotPid}\n\n${idlePid}\n${hotPid}\n`);
    watching.child.kill('SIGKILL');

    for (const wrong of [
      ['-o', 'colour'],
      ['--sort', 'size'],
      ['-f', 'node'],
      ['-w', '--json'],
    ]) {
      const { code, stderr } = await place.run('ps', ...wrong);
      expect([code, stderr.trimEnd().split('\n').length]).toEqual([2, 1]);
    }
    expect(await lines('ps', '--help')).toContainEqual(expect.stringContaining('STAT: R running'));
  });

  it('knows where each child of a mother lives; migrate goes to best, home and without waiting; drain empties a node', async () => {
    const ticks = place.script('ticks.mjs', `let n = 0; setInterval(() => console.log('tick', n++), 20);`);
    const hot = place.script('hot.mjs', `console.log('up'); for (;;);`);
    const pid = Number(await out('run', '-d', '--node', '0', ticks));
    const busy = Number(await out('run', '-d', '--node', '1', hot));
    await until(async () => (await rows())[1].cpuPercent > 5);
    // Node 1 is busy, node 2 idle: the policy's choice.
    expect(await out('migrate', String(pid))).toMatch(/node 0 -> 2, pause/);
    expect(JSON.parse(await out('ps', '--tombstones', '--json')).tombstones).toMatchObject([
      { home: 0, pid, state: 'away', node: 2, epoch: 2, moves: 1 },
      { home: 1, pid: busy, state: 'here', node: 1 },
    ]);
    expect(await lines('ps', '--tombstones')).toHaveLength(3);
    expect(await out('migrate', '--no-wait', String(pid), 'home')).toMatch(/node 2 -> 0, begun/);
    await until(async () => (await rows())[0].moves === 2);
    expect((await rows())[0]).toMatchObject({ node: 0, stat: expect.stringMatching(/^[RS]$/) });
    const missing = await place.run('migrate', '--no-wait', '999999');
    expect([missing.code, missing.stderr.trimEnd().split('\n').length]).toEqual([1, 1]);

    const pinned = Number(await out('run', '-d', '--node', '1', '--pin', ticks));
    const drained = await place.run('node', 'drain', 'n1');
    expect([drained.code, String(drained.stdout)]).toEqual([1, 'moved 1, stayed 1\n']);
    expect(drained.stderr).toBe(`cluster-node: process ${pinned} stayed: it is pinned (--pin)\n`);
    expect((await rows('-f', 'node=1')).map((row) => row.pid)).toEqual([pinned]);
    expect((await place.run('run', '-d', '--node', '1', ticks)).stderr).toContain('is being emptied');
    expect((await place.run('migrate', String(pid), '1')).code).toBe(1);
    await place.run('kill', String(pinned));
    await place.run('wait', String(pinned));
    expect(await out('node', 'drain', '1')).toBe('moved 1, stayed 0\n');

    const { nodes } = JSON.parse(await out('node', 'ls', '--json'));
    expect(nodes.map(({ id, name, processes }: Record<string, unknown>) => [id, name, processes]).join(' ')).toMatch(
      /^0,n0,\d 1,n1,0 2,n2,\d$/,
    );
    expect(nodes[1].load).toMatchObject({ isDraining: true, guests: 0, cores: 2 });
    expect((await lines('node', 'ls'))[2]).toMatch(/n1 .* draining$/);
    const info = await out('node', 'info', 'n1');
    for (const title of ['node:', 'load:', 'memory:', 'platform:', 'log:', 'state:         draining'])
      expect(info).toContain(title);
    expect(JSON.parse(await out('node', 'info', '0', '--json'))).toMatchObject({ schema: 'godwit.node/1', id: 0, name: 'n0' });
    expect((await place.run('node', 'info', 'nowhere')).code).toBe(1);
  });
});
