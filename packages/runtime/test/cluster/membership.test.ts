import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  initialMembership,
  type MembershipChange,
  type MembershipCommand,
  type MembershipEvent,
  type MembershipState,
  membershipStep,
} from '../../src/cluster/membership.js';
import { clusterLimits } from '../../src/limits.js';

const node = (id: number, incarnation = `i${id}`) => ({ id, incarnation });
const heard = (nowMs: number, id: number, extra: Partial<Extract<MembershipEvent, { type: 'heard' }>> = {}): MembershipEvent => ({
  type: 'heard',
  nowMs,
  node: node(id),
  info: {},
  leaving: false,
  leaseRevision: nowMs + 1,
  ...extra,
});

function run(events: MembershipEvent[], state: MembershipState = initialMembership(node(0), 0)) {
  const commands: MembershipCommand[] = [];
  for (const event of events) {
    const step = membershipStep(state, event);
    state = step.state;
    commands.push(...step.commands);
  }
  const changes = commands.flatMap((command) => (command.type === 'report' ? [command.change] : []));
  return { state, commands, kinds: changes.map((change) => change.kind) };
}

describe('membership', () => {
  it('announces and renews once a second, one renewal at a time', () => {
    const ticks = [0, 250, 500, 999, 1000, 1250, 2000].map((nowMs): MembershipEvent => ({ type: 'tick', nowMs }));
    const { commands } = run(ticks);
    expect(commands.filter((c) => c.type === 'announce').length).toBe(3);
    expect(commands.filter((c) => c.type === 'renew').length).toBe(1);
  });

  it('takes a silent node through suspect and revoking, and reports it lost only when its lease is gone', () => {
    const before = run([
      heard(0, 1),
      { type: 'tick', nowMs: clusterLimits.suspectAfterMs },
      { type: 'renewed', sentAtMs: clusterLimits.suspectAfterMs },
      { type: 'tick', nowMs: clusterLimits.revokeAfterMs },
    ]);
    expect(before.kinds).toEqual(['joined', 'suspect']);
    expect(before.commands.filter((c) => c.type === 'revoke')).toEqual([{ type: 'revoke', node: node(1), leaseRevision: 1 }]);
    const revokeEnded = (outcome: 'gone' | 'alive' | 'unknown') =>
      run([{ type: 'revokeEnded', nowMs: 3_100, node: node(1), outcome }], before.state);
    expect(revokeEnded('gone').kinds).toEqual(['lost']);
    expect(revokeEnded('alive').kinds).toEqual(['alive']);
    const unknown = revokeEnded('unknown');
    expect(unknown.kinds).toEqual([]);
    expect(run([{ type: 'tick', nowMs: 3_250 }], unknown.state).commands.some((c) => c.type === 'revoke')).toBe(true);
  });

  it('tells leaving from being lost', () => {
    expect(run([heard(0, 1), heard(1, 1, { leaving: true }), { type: 'leaseGone', nowMs: 2, id: 1 }]).kinds).toEqual([
      'joined',
      'left',
    ]);
    expect(run([heard(0, 1), { type: 'leaseGone', nowMs: 2, id: 1 }]).kinds).toEqual(['joined', 'lost']);
  });

  it('reports the old life of an id lost when another takes its lease', () => {
    const taken = run([heard(0, 1), heard(5, 1, { node: node(1, 'new') })]);
    expect(taken.kinds).toEqual(['joined', 'lost', 'joined']);
    expect(taken.state.members.get(1)?.incarnation).toBe('new');
  });

  it('does not let a late publication of a dead node bring it back', () => {
    const dead = [heard(0, 1), { type: 'leaseGone', nowMs: 2, id: 1 } as const];
    expect(run([...dead, heard(3, 1, { leaseRevision: undefined })]).kinds).toEqual(['joined', 'lost']);
    const replaced = [heard(0, 1, { node: node(1, 'new') }), heard(3, 1, { leaseRevision: undefined })];
    expect(run(replaced).state.members.get(1)?.incarnation).toBe('new');
  });

  it('fences itself when its lease is gone, another holds it, or a renewal finds it taken; and is silent then', () => {
    for (const event of [
      { type: 'leaseGone', nowMs: 1, id: 0 },
      heard(1, 0, { node: node(0, 'other') }),
      { type: 'renewFailed', taken: true },
    ] as MembershipEvent[]) {
      const { state, commands } = run([event]);
      expect(commands.map((c) => c.type)).toEqual(['fence']);
      expect(run([{ type: 'tick', nowMs: 9_999 }, heard(10_000, 3)], state).commands).toEqual([]);
    }
    expect(run([heard(1, 0)]).commands).toEqual([]);
  });

  it('says when it could not renew for so long that others may have given it up, and when that is over', () => {
    const { kinds } = run([
      { type: 'tick', nowMs: 0 },
      { type: 'renewFailed', taken: false },
      { type: 'tick', nowMs: clusterLimits.isolatedAfterMs },
      { type: 'renewed', sentAtMs: clusterLimits.isolatedAfterMs },
    ]);
    expect(kinds).toEqual(['isolated', 'reconnected']);
  });

  it('judges nobody while it is isolated, and gives everybody their time again afterwards', () => {
    const backMs = 2 * clusterLimits.revokeAfterMs;
    const thawed = run([
      heard(0, 1),
      { type: 'tick', nowMs: backMs },
      { type: 'renewed', sentAtMs: backMs },
      { type: 'tick', nowMs: backMs + clusterLimits.suspectAfterMs - 1 },
    ]);
    expect(thawed.kinds).toEqual(['joined', 'isolated', 'reconnected']);
    expect(thawed.commands.filter((c) => c.type === 'revoke')).toEqual([]);
  });

  it('in a cluster of frozen, cut off and dead nodes: lost in 3.5 s, never while renewing, and whoever was lost is fenced', () => {
    const trouble = fc.record({
      id: fc.nat(2),
      fromMs: fc.nat(10_000),
      lengthMs: fc.nat(9_000),
      kind: fc.constantFrom('frozen', 'cut off'),
    });
    fc.assert(
      fc.property(fc.array(trouble, { maxLength: 4 }), fc.infiniteStream(fc.nat(120)), (troubles, delays) => {
        const outcome = simulate(troubles, () => delays.next().value as number);
        for (const { silentMs, renewedAfterLoss } of outcome.losses) {
          expect(silentMs).toBeGreaterThanOrEqual(clusterLimits.revokeAfterMs - 250);
          expect(renewedAfterLoss).toBe(false);
        }
        for (const id of outcome.lost)
          if (!outcome.troubledAtEnd.has(id)) expect(outcome.fenced.has(id), `node ${id} fenced`).toBe(true);
        for (const id of outcome.fenced) expect(outcome.lost.has(id), `node ${id} lost`).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('reports a killed node lost within 3.5 s of its last word', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 6_000 }), fc.infiniteStream(fc.nat(120)), (fromMs, delays) => {
        const { losses } = simulate([{ id: 2, fromMs, lengthMs: 60_000, kind: 'frozen' }], () => delays.next().value as number);
        expect(losses.map((loss) => loss.by).sort()).toEqual([0, 1]);
        for (const loss of losses) expect(loss.silentMs).toBeLessThanOrEqual(3_500);
      }),
      { numRuns: 50 },
    );
  });
});

interface Trouble {
  id: number;
  fromMs: number;
  lengthMs: number;
  kind: string;
}

/** Three nodes' machines on a model of bus and lease store, 20 s of it, with some nodes frozen or cut off for a while. */
function simulate(troubles: Trouble[], delayMs: () => number) {
  const endMs = 20_000;
  const leases = new Map<number, { incarnation: string; revision: number; renewedAtMs: number }>();
  const machines = new Map<number, MembershipState>();
  const queue: { atMs: number; action: () => void }[] = [];
  const losses: { by: number; silentMs: number; renewedAfterLoss: boolean }[] = [];
  const lost = new Set<number>();
  const fenced = new Set<number>();
  let nowMs = 0;
  let revision = 0;
  const is = (kind: string, id: number) =>
    troubles.some((t) => t.kind === kind && t.id === id && t.fromMs <= nowMs && nowMs < t.fromMs + t.lengthMs);
  const later = (action: () => void, ms = delayMs()) => queue.push({ atMs: nowMs + ms, action });
  const busReaches = (id: number) => !is('cut off', id);

  function deliver(id: number, event: () => MembershipEvent): void {
    if (is('frozen', id)) return void later(() => deliver(id, event), 50);
    const step = membershipStep(machines.get(id)!, event());
    machines.set(id, step.state);
    for (const command of step.commands) carryOut(id, command);
  }
  function leaseEvent(id: number): void {
    for (const other of machines.keys()) {
      const notify = () => {
        if (!busReaches(other)) return void later(notify, 100);
        const lease = leases.get(id);
        const leaseRevision = lease?.revision;
        deliver(other, () =>
          lease
            ? heard(nowMs, id, { node: node(id, lease.incarnation), leaseRevision: leaseRevision! })
            : { type: 'leaseGone', nowMs, id },
        );
      };
      later(notify);
    }
  }
  function carryOut(id: number, command: MembershipCommand): void {
    const self = machines.get(id)!.self;
    if (command.type === 'fence') fenced.add(id);
    if (command.type === 'report') note(id, command.change);
    if (command.type === 'renew') {
      const sentAtMs = nowMs;
      later(() => {
        if (!busReaches(id)) return later(() => deliver(id, () => ({ type: 'renewFailed', taken: false })), 500);
        const lease = leases.get(id);
        const good = lease?.incarnation === self.incarnation;
        if (good) {
          leases.set(id, { ...lease, revision: ++revision, renewedAtMs: nowMs });
          leaseEvent(id);
        }
        return later(() => deliver(id, () => (good ? { type: 'renewed', sentAtMs } : { type: 'renewFailed', taken: true })));
      });
    }
    if (command.type === 'revoke') {
      later(() => {
        const target = command.node;
        let outcome: 'gone' | 'alive' | 'unknown' = 'unknown';
        if (busReaches(id)) {
          const lease = leases.get(target.id);
          outcome = !lease || lease.revision <= command.leaseRevision ? 'gone' : 'alive';
          if (lease && outcome === 'gone') {
            leases.delete(target.id);
            leaseEvent(target.id);
          }
        }
        later(() => deliver(id, () => ({ type: 'revokeEnded', nowMs, node: target, outcome })));
      });
    }
  }
  function note(by: number, change: MembershipChange): void {
    if (change.kind !== 'lost') return;
    lost.add(change.node.id);
    const known = lastRenewal.get(change.node.id) ?? 0;
    losses.push({ by, silentMs: nowMs - known, renewedAfterLoss: leases.has(change.node.id) });
  }
  const lastRenewal = new Map<number, number>();
  for (const id of [0, 1, 2]) {
    leases.set(id, { incarnation: `i${id}`, revision: ++revision, renewedAtMs: 0 });
    machines.set(id, initialMembership(node(id), 0));
  }
  for (const id of [0, 1, 2]) {
    leaseEvent(id);
    const tick = () => {
      deliver(id, () => ({ type: 'tick', nowMs }));
      later(tick, clusterLimits.membershipTickMs);
    };
    tick();
  }
  while (nowMs < endMs) {
    queue.sort((a, b) => a.atMs - b.atMs);
    const next = queue.shift()!;
    nowMs = Math.max(nowMs, next.atMs);
    for (const [id, lease] of leases) lastRenewal.set(id, lease.renewedAtMs);
    next.action();
  }
  const troubledAtEnd = new Set(troubles.filter((t) => t.fromMs + t.lengthMs > endMs - 4_000).map((t) => t.id));
  return { losses, lost, fenced, troubledAtEnd };
}
