/** Test kit: random graphs of objects of many kinds. */
import fc from 'fast-check';

/** Nodes and edges of any shape; edges point at any node, so cycles and sharing are the rule. */
export interface Plan {
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
export const plan: fc.Arbitrary<Plan> = fc.record({
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

export function build({ nodes }: Plan): unknown {
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
