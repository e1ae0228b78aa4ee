// Everything that can be the first to look into an object that has just come from elsewhere, each with objects of its own: own keys, prototypes,
// built-ins that go through lists, stores, deletions, proxies, loops. All results are printed; the program asks nothing of them.
const results = [];
const show = (value) => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return typeof value === 'bigint' ? `${value}n` : String(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return `[${Array.from(value, show).join(' ')}]${value.length}`;
  return `{${Reflect.ownKeys(value).map((key) => `${String(key)}:${show(value[key])}`)}}`;
};
class Point {
  static made = 0;
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
  get sum() {
    return this.x + this.y;
  }
  plus(n) {
    return new Point(this.x + n, this.y + n);
  }
}
class Named extends Point {
  constructor(x, y, name) {
    super(x, y);
    this.name = name;
  }
  plus(n) {
    return `${this.name}${super.plus(n).sum}`;
  }
}
const tag = Symbol('tag');
const plain = () => ({ a: 1, b: { c: 2 }, d: [3, 4] });
const list = () => [1, 2, [3, [4]], { five: 5 }];
const point = () => new Point(1, 2);
const named = () => new Named(3, 4, 'n');
const bare = () => Object.assign(Object.create(null), { a: 1, length: 2 });
const pairs = () => [['k', { v: 1 }], ['l', [2]]];
const base = () => ({ inherited: { deep: 1 }, hi() { return `hi ${this.own ?? 'nobody'}`; } });

const cases = [
  [plain, (o) => Object.keys(o)], [plain, (o) => Object.values(o)], [plain, (o) => Object.entries(o)], [plain, (o) => Object.getOwnPropertyNames(o)],
  [plain, (o) => Reflect.ownKeys(o)], [plain, (o) => Object.getOwnPropertyDescriptor(o, 'a')], [plain, (o) => Object.getOwnPropertyDescriptors(o)],
  [plain, (o) => Object.hasOwn(o, 'a')], [plain, (o) => Object.prototype.hasOwnProperty.call(o, 'a')], [plain, (o) => o.hasOwnProperty('z')],
  [plain, (o) => Object.prototype.propertyIsEnumerable.call(o, 'b')], [plain, (o) => 'a' in o], [plain, (o) => 'toString' in o], [plain, (o) => Reflect.has(o, 'b')],
  [plain, (o) => [delete o.a, show(o)]], [plain, (o) => [Reflect.deleteProperty(o, 'b'), show(o)]], [plain, (o) => [delete o?.['d'], show(o)]],
  [plain, (o) => ({ ...o })], [plain, (o) => ({ before: 0, ...o, after: 1 })], [plain, (o) => { const { ...rest } = o; return rest; }],
  [plain, (o) => { const { a, ...rest } = o; return [a, rest]; }], [plain, (o) => { let rest; ({ ...rest } = o); return rest; }],
  [plain, (o) => (({ ...rest }) => rest)(o)], [plain, (o) => { const [{ ...rest }] = [o]; return rest; }], [plain, (o) => { const seen = []; for (const { ...rest } of [o]) seen.push(rest); return seen; }],
  [plain, (o) => { const keys = []; for (const key in o) keys.push(key); return keys; }], [plain, (o) => Object.assign({}, o)], [plain, (o) => Object.assign(o, { z: 1 })],
  [plain, (o) => Object.isFrozen(Object.freeze(o))], [plain, (o) => [Object.isFrozen(o), Object.isSealed(o), Object.isExtensible(o)]],
  [plain, (o) => { Object.preventExtensions(o); return Reflect.set(o, 'z', 1); }], [plain, (o) => show(Object.seal(o))],
  [plain, (o) => Object.getPrototypeOf(o) === Object.prototype], [plain, (o) => Reflect.getPrototypeOf(o) === Object.prototype], [plain, (o) => o.__proto__ === Object.prototype],
  [plain, (o) => Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get.call(o) === Object.prototype],
  [plain, (o) => { Object.setPrototypeOf(o, { extra: 1 }); return [o.extra, o.a]; }], [plain, (o) => { o.__proto__ = { extra: 2 }; return [o.extra, o.a]; }],
  [plain, (o) => { Object.defineProperty(o, 'a', { get: () => 'got' }); return show(o); }], [plain, (o) => Object.defineProperties(o, { q: { value: 1, enumerable: true } })],
  [() => ({ value: 7, enumerable: true }), (o) => Object.defineProperty({}, 'k', o)], [() => ({ k: { value: 8, enumerable: true } }), (o) => Object.create({}, o)],
  [() => ({ k: { value: 9, enumerable: true } }), (o) => Object.defineProperties({}, o)], [() => ({ value: 6, enumerable: true }), (o) => { const made = {}; Reflect.defineProperty(made, 'k', o); return made; }],
  [plain, (o) => { o.__defineGetter__('g', () => 5); return show(o); }], [plain, (o) => o.__lookupGetter__('a')],
  [plain, (o) => JSON.stringify(o)], [list, (o) => JSON.stringify(o)], [plain, (o) => JSON.stringify({ held: o }, null, 1)], [plain, (o) => JSON.stringify(o, ['a', 'b'])],
  [plain, (o) => structuredClone(o)], [list, (o) => structuredClone({ o })], [plain, (o) => structuredClone(new Map([[o, o]])).size],
  [plain, (o) => { o.z = 1; return show(o); }], [plain, (o) => { o.a += 1; return show(o); }], [plain, (o) => { o.b.c = 9; return show(o); }], [plain, (o) => { o[tag] = 1; return show(o); }],
  [plain, (o) => Reflect.get(o, 'a')], [plain, (o) => Reflect.set(o, 'a', 5) && show(o)], [plain, (o) => Reflect.get(o, 'a', {})], [plain, (o) => `${o}`], [plain, (o) => o + ''], [plain, (o) => o == '[object Object]'],
  [plain, (o) => Object.prototype.toString.call(o)], [plain, (o) => Object.is(o, o)], [plain, (o) => new Set([o, o]).size], [plain, (o) => new WeakMap([[o, 1]]).get(o)],
  [plain, (o) => { const proxy = new Proxy(o, {}); return [show(proxy), proxy.a, 'b' in proxy]; }], [plain, (o) => { const { proxy, revoke } = Proxy.revocable(o, {}); const a = proxy.a; revoke(); return a; }],
  [() => ({ get: (target, key) => `trap ${String(key)}` }), (o) => new Proxy({}, o).anything], [base, (o) => new Proxy(Object.create(o), {}).inherited.deep],
  [base, (o) => Object.create(o).inherited.deep], [base, (o) => Object.create(o).hi()], [base, (o) => { const child = { __proto__: o, own: 'me' }; return [child.hi(), 'hi' in child, Object.keys(child)]; }],
  [base, (o) => { const keys = []; for (const key in Object.create(o)) keys.push(key); return keys; }], [base, (o) => 'inherited' in Object.create(Object.create(o))],
  [base, (o) => { const child = Object.create(o); child.inherited = 1; return [show(child), show(o.inherited)]; }], [base, (o) => o.isPrototypeOf(Object.create(o))], [base, (o) => Object.prototype.isPrototypeOf.call(o, Object.create(o))],
  [base, (o) => { const child = { __proto__: o, hi() { return `child ${super.hi()}`; } }; return child.hi(); }], [base, (o) => { function Made() {} Made.prototype = o; return [new Made().inherited.deep, new Made() instanceof Made]; }],
  [point, (o) => o instanceof Point], [named, (o) => o instanceof Point && o instanceof Named], [point, (o) => o.sum], [named, (o) => o.plus(1)], [point, (o) => o.constructor === Point], [point, (o) => Point.prototype.isPrototypeOf(o)],
  [point, (o) => Object.getPrototypeOf(o) === Point.prototype], [named, (o) => Object.getOwnPropertyDescriptor(Point.prototype, 'sum').get.call(o)], [named, (o) => Object.keys(o)], [point, (o) => ({ ...o })],
  [bare, (o) => o.a], [bare, (o) => Object.keys(o)], [bare, (o) => 'a' in o], [bare, (o) => Array.from(o)], [bare, (o) => Array.prototype.map.call(o, String)], [bare, (o) => Object.getPrototypeOf(o)],
  [list, (o) => o.length], [list, (o) => o[0]], [list, (o) => o[9]], [list, (o) => [...o]], [list, (o) => Math.max(...o.slice(0, 2))], [list, (o) => { const [a, , b] = o; return [a, b]; }], [list, (o) => { const seen = []; for (const item of o) seen.push(item); return seen; }],
  [list, (o) => { const keys = []; for (const key in o) keys.push(key); return keys; }], [list, (o) => o.map((x) => x)], [list, (o) => o.flat(Infinity)], [list, (o) => [o].flat()], [list, (o) => [0].concat(o)], [list, (o) => o.concat(o).length], [list, (o) => Object.keys(o)],
  [list, (o) => { o.push(6); return o; }], [list, (o) => o.pop()], [list, (o) => [o.shift(), o]], [list, (o) => [o.splice(1, 1), o]], [list, (o) => o.reverse()], [list, (o) => o.join('-')], [list, (o) => String(o)], [list, (o) => o.indexOf(2)], [list, (o) => o.includes(2)], [list, (o) => o.at(-1)],
  [list, (o) => { o.length = 1; return o; }], [list, (o) => { o.length = 6; return [o, 5 in o, 0 in o]; }], [list, (o) => { o.length = 0; o.push('x'); return o; }], [list, (o) => { o[7] = 'x'; return [o, 5 in o]; }], [list, (o) => [delete o[1], o, 1 in o]], [list, (o) => { const length = 'length'; o[length] = 2; return o; }],
  [list, (o) => Array.prototype.slice.call(o, 1)], [list, (o) => Array.prototype.push.call(o, 1)], [list, (o) => Array.prototype.indexOf.call(o, 2)], [list, (o) => Reflect.apply(Array.prototype.pop, o, []).five], [list, (o) => [].push.apply(o, [8, 9])], [list, (o) => Array.prototype.reverse.call(o)], [list, (o) => Array.prototype.copyWithin.call(o, 0, 1)],
  [list, (o) => String.raw({ raw: o }, 1, 2)], [list, (o) => Array.from(o).length], [list, (o) => Array.isArray(o)], [list, (o) => Object.prototype.toString.call(o)], [list, (o) => new Set(o).size], [list, (o) => Uint8Array.from(o.slice(0, 2))[1]], [() => [5, 6], (o) => new Uint8Array(o)[1]], [() => [5, 6], (o) => { const bytes = new Uint8Array(4); bytes.set(o, 1); return bytes[2]; }],
  [() => [5, 6], (o) => String.fromCharCode.apply(null, o).length], [() => [5, 6], (o) => Math.max.apply(null, o)], [() => [5, 6], (o) => ((...all) => all.length)(...o)], [() => [3, 1, 2], (o) => o.sort()], [() => [3, 1, 2], (o) => o.toSorted?.() ?? [1, 2, 3]], [() => [3, 1, 2], (o) => o.entries().next().value], [() => [3, 1, 2], (o) => [...o.keys()]], [() => ['a', 'b'], (o) => new Intl.ListFormat('en').format(o)],
  [pairs, (o) => Object.fromEntries(o)], [pairs, (o) => [...new Map(o).keys()]], [pairs, (o) => Array.from(o, ([k]) => k)], [pairs, (o) => { for (const [k, { v }] of o) return [k, v]; }], [() => [Promise.resolve(1)], (o) => o.length],
  [() => new Map([['k', { v: [1] }]]), (o) => o.get('k').v[0]], [() => new Map([[{ k: 1 }, { v: 1 }]]), (o) => [...o.keys()][0].k], [() => new Set([{ k: 1 }]), (o) => [...o].map((item) => Object.keys(item))], [() => new Error('m', { cause: { why: 1 } }), (o) => o.cause.why],
  [() => Object.freeze({ held: { inner: 1 } }), (o) => Object.keys(o.held)], [() => [, { hole: 1 }, ,], (o) => [o.length, 0 in o, Object.keys(o[1])]], [() => { const held = { n: 1 }; return { one: held, two: held }; }, (o) => o.one === o.two && Object.keys(o.one)],
  [() => { const ring = {}; ring.self = ring; return ring; }, (o) => o.self.self === o], [() => ({ then: undefined, a: 1 }), (o) => Object.keys(o)], [() => ({ [Symbol.iterator]: function* () { yield 1; } }), (o) => [...o]], [() => ({ valueOf: () => 5 }), (o) => o + 1], [() => ({ toJSON: () => 'json' }), (o) => JSON.stringify([o])],
  [() => { let n = 1; return () => n++; }, (o) => o()], [() => { const held = { n: 1 }; return () => Object.keys(held); }, (o) => o()], [() => { let held = { n: 1 }; return () => { held = { ...held, m: 2 }; return held; }; }, (o) => o()],
];

let ticks = 0;
function tick() {
  ticks++;
}
const objects = cases.map(([make]) => make());
tick();
for (let i = 0; i < cases.length; i++) {
  tick();
  let result;
  try {
    result = show(cases[i][1](objects[i]));
  } catch (error) {
    result = `${error.name}: ${error.message}`;
  }
  results.push(`${i} ${result}`);
}
console.log(results.join('\n'));
console.log(ticks);
