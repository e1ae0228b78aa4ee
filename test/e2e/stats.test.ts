/** cluster-run --stats says what captures took: how many were tried, what put them off and where, and the longest wait. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeAll(async () => {
  place = new Workplace();
  await place.startNode();
  await place.startNode();
});
afterAll(() => place.close());

interface Reason {
  reason: string;
  place: string | null;
  times: number;
}

/** Runs a script in the cluster; `during` gets its PID once it has printed "ready", and ends it by writing the file that it is given. */
async function statsOf(name: string, text: string, during: (pid: string, node: string, letGo: () => void) => Promise<void>) {
  const [stats, go] = [join(place.folder, `${name}.json`), `${name}.go`];
  const head = `import { existsSync } from 'node:fs';\nconst isOver = () => existsSync(${JSON.stringify(join(place.folder, go))});\n`;
  const script = place.script(`${name}.mjs`, head + text);
  const run = place.begin('run', '--name', name, '--stats', stats, '--node', '0', script);
  await run.until('ready');
  const { processes } = JSON.parse(String((await place.run('ps', '--json')).stdout));
  const { pid } = processes.find((each: { name: string }) => each.name === name);
  await during(String(pid), '1', () => place.script(go, ''));
  const { code, stderr } = await run.result;
  expect([code, stderr]).toEqual([0, '']);
  const { captures, moves } = JSON.parse(readFileSync(stats, 'utf8'));
  const { tried, captured, putOff, reasons } = captures;
  expect(tried).toBe(captured + putOff);
  expect(putOff).toBe(reasons.reduce((sum: number, { times }: Reason) => sum + times, 0));
  return { captures, moves };
}

const busyGetter = `class Slow {
  get value() {
    let spins = 0;
    while (!isOver()) for (let i = 0; i < 1_000_000; i++) spins += i % 7;
    return spins > 0;
  }
}
const ask = (slow) => slow.value;
console.log('ready');
console.log(ask(new Slow()));
`;

const waits = `console.log('ready');
while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 20));
`;

describe('cluster-run --stats', () => {
  it('names the getter that captures waited for, where it was asked, and how long', async () => {
    const { captures, moves } = await statsOf('getter', busyGetter, async (pid, node, letGo) => {
      const { code, stderr } = await place.run('migrate', pid, node);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^cluster-migrate: Cannot move process \d+: .*\n$/);
      letGo();
    });
    expect([captures.captured, captures.failed, moves]).toEqual([0, 1, []]);
    const getter = captures.reasons.find(({ reason }: Reason) => reason.includes('getter'));
    expect(getter.reason).toMatch(/^a getter, .* is running \(in an expression of ask\)$/);
    expect(getter.place).toMatch(/getter\.mjs:10:\d+$/);
    expect(captures.longestWaitMs).toBeGreaterThan(0);
  });

  it('names no place of a program that only waits', async () => {
    const { captures, moves } = await statsOf('waits', waits, async (pid, node, letGo) => {
      const { code, stderr } = await place.run('migrate', pid, node);
      expect([code, stderr]).toEqual([0, '']);
      letGo();
    });
    expect([captures.captured, captures.failed, moves.length]).toEqual([1, 0, 1]);
    expect(captures.reasons.filter(({ place: at }: Reason) => at !== null)).toEqual([]);
  });

  it('counts what was refused: a process that is pinned', async () => {
    const { captures } = await statsOf(
      'pins',
      `import { execSync } from 'node:child_process';\nexecSync('true');\n${waits}`,
      async (pid, node, letGo) => {
        expect((await place.run('migrate', pid, node)).code).toBe(1);
        letGo();
      },
    );
    expect([captures.captured, captures.failed]).toEqual([0, 1]);
    expect(captures.reasons).toEqual([{ reason: 'it uses node:child_process', place: null, times: 1, waitedMs: 0 }]);
  });

  it('counts images too', async () => {
    const { captures, moves } = await statsOf('image', waits, async (pid, _node, letGo) => {
      const { code, stderr } = await place.run('checkpoint', pid, '-o', join(place.folder, 'one.image'));
      expect([code, stderr]).toEqual([0, '']);
      letGo();
    });
    expect([captures.captured, captures.failed, moves]).toEqual([1, 0, []]);
  });
});
