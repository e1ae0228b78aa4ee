import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeap, encodeHeap } from '../../src/heap/index.js';
import { difference, options, roundTrip } from './graph.js';

/** Nodes and edges of any shape; edges point at any node, so cycles and sharing are the rule. */
interface Plan {
  nodes: { kind: number; prototype: number; values: unknown[]; keys: (string | number)[]; edges: number[]; closed: number }[];
}
const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'next', '__proto__', 'constructor', 'length', '', '0', '17', 'é', '日'),
  fc.string(),
  fc.nat({ max: 20 }),
);
const leaf = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.boolean(),
  fc.constantFrom(undefined, null, -0, Number.NaN, Symbol.iterator, Symbol.for('x'), Math.max, Array.prototype),
);
const plan: fc.Arbitrary<Plan> = fc.record({
  nodes: fc.array(
    fc.record({
      kind: fc.nat({ max: 8 }),
      prototype: fc.nat({ max: 60 }),
      values: fc.array(leaf, { maxLength: 6 }),
      keys: fc.array(key, { maxLength: 6 }),
      edges: fc.array(fc.nat({ max: 100 }), { maxLength: 6 }),
      closed: fc.nat({ max: 8 }),
    }),
    { minLength: 1, maxLength: 25 },
  ),
});

const makers: ((values: unknown[]) => object)[] = [
  () => ({}),
  () => ({}),
  (values) => [...values],
  (values) => new Array(values.length + 3),
  () => new Map(),
  () => new Set(),
  () => new Date(1),
  () => Object.create(null),
  () => new Uint8Array(4),
];

function build({ nodes }: Plan): unknown {
  const objects = nodes.map((node) => makers[node.kind]!(node.values));
  nodes.forEach((node, i) => {
    const object = objects[i]!;
    const target = (n: number) => objects[node.edges[n % Math.max(node.edges.length, 1)]! % objects.length] ?? null;
    node.keys.forEach((name, k) => {
      const value = k % 2 ? node.values[k] : target(k);
      // Stores that convert or clip the value are the language's business, not the codec's.
      if ((name === 'length' && Array.isArray(object)) || (ArrayBuffer.isView(object) && Number(name) >= 0)) return;
      const flags = (k + node.closed) % 4;
      if (flags === 0 && typeof name === 'string') {
        Reflect.defineProperty(object, name, { value, writable: k % 3 === 0, enumerable: k % 3 !== 1, configurable: true });
      } else Reflect.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
    });
    if (object instanceof Map)
      for (const [k, value] of node.values.entries()) object.set(k % 2 ? target(k) : value, target(k + 1));
    if (object instanceof Set) for (const [k, value] of node.values.entries()) object.add(k % 2 ? target(k) : value);
    const prototype = objects[node.prototype];
    if (prototype) Reflect.setPrototypeOf(object, prototype);
    if (node.closed === 1) Object.preventExtensions(object);
    if (node.closed === 2 && !ArrayBuffer.isView(object)) Object.freeze(object);
    if (node.closed === 3 && !ArrayBuffer.isView(object)) Object.seal(object);
  });
  return objects;
}

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
