/** The guest's `node:events` against Node's own, program by program; test/conformance runs the same programs compiled and moved. */

import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
// @ts-expect-error plain JavaScript that the conformance guests run too
import { programs } from './emitter-programs.mjs';

type Program = (events: typeof EventEmitter, log: (...values: unknown[]) => void) => unknown;
const guestEvents = createRequire(import.meta.url)('../../guest-lib/events.cjs') as typeof EventEmitter;

async function seen(program: Program, events: typeof EventEmitter): Promise<string[]> {
  const lines: string[] = [];
  await program(events, (...values) => lines.push(values.map((value) => inspect(value, { depth: 6 })).join(' ')));
  return lines;
}

test.each(Object.keys(programs as object))('a program sees what it would see in node: %s', async (name) => {
  const program = (programs as Record<string, Program>)[name]!;
  expect(await seen(program, guestEvents)).toEqual(await seen(program, EventEmitter));
});

test("Node's own emitters are instances of the guest's EventEmitter, and not of its subclasses", () => {
  class Mine extends guestEvents {}
  expect([new EventEmitter() instanceof guestEvents, process instanceof guestEvents]).toEqual([true, true]);
  expect([new EventEmitter() instanceof Mine, new guestEvents() instanceof Mine, new Mine() instanceof guestEvents]).toEqual([
    false,
    false,
    true,
  ]);
});
