// What cannot be captured, or not everywhere, lies behind plain arrays for a while: a guest that holds it must not be moved in parcels.
import assert from 'node:assert';
import crypto from 'node:crypto';
import fs from 'node:fs';

const box = [];
const hold = (value) => box.push({ chain: [[{ value }]] });
const held = () => box.at(-1).chain[0][0].value;
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

async function around(what, use) {
  for (let i = 0; i < 3; i++) await turn();
  what();
  for (let i = 0; i < 3; i++) await turn();
  console.log(use(held()));
  box.pop();
  for (let i = 0; i < 3; i++) await turn();
}

await around(
  () => hold([1, 2, 3].values()),
  (it) => [...it].join(),
);
await around(
  () => hold('abc'[Symbol.iterator]()),
  (it) => it.next().value,
);
await around(
  () => hold('a1b2'.matchAll(/\d/g)),
  (it) => [...it].map(String).join(),
);
await around(
  () => hold(crypto.createHash('sha256').update('a')),
  (hash) => hash.digest('hex').slice(0, 8),
);
await around(
  () => hold(new Blob(['abc'])),
  (blob) => blob.size,
);
await around(
  () => hold(new Intl.PluralRules('en')),
  (rules) => rules.select(1),
);
await around(
  () => hold(new TextDecoder('utf-16le')),
  (decoder) => decoder.encoding,
);
await around(
  () => hold(new URLSearchParams('a=1&b=2').entries()),
  (it) => [...it].join(),
);
await around(
  () => {
    try {
      Buffer.from(5);
    } catch (error) {
      hold(error);
    }
  },
  (error) => error.code,
);
await around(
  () => Promise.reject(thrownBy(() => fs.readFileSync(5.5))).catch(hold),
  (error) => error.code,
);
await around(
  () => hold(fs.statSync('.', { bigint: true })),
  (stats) => stats.isDirectory(),
);
await around(
  () => {
    class A {
      #method() {
        return 7;
      }
      take() {
        return this.#method;
      }
    }
    hold(new A().take());
  },
  (method) => method(),
);
await around(
  () => {
    function* closing() {
      try {
        yield 1;
      } finally {
        yield 2;
        yield 3;
      }
    }
    const it = closing();
    it.next();
    hold([it, it.return(4)]);
  },
  ([it, { value }]) => [value, it.next().value, it.next().value].join(),
);
await around(
  () => {
    class Base {}
    class Heir extends Base {}
    const bound = function () {}.bind(Heir);
    Object.setPrototypeOf(Heir, bound);
    hold([Heir, bound]);
  },
  ([Heir, bound]) => Object.getPrototypeOf(Heir) === bound,
);
await around(
  () => hold(new Map([[1, { a: 2 }]]).entries()),
  (it) => it.next().value[1].a,
);
await around(
  () => hold(new Function('with ({ a: 5 }) { return () => a; }')()),
  (fn) => fn(),
);
await around(
  () => hold(globalThis[['Web', 'Assembly'].join('')].Memory),
  (Memory) => new Memory({ initial: 1 }).buffer.byteLength,
);
// These are lasting reasons.
await around(
  () => hold(Reflect.apply(Array.prototype.keys, ['a', 'b'], [])),
  (it) => [...it].join(),
);
await around(
  () => {
    const before = Error.prepareStackTrace;
    Error.prepareStackTrace = (_, sites) => sites;
    hold(new Error().stack);
    Error.prepareStackTrace = before;
  },
  (sites) => typeof sites[0].getLineNumber(),
);
assert.equal(box.length, 0);

function thrownBy(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
}
console.log('done');
