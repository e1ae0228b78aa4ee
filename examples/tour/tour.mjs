/**
 * A tour of the language: every chapter uses one part of JavaScript in earnest and returns what came of it. All chapters run again and
 * again with other numbers; what each returned first is printed, then a digest of everything. Plain node and a cluster in which the
 * tour moves all the time print the same:
 *   node examples/tour/tour.mjs [rounds]
 *   cluster-run --nodes 3 --shake 60ms --stats s.json examples/tour/tour.mjs [rounds]
 */

const rounds = Number(process.argv[2] ?? 600);

/** Work in the middle of which a move may fall: a small generator of numbers. */
function noise(seed, times) {
  let state = seed >>> 0 || 1;
  for (let i = 0; i < times; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state >>> 0;
}
const work = (n) => noise(Math.imul(n + 1, 0x9e3779b1), 4000) % 1000;

const chapters = {
  'statements and labels'(n) {
    const path = [];
    outer: for (let i = 0; i < 5; i++) {
      for (let j = 0; ; j++) {
        if (j > i) continue outer;
        if (work(n + i * j) === 7 || (i === 3 && j === 2)) break outer;
        path.push(`${i}${j}`);
      }
    }
    let k = 0;
    do k += work(k + n) % 3; while (++k < 10);
    block: {
      if (k > 10) break block;
      path.push('ten');
    }
    switch (work(n) % 4) {
      case 0:
        path.push('zero');
      case 1:
        path.push('one');
        break;
      default:
        path.push('many');
      case 2:
        path.push('two');
    }
    for (const key in { b: 1, a: 2, 1: 3, 0: 4 }) path.push(key, work(key.length));
    return [path.join(' '), k];
  },

  'closures, one for each turn'(n) {
    const turns = [];
    for (let i = 0; i < 4; i++) {
      turns.push({ next: () => (i += work(i + n) % 5), now: () => i });
    }
    for (const turn of turns) turn.next();
    turns[1].next();
    let hidden = n;
    const make = (depth) => (depth === 0 ? () => hidden++ : ((inner) => () => inner() + work(depth))(make(depth - 1)));
    const deep = make(5);
    return [turns.map((turn) => turn.now()), deep(), deep(), hidden];
  },

  'recursion, direct and mutual'(n) {
    const ackermann = (a, b) => (a === 0 ? b + 1 : b === 0 ? ackermann(a - 1, 1) : ackermann(a - 1, ackermann(a, b - 1)));
    function even(m) {
      return m === 0 ? true : odd(m - 1);
    }
    function odd(m) {
      return m === 0 ? false : even(m - 1);
    }
    const hanoi = (disks, from, to, by) =>
      disks === 0 ? 0 : hanoi(disks - 1, from, by, to) + 1 + hanoi(disks - 1, by, to, from);
    return [ackermann(2, 3 + (n % 3)), even(200 + n), hanoi(8, 'a', 'b', 'c')];
  },

  'classes, fields, private members'(n) {
    const steps = [];
    class Shape {
      static #made = 0;
      static {
        steps.push('static block');
      }
      #name;
      sides = (steps.push('field'), work(n) % 5);
      constructor(name) {
        this.#name = name;
        Shape.#made++;
        steps.push(new.target.name);
      }
      get name() {
        return this.#decorated(this.#name);
      }
      set name(to) {
        this.#name = to + work(to.length);
      }
      #decorated(text) {
        return `<${text}>`;
      }
      static get made() {
        return Shape.#made;
      }
      static isShape = (value) => #name in value;
      ['com' + 'puted']() {
        return this.sides;
      }
      toString() {
        return `${this.name} with ${this.sides}`;
      }
    }
    class Square extends Shape {
      #size = 2;
      constructor() {
        const before = work(n + 1);
        super(`square ${before}`);
        this.sides = 4;
      }
      toString() {
        return `${super.toString()} of ${(this.#size **= 2)}`;
      }
      *[Symbol.iterator]() {
        for (let i = 0; i < this.sides; i++) yield i * work(i);
      }
    }
    const square = new Square();
    square.name = 'renamed';
    return [String(square), [...square], Shape.made, Shape.isShape(square), Shape.isShape({}), square.computed(), steps];
  },

  'generators: return, throw, delegation'(n) {
    const seen = [];
    function* inner() {
      try {
        const got = yield work(n);
        seen.push(`got ${got}`);
        yield* [work(n + 1), work(n + 2)];
        return 'inner done';
      } finally {
        seen.push('inner finally');
      }
    }
    function* outer() {
      try {
        seen.push(yield* inner());
        for (;;) yield work(seen.length);
      } catch (error) {
        seen.push(error.message);
        yield 'caught';
      } finally {
        yield 'last words';
      }
    }
    const one = outer();
    const all = [one.next().value, one.next('this').value, one.next().value, one.next().value, one.throw(new Error('thrown')).value];
    all.push(one.return('returned'), one.next(), one.next());
    const two = outer();
    two.next();
    return [all, two.return(5), seen];
  },

  'exceptions and finally'(n) {
    const order = [];
    const risky = (depth) => {
      try {
        order.push(`in ${depth}`);
        if (depth === 3) throw new RangeError(`at ${work(n)}`, { cause: depth });
        return risky(depth + 1);
      } catch (error) {
        if (depth > 1) throw error;
        order.push(`${error.name} ${error.message} ${error.cause}`);
        return work(depth);
      } finally {
        order.push(`out ${depth}`);
      }
    };
    const wins = (() => {
      for (let i = 0; ; i++) {
        try {
          if (work(i) % 2) continue;
          return `try ${i}`;
        } finally {
          if (i > 2) return `finally ${i}`;
        }
      }
    })();
    return [risky(0), wins, order];
  },

  'destructuring, defaults, spread'(n) {
    const source = { a: work(n), b: { c: [1, , 3], d: undefined }, ...{ e: 5 }, get f() { return work(this.a); } };
    const { a, b: { c: [x, y = work(x), ...rest], d = 'default' }, ...others } = source;
    const swap = [a, x];
    [swap[1], swap[0]] = swap;
    const f = ({ p = work(n), q: { r } = { r: p + 1 } } = {}, [s, t = s] = [p], ...more) => [p, r, s, t, more];
    return [a, x, y, rest, d, Object.keys(others), swap, f(), f({ p: 1 }, 'xy', ...'rest')];
  },

  'iteration by every protocol'(n) {
    const closed = [];
    const own = {
      [Symbol.iterator]() {
        let i = 0;
        return { next: () => ({ value: work(i + n), done: i++ > 5 }), return: () => (closed.push(i), {}) };
      },
    };
    let sum = 0;
    for (const value of own) if ((sum += value) > 900) break;
    const [first, second] = own;
    const map = new Map([['k', 1], [{}, 2]]);
    for (const [key, value] of map) if (typeof key === 'string') map.set(`${key}!`.slice(0, 4), value + work(value));
      else if (value < 3) map.delete(key);
    const set = new Set('migration');
    for (const letter of set) if (letter === 'r') set.add('z').delete('t');
    return [sum, first, second, closed, [...map.values()], [...set].join(''), Array.from({ length: 3 }, (_, i) => work(i))];
  },

  'properties: accessors, symbols, proxies'(n) {
    const log = [];
    const secret = Symbol('secret');
    const target = { [secret]: n, plain: 1 };
    Object.defineProperty(target, 'hidden', { get: () => work(n), enumerable: false, configurable: true });
    const proxy = new Proxy(target, {
      get(object, key, receiver) {
        log.push(`get ${String(key)}`);
        return Reflect.get(object, key, receiver);
      },
      has: (object, key) => (log.push(`has ${String(key)}`), work(1) > 0 && key in object),
      ownKeys: (object) => Reflect.ownKeys(object).reverse(),
    });
    const frozen = Object.freeze({ deep: [work(n)] });
    frozen.deep.push('not frozen');
    return [proxy.plain, proxy.hidden, proxy[secret], 'plain' in proxy, Reflect.ownKeys(proxy).length, log, frozen.deep, Object.isFrozen(frozen)];
  },

  'template tags, optional chaining, operators'(n) {
    const sites = new Set();
    const tag = (site, ...values) => (sites.add(site), site.raw.map((text, i) => text + (values[i] ?? '')).join('|'));
    const texts = [1, 2].map((i) => tag`a${work(i)}\n${n}z`);
    const maybe = n % 2 ? { f: () => ({ g: [work(n)] }) } : null;
    let value = null;
    value ??= work(3);
    value &&= value + 1;
    value ||= 'never';
    const big = 2n ** 70n + BigInt(n);
    return [texts, sites.size, maybe?.f?.().g[0], maybe?.no?.(), value, (2 ** 31) | 0, -7 % 3, big % 97n, typeof void 0, (1, work(2)), delete { x: 1 }.x];
  },

  'strings, numbers, dates, regular expressions'(n) {
    const text = 'Kapitän Ahab 1851, Ismael 1851; Queequeg ???';
    const pattern = /(?<name>\p{Lu}\p{L}+) (?<year>\d{4})/gu;
    const found = [];
    for (let match; (match = pattern.exec(text)); ) found.push(match.groups.name, pattern.lastIndex, work(match.index));
    return [
      found,
      text.replace(/\d+/g, (year) => Number(year) + n),
      [3, 10, work(n), 1].sort((a, b) => a - b),
      new Date(Date.UTC(2000, 1, 29) + n * 864e5).toISOString(),
      (0.1 + 0.2).toFixed(17),
      [...'a𝒳é'].length,
      JSON.stringify({ n, nested: [undefined, null, { toJSON: () => 'json' }] }),
    ];
  },

  'binary data and structures'(n) {
    const view = new DataView(new ArrayBuffer(16));
    view.setFloat64(0, n / 3);
    view.setBigInt64(8, -BigInt(n));
    const words = new Uint16Array(view.buffer, 2, 5);
    const weak = new WeakMap([[view, work(n)]]);
    const copy = structuredClone({ words, when: new Date(n), list: new Set([1, 2]) });
    return [...words, weak.get(view), Buffer.from(view.buffer).toString('hex'), copy.words.length, copy.list.size];
  },

  async 'promises and async functions'(n) {
    const order = [];
    const later = (value, turns) => (turns === 0 ? Promise.resolve(value) : Promise.resolve().then(() => later(value, turns - 1)));
    const step = async (name, turns) => {
      order.push(`${name} begins`);
      try {
        const value = await later(work(turns + n), turns);
        if (turns === 3) throw new TypeError(`turn ${value}`);
        return value;
      } finally {
        order.push(`${name} ends`);
      }
    };
    const settled = await Promise.allSettled([step('a', 1), step('b', 3), step('c', 2)]);
    const race = await Promise.race([later('slow', 9), later('fast', 2)]);
    const any = await Promise.any([step('d', 3), step('e', 4)]);
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.nextTick(() => order.push('tick'));
    queueMicrotask(() => order.push('microtask'));
    await null;
    await new Promise(setImmediate);
    return [settled.map(({ status, value, reason }) => value ?? `${status} ${reason.message}`), race, any, order];
  },

  async 'async generators and for await'(n) {
    const log = [];
    async function* numbers(limit) {
      try {
        for (let i = 0; i < limit; i++) {
          await null;
          yield work(i + n);
        }
      } finally {
        await null;
        log.push(`closed at ${limit}`);
      }
    }
    let sum = 0;
    for await (const value of numbers(6)) sum += value;
    for await (const value of numbers(20)) if ((sum += value) > 4000) break;
    for await (const value of [Promise.resolve(1), 2, work(n)]) log.push(value);
    const queue = numbers(3);
    const requests = await Promise.all([queue.next(), queue.next(), queue.return('early'), queue.next()]);
    return [sum, log, requests];
  },
};

const text = (value) => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));
let digest = 0;
for (let round = 0; round < rounds; round++) {
  for (const [title, chapter] of Object.entries(chapters)) {
    const result = text(await chapter.call(chapters, round));
    if (round === 0) console.log(`${title}: ${result}`);
    for (let i = 0; i < result.length; i++) digest = (Math.imul(digest, 31) + result.charCodeAt(i)) | 0;
  }
  if (round % 25 === 24) console.log(`after ${round + 1} rounds: ${(digest >>> 0).toString(16)}`);
}
console.log(`digest ${(digest >>> 0).toString(16)}`);
