/** Whole clusters of the scheduler's own functions in simulated time: they settle, and nothing is promised that is not kept. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { schedulerLimits } from '../src/index.js';
import { type Scenario, Simulator } from './simulator.js';

const hot = () => 1;
const nodes = (count: number, cores = 2) => Array.from({ length: count }, () => ({ cores }));
const guestsOn = (node: number, count: number) => Array.from({ length: count }, () => ({ node, demand: hot }));

/** The shortest time any guest stayed where it had arrived. */
function shortestStayMs(simulator: Simulator): number {
  const arrivals = new Map<number, number>();
  let shortest = Number.POSITIVE_INFINITY;
  for (const { pid, atMs } of simulator.moved) {
    shortest = Math.min(shortest, atMs - (arrivals.get(pid) ?? Number.NEGATIVE_INFINITY));
    arrivals.set(pid, atMs);
  }
  return shortest;
}

const scenarios = fc
  .record({
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
    cores: fc.array(fc.constantFrom(1, 2, 4, 8), { minLength: 2, maxLength: 6 }),
    isOneMachine: fc.boolean(),
    guests: fc.array(
      fc.record({
        node: fc.nat(5),
        wants: fc.double({ min: 0, max: 1, noNaN: true }),
        periodMs: fc.integer({ min: 2_000, max: 90_000 }),
        pinned: fc.boolean(),
      }),
      { maxLength: 16 },
    ),
    loss: fc.constantFrom(0, 0.3),
    moveFailures: fc.constantFrom(0, 0.3),
  })
  .map(
    ({ cores, isOneMachine, guests, ...rest }): Scenario => ({
      ...rest,
      noise: 0.05,
      nodes: cores.map((count) => (isOneMachine ? { cores: cores[0]!, machine: 'one' } : { cores: count })),
      guests: guests.map(({ node, wants, periodMs, pinned }) => ({
        node: node % cores.length,
        demand: (atMs) => (Math.floor(atMs / periodMs) % 2 === 0 ? wants : wants / 10),
        pinned,
      })),
    }),
  );

describe('a simulated cluster', () => {
  it('spreads guests that start on one node over all, and then rests', () => {
    const simulator = new Simulator({ seed: 7, nodes: nodes(8), guests: guestsOn(0, 40) }).runUntil(120_000);
    const loads = simulator.nodes.map(({ id }) => simulator.trueLoad(id));
    // 40 guests on 16 cores: 2.5 each. The margin leaves a node at most a fifth above what a target would have.
    expect(Math.max(...loads)).toBeLessThanOrEqual(3.5);
    expect(Math.min(...loads)).toBeGreaterThanOrEqual(2);
    const settled = simulator.moves.length;
    simulator.runUntil(600_000);
    expect(simulator.moves.length).toBe(settled);
    expect(simulator.steps).toBeGreaterThan(5_000);
  });

  it('spreads four hot guests of one node over three nodes of one small machine within seconds, each moved at most once', () => {
    const shared = nodes(3).map((node) => ({ ...node, machine: 'one' }));
    const simulator = new Simulator({ seed: 3, nodes: shared, guests: guestsOn(0, 4), noise: 0.05 }).runUntil(15_000);
    expect(simulator.nodes.map(({ id }) => simulator.guests.filter(({ node }) => node === id).length)).toEqual([2, 1, 1]);
    expect(simulator.runUntil(300_000).moved.length).toBe(2);
  });

  it('never brings a guest back to a node it left while what guests want stays as it is', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const guests = scenario.guests.map((guest) => ({ ...guest, demand: () => guest.demand(0) ?? 0 }));
        const simulator = new Simulator({ ...scenario, guests, noise: 0 }).runUntil(200_000);
        const left = new Map<number, Set<number>>();
        for (const { pid, from, to } of simulator.moved) {
          const known = left.get(pid) ?? new Set<number>();
          left.set(pid, known.add(from));
          expect(known).not.toContain(to);
        }
        const settled = simulator.moved.length;
        expect(simulator.runUntil(300_000).moved.length).toBe(settled);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the minimum stay, pins and the age of news, however loads change and messages are lost', () => {
    fc.assert(
      fc.property(scenarios, (scenario) => {
        const simulator = new Simulator(scenario).runUntil(240_000);
        expect(shortestStayMs(simulator)).toBeGreaterThanOrEqual(schedulerLimits.minimumStayMs);
        const pinned = simulator.guests.filter((guest) => guest.pinned).map(({ pid }) => pid);
        for (const { pid, reportAgeMs, demandCores } of simulator.moves) {
          expect(pinned).not.toContain(pid);
          expect(reportAgeMs).toBeLessThanOrEqual(schedulerLimits.staleAfterMs);
          expect(demandCores).toBeGreaterThanOrEqual(schedulerLimits.minimumDemandCores);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does not flood a newcomer: thirty busy nodes leave it no more loaded than the least of those that sent to it', () => {
    const busy = Array.from({ length: 30 }, (_, node) => guestsOn(node, 5)).flat();
    const newcomer = { cores: 2, startsAtMs: 20_000 };
    const simulator = new Simulator({ seed: 11, nodes: [...nodes(30), newcomer], guests: busy });
    for (let atMs = 1_000; atMs <= 90_000; atMs += 500) {
      simulator.runUntil(atMs);
      expect(simulator.trueLoad(30)).toBeLessThanOrEqual(2);
    }
    expect(simulator.trueLoad(30)).toBeGreaterThanOrEqual(1.5);
    expect(simulator.mostReservations).toBeGreaterThan(1);
    expect(simulator.mostReservations).toBeLessThanOrEqual(schedulerLimits.maxReservations);
    expect(simulator.moves.some(({ outcome }) => outcome === 'refused')).toBe(true);
  });

  it('sends nothing to a node that has fallen silent or is being drained', () => {
    const silent = { nodes: [2], fromMs: 500 };
    const simulator = new Simulator({ seed: 5, nodes: nodes(4), guests: guestsOn(0, 12), silent, draining: [3] });
    simulator.runUntil(120_000);
    // What it said last counts until it is stale.
    const later = simulator.moved.filter(({ atMs }) => atMs > silent.fromMs + schedulerLimits.staleAfterMs + 1_000);
    expect(new Set(later.map(({ to }) => to))).toEqual(new Set([1]));
    expect(simulator.moved.map(({ to }) => to)).not.toContain(3);
  });
});
