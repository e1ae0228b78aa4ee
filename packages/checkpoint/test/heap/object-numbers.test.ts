/** Numbers by object in several Maps, against one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ObjectNumbers } from '../../src/heap/object-numbers.js';

const objects = Array.from({ length: 30 }, (_, i) => ({ i }));

describe('ObjectNumbers', () => {
  it('are what one Map holds, however few a Map takes', () => {
    const steps = fc.array(fc.record({ isAdded: fc.boolean(), at: fc.nat(objects.length - 1) }), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), steps, (most, all) => {
        const numbers = new ObjectNumbers(most);
        const expected = new Map<object, number>();
        for (const [number, { isAdded, at }] of all.entries()) {
          const object = objects[at]!;
          if (!isAdded) {
            numbers.delete(object);
            expected.delete(object);
          } else if (!expected.has(object)) {
            numbers.add(object, number);
            expected.set(object, number);
          }
          expect(numbers.size).toBe(expected.size);
          for (const other of objects) expect(numbers.get(other)).toBe(expected.get(other));
        }
      }),
      { numRuns: 200 },
    );
  });
});
