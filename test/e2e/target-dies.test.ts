/**
 * A target that is killed while a guest is on its way to it, at each step before it holds the guest: the guest goes on at its source as if
 * nothing had been tried, prints what plain node prints, and can be moved again. The steps are told by what is seen from outside.
 */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type RunningCommand, Workplace } from './commands.js';

let place: Workplace;
let script: string;
beforeAll(async () => {
  // Whole: of a first parcel there is not enough to kill a node in the midst of it.
  process.env.GODWIT_PAGING = '0';
  place = new Workplace();
  script = place.script('heavy.mjs', program);
  await place.startNode();
  await place.startNode();
});
afterAll(() => {
  delete process.env.GODWIT_PAGING;
  place.close();
});

/** Large enough that capture, transfer and load take their time, one after the other; what it prints depends on all of it. */
const program = `
const all = new Map();
for (let i = 0; i < 150000; i++) all.set('key' + i, { i, next: [i, { half: i / 2 }], text: 'text ' + i });
const last = Number(process.argv[2]);
let sum = 0;
for (let round = 0; round <= last; round++) {
  for (const [, { i, next }] of all) { next[1].half += i & 3; sum += next[1].half; }
  for (let i = 0; i < 1e7; i++) sum += i & round;
  console.log('round', round, sum);
}
`;

const stateOf = async (pid: string) => {
  const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
  return processes.find((row: { pid: number }) => String(row.pid) === pid);
};

/** Resident bytes of a process, from the kernel. */
const residentBytes = (osPid: number) => Number(readFileSync(`/proc/${osPid}/statm`, 'utf8').split(' ')[1]) * 4096;

/** Looks again and again, as fast as looking takes. */
async function until(look: () => Promise<boolean> | boolean, guest: RunningCommand): Promise<void> {
  let isOver = false;
  void guest.result.then(() => {
    isOver = true;
  });
  while (!(await look())) {
    if (isOver) throw new Error('the guest ended first');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

// Sizes of processes are read as Linux shows them.
describe.skipIf(process.platform !== 'linux')('a target that is killed before it holds the guest', () => {
  /** The guest is being captured: the target has accepted. */
  const isCaptured = (_: number, pid: string, guest: RunningCommand) =>
    until(async () => (await stateOf(pid)).stat === 'M', guest);
  /** From then on the target grows by what arrives, and by nothing else. */
  const isArriving = async (osPid: number, pid: string, guest: RunningCommand) => {
    await isCaptured(osPid, pid, guest);
    const before = residentBytes(osPid);
    await until(() => residentBytes(osPid) > before + 8 * 2 ** 20, guest);
  };
  const isFrozenArriving = async (osPid: number, pid: string, guest: RunningCommand) => {
    await isArriving(osPid, pid, guest);
    process.kill(osPid, 'SIGSTOP');
    expect(await stateOf(pid)).toMatchObject({ node: 0, moves: 0 });
  };
  const steps: [string, typeof isCaptured][] = [
    ['when the source begins to capture', isCaptured],
    ['when the essence arrives', isArriving],
    ['when it was frozen while the essence arrived', isFrozenArriving],
  ];

  it.each(steps)('%s: the guest goes on where it was, and moves again', async (_, isThere) => {
    const target = await place.startNode();
    const { nodes } = JSON.parse(String((await place.run('node', 'ls', '--json')).stdout));
    const id = String(nodes.find(({ osPid }: { osPid: number }) => osPid === target).id);
    const guest = place.begin('run', '--node', '0', script, '1000000');
    await guest.until('round 1 ');
    const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
    const pid = String(processes[0].pid);
    const moving = place.run('migrate', pid, id);
    await isThere(target, pid, guest);
    process.kill(target, 'SIGKILL');
    const refused = await moving;
    expect([refused.code, refused.stderr.trimEnd().split('\n').length]).toEqual([1, 1]);
    // A guest that stood still for seconds is seen running when its load is measured next.
    await vi.waitFor(async () => expect(await stateOf(pid)).toMatchObject({ node: 0, stat: 'R', moves: 0 }), {
      timeout: 10_000,
      interval: 500,
    });
    const again = await place.run('migrate', pid, '1');
    expect([again.stderr, again.code]).toEqual(['', 0]);
    expect(await stateOf(pid)).toMatchObject({ node: 1, moves: 1 });
    // Some more rounds at the new place, then compared with as many of plain node's.
    const seen = String(guest.stdout()).split('\n').length - 1;
    await guest.until(`round ${seen + 2} `);
    expect((await place.run('kill', pid)).code).toBe(0);
    const { stdout } = await guest.result;
    const whole = String(stdout).slice(0, String(stdout).lastIndexOf('\n') + 1);
    const count = whole.split('\n').length - 1;
    expect(String((await place.node(script, String(count - 1))).stdout)).toBe(whole);
  });
});
