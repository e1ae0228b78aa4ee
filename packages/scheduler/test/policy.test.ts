/** The scheduler's decisions one by one: what is refused, and why. */

import { describe, expect, it } from 'vitest';
import {
  balance,
  bestFor,
  freed,
  type GuestLoad,
  heard,
  type KnownReport,
  type NodeReport,
  nodeLoads,
  parseGossip,
  parseReport,
  placesForNew,
  reserve,
  retryDelayMs,
  schedulerLimits,
  toTell,
} from '../src/index.js';

const report = (node: number, fields: Partial<NodeReport> = {}): NodeReport => ({
  ...{ node, incarnation: 'one', sequence: 1, machine: `m${node}`, cores: 2, machineBusyCores: 0, usedCores: 0, demandCores: 0 },
  ...{ unmeasuredCores: 0, reservedCores: 0, guests: 0, freeMemoryBytes: 2 ** 33, totalMemoryBytes: 2 ** 34 },
  ...{ isDraining: false, pools: [] },
  ...fields,
});
const known = (...reports: NodeReport[]): KnownReport[] => reports.map((one) => ({ report: one, atMs: 0 }));
const request = { id: '200', demandCores: 1, memoryBytes: 2 ** 20, sourceLoad: 3 };

describe('nodeLoads', () => {
  it('counts the cores of a machine once, and strangers there against each of its nodes', () => {
    const shared = { machine: 'one', cores: 4, machineBusyCores: 3, usedCores: 1 };
    const loads = nodeLoads(known(report(0, { ...shared, demandCores: 1 }), report(1, { ...shared, demandCores: 2 })), 0);
    expect(loads.get(0)).toMatchObject({ capacityCores: 2, foreignLoad: 0.25, load: 0.75 });
    expect(loads.get(1)).toMatchObject({ load: 1.25 });
  });

  it('knows no load of a node whose report is stale', () => {
    expect(nodeLoads(known(report(0)), schedulerLimits.staleAfterMs + 1).size).toBe(0);
  });
});

describe('reserve', () => {
  it('keeps one place a guest, counts it, and frees it on arrival and by time', () => {
    const reports = known(report(1));
    const first = reserve([], request, 1, reports, 0);
    expect(first.refused).toBeUndefined();
    const again = reserve(first.reservations, request, 1, reports, 10);
    expect(again.reservations).toHaveLength(1);
    expect(freed(again.reservations, '200', 20)).toEqual([]);
    expect(freed(again.reservations, 'other', schedulerLimits.reservationMs + 10)).toEqual([]);
  });

  it('refuses what would leave the guest no better off, counting what it has promised already', () => {
    const reports = known(report(1));
    let { reservations } = reserve([], request, 1, reports, 0);
    ({ reservations } = reserve(reservations, { ...request, id: '201' }, 1, reports, 0));
    const granted = reserve(reservations, { ...request, id: '202' }, 1, reports, 0);
    expect(granted.refused).toBeUndefined(); // 1.5 against 3
    ({ reservations } = granted);
    expect(reserve(reservations, { ...request, id: '203', sourceLoad: 2 }, 1, reports, 0).refused).toBe('no-better');
  });

  it('refuses when draining, without memory, without a load of its own, and when it keeps all places it may', () => {
    expect(reserve([], request, 1, known(report(1, { isDraining: true })), 0).refused).toBe('draining');
    expect(reserve([], request, 1, known(report(1, { freeMemoryBytes: 2 ** 20 })), 0).refused).toBe('no-memory');
    expect(reserve([], request, 1, known(report(2)), 0).refused).toBe('unknown-load');
    let reservations: ReturnType<typeof reserve>['reservations'] = [];
    for (let id = 0; id < schedulerLimits.maxReservations; id++)
      ({ reservations } = reserve(reservations, { id: `n${id}`, demandCores: 1, memoryBytes: 0 }, 1, known(report(1)), 0));
    expect(reserve(reservations, request, 1, known(report(1)), 0).refused).toBe('full');
  });
});

describe('placesForNew and bestFor', () => {
  it('keep a new guest at home unless another node is better by the margin', () => {
    const wanted = { demandCores: 1, memoryBytes: 0 };
    expect(placesForNew(wanted, 0, known(report(0), report(1)), 0)).toEqual([0]);
    const busyHome = known(report(0, { demandCores: 2 }), report(1, { demandCores: 1 }), report(2));
    expect(placesForNew(wanted, 0, busyHome, 0)).toEqual([2, 1, 0]);
    expect(placesForNew(wanted, 0, known(report(0, { unmeasuredCores: 2 }), report(1)), 0)).toEqual([1, 0]);
    expect(placesForNew(wanted, 0, [], 0)).toEqual([0]);
  });

  it('keep to a pool, home or not', () => {
    const reports = known(report(0), report(1, { pools: ['gpu'], demandCores: 2 }), report(2, { pools: ['gpu', 'big'] }));
    const wanted = { demandCores: 1, memoryBytes: 0, pool: 'gpu' };
    expect(placesForNew(wanted, 0, reports, 0)).toEqual([2, 1]);
    expect(bestFor(wanted, 2, reports, 0)).toBe(1);
    expect(placesForNew({ ...wanted, pool: 'none' }, 0, reports, 0)).toEqual([]);
    expect(reserve([], { ...request, pool: 'big' }, 1, reports, 0).refused).toBe('other-pool');
    expect(reserve([], { ...request, pool: 'big' }, 2, reports, 0).refused).toBeUndefined();
  });

  it('give the least loaded other node with room, never a draining one', () => {
    const guest = { demandCores: 1, memoryBytes: 2 ** 30 };
    const reports = known(report(0), report(1, { demandCores: 1 }), report(2, { isDraining: true }), report(3, { cores: 1 }));
    expect(bestFor(guest, 0, reports, 0)).toBe(1); // 1 on two cores plus one more is as much as one on one core; the lower id
    expect(bestFor(guest, 0, known(report(0), report(1, { freeMemoryBytes: 0 })), 0)).toBeUndefined();
  });
});

describe('balance', () => {
  const guest = (pid: number, fields: Partial<GuestLoad> = {}): GuestLoad => ({
    ...{ pid, demandCores: 1, cpuMs: 60_000, hereForMs: 60_000, hasMoved: false, memoryBytes: 2 ** 20, isFixed: false },
    retryAtMs: 0,
    ...fields,
  });
  const plan = (guests: GuestLoad[], ...reports: NodeReport[]) =>
    balance({ self: 0, nowMs: 1_000, reports: known(...reports), guests, random: () => 0 });
  const busy = report(0, { demandCores: 6 });

  it('takes the guest that wants most, of equals the smallest, and asks its target with the load it leaves', () => {
    expect(plan([guest(200, { demandCores: 0.5 }), guest(201, { memoryBytes: 2 ** 21 }), guest(202)], busy, report(1))).toEqual({
      ...{ pid: 202, to: 1, demandCores: 1, memoryBytes: 2 ** 20, sourceLoad: 3 },
    });
  });

  it('leaves alone who is fixed, new, just arrived, unmeasured, idle, too young to pay for its move, or has just failed', () => {
    const stays = [
      guest(200, { isFixed: true }),
      guest(201, { hereForMs: schedulerLimits.historyMs - 1 }),
      guest(202, { hasMoved: true, hereForMs: schedulerLimits.minimumStayMs - 1 }),
      guest(203, { demandCores: undefined }),
      guest(204, { demandCores: 0.05 }),
      guest(205, { cpuMs: 100 }),
      guest(206, { retryAtMs: 1_001 }),
      guest(207, { memoryBytes: 2 ** 33 }),
      guest(208, { pool: 'gpu' }),
    ];
    expect(plan(stays, busy, report(1))).toBeUndefined();
    for (const one of [guest(209), guest(210, { hasMoved: true, hereForMs: schedulerLimits.minimumStayMs })])
      expect(plan([...stays, one], busy, report(1))?.pid).toBe(one.pid);
  });

  it('moves nothing from a node that is not busy, is draining, or unknown, nor to one that would be no better', () => {
    expect(plan([guest(200)], report(0, { demandCores: 1 }), report(1))).toBeUndefined();
    expect(plan([guest(200)], { ...busy, isDraining: true }, report(1))).toBeUndefined();
    expect(plan([guest(200)], report(1))).toBeUndefined();
    expect(plan([guest(200)], busy, report(1, { demandCores: 4 }))).toBeUndefined();
    expect(plan([guest(200)], busy, report(1, { demandCores: 3 }))?.to).toBe(1);
  });

  it('sends the largest guest of a machine that is short of memory to another that has plenty', () => {
    const short = report(0, { freeMemoryBytes: 2 ** 28 });
    const guests = [guest(200, { memoryBytes: 2 ** 27 }), guest(201, { memoryBytes: 2 ** 29, demandCores: undefined })];
    const found = plan(guests, short, report(1, { machine: 'm0' }), report(2));
    expect([found?.pid, found?.to, found?.sourceLoad]).toEqual([201, 2, undefined]);
    expect(plan(guests, short, report(2, { freeMemoryBytes: 2 ** 31 }))).toBeUndefined();
    // Where memory cannot be helped, load still can.
    expect(plan(guests, { ...short, demandCores: 6 }, report(1, { freeMemoryBytes: 2 ** 31 }))?.sourceLoad).toBe(3);
  });
});

describe('gossip', () => {
  it('keeps the newest report of a life and takes a new life, whatever order they come in', () => {
    let view = heard(new Map(), [{ report: report(1, { sequence: 5 }), ageMs: 0 }], 100);
    view = heard(view, [{ report: report(1, { sequence: 4, guests: 9 }), ageMs: 0 }], 200);
    expect(view.get(1)?.report.sequence).toBe(5);
    view = heard(view, [{ report: report(1, { incarnation: 'old', sequence: 50 }), ageMs: 150 }], 200);
    expect(view.get(1)?.report.incarnation).toBe('one');
    view = heard(view, [{ report: report(1, { incarnation: 'two', sequence: 0 }), ageMs: 0 }], 300);
    expect(view.get(1)).toMatchObject({ atMs: 300, report: { incarnation: 'two' } });
  });

  it('is bounded, forgets what is old, and leaves out what is malformed', () => {
    const many = Array.from({ length: 100 }, (_, node) => ({ report: report(node), ageMs: node }));
    const view = heard(new Map(), many, 1_000);
    const told = toTell(view, 99, 1_000);
    expect(told).toHaveLength(schedulerLimits.gossipWindow + 1);
    expect(told[0]!.report.node).toBe(99);
    expect(told[1]!.report.node).toBe(0);
    expect(heard(view, [], 1_000 + schedulerLimits.forgetAfterMs + 1).size).toBe(0);
    expect(parseGossip([{ report: { node: 1 }, ageMs: 0 }, null, { report: report(1), ageMs: 3 }])).toHaveLength(1);
    expect(parseGossip('nonsense')).toEqual([]);
    expect(parseReport({ ...report(1), demandCores: Number.NaN })).toBeUndefined();
  });
});

describe('retryDelayMs', () => {
  it('doubles up to its bound', () => {
    expect([1, 2, 3, 50].map(retryDelayMs)).toEqual([5_000, 10_000, 20_000, 80_000]);
  });
});
