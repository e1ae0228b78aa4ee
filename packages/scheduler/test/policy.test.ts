/** The scheduler's decisions one by one: what is refused, and why. */

import { describe, expect, it } from 'vitest';
import {
  bestFor,
  freed,
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
  ...{ unmeasuredGuests: 0, reservedCores: 0, guests: 0, freeMemoryBytes: 2 ** 33, totalMemoryBytes: 2 ** 34 },
  isDraining: false,
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
    expect(placesForNew(0, known(report(0), report(1)), 0)).toEqual([0]);
    const busyHome = known(report(0, { demandCores: 2 }), report(1, { demandCores: 1 }), report(2));
    expect(placesForNew(0, busyHome, 0)).toEqual([2, 1, 0]);
    expect(placesForNew(0, known(report(0, { unmeasuredGuests: 2 }), report(1)), 0)).toEqual([1, 0]);
    expect(placesForNew(0, [], 0)).toEqual([0]);
  });

  it('give the least loaded other node with room, never a draining one', () => {
    const guest = { demandCores: 1, memoryBytes: 2 ** 30 };
    const reports = known(report(0), report(1, { demandCores: 1 }), report(2, { isDraining: true }), report(3, { cores: 1 }));
    expect(bestFor(guest, 0, reports, 0)).toBe(1); // 1 on two cores plus one more is as much as one on one core; the lower id
    expect(bestFor(guest, 0, known(report(0), report(1, { freeMemoryBytes: 0 })), 0)).toBeUndefined();
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
