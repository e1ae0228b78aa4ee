/** Guests whose heaps come in parcels after they run on: the same to the byte, on the move again at once, and lost with a reason when the rest cannot come. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(() => {
  process.env.GODWIT_PAGING = '1';
  place = new Workplace();
});
afterEach(() => {
  delete process.env.GODWIT_PAGING;
  place.close();
});

const out = async (name: string, ...args: string[]) => String((await place.run(name, ...args)).stdout);
// biome-ignore lint/suspicious/noExplicitAny: rows of a JSON document; what is read of them is asserted
const row = async (pid: string): Promise<any> =>
  JSON.parse(await out('ps', '-a', '--json')).processes.find((one: { pid: number }) => one.pid === Number(pid));

interface Move {
  pages: number;
  essenceBytes: number;
  isPartial: boolean;
}

/**
 * Runs a script on plain node and moved all the time, which prints the same. Its argument is how much it has to do: more, if it ended before it
 * had moved so often; not much to begin with, as one that is always on the move gets little done. Gives its moves.
 */
async function movedAsPlain(
  script: string,
  shake: string,
  { moves: least, work, nodes = 2 }: { moves: number; work: number; nodes?: number },
): Promise<Move[]> {
  for (let more = work; ; more *= 2) {
    expect(more).toBeLessThan(work * 32);
    const plain = await place.node(script, String(more));
    const moved = await place.run('run', '--nodes', String(nodes), '--shake', shake, '--stats', 's.json', script, String(more));
    expect(moved.stderr).toBe(plain.stderr);
    expect(String(moved.stdout)).toBe(String(plain.stdout));
    const { moves } = JSON.parse(readFileSync(join(place.folder, 's.json'), 'utf8')) as { moves: Move[] };
    if (moves.length >= least) return moves;
  }
}

/** A graph of objects of several kinds, and what one round through it comes to. */
const graph = (size: number) => `
  class Entry {
    #seen = 0;
    constructor(id, text) { this.id = id; this.text = text; this.next = null; }
    visit() { return ++this.#seen; }
  }
  const entries = [];
  for (let i = 0; i < ${size}; i++) entries.push(i % 5 ? { id: i, text: 'text ' + i, next: null } : new Entry(i, 'entry ' + i));
  for (let i = 0; i < ${size}; i++) entries[i].next = entries[(i * 7919 + 1) % ${size}];
  const index = new Map(entries.filter((entry) => entry.id % 50 === 0).map((entry) => [entry.text, { entry, counts: [1, 2, 3] }]));
  let at = entries[0];
  function round(steps) {
    let sum = 0;
    for (let i = 0; i < steps; i++) {
      sum = (sum * 31 + at.id + at.text.length + (at instanceof Entry ? at.visit() : 0)) % 1000003;
      const found = index.get(at.text);
      if (found) { found.counts.push(sum); found.counts.shift(); sum += found.counts[0] + Object.keys(found.entry).length; }
      at = at.next;
    }
    return sum;
  }`;

describe('cluster-run --nodes 3 --shake, in parcels', () => {
  it('a guest that waits between rounds, and one that never does, print what plain node prints', async () => {
    const waits = place.script(
      'waits.mjs',
      `${graph(30_000)}
       for (let k = 0; k < process.argv[2]; k++) {
         console.log(k, round(2_000));
         await new Promise((resolve) => setTimeout(resolve, 80));
       }`,
    );
    const never = place.script(
      'never.mjs',
      `${graph(30_000)}\nfor (let k = 0; k < process.argv[2]; k++) console.log(k, round(600_000));`,
    );
    const moves = await movedAsPlain(waits, '400ms', { moves: 3, work: 40, nodes: 3 });
    moves.push(...(await movedAsPlain(never, '400ms', { moves: 3, work: 100, nodes: 3 })));
    // The essence is a small part of some megabyte.
    for (const { pages, essenceBytes } of moves) expect([pages, essenceBytes < 500_000]).toEqual([1, true]);
  });

  it('a tour of the language prints what plain node prints', async () => {
    const tour = fileURLToPath(new URL('../../examples/tour/tour.mjs', import.meta.url));
    await movedAsPlain(tour, '200ms', { moves: 3, work: 300, nodes: 3 });
  });
});

describe('functions in the place of built-ins', () => {
  it('have no more of their own than V8’s, and refuse what these refuse', async () => {
    const script = place.script(
      'strict.mjs',
      `const { hasOwnProperty, isPrototypeOf, __lookupGetter__ } = Object.prototype;
       const { get } = Map.prototype;
       const calls = [() => hasOwnProperty('x'), () => isPrototypeOf({}), () => __lookupGetter__('x'), () => get(1)];
       const told = (call) => { try { return call(); } catch ({ name }) { return name; } };
       for (let k = 0; k < process.argv[2]; k++) {
         const more = [Promise, Intl.Collator, Object.keys, setTimeout].map((fn) => Object.hasOwn(fn, 'caller'));
         console.log(k, calls.map(told).join(), more.join());
         await new Promise((resolve) => setTimeout(resolve, 50));
       }`,
    );
    await movedAsPlain(script, '400ms', { moves: 1, work: 50 });
  });
});

describe('a guest that needs all of itself', () => {
  it('runs on when the rest is there: it holds a module of Node that takes objects apart', async () => {
    const script = place.script(
      'holds.mjs',
      `import v8 from 'node:v8';
       ${graph(5_000)}
       const settings = { name: 'settings', deep: { list: [1, { two: 2 }] } };
       for (let k = 0; k < process.argv[2]; k++) {
         console.log(k, round(100), JSON.stringify(v8.deserialize(v8.serialize(settings))));
         await new Promise((resolve) => setTimeout(resolve, 60));
       }`,
    );
    await movedAsPlain(script, '500ms', { moves: 2, work: 35 });
  });
});

describe('by itself', () => {
  it('a guest with much to move comes in parcels, a small one whole', async () => {
    delete process.env.GODWIT_PAGING;
    const moves = (size: number): Promise<Move[]> => {
      const script = place.script(
        `of-${size}.mjs`,
        `${graph(size)}
         const byName = new Map(entries.map((entry) => [entry.text, entry]));
         const keys = new Set(byName.keys());
         for (let k = 0; k < process.argv[2]; k++) {
           console.log(k, round(500), byName.get('text ' + (k * 5 + 1)).id, keys.size);
           await new Promise((resolve) => setTimeout(resolve, 100));
         }
         console.log([...byName.values()].reduce((sum, { id }) => sum + id, 0), [...keys].join().length);`,
      );
      return movedAsPlain(script, '1s', { moves: 1, work: 16 });
    };
    const [small, large] = [await moves(300), await moves(150_000)];
    expect(small.every(({ isPartial }) => !isPartial)).toBe(true);
    expect(large.every(({ isPartial }) => isPartial)).toBe(true);
  });
});

describe('a guest whose rest is still on its way', () => {
  const large = (size: number) => `${graph(size)}\nlet n = 0;\nsetInterval(() => console.log('tick', n++, entries.length), 20);`;

  it('can be moved on at once: that waits for the rest', async () => {
    for (let node = 0; node < 3; node++) await place.startNode('--no-balance');
    const script = place.script(
      'large.mjs',
      `${large(300_000)}
       const end = () => { console.log(round(300_000)); process.exit(); };
       if (process.argv[2]) end();
       else process.on('SIGTERM', end);`,
    );
    const pid = (await out('run', '-d', '--node', '0', script)).trim();
    while (!(await out('logs', pid)).includes('tick'));
    const moves = [];
    for (const to of ['1', '2', '0', '1']) {
      // Not waited for: the next one comes when it runs there.
      moves.push(place.run('migrate', pid, to));
      while ((await row(pid)).node !== Number(to));
    }
    for (const { code, stderr } of await Promise.all(moves)) expect([code, stderr]).toEqual([0, '']);
    await out('kill', pid);
    expect((await place.run('wait', pid)).code).toBe(0);
    const plain = String((await place.node(script, 'end')).stdout);
    const lines = (await out('logs', pid)).trimEnd().split('\n');
    expect(lines.at(-1)).toBe(plain.trimEnd());
    expect(lines.slice(0, -1)).toEqual(lines.slice(0, -1).map((_, n) => `tick ${n} 300000`));
  });

  it('is lost with that for a reason when its source dies', async () => {
    const daemons: number[] = [];
    for (let node = 0; node < 3; node++) daemons.push(await place.startNode('--no-balance'));
    const script = place.script('large.mjs', large(1_500_000));
    const pid = (await out('run', '-d', '--node', '1', script)).trim();
    while (!(await out('logs', pid)).includes('tick'));
    const moved = place.begin('migrate', pid, '2');
    while ((await row(pid)).node !== 2);
    process.kill(daemons[1]!, 'SIGKILL');
    const { code, stderr } = await moved.result;
    const reason = 'pages of it were on node 1, which was lost';
    expect([code, stderr]).toEqual([1, `cluster-migrate: Cannot bring process ${pid} to node 2: it was lost: ${reason}\n`]);
    expect(await row(pid)).toMatchObject({ stat: 'X', reason, remoteBytes: 0 });
  });
});
