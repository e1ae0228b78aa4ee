import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { runGuest } from '../kit/shaker.js';

it('x', async () => {
  const file = process.env.ZF!;
  const guest = await runGuest(file, { everyMs: Number(process.env.ZMS ?? 20) });
  const counts = new Map<string, number>();
  for (const p of guest.putOff) counts.set(p, (counts.get(p) ?? 0) + 1);
  console.log(guest.moves, [...counts].sort((a, b) => b[1] - a[1]).slice(0, 25));
  expect(guest.stdout).toBe(String(execFileSync('node', [file])));
}, 200_000);
