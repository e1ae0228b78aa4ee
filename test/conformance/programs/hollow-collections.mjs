// What a program may do to Maps, Sets and large arrays that it has not looked into since it was moved.
const failures = [];
const check = (what, got, expected) => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) failures.push(`${what}: ${a} instead of ${b}`);
};
const step = () => {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += i;
  return sum;
};

const uses = {
  get: (m) => m.get('b').v,
  has: (m) => m.has('c') && !m.has('z'),
  size: (m) => m.size,
  set: (m) => [...m.set('d', { v: 4 })].map(([key]) => key),
  delete: (m) => [m.delete('a'), [...m.keys()]],
  clear: (m) => (m.clear(), m.set('x', 1), [...m]),
  forEach: (m) => {
    const seen = [];
    m.forEach((value, key) => seen.push([key, value.v]));
    return seen;
  },
  spread: (m) => [...m].map(([key, { v }]) => key + v),
  copy: (m) => new Map(m).get('a').v,
  from: (m) => Array.from(m, ([key]) => key),
  object: (m) => Object.fromEntries(m).b.v,
  loop: (m) => {
    const seen = [];
    for (const [key, { v }] of m) {
      step();
      seen.push(key, v);
    }
    return seen;
  },
  iterator: (m) => {
    const it = m.values();
    const first = it.next().value.v;
    step();
    m.delete('a');
    return [first, ...[...it].map(({ v }) => v)];
  },
  iterated: (m) => [...new Map().entries.call(m)].length,
  applied: (m) => [...Reflect.apply(new Map().keys, m, [])],
  instance: (m) => [m instanceof Map, m instanceof Object, m.constructor === Map],
  text: (m) => [String(m), Object.prototype.toString.call(m), JSON.stringify(m)],
  own: (m) => [Object.keys(m), 'get' in m, Object.hasOwn(m, 'get')],
  named: (m) => ((m.extra = 1), [Object.keys(m), m.size]),
  frozen: (m) => (Object.freeze(m), m.set('e', 1).size),
  inherits: (m) => [Object.create(m) instanceof Map, Reflect.ownKeys(Object.create(m))],
  cloned: (m) => structuredClone(m).get('a'),
  weak: (m) => new WeakMap([[m, 5]]).get(m),
  key: (m) => new Map([[m, 6]]).get(m),
};
const setUses = {
  has: (s) => s.has('b'),
  size: (s) => s.size,
  add: (s) => [...s.add('a').add('e')],
  delete: (s) => [s.delete('b'), [...s]],
  forEach: (s) => {
    const seen = [];
    s.forEach((value) => seen.push(value));
    return seen;
  },
  union: (s) => [...new Set([...s, 'q'])],
  loop: (s) => {
    const seen = [];
    for (const value of s) {
      step();
      seen.push(value);
      if (value === 'a') s.delete('b');
    }
    return seen;
  },
  entries: (s) => [...s.entries()],
  text: (s) => Object.prototype.toString.call(s),
};
const arrayUses = {
  first: (a) => a[0].v,
  last: (a) => a.at(-1).v,
  middle: (a) => a[150].v,
  length: (a) => a.length,
  sum: (a) => a.reduce((sum, { v }) => sum + v, 0),
  map: (a) => a.map(({ v }) => v * 2)[120],
  loop: (a) => {
    let sum = 0;
    for (const { v } of a) sum += v;
    return sum;
  },
  cleared: (a) => ((a.length = 0), a.push(1), a),
  regrown: (a) => ((a.length = 3), (a.length = 60), [a[40], a[2].v, 40 in a]),
  shortened: (a) => (a.length--, a.length++, [a[199], 199 in a, a[198].v]),
  shifted: (a) => [a.shift().v, a[0].v, a.length],
  popped: (a) => [a.pop().v, a.length, a[198].v],
  spliced: (a) => [a.splice(50, 100).length, a.length, a[50].v],
  found: (a) => [a.findIndex(({ v }) => v === 77), a.some(({ v }) => v === 199), a.indexOf(a[60])],
  has: (a) => [100 in a, 200 in a, Object.hasOwn(a, 7), '8' in a],
  deleted: (a) => (delete a[70], [70 in a, a[71].v, a.length]),
  keys: (a) => Object.keys(a).length,
  spread: (a) => [...a].length + [...a, ...a].length,
  rest: ([, , ...rest]) => rest.length,
  holes: (a) => (delete a[10], a.copyWithin(120, 5, 20), [125 in a, a[124].v]),
  sorted: (a) => a.sort((x, y) => y.v - x.v)[0].v,
  reversed: (a) => a.reverse()[0].v,
  joined: (a) => a.map(({ v }) => v).join('').length,
  concat: (a) => [].concat(a, a).length,
  text: (a) => [Object.prototype.toString.call(a), Array.isArray(a), JSON.stringify(a).length],
  named: (a) => ((a.name = 'n'), [Object.keys(a).at(-1), a[3].v]),
  frozen: (a) => (Object.freeze(a), Object.isFrozen(a)),
  late: (a) => ((a[500] = { v: 500 }), [a.length, 300 in a, a[199].v, a[500].v]),
  in: (a) => {
    let keys = 0;
    for (const key in a) keys += +key % 2;
    return keys;
  },
  prototype: (a) => [Object.getPrototypeOf(a) === Array.prototype, a.constructor === Array, a instanceof Array],
  filled: (a) => a.fill(0, 20, 180)[100],
};

const makeMap = () => new Map([...'abc'].map((key, i) => [key, { v: i + 1 }]));
const makeLargeMap = () => new Map(Array.from({ length: 150 }, (_, i) => [`k${i}`, { v: i }]));
const makeSet = () => new Set('abcd');
const makeArray = () => Array.from({ length: 200 }, (_, v) => ({ v }));
const makeHoley = () => {
  const list = makeArray();
  for (let i = 0; i < 200; i += 9) delete list[i + 3];
  return list;
};
const kinds = [
  ['map', makeMap, uses],
  ['set', makeSet, setUses],
  ['array', makeArray, arrayUses],
];
// Made before anything is used, so that a move finds all of them untouched.
const stored = { cases: [] };
for (const [kind, make, all] of kinds)
  for (const name of Object.keys(all)) stored.cases.push({ what: `${kind} ${name}`, use: all[name], subject: make(), twin: make() });
stored.holey = makeHoley();
stored.large = [makeLargeMap(), makeLargeMap(), makeLargeMap()];
stored.sets = [new Set(makeArray()), new Set(makeArray())];

// Iterators that wait behind objects while their collections are used.
const used = new Map(Array.from({ length: 40 }, (_, i) => [i, i]));
const waiting = { deep: { iterator: used.values(), generator: undefined } };
function* over(map) {
  for (const [key] of map) yield key;
}
waiting.deep.generator = over(used);
for (let i = 0; i < 10; i++) {
  waiting.deep.iterator.next();
  waiting.deep.generator.next();
}

step();
for (let i = 5; i < 15; i++) used.delete(i);
step();
used.set(5, 5).set(99, 99);
step();
for (const { what, use, subject, twin } of stored.cases) {
  // The twin is whole before it is used.
  if (Array.isArray(twin)) for (let i = 0; i < twin.length; i++) void twin[i].v;
  else twin.forEach(() => {});
  Object.keys(twin);
  step();
  check(what, use(subject), use(twin));
}
check('holey', stored.holey.map(({ v }) => v).filter(() => true).length, 178);
check('holey has', [3 in stored.holey, 4 in stored.holey, 12 in stored.holey], [false, true, false]);
const [one, two, three] = stored.large;
check('large get', one.get('k149').v, 149);
step();
let sum = 0;
for (const { v } of two.values()) sum += v;
check('large loop', sum, 11175);
three.delete('k0');
step();
check('large delete', [three.size, [...three.keys()][0]], [149, 'k1']);
check('set of objects', [...stored.sets[0]].length, 200);
check('set has', stored.sets[1].has(makeArray()[0]), false);
const left = Array.from({ length: 25 }, (_, i) => i + 15);
check('iterator', [...waiting.deep.iterator], [...left, 5, 99]);
check('generator', [...waiting.deep.generator], [...left, 5, 99]);

if (failures.length > 0) throw new Error(failures.join('\n'));
console.log('right', stored.cases.length);
