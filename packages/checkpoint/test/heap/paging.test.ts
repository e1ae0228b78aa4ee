/** Heaps that come back as they are touched, against heaps that come back whole. */
import { types } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeapOptions, PagedHeap, ParcelSource } from '../../src/heap/index.js';
import { Places } from '../../src/heap/places.js';
import { difference, options } from './graph.js';
import { build, plan } from './graphs.js';

/** A copy that comes in parcels of about `bytes`, what is asked for first. What is touched brings so many others. */
function paged(value: unknown, bytes: number, changed: Partial<HeapOptions> = {}, neighbours = 0) {
  const all = { ...options, ...changed };
  const source = new ParcelSource(value, all, bytes);
  const first = source.first();
  const heap = new PagedHeap({ ...all, neighbours, next: (wanted) => source.next(bytes, wanted)! });
  return { heap, source, root: heap.load(first) };
}

const parcelBytes = fc.integer({ min: 1, max: 600 });
const neighbours = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 }));

describe('PagedHeap', () => {
  it('gives back any graph, made whole in the order of parcels', () => {
    fc.assert(
      fc.property(plan, parcelBytes, neighbours, (nodes, bytes, around) => {
        const graph = build(nodes);
        const { heap, source, root } = paged(graph, bytes, {}, around);
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
      fc.property(
        plan,
        parcelBytes,
        fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
        neighbours,
        (nodes, bytes, draws, around) => {
          const graph = build(nodes);
          const { heap, root } = paged(graph, bytes, {}, around);
          const seen = new Set<object>([root as object]);
          const waiting: object[] = [root as object];
          for (let step = 0; waiting.length > 0; step++) {
            const [object] = waiting.splice(draws[step % draws.length]! % waiting.length, 1);
            // One property that it does not have, as a program would ask.
            if (!ArrayBuffer.isView(object)) void (object as { nothing: unknown }).nothing;
            // Of large arrays each piece comes by itself.
            if (Array.isArray(object)) for (let i = 0; i < object.length; i++) void object[i];
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
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('ParcelSource', () => {
  it('ends a parcel when that is wanted, which loses nothing', () => {
    const graph = Array.from({ length: 5_000 }, (_, i) => ({ i, next: { i } }));
    const source = new ParcelSource(graph, options, 1 << 20);
    const first = source.first();
    let parcels = 0;
    const next = () => {
      let asked = 0;
      parcels++;
      return source.next(1 << 20, undefined, () => ++asked > 20)!;
    };
    const heap = new PagedHeap({ ...options, next });
    const root = heap.load(first);
    heap.fillAll();
    expect(parcels).toBeGreaterThan(20);
    expect(difference(graph, root)).toBe(undefined);
  });
});

describe('a program at the end of its stack', () => {
  it.each([0, 5, 500])('gets the error that V8 has for that, and nothing of it is lost (%i neighbours)', (around) => {
    type Node = { next: Node | null };
    let list: Node = { next: null };
    for (let i = 0; i < 200_000; i++) list = { next: list };
    const lost: string[] = [];
    const lostFor = {
      lost(reason: string) {
        lost.push(reason);
        throw new Error(reason);
      },
    };
    const { root, heap } = paged(list, 4096, lostFor as Partial<HeapOptions>, around);
    const depthOf = (node: Node): number => (node.next === null ? 0 : 1 + depthOf(node.next));
    for (let i = 0; i < 20; i++) expect(() => depthOf(root as Node)).toThrow(RangeError);
    expect(lost).toEqual([]);
    heap.fillAll();
    let length = 0;
    for (let node = root as Node; node.next !== null; node = node.next) length++;
    expect(length).toBe(200_000);
  });
});

/** What a program may do to an array without looking at its own keys first. */
const steps: Record<string, (array: unknown[], n: number) => unknown> = {
  read: (array, n) => array[n],
  write: (array, n) => {
    array[n] = `new ${n}`;
  },
  push: (array, n) => array.push(n),
  pop: (array) => array.pop(),
  shift: (array) => array.shift(),
  unshift: (array, n) => array.unshift(n, n),
  splice: (array, n) => array.splice(n, 3, 'in', 'between'),
  slice: (array, n) => array.slice(n, n + 9),
  has: (array, n) => n in array,
  indexOf: (array, n) => array.indexOf(n),
  includes: (array) => array.includes(undefined),
  join: (array) => array.join(),
  reverse: (array) => array.reverse().length,
  sort: (array) => array.sort().length,
  concat: (array) => [0].concat(array as number[]),
  fill: (array, n) => array.fill(n, n, n + 5).length,
  spread: (array) => [...array],
  map: (array) => array.map((value) => [value]),
  at: (array) => array.at(-1),
  text: (array) => Object.prototype.toString.call(array),
  flat: (array) => [array].flat(2).length,
  named: (array, n) => {
    (array as unknown as Record<string, unknown>).named = n;
  },
};

describe('large arrays in pieces', () => {
  it('bring the piece that is looked at', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => ({ i }));
    const { root, source, heap } = paged({ list }, 4096);
    const copy = root as typeof root & { list: { i: number }[] };
    expect(copy.list[9_000]!.i).toBe(9_000);
    expect(copy.list.length).toBe(10_000);
    // Its piece, and what is small enough to come with it.
    expect(source.left).toBeGreaterThan(8_000 / 680);
    expect(copy.list[2]!.i).toBe(2);
    heap.fillAll();
    expect(difference({ list }, root)).toBe(undefined);
  });

  it('are arrays whatever is done to them', () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat({ max: 70 }));
    const element = fc.oneof(fc.nat(), fc.string(), fc.constant(undefined));
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 20, maxLength: 60 }),
        fc.array(fc.nat({ max: 59 }), { maxLength: 4 }),
        fc.array(step, { minLength: 1, maxLength: 12 }),
        // Fewer values in a piece than there are: of a small hollow array nobody can ask what it has.
        fc.integer({ min: 12, max: 108 }),
        (elements, holes, drawn, bytes) => {
          for (const hole of holes) delete elements[hole];
          const { heap, root } = paged([elements, { after: elements }], bytes);
          const [copy] = root as unknown[][];
          const model = elements.slice();
          for (const [name, n] of drawn) {
            const got = steps[name]!(copy!, n);
            expect(got, name).toStrictEqual(steps[name]!(model, n));
            expect(copy!.length).toBe(model.length);
          }
          heap.fillAll();
          expect(difference(model, copy)).toBe(undefined);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('Maps and Sets', () => {
  it('are filled in order, in whatever order their pieces come', () => {
    const map = new Map(Array.from({ length: 2_000 }, (_, i) => [`key ${i}`, { i }]));
    const set = new Set(map.values());
    const { root, heap } = paged({ map, set, other: [...set].reverse() }, 600);
    const copy = root as { map: typeof map; set: typeof set; other: unknown[] };
    expect((copy.other[1_000] as { i: number }).i).toBe(999);
    while (heap.fillSome(100)) if (heap.hollow % 7 === 0) void copy.other[heap.hollow % 2_000];
    expect(copy.map.size).toBe(2_000);
    expect(copy.set.size).toBe(2_000);
    heap.fillAll();
    expect(difference({ map, set, other: [...set].reverse() }, root)).toBe(undefined);
  });

  it('keep an iterator in its place whatever was deleted since', () => {
    const change = fc.tuple(fc.constantFrom('add', 'delete', 'delete', 'clear'), fc.nat({ max: 12 }));
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.nat({ max: 10 }), fc.array(change, { maxLength: 12 }), (size, steps, changes) => {
        const set = new Set(Array.from({ length: size }, (_, i) => i));
        const places = new Places();
        places.add(set);
        const model = set.values();
        const before = Math.min(steps, size);
        for (let i = 0; i < before; i++) model.next();
        for (const [what, key] of changes) {
          if (what === 'add') set.add(key);
          else if (what === 'delete') {
            places.deleting(set, key);
            set.delete(key);
          } else if (key < 3) {
            places.clearing(set);
            set.clear();
          }
        }
        const placed = set.values();
        for (let i = places.now(set, before); i > 0; i--) placed.next();
        expect([...placed]).toEqual([...model]);
      }),
      { numRuns: 1000 },
    );
  });
});
