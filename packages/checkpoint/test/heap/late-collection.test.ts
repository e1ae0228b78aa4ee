/** Maps and Sets that are used while their pieces come, against ones that were always there. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PagedHeap, ParcelSource } from '../../src/heap/index.js';
import { difference, options } from './graph.js';

type Key = unknown;
type Step = { op: 'get' | 'has' | 'delete' | 'set'; key: number } | { op: 'size' | 'parcel' | 'fill' | 'touch' };

const owner = {};
const symbol = Symbol('a key');
/** Of each kind that can be a key; those from `many` on are never there at first. */
const keys: readonly Key[] = [
  ...Array.from({ length: 40 }, (_, i) => `key ${i}`),
  ...Array.from({ length: 20 }, (_, i) => i),
  ...['', 'a\ud800b', 'é', 'x'.repeat(5000), NaN, 0, -5.5, Infinity, 2 ** 40, 10n, -3n, true, false, null, undefined, symbol],
  ...Array.from({ length: 10 }, (_, i) => ({ of: owner, i })),
  ...['other', 99, 11n, Symbol('other'), {}],
];
const many = keys.length - 5;

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('get', 'has', 'delete', 'set'), key: fc.nat(keys.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('size', 'parcel', 'fill') }) },
) as fc.Arbitrary<Step>;
const end = fc.constantFrom<Step>({ op: 'touch' }, { op: 'fill' });
const order = fc.shuffledSubarray(
  keys.slice(0, many).map((_, i) => i),
  { minLength: 30 },
);

/** One that came in parcels of `bytes`, as stand-ins of its methods use it (guest/hollow-collections.ts). */
class Late<Collection extends Map<Key, unknown> | Set<Key>> {
  readonly heap: PagedHeap;
  readonly collection: Collection;
  readonly source: ParcelSource;
  questions = 0;
  readonly #bytes: number;
  /** What the other heap has for a key of this one. */
  readonly keys: readonly Key[];

  constructor(collection: Collection, bytes: number) {
    this.#bytes = bytes;
    this.source = new ParcelSource({ collection, keys }, options, bytes);
    const next = (wanted: Parameters<ConstructorParameters<typeof PagedHeap>[0]['next']>[0]) => {
      if (typeof wanted === 'object') this.questions++;
      return this.source.next(bytes, wanted)!;
    };
    const first = this.source.first();
    this.heap = new PagedHeap({ ...options, next });
    const root = this.heap.load(first) as { collection: Collection; keys: readonly Key[] };
    this.collection = root.collection;
    this.keys = root.keys;
  }

  parcel(): void {
    const parcel = this.source.next(this.#bytes);
    if (parcel) this.heap.add(parcel);
  }

  do(op: 'get' | 'has' | 'delete' | 'set', key: Key, item: unknown): unknown {
    const late = this.heap.learned(this.collection, key);
    if (late) return late[op](key, item);
    this.heap.touch(this.collection);
    return on(this.collection, op, key, item);
  }

  get size(): number {
    const late = this.heap.late(this.collection);
    if (late) return late.size;
    this.heap.touch(this.collection);
    return this.collection.size;
  }
}

function on(collection: Map<Key, unknown> | Set<Key>, op: 'get' | 'has' | 'delete' | 'set', key: Key, item: unknown): unknown {
  if (op === 'has' || op === 'delete') return collection[op](key);
  if (collection instanceof Map) return op === 'get' ? collection.get(key) : void collection.set(key, item);
  return op === 'get' ? collection.has(key) : void collection.add(key);
}

/** Of an item that may be hollow. */
const contentOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? (value as { item: unknown }).item : value;

function compare(plain: Map<Key, unknown> | Set<Key>, bytes: number, steps: readonly Step[], last: Step): void {
  const late = new Late(plain, bytes);
  // The source keeps what it was; what happens here happens to a copy.
  const expected = plain instanceof Map ? new Map(plain) : new Set(plain);
  const op = plain instanceof Map ? (name: string) => name : (name: string) => (name === 'get' ? 'has' : name);
  for (const [at, { op: name, ...rest }] of [...steps, last].entries()) {
    if (name === 'size') expect(late.size).toBe(expected.size);
    else if (name === 'parcel') late.parcel();
    else if (name === 'fill') late.heap.fillSome(5);
    else if (name === 'touch') late.heap.touch(late.collection);
    else {
      const { key } = rest as { key: number };
      const item = `set at ${at}`;
      const theirs = late.keys[key];
      const a = late.do(op(name) as 'get', theirs, item);
      const b = on(expected, op(name) as 'get', keys[key], item);
      expect(contentOf(a)).toBe(contentOf(b));
    }
  }
  late.heap.fillAll();
  expect(late.size).toBe(expected.size);
  expect(difference([...expected], [...late.collection])).toBe(undefined);
}

describe('LateCollection', () => {
  it('answers as a Map that is whole, whatever happens to it, and is one in the end', () => {
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 40 }), end, (at, bytes, steps, last) => {
        compare(new Map(at.map((i) => [keys[i], { item: i }])), bytes, steps, last);
      }),
      { numRuns: 400 },
    );
  });

  it('answers as a Set that is whole', () => {
    fc.assert(
      fc.property(order, fc.integer({ min: 1, max: 300 }), fc.array(step, { maxLength: 40 }), end, (at, bytes, steps, last) => {
        compare(new Set(at.map((i) => keys[i])), bytes, steps, last);
      }),
      { numRuns: 400 },
    );
  });

  it('asks for one key of a large Map, and gets its piece and no more', () => {
    const map = new Map(Array.from({ length: 100_000 }, (_, i) => [`key ${i}`, { i }]));
    const late = new Late(map, 16_384);
    const before = late.source.written;
    expect((late.do('get', 'key 77777', undefined) as { i: number }).i).toBe(77777);
    expect(late.do('has', 'no key', undefined)).toBe(false);
    expect(late.do('has', 'no key', undefined)).toBe(false);
    expect(late.questions).toBe(2);
    expect(late.source.written - before).toBeLessThan(5_000);
    expect(late.size).toBe(100_000);
  });

  it('is gone when the Map is whole', () => {
    const late = new Late(new Map(Array.from({ length: 5_000 }, (_, i) => [i, i])), 4096);
    late.do('set', 'new', 1);
    expect(late.heap.late(late.collection)).toBeDefined();
    late.heap.fillAll();
    expect(late.heap.late(late.collection)).toBe(undefined);
    expect([...(late.collection as Map<Key, unknown>).keys()].at(-1)).toBe('new');
  });
});
