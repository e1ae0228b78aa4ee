/** What people see of a drain: REMOTE falls and vanishes, cluster-migrate shows it and waits, --stats has figures that agree, and a source that dies leaves nothing behind. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
let daemons: number[];
beforeEach(async () => {
  process.env.GODWIT_PAGING = '1';
  place = new Workplace();
  daemons = [];
  for (let node = 0; node < 2; node++) daemons.push(await place.startNode('--no-balance'));
});
afterEach(() => {
  delete process.env.GODWIT_PAGING;
  place.close();
});

const out = async (name: string, ...args: string[]) => String((await place.run(name, ...args)).stdout);
// biome-ignore lint/suspicious/noExplicitAny: rows of a JSON document; what is read of them is asserted
const row = async (): Promise<any> => JSON.parse(await out('ps', '-a', '--json')).processes[0];
/** `1.5M` of a table. */
const bytesOf = (text: string) => Number.parseFloat(text) * 1024 ** 'BKMG'.indexOf(text.at(-1)!);
const remoteText = async () => (await out('ps', '-o', 'remote')).trimEnd().split('\n')[1]!.trim();

/** Looks at a few of its many objects now and then; ends with a signal. */
const program = (size: number) => `
  const entries = [];
  for (let i = 0; i < ${size}; i++) entries.push({ id: i, text: 'text ' + i, more: [i, { i }] });
  let [at, sum] = [0, 0];
  console.log('ready');
  process.on('SIGTERM', () => { console.log(sum > 0); process.exit(0); });
  setInterval(() => { for (let i = 0; i < 3; i++) { at = (at * 7919 + 1) % ${size}; sum += entries[at].id + entries[at].more[1].i; } }, 5);`;

/** Starts it at the second node, which is not the one with the bus. */
async function started(size: number, ...options: string[]) {
  const run = place.begin('run', '--node', '1', ...options, place.script('large.mjs', program(size)));
  await run.until('ready');
  const pid = String((await row()).pid);
  // A signal that it listens to, which is told in the midst of what its thread does.
  const end = async () => {
    await place.run('kill', pid);
    return run.result;
  };
  return { pid, run, end };
}

describe('a drain that people look at', () => {
  it('has a REMOTE that falls and vanishes, a move that waits for it, and figures that agree', async () => {
    const { pid, end } = await started(300_000, '--stats', 's.json', '--show-moves');
    expect((await row()).remoteBytes).toBe(0);
    expect(await remoteText()).toBe('-');
    const watching = place.begin('ps', '-w', '50ms', '-o', 'node,remote');
    await watching.until('-');
    const moving = place.begin('migrate', pid, '0');
    const { code, stderr, stdout } = await moving.result;
    expect([code, stderr]).toEqual([0, '']);
    expect(String(stdout)).toMatch(
      new RegExp(`^${pid}: node 1 -> 0, pause [\\d.]+ ms, [\\d.]+K in 1 pages, then [\\d.]+M in [\\d.]+ s, \\d+ faults?\\n$`),
    );
    // All of it is there when the command ends.
    expect(await row()).toMatchObject({ node: 0, remoteBytes: 0 });
    expect(await remoteText()).toBe('-');
    watching.child.kill('SIGKILL');
    // `-` before the move, what is left from the target's first word on, `-` at the end.
    const looks = [...String(watching.stdout()).matchAll(/^ +(\d) +(\S+)$/gm)];
    const remote = looks.filter(([, , text]) => text !== '-').map(([, node, text]) => ({ node, bytes: bytesOf(text!) }));
    expect(looks[0]!.slice(1)).toEqual(['1', '-']);
    expect(new Set(remote.map(({ node }) => node))).toEqual(new Set(['0']));
    expect(new Set(remote.map(({ bytes }) => bytes)).size).toBeGreaterThan(1);
    expect(remote).toEqual([...remote].sort((x, y) => y.bytes - x.bytes));

    const { code: exitCode, stderr: said } = await end();
    expect(exitCode).toBe(0);
    const told = said.trimEnd().split('\n').map((line) => JSON.parse(line)); // biome-ignore format: one line
    expect(told.map(({ schema, epoch }) => [schema, epoch])).toEqual([
      ['godwit.move/1', 2],
      ['godwit.drain/1', 2],
    ]);
    const { moves } = JSON.parse(readFileSync(join(place.folder, 's.json'), 'utf8'));
    expect(moves).toHaveLength(1);
    const [move] = moves;
    const { faults, faultMs, faultP50Ms, faultP99Ms, parcels, prefetchedParcels, prefetchShare, drainBytes, drainMs } = move;
    expect(move).toMatchObject({ from: 1, to: 0, isPartial: true, drain: 'whole', drainReason: null });
    expect(faults).toBeGreaterThan(0);
    expect(faultP50Ms).toBeGreaterThan(0);
    expect(faultP50Ms).toBeLessThanOrEqual(faultP99Ms);
    expect(faultP99Ms).toBeLessThanOrEqual(faultMs);
    expect(faultMs).toBeGreaterThanOrEqual((faults / 2) * faultP50Ms);
    expect(faultMs).toBeLessThanOrEqual(drainMs);
    // Each fault waited for one parcel at least.
    expect(prefetchedParcels + faults).toBeLessThanOrEqual(parcels);
    expect(prefetchShare).toBeCloseTo(prefetchedParcels / parcels, 6);
    expect(drainBytes).toBeGreaterThan(5_000_000);
    expect(move.drainBytesPerS).toBeCloseTo((1000 * drainBytes) / drainMs, 3);
    expect(String(stdout)).toContain(`${faults} fault`);
  });

  it('is over when the process ends in the midst of it', async () => {
    const { pid, run } = await started(600_000, '--stats', 's.json');
    const moving = place.begin('migrate', '--json', pid, '0');
    while ((await row()).node !== 0);
    await place.run('kill', '-s', 'KILL', pid);
    expect((await run.result).code).toBe(137);
    const { code, stderr, stdout } = await moving.result;
    expect([code, stderr]).toEqual([0, '']);
    const { moves } = JSON.parse(readFileSync(join(place.folder, 's.json'), 'utf8'));
    expect(moves[0]).toMatchObject({ drain: 'ended', isPartial: true });
    expect(JSON.parse(String(stdout))).toMatchObject({ schema: 'godwit.migrate/1', drain: 'ended', parcels: moves[0].parcels });
    expect(await row()).toMatchObject({ stat: 'Z', remoteBytes: 0 });
  });

  it('is waited for by cluster-node drain, and not by --no-wait', async () => {
    const { pid, end } = await started(500_000);
    expect(await out('migrate', '--no-wait', pid, '0')).toBe(`${pid}: node 1 -> 0, begun\n`);
    let look = await row();
    while (look.node !== 0 || look.remoteBytes === null) look = await row();
    expect(look.remoteBytes).toBeGreaterThan(0);
    expect(await out('node', 'drain', '1')).toBe('moved 0, stayed 0\n');
    expect((await row()).remoteBytes).toBe(0);
    process.kill(daemons[1]!, 'SIGKILL');
    expect((await end()).code).toBe(0);
  });
});

describe('cluster-migrate without a terminal', () => {
  it('says one line when the target dies in the midst of a drain', async () => {
    const { pid, run } = await started(600_000, '--node', '0');
    const moving = place.begin('migrate', pid, '1');
    while (!((await row()).remoteBytes > 0));
    process.kill(daemons[1]!, 'SIGKILL');
    const { code, stdout, stderr } = await moving.result;
    const said = `cluster-migrate: Cannot bring process ${pid} to node 1: it was lost: node 1 was lost\n`;
    expect([code, String(stdout), stderr]).toEqual([1, '', said]);
    expect(await row()).toMatchObject({ stat: 'X', remoteBytes: 0 });
    expect((await run.result).code).toBe(125);
  });
});

describe.runIf(existsSync('/usr/bin/script'))('cluster-migrate on a terminal', () => {
  /** The command with a terminal for all three streams, in the words that it wrote over each other. */
  const onTerminal = (...args: string[]) => {
    const command = place.commandLine('migrate', ...args).map((word) => `'${word}'`);
    return place.beginProgram('/usr/bin/script', '-qefc', `stty cols 100; TERM=xterm ${command.join(' ')}`, '/dev/null');
  };
  const lines = (text: string) => text.split(/[\r\n]+/).filter((line) => line !== '');
  const percents = (text: string) => [...text.matchAll(/(\d+)%/g)].map(([, n]) => Number(n));

  it('has a bar that only grows, ends at 100 % and is followed by the figures', async () => {
    const { pid, end } = await started(200_000);
    const { code, stdout } = await onTerminal(pid, '0').result;
    expect(code).toBe(0);
    const drawn = percents(String(stdout));
    expect(drawn.length).toBeGreaterThan(1);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect(drawn.indexOf(100)).toBe(drawn.length - 1);
    expect(lines(String(stdout)).at(-1)).toMatch(/^\d+: node 1 -> 0, pause .* faults?$/);
    for (const line of lines(String(stdout))) expect(line.replace('\x1b[K', '').length).toBeLessThan(100);
    expect((await end()).code).toBe(0);
  });

  it('ends with the reason when the source dies, of which nothing is left in cluster-ps', async () => {
    const { pid, run } = await started(600_000, '--stats', 's.json');
    const moving = onTerminal(pid, '0');
    await moving.until('% ');
    expect((await row()).remoteBytes).toBeGreaterThan(0);
    process.kill(daemons[1]!, 'SIGKILL');
    const { code, stdout } = await moving.result;
    expect(code).toBe(1);
    const said = lines(String(stdout));
    const reason = 'pages of it were on node 1, which was lost';
    expect(said.at(-1)).toBe(`cluster-migrate: Cannot bring process ${pid} to node 0: it was lost: ${reason}`);
    expect(said.at(-2)).toMatch(/\[=*> *\] +\d+% /);
    expect(percents(String(stdout))).not.toContain(100);
    expect(await row()).toMatchObject({ stat: 'X', remoteBytes: 0, reason });
    expect(await remoteText()).toBe('-');
    const { code: exitCode, stderr } = await run.result;
    expect([exitCode, stderr]).toEqual([125, `cluster-run: process ${pid} was lost: ${reason}\n`]);
    const { moves } = JSON.parse(readFileSync(join(place.folder, 's.json'), 'utf8'));
    expect(moves[0]).toMatchObject({ drain: 'lost', drainReason: reason });
    expect(moves[0].drainBytes).toBeGreaterThanOrEqual(0);
  });
});
