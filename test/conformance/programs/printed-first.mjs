// Printing is the first to look into what was moved: Node's inspect goes through objects with built-ins of its own.
const custom = Symbol.for('nodejs.util.inspect.custom');
const kept = { inner: { q: { r: 1 } }, other: { s: [1, 2, { t: 3 }] } };
class Shown {
  constructor() {
    this.hidden = { x: { y: 5 } };
  }
  [custom]() {
    return kept.inner;
  }
}
class Quiet {
  #secret = { z: 1 };
  constructor(value) {
    this.value = { value };
  }
  get secret() {
    return this.#secret;
  }
}
const stored = {
  list: Array.from({ length: 120 }, (_, i) => ({ i, deep: { a: [i] } })),
  map: new Map([['a', { b: { c: 1 } }]]),
  set: new Set([{ d: 1 }, [{ e: 2 }]]),
  shown: [new Shown()],
  quiet: [new Quiet({ v: 1 })],
  large: new Map(Array.from({ length: 90 }, (_, i) => [i, { i }])),
  iterated: new Map([[{ k: 1 }, { v: { w: 2 } }]]),
  error: [Object.assign(new Error('told'), { stack: 'Error: told', extra: { f: { g: 1 } }, cause: { h: [1] } })],
  promises: [Promise.resolve({ kept: { l: 1 } })],
  options: { cause: { deep: { c: 1 } } },
  typed: [new Uint8Array(3), new Date(0), /r/g],
};
stored.entries = { iterator: stored.iterated.values() };
stored.nested = [[[[{ deep: true }]]]];
stored.circle = { name: 'circle' };
stored.circle.self = { circle: stored.circle };
const prints = [
  () => console.log(stored.list[100], stored.map),
  () => console.log('%o %j %O %s', stored.list[101], stored.list[102], stored.list[103].deep, stored.list[104]),
  () => console.log(stored.set),
  () => console.log(stored.shown[0]),
  () => console.log(stored.quiet),
  () => console.log(stored.large.size, [...stored.large].at(-1)),
  () => console.log(stored.entries),
  () => console.log(stored.error[0]),
  () => console.log(stored.promises),
  () => console.log(stored.typed),
  () => console.log(stored.nested),
  () => console.log(stored.circle),
  () => console.dir(stored.list[60], { depth: 0 }),
  () => console.table([stored.list[61], stored.list[62]]),
  () => console.info(JSON.stringify(stored.list[63]), `${stored.list[64]}`),
  () => console.group(stored.list[65].deep),
  () => console.log(kept.other, [kept.other]),
  () => console.log(stored.large),
  () => console.log(new TypeError('caused', stored.options).cause.deep.c, JSON.stringify(stored.options)),
];
for (let turn = 0; turn < prints.length; turn++) {
  prints[turn]();
}
