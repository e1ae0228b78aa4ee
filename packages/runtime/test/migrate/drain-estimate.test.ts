/** What is left of a drain, as far as it can be told: whatever guests are like, it only falls, and nothing is left at the end and not before. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrateLimits } from '../../src/limits.js';
import { DrainEstimate } from '../../src/migrate/drain-estimate.js';

const { emptyHeapBytes, heapToParcels } = migrateLimits;
/** V8's heap of a guest of which there are so many bytes of parcels. */
const heapOf = (bytes: number) => ({ old: emptyHeapBytes + bytes * heapToParcels, external: 0 });

describe('DrainEstimate', () => {
  it('never grows, is above 0 before the last parcel and 0 with it', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10 ** 9 }),
        fc.nat({ max: 10 ** 8 }),
        fc.array(
          fc.record({ bytes: fc.nat({ max: 10 ** 7 }), objects: fc.nat({ max: 10 ** 5 }), left: fc.nat({ max: 10 ** 6 }) }),
          {
            minLength: 1,
            maxLength: 60,
          },
        ),
        (old, external, parcels) => {
          const estimate = new DrainEstimate({ old, external });
          let [before, written] = [estimate.leftBytes, 0];
          parcels.forEach(({ bytes, objects, left }, i) => {
            const isLast = i === parcels.length - 1;
            written += objects;
            estimate.made(bytes, { written, left, isLast });
            expect(estimate.leftBytes).toBeLessThanOrEqual(before);
            expect(estimate.leftBytes > 0).toBe(!isLast);
            expect(Number.isInteger(estimate.leftBytes)).toBe(true);
            before = estimate.leftBytes;
          });
        },
      ),
    );
  });

  it('is right for many like objects in one array, even when the heap says five times as much', () => {
    for (const said of [1, 5]) {
      const estimate = new DrainEstimate(heapOf(said * 10_000_000));
      for (let written = 10_000; written <= 60_000; written += 10_000)
        estimate.made(1_000_000, { written, left: 100_000 - written, isLast: false });
      expect(estimate.leftBytes).toBe(4_000_000);
    }
  });

  it('counts what is behind like objects', () => {
    const estimate = new DrainEstimate(heapOf(50_000_000));
    // Each thing of 50,000 has one of its own, which is sent right after it.
    for (let things = 5_000; things <= 30_000; things += 5_000)
      estimate.made(1_000_000, { written: 2 * things, left: 50_000 - things, isLast: false });
    expect(estimate.leftBytes).toBeGreaterThan(3_900_000);
    expect(estimate.leftBytes).toBeLessThan(4_300_000);
  });

  it('trusts the heap where each object only shows the next', () => {
    const estimate = new DrainEstimate(heapOf(10_000_000));
    for (let parcel = 1; parcel <= 3; parcel++) estimate.made(1_000_000, { written: parcel * 10_000, left: 1, isLast: false });
    expect(estimate.leftBytes).toBeGreaterThan(3_000_000);
    expect(estimate.leftBytes).toBeLessThanOrEqual(7_000_000);
  });
});
