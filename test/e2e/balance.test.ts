/** Guests that move by themselves: daemons that find out who is busy, and spread the work without a command. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schedulerLimits } from '@godwit/scheduler';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.close());

interface Shown {
  readonly pid: number;
  readonly node: number;
  readonly moves: number;
  readonly stat: string;
  readonly pinned: string[];
}
const processes = async (): Promise<Shown[]> => JSON.parse(String((await place.run('ps', '--json')).stdout)).processes;
const nodesOf = (shown: readonly Shown[]) => shown.map(({ node }) => node).sort();

/** Looks until the cluster is as wanted; each look is a command, so the test's own time limit bounds it. */
async function until(isWanted: (shown: Shown[]) => boolean): Promise<Shown[]> {
  for (;;) {
    const shown = await processes();
    if (isWanted(shown)) return shown;
  }
}

describe('balancing', () => {
  it('spreads hot guests of one node over three by itself, changes no output, moves none twice within its minimum stay and no pinned one', async () => {
    // One core each, however many this machine has: four hot guests on one of them are four times what it can do.
    for (let node = 0; node < 3; node++) await place.startNode('--cores', '1');
    const stop = join(place.folder, 'stop');
    // Hot for as long as the test needs, and the same output however long that is.
    const script = place.script(
      'hot.mjs',
      `import { existsSync } from 'node:fs';
       let sum = 0, spins = 0;
       for (let k = 0; k < 12; k++) {
         for (let i = 0; i < 2e7; i++) sum = (sum + (i ^ k)) % 1000003;
         console.log(k, sum);
       }
       while (!existsSync(${JSON.stringify(stop)})) for (let i = 0; i < 1e7; i++) spins += i & 1;
       console.log('ended', sum, spins < 0);`,
    );
    const stats = [0, 1, 2, 3].map((n) => `${n}.json`);
    const guests = stats.map((file, n) =>
      place.begin('run', '--node', '0', '--stats', file, ...(n === 0 ? ['--pin'] : []), script),
    );
    const spread = await until((shown) => String(nodesOf(shown)) === '0,0,1,2');
    expect(spread.find(({ pinned }) => pinned.length > 0)).toMatchObject({ node: 0, moves: 0, pinned: ['--pin'] });
    const plain = place.node(script);
    writeFileSync(stop, '');
    for (const { result } of guests) {
      const { code, stdout, stderr } = await result;
      expect([code, stderr]).toEqual([0, '']);
      expect(String(stdout)).toBe(String((await plain).stdout));
    }
    const times = stats.map((file) =>
      JSON.parse(readFileSync(join(place.folder, file), 'utf8')).moves.map(({ atMs }: { atMs: number }) => atMs),
    );
    expect(times[0]).toEqual([]);
    expect(times.flat().length).toBeGreaterThanOrEqual(2);
    const stays = times.flatMap((of: number[]) => of.slice(1).map((atMs, n) => atMs - of[n]!));
    for (const stayMs of stays) expect(stayMs).toBeGreaterThanOrEqual(schedulerLimits.minimumStayMs);
  });

  it('keeps a guest in its pool, however loaded that is, and starts none beside another where a node of the pool is free', async () => {
    await place.startNode('--cores', '1');
    await place.startNode('--cores', '1', '--pool', 'disk');
    await place.startNode('--cores', '1', '--pool', 'disk', '--pool', 'far');
    const forever = place.script('forever.mjs', 'for (;;);');
    const start = async (...options: string[]) => {
      const { code, stdout, stderr } = await place.run('run', '-d', ...options, forever);
      return code === 0 ? (await processes()).find(({ pid }) => pid === Number(stdout))!.node : stderr;
    };
    // Node 0 is idle all the time.
    expect(await start('--pool', 'disk', '--weight', '2')).toBe(1);
    expect(await start('--pool', 'disk')).toBe(2);
    expect(await start('--pool', 'far')).toBe(2);
    expect(await start('--pool', 'far', '--weight', '0')).toBe(2);
    const moved = await place.run('migrate', String((await processes()).find(({ node }) => node === 1)!.pid), '0');
    expect([moved.code, moved.stderr]).toEqual([1, expect.stringMatching(/^[^\n]*not in its pool "disk"\n$/)]);
    expect(await start('--pool', 'near')).toMatch(/^[^\n]*no node of the pool "near" takes it\n$/);
    expect(await start('--pool', 'far', '--node', '1')).toMatch(/^[^\n]*not in the pool "far"\n$/);
  });

  it('starts new guests where the load is least, and leaves a shaken one to its shaker', async () => {
    for (let node = 0; node < 2; node++) await place.startNode('--cores', '1');
    const forever = place.script('forever.mjs', `console.log('up'); for (;;);`);
    const started = [place.begin('run', forever)];
    await started[0]!.until('up');
    started.push(place.begin('run', forever));
    await started[1]!.until('up');
    expect(nodesOf(await processes())).toEqual([0, 1]);
    const shaken = place.begin('run', '--node', '0', '--shake', '1m', forever);
    await shaken.until('up');
    // Node 0 is twice as loaded as it can bear; only the guest that is not shaken may leave, and node 1 is no better then.
    started.push(place.begin('run', '--node', '0', forever));
    await until((shown) => String(nodesOf(shown)) === '0,0,1,1');
    expect((await processes()).reduce((sum, { moves }) => sum + moves, 0)).toBe(1);
    for (const { child } of [...started, shaken]) child.kill('SIGTERM');
    for (const { result } of [...started, shaken]) expect((await result).code).toBe(143);
  });
});
