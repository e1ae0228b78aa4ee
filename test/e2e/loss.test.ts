/** Nodes that die or freeze: what is lost is shown and said, nothing else is, and a node that comes back too late is not heard. */

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
let daemons: number[];
beforeEach(async () => {
  place = new Workplace();
  daemons = [];
  for (let node = 0; node < 3; node++) daemons.push(await place.startNode('--no-balance'));
});
afterEach(() => place.close());

const ticks = `let n = 0; setInterval(() => console.log('tick', n++), 10);`;
const out = async (name: string, ...args: string[]) => String((await place.run(name, ...args)).stdout);
// biome-ignore lint/suspicious/noExplicitAny: rows of a JSON document; what is read of them is asserted
const row = async (pid: string): Promise<any> =>
  JSON.parse(await out('ps', '-a', '--json')).processes.find((one: { pid: number }) => one.pid === Number(pid));

/** The log's lines, all of them in order from the first. */
async function ticksOf(pid: string): Promise<number> {
  const lines = (await out('logs', pid)).trimEnd().split('\n');
  expect(lines).toEqual(lines.map((_, n) => `tick ${n}`));
  return lines.length;
}

/** The process is gone, whoever its parent is. */
async function hasEnded(osPid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(osPid, 0);
    } catch {
      return;
    }
    await place.run('node', 'ls');
  }
}

describe('a node that is lost', () => {
  it('is noticed within five seconds of kill -9: its guests are shown as lost, all others go on', async () => {
    const script = place.script('ticks.mjs', ticks);
    const [lost, kept, moved] = [
      (await out('run', '-d', '--node', '1', script)).trim(),
      (await out('run', '-d', '--node', '0', script)).trim(),
      (await out('run', '-d', '--node', '0', script)).trim(),
    ];
    // It passed through the node that dies; nothing of it is there any more.
    expect((await place.run('migrate', moved, '1')).code).toBe(0);
    expect((await place.run('migrate', moved, '2')).code).toBe(0);
    process.kill(daemons[1]!, 'SIGKILL');
    const killedAtMs = Date.now();
    while ((await row(lost)).stat !== 'X');
    expect(Date.now() - killedAtMs).toBeLessThan(5_000);
    expect((await row(lost)).reason).toContain('node 1');
    expect((await place.run('wait', lost)).code).toBe(125);
    for (const pid of [kept, moved]) {
      const before = await ticksOf(pid);
      while ((await ticksOf(pid)) < before + 50);
      expect((await row(pid)).stat).toMatch(/^[RS]$/);
    }
  });

  it('cannot be heard when it comes back after its lease: no output of a stale copy, one line in its log, and it ends', async () => {
    const script = place.script('ticks.mjs', ticks);
    // The mother keeps their output. One lives on the node that freezes, one is on its way away from there.
    const [stays, leaves] = [
      (await out('run', '-d', '--node', '0', script)).trim(),
      (await out('run', '-d', '--node', '0', script)).trim(),
    ];
    for (const pid of [stays, leaves]) expect((await place.run('migrate', pid, '1')).code).toBe(0);
    const { logFile } = JSON.parse(await out('node', 'info', '1', '--json'));
    await place.run('migrate', '--no-wait', leaves, '2');
    process.kill(daemons[1]!, 'SIGSTOP');
    while ((await row(stays)).stat !== 'X');
    // Where the freeze met the move decides whether it was the target's by then.
    while ((await row(leaves)).stat !== 'X' && (await row(leaves)).node !== 2);
    const { node, stat } = await row(leaves);
    const heard = await ticksOf(stays);
    process.kill(daemons[1]!, 'SIGCONT');
    await hasEnded(daemons[1]!);
    expect(await ticksOf(stays)).toBe(heard);
    const said = readFileSync(logFile, 'utf8').trimEnd().split('\n');
    expect(said).toEqual([expect.stringContaining('the lease of this node was taken over')]);
    expect(await row(leaves)).toMatchObject({ node, moves: node === 2 ? 2 : 1 });
    if (stat === 'X') return;
    const before = await ticksOf(leaves);
    while ((await ticksOf(leaves)) < before + 50);
  });
});
