/** Heaps that come back as they are touched, against heaps that come back whole. */
import { types } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeapOptions, PagedHeap, ParcelSource } from '../../src/heap/index.js';
import { difference, options } from './graph.js';
import { build, plan } from './graphs.js';

/** A copy that comes in parcels of about `bytes`, what is asked for first. */
function paged(value: unknown, bytes: number, changed: Partial<HeapOptions> = {}) {
  const all = { ...options, ...changed };
  const source = new ParcelSource(value, all, bytes);
  const first = source.first();
  const heap = new PagedHeap({ ...all, next: (wanted) => source.next(bytes, wanted)! });
  return { heap, source, root: heap.load(first) };
}

const parcelBytes = fc.integer({ min: 1, max: 600 });

describe('PagedHeap', () => {
  it('gives back any graph, made whole in the order of parcels', () => {
    fc.assert(
      fc.property(plan, parcelBytes, (nodes, bytes) => {
        const graph = build(nodes);
        const { heap, source, root } = paged(graph, bytes);
        heap.fillAll();
        expect(heap.hollow).toBe(0);
        expect(source.left).toBe(0);
        expect(difference(graph, root)).toBe(undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives back any graph, touched in any order', () => {
    fc.assert(
      fc.property(plan, parcelBytes, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), (nodes, bytes, draws) => {
        const graph = build(nodes);
        const { heap, root } = paged(graph, bytes);
        const seen = new Set<object>([root as object]);
        const waiting: object[] = [root as object];
        for (let step = 0; waiting.length > 0; step++) {
          const [object] = waiting.splice(draws[step % draws.length]! % waiting.length, 1);
          // One property that it does not have, as a program would ask.
          if (!ArrayBuffer.isView(object)) void (object as { nothing: unknown }).nothing;
          const found: unknown[] = [Object.getPrototypeOf(object!)];
          for (const key of Reflect.ownKeys(object!)) found.push(Reflect.getOwnPropertyDescriptor(object!, key)!.value);
          if (types.isMap(object)) for (const entry of Map.prototype.entries.call(object)) found.push(...entry);
          if (types.isSet(object)) for (const item of Set.prototype.values.call(object)) found.push(item);
          for (const value of found) {
            if (typeof value !== 'object' || value === null || seen.has(value)) continue;
            seen.add(value);
            waiting.push(value);
          }
        }
        expect(heap.hollow).toBe(0);
        expect(difference(graph, root)).toBe(undefined);
      }),
      { numRuns: 1000 },
    );
  });
});
