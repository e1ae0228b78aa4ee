/** Ends of workers while the node speaks to them: in a process of its own, because Node aborts when a message meets a worker's last steps. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./endings-program.mjs', import.meta.url));
const rounds = 2;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'godwit-endings-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('A worker that ends', () => {
  it('gets no message of the inspector but the answer to a pause, however it ends and whatever it is asked', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, folder, String(rounds)]);
    const { results, violations } = JSON.parse(stdout) as { results: Record<string, number>; violations: string[] };
    expect(violations).toEqual([]);
    expect(results).toEqual({
      'exit 3': rounds,
      'end 0': rounds,
      'error 1': rounds,
      'crash 125': rounds,
      'killedLoop gone': rounds,
      'killedIdle gone': rounds,
      'killedInNativeCall gone': rounds,
      'heldThenEnded gone': rounds,
      'endedWhileCaptured gone': rounds,
      'justMade gone': rounds,
    });
  }, 90_000);
});
