import { describe, expect, it } from 'vitest';
import { difference, roundTrip } from './graph.js';

class Animal {
  name = 'godwit';
  get loud() {
    return this.name.toUpperCase();
  }
}

/** Objects the guest's realm would name: their prototypes must be data, so classes of this file are taken apart. */
function dataClass(): object {
  return { kind: 'prototype object' };
}

const shared = { shared: true };
const frozen = Object.freeze({ deep: Object.freeze([1, 2]), s: 'x' });
const cases: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  'negative zero': () => -0,
  NaN: () => Number.NaN,
  'integers of every width': () => [
    0,
    1,
    -1,
    63,
    64,
    -64,
    8191,
    2 ** 27 - 1,
    2 ** 27,
    -(2 ** 27),
    -(2 ** 27) - 1,
    2 ** 31,
    2 ** 53,
    -(2 ** 53),
  ],
  doubles: () => [0.1, 1e308, 5e-324, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, Number.NaN],
  'big integers': () => [0n, -1n, 2n ** 64n, -(10n ** 40n), 10n ** 40n],
  strings: () => ['', 'a', 'naïve', '日本語', '\ud800', 'a\udc00b', '😀', 'x'.repeat(100), 'é'.repeat(100), '日'.repeat(100)],
  'large strings': () => ['x'.repeat(100_000), 'é'.repeat(100_000), '日'.repeat(100_000), 'x'.repeat(100_000)],
  'sharing and cycles': () => {
    const a: Record<string, unknown> = { shared };
    a.self = a;
    a.list = [a, shared, [a]];
    return a;
  },
  'a null prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'a prototype chain of data': () =>
    Object.create(Object.create(dataClass(), { own: { value: 1 } }), { x: { value: 2, enumerable: true } }),
  'many objects of one guest prototype': () => {
    const prototype = dataClass();
    return Array.from({ length: 40 }, (_, i) => Object.assign(Object.create(prototype), { i, next: prototype }));
  },
  'property order, attributes and symbol keys': () => {
    const key = Symbol('key');
    const object: Record<PropertyKey, unknown> = { z: 1, a: 2, 10: 'ten', 2: 'two', [key]: key, [Symbol.for('registered')]: 1 };
    object[Symbol.iterator] = null;
    Object.defineProperty(object, 'hidden', { value: 1, enumerable: false, writable: true, configurable: true });
    Object.defineProperty(object, 'fixed', { value: 1, enumerable: true, writable: false, configurable: false });
    return object;
  },
  'accessors that are built-ins': () =>
    Object.defineProperty({}, 'size', { get: Math.random, set: undefined, configurable: true }),
  'an accessor with neither getter nor setter': () => Object.defineProperty({ a: 1 }, 'b', { get: undefined, enumerable: true }),
  'a key named __proto__': () => JSON.parse('{"__proto__": {"x": 1}, "y": 2}'),
  'frozen, sealed and closed objects': () => [
    frozen,
    Object.seal({ a: 1 }),
    Object.preventExtensions({ a: 1 }),
    // biome-ignore lint/suspicious/noSparseArray: the kind under test
    Object.freeze([1, , 3]),
  ],
  'a frozen cycle': () => {
    const a: Record<string, unknown> = {};
    a.self = a;
    a.list = Object.freeze([a]);
    return Object.freeze(a);
  },
  'symbols: unique, shared, bare, registered, well-known': () => {
    const unique = Symbol('same');
    return [unique, unique, Symbol('same'), Symbol(), Symbol(''), Symbol.for('registered'), Symbol.iterator];
  },
  'arrays with holes, extras, fixed length': () => [
    // biome-ignore lint/suspicious/noSparseArray: the kind under test
    [1, , 3, ,],
    Object.assign([1, 2], { extra: 1, [Symbol('s')]: 2 }),
    Object.defineProperty([1, 2, 3], 'length', { writable: false }),
    Object.defineProperty([1, 2], 0, { get: Math.random, enumerable: true, configurable: true }),
    Object.setPrototypeOf([1], null),
  ],
  'sparse and huge arrays': () => {
    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 'end';
    sparse[5] = sparse;
    return [sparse, new Array(1_000_000), new Array(200)];
  },
  'a long array with and without a named extra': () => [
    Array.from({ length: 10_000 }, (_, i) => i),
    Object.assign(
      Array.from({ length: 10_000 }, () => shared),
      { extra: 1 },
    ),
  ],
  'dictionaries with many keys': () => Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i * 7919}`, i])),
  'objects with index keys of one hidden class': () => [{ a: 1 }, { a: 1, 5: 'x' }, { a: 1 }, { a: 1, 7: 'y' }],
  'Map and Set order, with themselves inside': () => {
    const map = new Map<unknown, unknown>([
      [shared, 1],
      ['k', shared],
      [Number.NaN, -0],
    ]);
    map.delete(shared);
    map.set(shared, map).set(map, shared);
    return [map, new Set([shared, map, 1, 'k'])];
  },
  'expando properties and changed prototypes of slotted objects': () => [
    Object.assign(new Map([[1, 2]]), { note: shared }),
    Object.setPrototypeOf(new Map([[1, 2]]), null),
    Object.setPrototypeOf(new Set([1]), dataClass()),
    Object.setPrototypeOf(new Date(7), Object.prototype),
    Object.freeze(new Set([1])),
  ],
  'weak collections whose keys are reachable': () => [shared, new WeakMap([[shared, { v: shared }]]), new WeakSet([shared])],
  'an entry that another weak entry makes reachable': () => {
    const middle = {};
    return [shared, new WeakMap([[middle, { end: 1 }]]), new WeakMap([[shared, middle]])];
  },
  'a WeakRef and its target': () => [shared, new WeakRef(shared)],
  dates: () => [new Date(0), new Date(Number.NaN), new Date(-1)],
  'regular expressions with lastIndex': () => {
    const global = /a(b)?/dgimsuy;
    global.lastIndex = 3;
    return [global, /[/]\n/, /(?:)/, Object.defineProperty(/x/y, 'lastIndex', { value: 'odd', writable: false })];
  },
  'boxed primitives': () => [
    Object(1),
    Object(-0),
    Object('héllo'),
    Object(false),
    Object(7n),
    Object(Symbol.iterator),
    Object(Symbol('s')),
  ],
  'typed arrays of every kind over one buffer': () => {
    const buffer = new ArrayBuffer(64);
    new Uint8Array(buffer).forEach((_, i, all) => {
      all[i] = i * 3;
    });
    return [
      new Uint8Array(buffer, 3, 9),
      new Int8Array(buffer),
      new Uint8ClampedArray(buffer, 1),
      new Int16Array(buffer, 2, 3),
      new Uint16Array(buffer),
      new Int32Array(buffer, 4),
      new Uint32Array(buffer),
      new Float32Array(buffer, 8, 2),
      new Float64Array(buffer, 8, 2),
      new BigInt64Array(buffer),
      new BigUint64Array(buffer, 16),
      new DataView(buffer, 5, 7),
      buffer,
    ];
  },
  'large buffers': () => new Uint8Array(200_000).fill(7),
  'named properties of typed arrays, small and large': () => [
    Object.assign(new Uint8Array(5), { note: 1, [Symbol('s')]: 2 }),
    Object.assign(new Uint8Array(5000), { note: shared }),
    Object.preventExtensions(new Uint8Array(5000)),
    new Uint8Array(5000),
    Object.setPrototypeOf(new Int16Array(3), null),
    Array.from({ length: 20 }, (_, i) => Buffer.from(`buffer ${i}`)),
  ],
  'resizable buffers': () => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 24 } as never);
    return [buffer, new Uint8Array(buffer, 2, 3), new Uint8Array(buffer, 4)];
  },
  'a resizable buffer at its largest': () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 16 } as never);
    new Uint8Array(buffer).set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    return [buffer, new Uint8Array(buffer, 8, 8), new Uint8Array(buffer, 8), new Float64Array(buffer, 8)];
  },
  'shared buffers': () => {
    const buffer = new SharedArrayBuffer(16);
    new Uint8Array(buffer)[3] = 9;
    return [buffer, new Int32Array(buffer)];
  },
  'pooled Buffers that share': () => {
    const whole = Buffer.from('godwit');
    return [whole, whole.subarray(2, 4), Buffer.alloc(3, 1)];
  },
  errors: () => {
    const odd = Object.assign(new TypeError('odd', { cause: shared }), { code: 'E_ODD' });
    return [odd, new AggregateError([odd, new RangeError('r')], 'many'), Object.assign(new Error('bare'), { stack: 'mine' })];
  },
  'errors without message or stack': () => {
    const error = new Error('x') as Partial<Error>;
    delete error.stack;
    delete error.message;
    return [error, Object.create(Error.prototype)];
  },
  'strict and sloppy arguments': () => [
    (function (..._: unknown[]) {
      // biome-ignore lint/complexity/noArguments: the kind under test
      return arguments;
    })(1, shared),
    Object.assign(new Function('return arguments')(1, 2), { callee: Math.max }),
  ],
  'bound functions': () => {
    const bound = Math.max.bind(shared, 1, shared as never);
    return [bound, bound.bind(null), Object.assign(Array.prototype.push.bind([]), { extra: 1 })];
  },
  proxies: () => {
    const handler = { get: Reflect.get };
    return [
      new Proxy(shared, handler),
      shared,
      handler,
      new Proxy([], {}),
      new Proxy(Math.max, {}),
      Object.create(new Proxy({}, {})),
    ];
  },
  'built-ins by name': () => [
    Math.max,
    Array.prototype,
    globalThis,
    Symbol.prototype,
    Reflect.getPrototypeOf(async () => 1),
    Buffer,
  ],
  'what Node makes on first use': () => [fetch, crypto, crypto.subtle],
};

describe('encodeHeap() then decodeHeap()', () => {
  for (const [name, make] of Object.entries(cases)) {
    it(`keeps ${name}`, () => {
      const value = make();
      expect(difference(value, roundTrip(value))).toBe(undefined);
      expect(difference(value, roundTrip(value, { hiddenClasses: false }))).toBe(undefined);
    });
  }

  it('keeps all kinds in one graph', () => {
    const all = Object.entries(cases).map(([name, make]) => ({ name, value: make(), shared }));
    expect(difference(all, roundTrip(all))).toBe(undefined);
  });

  it('leaves the graph it encodes as it was', () => {
    const all = Object.values(cases).map((make) => make());
    const before = roundTrip(all);
    expect(difference(all, before)).toBe(undefined);
    roundTrip(all, { hiddenClasses: false });
    expect(difference(before, all)).toBe(undefined);
  });

  it('gives views that go on following their resizable buffer, or go on not to', () => {
    type Resizable = ArrayBuffer & { resize(size: number): void };
    for (const [size, max] of [
      [8, 24],
      [16, 16],
    ] as const) {
      const buffer = new ArrayBuffer(size, { maxByteLength: max } as never) as Resizable;
      const back = roundTrip({ buffer, fixed: new Uint8Array(buffer, 0, size), following: new Uint8Array(buffer) });
      back.buffer.resize(4);
      expect([back.fixed.length, back.following.length]).toStrictEqual([0, 4]);
    }
  });

  it('keeps a detached buffer detached', () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    const back = roundTrip({ buffer, view });
    expect(back.view.buffer).toBe(back.buffer);
    expect(() => new Uint8Array(back.buffer)).toThrow(TypeError);
  });

  it('drops weak entries whose key nothing else reaches', () => {
    const back = roundTrip({ weak: new WeakMap([[{}, 1]]) });
    expect(difference(back, { weak: new WeakMap() })).toBe(undefined);
  });

  it('makes URL, URLSearchParams, TextDecoder and Intl objects that go on as before', () => {
    const url = new URL('https://user@example.org/path?a=1#x');
    const back = roundTrip({
      url,
      parameters: url.searchParams,
      alone: new URLSearchParams('q=1&q=2'),
      decoder: new TextDecoder('utf-8', { fatal: true }),
      encoder: new TextEncoder(),
      money: new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }),
      day: new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Tokyo', dateStyle: 'medium' }),
      locale: new Intl.Locale('en-u-ca-buddhist'),
    });
    expect(back.url.href).toBe(url.href);
    expect(back.url.searchParams).toBe(back.parameters);
    back.parameters.set('a', '2');
    expect(back.url.search).toBe('?a=2');
    expect(back.alone.getAll('q')).toStrictEqual(['1', '2']);
    expect(back.decoder.fatal).toBe(true);
    expect(back.encoder.encode('é')).toStrictEqual(new Uint8Array([0xc3, 0xa9]));
    expect(back.money.format(1234.5)).toBe(new Intl.NumberFormat('de-DE', { style: 'currency', currency: 'EUR' }).format(1234.5));
    expect(back.day.format(0)).toBe('1 Jan 1970');
    expect(back.locale.calendar).toBe('buddhist');
  });

  it('keeps an AbortController and its signal together, aborted or not', () => {
    const controller = new AbortController();
    const aborted = new AbortController();
    aborted.abort('why');
    const back = roundTrip({ signal: controller.signal, controller, aborted });
    expect(back.controller.signal).toBe(back.signal);
    expect(back.aborted.signal.reason).toBe('why');
    expect(back.signal.aborted).toBe(false);
    back.controller.abort();
    expect(back.signal.aborted).toBe(true);
    expect(controller.signal.aborted).toBe(false);
  });

  it('revoked proxies come back revoked, and callable where they were', () => {
    const [object, callable] = roundTrip([revoked(), revoked(() => 1)]) as [object, () => unknown];
    expect([typeof object, typeof callable]).toEqual(['object', 'function']);
    expect(() => Object.keys(object)).toThrow('revoked');
    expect(() => callable()).toThrow('revoked');
  });
});

/** An object of a class of Node's with a key that no other realm has. */
function hidden(): object {
  return Object.assign(new EventTarget(), { [Symbol('kHidden')]: 1 });
}

describe('encodeHeap()', () => {
  const refusals: [string, unknown, RegExp][] = [
    [
      'a closure nothing claims',
      { timers: [0, { socket: () => 1 }] },
      /^Cannot capture "root\.timers\[1\]\.socket": a native function "socket"$/,
    ],
    ['a native promise', [Promise.resolve(1)], /"root\[0\]": a native promise/],
    ['a native iterator', { at: new Map([[1, 1]]).entries() }, /"root\.at": a native Map iterator/],
    ['an array iterator', { 'odd key': [1][Symbol.iterator]() }, /"root\["odd key"\]": a native object .* with hidden state/],
    ['a FinalizationRegistry', { [Symbol('s')]: new FinalizationRegistry(Math.max) }, /"root\[Symbol\(s\)\]": a native object/],
    ['a decoder that holds half a character', { d: midStream() }, /"root\.d": a TextDecoder/],
    ['class instances of an unclaimed class', new Animal(), /a native function "Animal"|hidden state/],
    ['what hides state of Node under a symbol', { e: hidden() }, /"root\.e": a native object .* with hidden state/],
    ['a refusal behind a Map', { map: new Map([[1, { f: () => 1 }]]) }, /"root\.map\[entry\]\.f"/],
  ];
  for (const [name, value, message] of refusals) {
    it(`refuses ${name} and says where it is`, () => {
      expect(() => roundTrip(value)).toThrow(
        expect.objectContaining({ code: 'GODWIT_CANNOT_CAPTURE', message: expect.stringMatching(message) }),
      );
    });
  }

  it('counts objects and bytes by type', async () => {
    const { encodeHeap } = await import('../../src/heap/index.js');
    const { options } = await import('./graph.js');
    const { stats, pages } = encodeHeap([new Map(), new Map(), [1]], options);
    expect(stats.objects).toBe(4);
    expect(stats.types.map(({ name, objects }) => [name, objects])).toStrictEqual([
      ['Array', 2],
      ['Map', 2],
    ]);
    expect(stats.bytes).toBe(pages.reduce((sum, page) => sum + page.length, 0));
  });
});

function revoked(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function midStream(): TextDecoder {
  const decoder = new TextDecoder();
  decoder.decode(new Uint8Array([0xe2, 0x82]), { stream: true });
  return decoder;
}
