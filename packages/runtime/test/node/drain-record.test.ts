/** The figures of one drain agree with each other, whatever happened in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DrainRecord } from '../../src/node/drain-record.js';
import { nodeLimits } from '../../src/node/limits.js';
import { ManualHost } from '../cluster/manual-host.js';

describe('DrainRecord', () => {
  it('counts a fault once, however many parcels it took, and each parcel that was waited for', () => {
    const host = new ManualHost();
    const drain = new DrainRecord(host, 2, 9_000);
    for (const [wanted, waitedMs, left] of [
      [7, 3, 8_000],
      [7, 4, 6_000],
      [9, 20, 3_000],
    ] as const) {
      drain.stands();
      host.advance(waitedMs);
      drain.parcel(1_000, false, left);
      drain.stood(wanted, waitedMs);
    }
    host.advance(13);
    drain.parcel(500, false, 20);
    expect(drain.report).toMatchObject({ epoch: 2, leftBytes: 20, figures: { drain: 'under way' } });
    host.advance(10);
    drain.parcel(500, true, 0);
    host.advance(100);
    drain.end(undefined);
    expect(drain.report.figures).toEqual({
      drain: 'whole',
      drainReason: null,
      faults: 2,
      faultMs: 27,
      faultP50Ms: 7,
      faultP99Ms: 20,
      parcels: 5,
      prefetchedParcels: 2,
      prefetchShare: 0.4,
      drainBytes: 4_000,
      drainMs: 50,
      drainBytesPerS: 80_000,
    });
  });

  it('has a wait in which the guest was lost, nothing at the source any more, and the reason', async () => {
    const host = new ManualHost();
    const drain = new DrainRecord(host, 2, 9_000);
    drain.stands();
    host.advance(70);
    drain.end('node 1 was lost');
    drain.end(undefined);
    host.advance(70);
    const { figures, leftBytes } = drain.report;
    expect(figures).toMatchObject({ drain: 'lost', drainReason: 'node 1 was lost', faults: 1, faultMs: 70, faultP99Ms: 70 });
    expect(leftBytes).toBe(0);
  });

  it('tells when the guest does not stand still any more', async () => {
    const drain = new DrainRecord(new ManualHost(), 2, 9_000);
    await drain.going();
    drain.stands();
    let isGoing = false;
    const going = drain.going().then(() => {
      isGoing = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isGoing).toBe(false);
    drain.stood(3, 1);
    await going;
  });

  it('keeps count, sum and quantiles of more faults than it keeps times of', () => {
    const times = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), {
      minLength: 1,
      maxLength: 3 * nodeLimits.faultTimesKept,
    });
    fc.assert(
      fc.property(times, (waited) => {
        const drain = new DrainRecord(new ManualHost(), 2, 0);
        waited.forEach((ms, object) => {
          drain.stood(object, ms);
        });
        const { faults, faultMs, faultP50Ms, faultP99Ms } = drain.report.figures;
        expect(faults).toBe(waited.length);
        expect(faultMs).toBeCloseTo(
          waited.reduce((sum, ms) => sum + ms, 0),
          6,
        );
        expect(waited).toContain(faultP50Ms);
        expect(faultP50Ms!).toBeLessThanOrEqual(faultP99Ms!);
        expect(faultP99Ms!).toBeLessThanOrEqual(faultMs + 1e-6);
      }),
      { numRuns: 20 },
    );
    const drain = new DrainRecord(new ManualHost(), 2, 0);
    const count = 10 * nodeLimits.faultTimesKept;
    for (let i = 0; i < count; i++) drain.stood(i, i / count);
    const { faultP50Ms, faultP99Ms } = drain.report.figures;
    expect(faultP50Ms).toBeCloseTo(0.5, 2);
    expect(faultP99Ms).toBeCloseTo(0.99, 2);
  });
});
