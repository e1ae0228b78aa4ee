/**
 * The language, differentially: each guest prints the same as plain node (the oracle) when compiled and when moved again and again
 * through real images between real workers.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runGuest } from '../kit/shaker.js';

const guests = path.join(path.dirname(fileURLToPath(import.meta.url)), 'guests');
const run = promisify(execFile);

describe.each(fs.readdirSync(guests).filter((f) => /\.(mjs|cjs|js|ts)$/.test(f)))('%s', (name) => {
  const file = path.join(guests, name);

  it('prints what plain node prints, compiled', async () => {
    const oracle = await run(process.execPath, [file]);
    const guest = await runGuest(file);
    expect(guest.stdout).toBe(oracle.stdout);
    expect(guest.code).toBe(0);
  });

  it('prints what plain node prints, moved again and again', async () => {
    const oracle = await run(process.execPath, [file]);
    let moves = 0;
    const putOff: string[] = [];
    // A guest that ends before its first move is run again and moved sooner: how fast the machine is decides nothing.
    for (const everyMs of [40, 10, 2, 0, 0, 0]) {
      const guest = await runGuest(file, { everyMs });
      expect(guest.stdout).toBe(oracle.stdout);
      expect(guest.code).toBe(0);
      moves += guest.moves;
      putOff.push(...guest.putOff.slice(-2));
      if (moves > 0) break;
    }
    expect(moves, JSON.stringify(putOff)).toBeGreaterThan(0);
  });
});
