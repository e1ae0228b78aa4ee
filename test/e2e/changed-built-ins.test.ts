/**
 * A guest is sent before it is known which built-ins it has changed since the last look: one that has changed others meanwhile is captured
 * again, and nothing of it is missing where it goes on.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => {
  delete process.env.GODWIT_PAGING;
  place.close();
});

const owners = [
  'Array',
  'Boolean',
  'Date',
  'Map',
  'Number',
  'Promise',
  'RegExp',
  'Set',
  'String',
  'WeakMap',
  'WeakSet',
  'DataView',
];

/** Changes a built-in that was as it was at each SIGUSR2, and tells what all of them have at SIGTERM. */
const program = `
  const owners = [${owners.join(', ')}];
  let changes = 0;
  process.on('SIGUSR2', () => {
    const owner = owners[changes++];
    owner.prototype.extra = function () { return owner.name + this.length; };
    owner.own = { changes };
    console.log('changed', owner.name);
  });
  process.on('SIGTERM', () => {
    for (const { prototype, own } of owners) console.log(prototype.extra?.call([1, 2]), own?.changes, Object.keys(prototype).join());
    process.exit(0);
  });
  setInterval(() => {}, 1000);
  console.log('ready');`;

describe('built-ins that are changed between moves', () => {
  it.each(['0', '1'])('come with the guest (GODWIT_PAGING=%s)', async (paging) => {
    process.env.GODWIT_PAGING = paging;
    for (let node = 0; node < 2; node++) await place.startNode('--no-balance');
    const run = place.begin('run', '--node', '0', place.script('changing.mjs', program));
    await run.until('ready');
    const pid = JSON.parse(String((await place.run('ps', '--json')).stdout)).processes[0].pid;
    // The first two are changed before all built-ins were looked at for the first time.
    let lines = ['ready'];
    for (let change = 0; change < 6; change++) {
      await place.run('kill', '-s', 'USR2', String(pid));
      lines = [...lines, `changed ${owners[change]}`];
      await run.until(lines.join('\n'));
      if (change === 0) continue;
      const moved = await place.run('migrate', String(pid), String(change % 2));
      expect([moved.code, moved.stderr]).toEqual([0, '']);
    }
    await place.run('kill', String(pid));
    const { stdout, stderr, code } = await run.result;
    const told = owners.map((name, i) => (i < 6 ? `${name}2 ${i + 1} extra` : 'undefined undefined '));
    expect([code, stderr, String(stdout)]).toEqual([0, '', `${[...lines, ...told].join('\n')}\n`]);
  });
});
