/** A cluster of daemons that stay: detached processes, moves by command, and what becomes of guests when nodes die. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
let daemons: number[];
beforeEach(async () => {
  place = new Workplace();
  daemons = [];
  for (let node = 0; node < 3; node++) daemons.push(await place.startNode());
});
afterEach(() => place.close());

/** A guest that ticks is idle, unless the machine is so busy that each tick waits for a core. */
const alive = expect.stringMatching(/^[RS]$/);
const counts = `let n = 0; setInterval(() => console.log('tick', n++), 20);`;
const processes = async () => JSON.parse(String((await place.run('ps', '-a', '--json')).stdout)).processes;

describe('a cluster of daemons', () => {
  it('moves a detached process by command, keeps its output, and ends it anywhere', async () => {
    const script = place.script('counts.mjs', counts);
    const pid = String((await place.run('run', '-d', '--node', '0', script)).stdout).trim();
    expect((await place.run('migrate', pid, '1')).code).toBe(0);
    expect((await place.run('migrate', pid, '2')).code).toBe(0);
    expect((await processes())[0]).toMatchObject({ pid: Number(pid), home: 0, node: 2, stat: alive, moves: 2 });
    expect((await place.run('node', 'drain', '2')).code).toBe(0);
    expect((await processes())[0].node).not.toBe(2);
    const follow = place.begin('logs', '-f', pid);
    await follow.until('tick 100\n');
    expect((await place.run('kill', pid)).code).toBe(0);
    expect((await place.run('wait', pid)).code).toBe(143);
    const lines = String((await follow.result).stdout)
      .trimEnd()
      .split('\n');
    expect(lines).toEqual(lines.map((_, n) => `tick ${n}`));
    expect((await place.run('kill', pid)).code).toBe(1);
  });

  it('loses only the guests of a node that is killed: their command exits 125 with one line, others go on', async () => {
    const script = place.script('counts.mjs', counts);
    const [lost, kept] = [place.begin('run', '--node', '1', script), place.begin('run', '--node', '2', script)];
    await Promise.all([lost.until('tick 5\n'), kept.until('tick 5\n')]);
    process.kill(daemons[1]!, 'SIGKILL');
    const { code, stderr } = await lost.result;
    expect([code, stderr.trimEnd().split('\n').length]).toEqual([125, 1]);
    const states = (await processes()).map(({ node, stat }: { node: number; stat: string }) => [node, stat]);
    expect(states.sort()).toEqual([
      [1, 'X'],
      [2, alive],
    ]);
    await kept.until('tick 400\n');
    kept.child.kill('SIGTERM');
    expect((await kept.result).code).toBe(143);
  });

  it('keeps a guest at its source, running, when the target freezes before it accepts, and dies', async () => {
    const guest = place.begin('run', '--node', '0', place.script('counts.mjs', counts));
    await guest.until('tick 1\n');
    const [{ pid }] = await processes();
    // A frozen target accepts the connection and says nothing more, until it is dead.
    process.kill(daemons[2]!, 'SIGSTOP');
    const moving = place.run('migrate', String(pid), '2');
    await guest.until('tick 100\n');
    process.kill(daemons[2]!, 'SIGKILL');
    expect((await moving).code).toBe(1);
    await guest.until('tick 160\n');
    expect((await processes())[0]).toMatchObject({ node: 0, stat: alive, moves: 0 });
    expect((await place.run('migrate', String(pid), '1')).code).toBe(0);
    guest.child.kill('SIGKILL');
    await guest.result;
  });
});
