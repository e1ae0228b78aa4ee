import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeap, encodeHeap } from '../../src/heap/index.js';
import { difference, options, roundTrip } from './graph.js';
import { build, plan } from './graphs.js';

describe('encodeHeap() and decodeHeap()', () => {
  it('give back any graph of any objects', () => {
    fc.assert(
      fc.property(plan, (nodes) => {
        const graph = build(nodes);
        expect(difference(graph, roundTrip(graph))).toBe(undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('recognise by hidden class exactly what they check property by property', () => {
    fc.assert(
      fc.property(plan, (nodes) => {
        // Twice the same plan: the second half is recognised by the first.
        const graph = [build(nodes), build(nodes), build(nodes)];
        const fast = encodeHeap(graph, options).pages;
        const slow = encodeHeap(graph, { ...options, hiddenClasses: false }).pages;
        expect(fast.map((page) => Buffer.from(page).toString('hex'))).toStrictEqual(
          slow.map((page) => Buffer.from(page).toString('hex')),
        );
        expect(difference(graph, decodeHeap(fast, options))).toBe(undefined);
      }),
      { numRuns: 200 },
    );
  });
});

describe('difference(), the oracle of these tests', () => {
  const shared = { s: 1 };
  const pairs: [string, unknown, unknown][] = [
    ['a lost identity', [shared, shared], [{ s: 1 }, { s: 1 }]],
    ['a gained identity', [{ s: 1 }, { s: 1 }], [shared, shared]],
    ['a sign', { z: 0 }, { z: -0 }],
    ['an order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    // biome-ignore lint/suspicious/noSparseArray: the difference under test
    ['a hole', [, 1], [undefined, 1]],
    ['an attribute', Object.defineProperty({}, 'a', { value: 1 }), { a: 1 }],
    ['extensibility', Object.preventExtensions({}), {}],
    ['a prototype', Object.create(null), {}],
    ['a symbol', Symbol('a'), Symbol('b')],
    [
      'Map order',
      new Map([
        [1, 1],
        [2, 2],
      ]),
      new Map([
        [2, 2],
        [1, 1],
      ]),
    ],
    ['bytes', new Uint8Array([1]), new Uint8Array([2])],
    ['a time', new Date(1), new Date(2)],
    ['a kind', Object.setPrototypeOf(new Map(), Object.prototype), {}],
  ];
  for (const [what, a, b] of pairs) it(`sees ${what}`, () => expect(difference(a, b)).not.toBe(undefined));
});
