/**
 * Test kit: a codec over this realm, and a comparison of two graphs that follows both in step and looks at everything the
 * language shows: identity, prototypes, property order and attributes, slots. Independent of the codec's own classification.
 */
import { types } from 'node:util';
import { decodeHeap, encodeHeap, type HeapOptions, Internals, type NamedBuiltins, nameBuiltins } from '../../src/heap/index.js';

const named = nameBuiltins({});
const internals = new Internals();
// The test runner changes globals of its own all the time; changes to built-ins are tested in realms that belong to the tests.
const builtins: NamedBuiltins = {
  nameOf: (value) => named.nameOf(value),
  resolve: (name) => named.resolve(name),
  lateNameOf: (value) => named.lateNameOf(value),
  changed: () => [],
  numberOf: (object) => named.numberOf(object),
  nameAt: (number) => named.nameAt(number),
  isOpaque: (prototype) => named.isOpaque(prototype),
  isHostClass: (prototype) => named.isHostClass(prototype),
};
export const options: HeapOptions = { builtins, specials: [], internals };

/** Encodes and decodes in the same realm. */
export function roundTrip<T>(value: T, changed: Partial<HeapOptions> = {}): T {
  const all = { ...options, ...changed };
  return decodeHeap(encodeHeap(value, all).pages, all) as T;
}

/** The first difference between two graphs as a path, or undefined. */
export function difference(left: unknown, right: unknown): string | undefined {
  const pairs = new Map<unknown, unknown>();
  const seenRight = new Set<unknown>();
  const queue: [unknown, unknown, string][] = [[left, right, 'root']];
  const compare = (a: unknown, b: unknown, path: string): string | undefined => {
    if (Object.is(a, b)) return undefined;
    if (typeof a === 'symbol' && typeof b === 'symbol') {
      if (pairs.has(a)) return pairs.get(a) === b ? undefined : `${path}: another symbol`;
      if (seenRight.has(b) || a.description !== b.description) return `${path}: another symbol`;
      pairs.set(a, b);
      seenRight.add(b);
      return undefined;
    }
    if (typeof a !== typeof b || a === null || b === null || (typeof a !== 'object' && typeof a !== 'function'))
      return `${path}: value`;
    if (pairs.has(a)) return pairs.get(a) === b ? undefined : `${path}: identity`;
    if (seenRight.has(b)) return `${path}: shared where it was not`;
    pairs.set(a, b);
    seenRight.add(b);
    queue.push([a, b, path]);
    return undefined;
  };
  const first = compare(left, right, 'root');
  if (first || Object.is(left, right) || typeof left === 'symbol') return first;
  for (let i = 0; i < queue.length; i++) {
    const [a, b, path] = queue[i]! as [object, object, string];
    for (const [x, y, step] of faces(a, b)) {
      const found = compare(x, y, `${path}${step}`);
      if (found) return found;
    }
  }
  return undefined;
}

/** Everything to compare between two objects: pairs of values with the step that leads to them. */
function* faces(a: object, b: object): Generator<[unknown, unknown, string]> {
  if (types.isProxy(a) || types.isProxy(b)) {
    const [x, y] = internals.ofAll([a, b]);
    yield [types.isProxy(a), types.isProxy(b), '<proxy>'];
    yield [x!['[[Target]]'], y!['[[Target]]'], '<target>'];
    yield [x!['[[Handler]]'], y!['[[Handler]]'], '<handler>'];
    return;
  }
  yield [Object.getPrototypeOf(a), Object.getPrototypeOf(b), '<prototype>'];
  yield [Object.isExtensible(a), Object.isExtensible(b), '<extensible>'];
  yield [slotsOf(a), slotsOf(b), '<kind>'];
  const keys = Reflect.ownKeys(a);
  const others = Reflect.ownKeys(b);
  yield [keys.length, others.length, '<key count>'];
  for (let i = 0; i < keys.length; i++) {
    yield [keys[i], others[i], `<key ${i}>`];
    const x = Object.getOwnPropertyDescriptor(a, keys[i]!)!;
    const y = Object.getOwnPropertyDescriptor(b, others[i]!)!;
    const step = `.${String(keys[i])}`;
    yield [Object.keys(x).join(), Object.keys(y).join(), `${step}<descriptor>`];
    for (const part of Object.keys(x) as (keyof PropertyDescriptor)[]) yield [x[part], y[part], `${step}<${part}>`];
  }
  yield* contents(a, b);
}

function slotsOf(value: object): string {
  const tests = Object.entries(types) as [string, (value: unknown) => boolean][];
  return tests
    .filter(([, test]) => test(value))
    .map(([name]) => name)
    .join();
}

function* contents(a: object, b: object): Generator<[unknown, unknown, string]> {
  if (types.isMap(a)) yield* lists([...Map.prototype.entries.call(a)].flat(), [...Map.prototype.entries.call(b)].flat());
  else if (types.isSet(a)) yield* lists([...Set.prototype.values.call(a)], [...Set.prototype.values.call(b)]);
  else if (types.isDate(a)) yield [Date.prototype.getTime.call(a), Date.prototype.getTime.call(b), '<time>'];
  else if (types.isRegExp(a)) yield [RegExp.prototype.toString.call(a), RegExp.prototype.toString.call(b), '<pattern>'];
  else if (types.isBoxedPrimitive(a)) {
    const [x, y] = internals.ofAll([a, b]);
    yield [x!['[[PrimitiveValue]]'], y!['[[PrimitiveValue]]'], '<boxed>'];
  } else if (types.isAnyArrayBuffer(a)) {
    yield [Buffer.from(a as ArrayBuffer).toString('hex'), Buffer.from(b as ArrayBuffer).toString('hex'), '<bytes>'];
    yield [(a as { maxByteLength?: number }).maxByteLength, (b as { maxByteLength?: number }).maxByteLength, '<max>'];
  } else if (ArrayBuffer.isView(a)) {
    const y = b as DataView;
    yield [a.buffer, y.buffer, '<buffer>'];
    yield [a.byteOffset, y.byteOffset, '<offset>'];
    yield [a.byteLength, y.byteLength, '<length>'];
  } else if (types.isWeakMap(a) || types.isWeakSet(a)) yield* weakContents(a, b);
  else if (typeof a === 'function') {
    const [x, y] = internals.ofAll([a, b]);
    yield [x!['[[TargetFunction]]'], y!['[[TargetFunction]]'], '<target>'];
    yield [x!['[[BoundThis]]'], y!['[[BoundThis]]'], '<this>'];
    yield* lists(Array.from((x!['[[BoundArgs]]'] ?? []) as []), Array.from((y!['[[BoundArgs]]'] ?? []) as []));
  }
}

function* weakContents(a: object, b: object): Generator<[unknown, unknown, string]> {
  type Entries = ArrayLike<{ key: unknown; value: unknown }>;
  const [x, y] = internals.ofAll([a, b]).map((slots) => Array.from(slots['[[Entries]]'] as Entries));
  yield [x!.length, y!.length, '<weak entries>'];
  // Order inside a weak collection means nothing and the inspector's is V8's; tests keep to one entry where contents matter.
  if (x!.length === 1) {
    yield [x![0]!.key, y![0]!.key, '<weak key>'];
    yield [x![0]!.value, y![0]!.value, '<weak value>'];
  }
}

function* lists(a: unknown[], b: unknown[]): Generator<[unknown, unknown, string]> {
  yield [a.length, b.length, '<size>'];
  for (let i = 0; i < a.length; i++) yield [a[i], b[i], `<${i}>`];
}
