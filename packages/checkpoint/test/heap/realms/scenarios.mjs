/**
 * Scenarios for realm.mjs: `build` runs in the source realm and gives the root, `check` runs in the target realm and gives something
 * to compare with `expected`, which the test imports.
 */
const { ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect;
const { isFrozen, freeze, create, setPrototypeOf, getPrototypeOf } = Object;
const ErrorOf = Error;
let booms = 0;
const boom = function boom() {
  booms++;
  throw new ErrorOf('a patched built-in was called');
};

/** Claims the functions of this file, which every realm has. */
const functionsOfThisFile = (functions) => ({
  tag: 'test function',
  ownProperties: true,
  claims: (value) => {
    for (let i = 0; i < functions.length; i++) if (functions[i] === value) return true;
    return false;
  },
  save(value) {
    for (let i = 0; i < functions.length; i++) if (functions[i] === value) return { create: [i] };
  },
  create: (parts) => functions[parts[0]],
});

/** Objects whose functions and getters are patched, and how they were. */
const sites = [
  ...[
    Object,
    Reflect,
    JSON,
    Math,
    Array,
    Array.prototype,
    String.prototype,
    Number.prototype,
    Symbol.prototype,
    Function.prototype,
  ],
  ...[Map.prototype, Set.prototype, WeakMap.prototype, WeakSet.prototype, WeakRef.prototype, Promise.prototype, RegExp.prototype],
  ...[
    Date.prototype,
    BigInt.prototype,
    ArrayBuffer,
    ArrayBuffer.prototype,
    Uint8Array.prototype,
    getPrototypeOf(Uint8Array.prototype),
  ],
  ...[DataView.prototype, Buffer, Buffer.prototype, getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(new Map().entries())],
  ...[getPrototypeOf(new Set().values()), getPrototypeOf(''[Symbol.iterator]()), URL.prototype, TextDecoder.prototype],
  ...[Object.prototype, Error, globalThis],
];
const replacedGlobals = ['Map', 'Set', 'Uint8Array', 'Error', 'Symbol', 'Reflect', 'Object', 'Function', 'BigInt', 'WeakRef'];
const plantedKeys = ['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'toJSON', 'length', '0'];
const before = [];
const patches = [];
for (const site of sites) {
  for (const key of ownKeys(site)) {
    const descriptor = getOwnPropertyDescriptor(site, key);
    if (!descriptor.configurable || key === 'constructor' || site === globalThis || site === Object.prototype) continue;
    before.push([site, key, setPrototypeOf(descriptor, null)]);
    if (typeof descriptor.value === 'function') patches.push([site, key, { ...descriptor, value: boom }]);
    else if (descriptor.get) patches.push([site, key, { ...descriptor, get: boom }]);
  }
}
for (const name of replacedGlobals) {
  before.push([globalThis, name, setPrototypeOf(getOwnPropertyDescriptor(globalThis, name), null)]);
  patches.push([globalThis, name, { value: boom, configurable: true, writable: true, enumerable: false }]);
}
const planted = [
  ...plantedKeys.map((key) => [Object.prototype, key, { get: undefined, set: undefined, enumerable: false, configurable: true }]),
  ...['0', '1'].map((key) => [Array.prototype, key, { get: boom, set: boom, enumerable: false, configurable: true }]),
  [Error, 'prepareStackTrace', { value: boom, configurable: true, writable: true, enumerable: true }],
];
for (const [, , descriptor] of [...patches, ...planted]) setPrototypeOf(descriptor, null);

function patchEverything() {
  for (let i = 0; i < patches.length; i++) defineProperty(patches[i][0], patches[i][1], patches[i][2]);
  for (let i = 0; i < planted.length; i++) defineProperty(planted[i][0], planted[i][1], planted[i][2]);
}

/** So that the worker itself can go on and answer. */
function unpatchEverything() {
  for (let i = 0; i < planted.length; i++) deleteProperty(planted[i][0], planted[i][1]);
  for (let i = 0; i < before.length; i++) defineProperty(before[i][0], before[i][1], before[i][2]);
}

const key = Symbol('key');

export const scenarios = {
  poisoned: {
    specials: [functionsOfThisFile([boom])],
    build() {
      const shared = { shared: 1 };
      const graph = {
        shared,
        map: new Map([[shared, new Set([1, shared])]]),
        weak: new WeakMap([[shared, { deep: 1 }]]),
        ref: new WeakRef(shared),
        text: 'naïve 日本',
        big: 12345678901234567890n,
        date: new Date(5),
        pattern: /a+/gi,
        error: new TypeError('odd'),
        bytes: new Uint8Array([1, 2, 3]).subarray(1),
        buffer: Buffer.from('pool'),
        bound: Math.max.bind(null, 7),
        proxy: new Proxy(shared, {}),
        // biome-ignore lint/suspicious/noSparseArray: the kind under test
        list: [1, , shared],
        rows: [],
        boxed: Object(Symbol.iterator),
        [key]: freeze({ frozen: true }),
        url: new URL('http://example.org/'),
        fixed: defineProperty([1], 'length', { writable: false }),
      };
      defineProperty(graph, 'accessor', { get: boom, enumerable: true, configurable: true });
      for (let i = 0; i < 100; i++) graph.rows[i] = { i, half: i / 2, shared, tags: [i, `t${i}`] };
      patchEverything();
      booms = 0;
      return graph;
    },
    after() {
      unpatchEverything();
      return booms;
    },
    check(root) {
      // The target's realm is patched as well now: only syntax, and what this file captured, can be used.
      const found = create(null);
      found.booms = booms;
      found.patched = Array.prototype.push === boom && Map === boom && Buffer.prototype.toString === boom;
      found.accessor = getOwnPropertyDescriptor(root, 'accessor').get === boom;
      found.rows = root.rows.length === 100 && root.rows[42].half === 21 && root.rows[99].tags[1] === 't99';
      found.shared = root.rows[7].shared === root.shared && root.list[2] === root.shared;
      found.text = root.text;
      found.big = root.big;
      found.second = root.bytes[1];
      unpatchEverything();
      found.frozen = isFrozen(root[ownKeys(root)[ownKeys(root).length - 1]]);
      return found;
    },
    expected: {
      booms: 0,
      patched: true,
      accessor: true,
      rows: true,
      shared: true,
      text: 'naïve 日本',
      big: 12345678901234567890n,
      second: 3,
      frozen: true,
    },
  },

  changedBuiltins: {
    specials: [functionsOfThisFile([boom])],
    build() {
      globalThis.counter = { n: 1 };
      globalThis.self2 = globalThis;
      Array.prototype.mine = boom;
      deleteProperty(String.prototype, 'big');
      const { at } = Array.prototype;
      deleteProperty(Array.prototype, 'at');
      Array.prototype.at = at;
      Math.max = Math.min;
      defineProperty(Object.prototype, 'odd', { value: globalThis.counter, enumerable: false });
      setPrototypeOf(Number.prototype, { from: 'the guest' });
      freeze(Reflect);
      Map.prototype[Symbol.for('tag')] = 'map';
      return { counter: globalThis.counter, keys: ownKeys(Array.prototype), globals: ownKeys(globalThis) };
    },
    check(root) {
      const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
      return {
        counter: globalThis.counter === root.counter && globalThis.self2 === globalThis,
        mine: [].mine === boom,
        deleted: 'big' in String.prototype,
        order: same(ownKeys(Array.prototype), root.keys),
        globals: same(ownKeys(globalThis), root.globals),
        replaced: Math.max(1, 2),
        odd: {}.odd === root.counter,
        chain: (5).from,
        frozen: isFrozen(Reflect),
        tag: new Map()[Symbol.for('tag')],
      };
    },
    expected: {
      counter: true,
      mine: true,
      deleted: false,
      order: true,
      globals: true,
      replaced: 1,
      odd: true,
      chain: 'the guest',
      frozen: true,
      tag: 'map',
    },
  },

  untouched: {
    build: () => null,
    check: (root) => root,
    expected: null,
  },

  deep: {
    build() {
      let list = null;
      for (let i = 0; i < 1_000_000; i++) list = { i, next: list };
      let nested = [];
      for (let i = 0; i < 200_000; i++) nested = [nested];
      let maps = new Map();
      for (let i = 0; i < 100_000; i++) maps = new Map([[maps, i]]);
      let chain = create(null);
      for (let i = 0; i < 10_000; i++) chain = create(chain);
      let ring = {};
      const first = ring;
      for (let i = 0; i < 100_000; i++) ring = { back: ring, i };
      first.back = ring;
      let bound = Math.max;
      for (let i = 0; i < 2000; i++) bound = bound.bind(null, i);
      return { list, nested, maps, chain, ring, bound };
    },
    check({ list, nested, maps, chain, ring, bound }) {
      let links = 0;
      for (let at = list; at; at = at.next) links++;
      let depth = 0;
      for (let at = nested; at.length; at = at[0]) depth++;
      let levels = 0;
      for (let at = maps; at.size; at = at.keys().next().value) levels++;
      let prototypes = 0;
      for (let at = chain; at; at = getPrototypeOf(at)) prototypes++;
      let round = 1;
      for (let at = ring.back; at !== ring; at = at.back) round++;
      return { links, depth, levels, prototypes, round, bound: bound() };
    },
    expected: { links: 1_000_000, depth: 200_000, levels: 100_000, prototypes: 10_001, round: 100_001, bound: 1999 },
  },
};
