// Generators of all kinds that are not begun yet while the guest moves, made by closures, methods and classes that moved before.
const log = [];
const turn = (n) => {
  for (let i = 0; i < n; i++);
};
function maker(step) {
  const seen = [];
  return {
    seen,
    closure: async function* (n) {
      for (let i = 0; i < n; i++) yield (seen[seen.length] = i * step);
    },
    async *method(n) {
      yield* this.closure(n);
    },
    *plain(n) {
      for (let i = 0; i < n; i++) yield i + step;
    },
    inner: () =>
      (async function* () {
        yield step;
        return arguments.length;
      })(1, 2),
    empty: async function* () {},
  };
}
class Source {
  #step = 3;
  static async *all(n) {
    for (let i = 0; i < n; i++) yield `${this.name}${i}`;
  }
  async *#hidden(n) {
    for (let i = 0; i < n; i++) yield i * this.#step;
  }
  hidden(n) {
    return this.#hidden(n);
  }
  *[Symbol.iterator]() {
    yield this.#step;
    yield -this.#step;
  }
}
async function collect(iterable) {
  const list = [];
  for await (const x of iterable) list.push(x);
  return list.join();
}
async function round(made, source) {
  const waiting = [
    made.closure(3),
    made.method(2),
    made.plain(3),
    made.inner(),
    made.empty(),
    Source.all(2),
    source.hidden(3),
    source[Symbol.iterator](),
  ];
  const [left, thrown] = [made.closure(5), made.method(5)];
  turn(3);
  for (const one of waiting) log.push(`${Object.prototype.toString.call(one)} ${await collect(one)}`);
  turn(2);
  log.push(JSON.stringify(await left.return('early')), JSON.stringify(await left.next()));
  log.push(await thrown.throw(new Error('unbegun')).catch((error) => error.message), JSON.stringify(await thrown.next()));
}
const made = maker(2);
turn(2);
const source = new Source();
await round(made, source);
turn(2);
await round(maker(5), source);
log.push(made.seen.join());
console.log(log.join('\n'));
