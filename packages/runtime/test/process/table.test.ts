import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { processLimits } from '../../src/limits.js';
import {
  emptyTable,
  type ProcessCommand,
  type ProcessEvent,
  type ProcessTable,
  processStep,
  tombstones,
} from '../../src/process/table.js';

function run(events: ProcessEvent[], table: ProcessTable = emptyTable(0)) {
  const commands: ProcessCommand[] = [];
  for (const event of events) {
    const step = processStep(table, event);
    table = step.state;
    commands.push(...step.commands);
  }
  return { table, commands, stateOf: (pid: number) => table.entries.get(pid)?.state };
}

const born: ProcessEvent[] = [
  { type: 'create', pid: 101, name: 'g', argv: [], startedAtMs: 0 },
  { type: 'started', pid: 101, node: 0, epoch: 1 },
];

describe('the process table', () => {
  it('follows a guest over moves and shows a tombstone while it lives elsewhere', () => {
    const away = run([
      ...born,
      { type: 'moveBegun', pid: 101, toNode: 2, epoch: 1 },
      { type: 'moved', pid: 101, node: 2, epoch: 2 },
    ]);
    expect(away.stateOf(101)).toEqual({ kind: 'running', node: 2 });
    expect(tombstones(away.table)).toEqual([{ pid: 101, name: 'g', node: 2, epoch: 2, moving: false }]);
    const home = run([{ type: 'moved', pid: 101, node: 0, epoch: 3 }], away.table);
    expect(tombstones(home.table)).toEqual([]);
    expect(home.table.entries.get(101)?.moves).toBe(2);
  });

  it('takes a failed move back, and ignores what an older epoch says', () => {
    const back = run([...born, { type: 'moveBegun', pid: 101, toNode: 2, epoch: 1 }, { type: 'moveFailed', pid: 101, epoch: 1 }]);
    expect(back.stateOf(101)).toEqual({ kind: 'running', node: 0 });
    const stale = run(
      [
        { type: 'moved', pid: 101, node: 1, epoch: 2 },
        { type: 'ended', pid: 101, epoch: 1, exit: { code: 0 } },
        { type: 'lost', pid: 101, epoch: 1, reason: 'late' },
      ],
      back.table,
    );
    expect(stale.stateOf(101)).toEqual({ kind: 'running', node: 1 });
  });

  it('answers everyone who waits, then forgets; remembers the end for who waits later', () => {
    const waiting = run([
      ...born,
      { type: 'wait', pid: 101, waiter: 'a' },
      { type: 'wait', pid: 101, waiter: 'b' },
      { type: 'stopWaiting', pid: 101, waiter: 'b' },
    ]);
    const ended = run([{ type: 'ended', pid: 101, epoch: 1, exit: { signal: 'SIGKILL' } }], waiting.table);
    expect(ended.commands).toEqual([
      { type: 'answer', pid: 101, waiter: 'a', outcome: { exit: { signal: 'SIGKILL' } } },
      { type: 'forget', pid: 101 },
    ]);
    const zombie = run([...born, { type: 'lost', pid: 101, epoch: 2, reason: 'node 0 was lost' }]);
    expect(zombie.commands).toEqual([]);
    expect(run([{ type: 'wait', pid: 101, waiter: 'late' }], zombie.table).commands).toEqual([
      { type: 'answer', pid: 101, waiter: 'late', outcome: { lost: 'node 0 was lost' } },
      { type: 'forget', pid: 101 },
    ]);
    expect(run([{ type: 'wait', pid: 7, waiter: 'x' }]).commands).toEqual([
      { type: 'answer', pid: 7, waiter: 'x', outcome: 'none' },
    ]);
  });

  it('refuses a PID that is taken', () => {
    expect(run([...born, born[0]!]).commands).toEqual([{ type: 'refuse', pid: 101, reason: 'taken' }]);
  });

  it('keeps a bounded number of ended processes, forgetting the oldest', () => {
    const count = processLimits.maxEndedRemembered + 5;
    const events = Array.from({ length: count }, (_, i): ProcessEvent[] => [
      { type: 'create', pid: 101 + i, name: '', argv: [], startedAtMs: 0 },
      { type: 'ended', pid: 101 + i, epoch: 1, exit: { code: 0 } },
    ]).flat();
    const { commands, table } = run(events);
    expect(commands).toEqual([0, 1, 2, 3, 4].map((i) => ({ type: 'forget', pid: 101 + i })));
    expect(table.entries.size).toBe(processLimits.maxEndedRemembered);
  });

  it('under any events: epochs never fall, what ended stays ended, each waiter is answered at most once', () => {
    const pid = fc.constantFrom(101, 102);
    const epoch = fc.integer({ min: 1, max: 4 });
    const waiter = fc.constantFrom('a', 'b');
    const event: fc.Arbitrary<ProcessEvent> = fc.oneof(
      pid.map((p) => ({ type: 'create' as const, pid: p, name: '', argv: [], startedAtMs: 0 })),
      fc.record({ type: fc.constantFrom('started' as const, 'moved' as const), pid, node: fc.nat(2), epoch }),
      fc.record({ type: fc.constant('moveBegun' as const), pid, toNode: fc.nat(2), epoch }),
      fc.record({ type: fc.constant('moveFailed' as const), pid, epoch }),
      fc.record({ type: fc.constant('ended' as const), pid, epoch, exit: fc.constant({ code: 0 }) }),
      fc.record({ type: fc.constant('lost' as const), pid, epoch, reason: fc.constant('x') }),
      fc.record({ type: fc.constantFrom('wait' as const, 'stopWaiting' as const), pid, waiter }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let table = emptyTable(0);
        let waiting = new Map<string, number>();
        for (const e of events) {
          const before = table.entries.get(e.pid);
          const { state, commands } = processStep(table, e);
          const after = state.entries.get(e.pid);
          if (e.type === 'wait') waiting.set(`${e.pid}${e.waiter}`, 1);
          if (e.type === 'stopWaiting') waiting.delete(`${e.pid}${e.waiter}`);
          for (const c of commands) {
            if (c.type !== 'answer') continue;
            expect(waiting.delete(`${c.pid}${c.waiter}`)).toBe(true);
          }
          if (before && after) expect(after.epoch).toBeGreaterThanOrEqual(before.epoch);
          if (before && after && (before.state.kind === 'ended' || before.state.kind === 'lost'))
            expect(after.state).toEqual(before.state);
          if (before && !after) expect(commands.some((c) => c.type === 'forget' && c.pid === e.pid)).toBe(true);
          table = state;
          waiting = new Map(waiting);
        }
        expect([...table.ended].sort()).toEqual(
          [...table.entries.values()]
            .filter((x) => ['ended', 'lost'].includes(x.state.kind))
            .map((x) => x.pid)
            .sort(),
        );
      }),
    );
  });
});
