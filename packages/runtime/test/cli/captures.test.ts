/** The record of one capture and what `--stats` makes of many: every try is counted once, reasons beyond the bound as one. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Bundle, compileScript } from '@godwit/checkpoint/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Captures } from '../../src/cli/captures.js';
import { guestCompileOptions } from '../../src/guest/modules.js';
import { CaptureRecord } from '../../src/node/capture-record.js';
import { nodeLimits } from '../../src/node/limits.js';

let folder: string;
let bundle: Bundle;
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-captures-'));
  const file = path.join(folder, 'program.mjs');
  fs.writeFileSync(file, 'function first() {}\n  function second() {}\nfirst(second());\n');
  bundle = await compileScript(file, guestCompileOptions);
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

function record(isCaptured: boolean, waitedMs: number, ...reasons: [reason: string, at: number[]][]): CaptureRecord {
  const made = new CaptureRecord();
  for (const [reason, at] of reasons) {
    made.tries++;
    made.add(reason, at, 2);
  }
  if (isCaptured) made.tries++;
  made.isCaptured = isCaptured;
  made.waitedMs = waitedMs;
  return made;
}

describe('a record of a capture', () => {
  it('counts a reason by its place, and those beyond the bound as one', () => {
    const many = Array.from({ length: nodeLimits.putOffReasons + 5 }, (_, i): [string, number[]] => ['native', [i]]);
    const { putOff } = record(true, 1, ...many, ...many);
    expect(putOff.length).toBe(nodeLimits.putOffReasons + 1);
    expect(putOff[0]).toEqual({ reason: 'native', at: [0], times: 2, waitedMs: 4 });
    expect(putOff.at(-1)).toEqual({ reason: 'other reasons', at: [], times: 10, waitedMs: 20 });
    expect(putOff.reduce((sum, { times }) => sum + times, 0)).toBe(many.length * 2);
  });
});

describe('the summary of captures', () => {
  it('is empty where nothing was captured', () => {
    const summary = { tried: 0, captured: 0, putOff: 0, failed: 0, longestWaitMs: 0, reasons: [] };
    expect(new Captures(() => bundle).summary).toEqual(summary);
  });

  it('adds up tries, names the innermost place of the author’s, and keeps the longest wait', () => {
    const captures = new Captures(() => bundle);
    const call = bundle.code.indexOf('second()');
    const prelude = bundle.code.indexOf('$$natives');
    expect([call > 0, prelude > 0]).toEqual([true, true]);
    captures.add(record(true, 5, ['a', [prelude, call]], ['a', [call]], ['b', []]).news(0));
    captures.add(record(false, 70, ['b', []], ['b', []]).news(1));
    captures.add(record(true, 1).news(2));
    const { reasons, ...counts } = captures.summary;
    expect(counts).toEqual({ tried: 7, captured: 2, putOff: 5, failed: 1, longestWaitMs: 70 });
    expect(reasons).toEqual([
      { reason: 'b', place: null, times: 3, waitedMs: 6 },
      { reason: 'a', place: expect.stringMatching(/program\.mjs:\d+:\d+$/), times: 2, waitedMs: 4 },
    ]);
  });
});
