// What is left of a function may need no environment any more, though the function began by using one: it moves on and on all the same.
const lines = [];
function wait(turns) {
  let sum = 0;
  for (let i = 0; i < turns; i++) sum = (sum * 31 + i) % 1009;
  return sum;
}
const makeWorker = (start) => {
  let count = start;
  const add = (n) => {
    count += n;
    return count;
  };
  return {
    add,
    work(n) {
      count += n;
      const before = count;
      const waited = wait(12);
      return before + waited;
    },
    *steps(n) {
      count += n;
      const before = count;
      yield before;
      yield wait(4);
      yield before * 2;
    },
    async later(n) {
      count += n;
      await null;
      const waited = wait(4);
      await null;
      return waited + n;
    },
    keeping(n) {
      count += n;
      const waited = wait(6);
      const make = () => () => count + waited;
      return make();
    },
  };
};
class Counter {
  #own = 3;
  static made = 0;
  run(n) {
    Counter.made += this.#own;
    const waited = wait(6);
    return waited + n;
  }
  kept(n) {
    const waited = wait(6);
    return waited + n + this.#own;
  }
}
const worker = makeWorker(5);
lines.push(worker.work(2), worker.add(1));
lines.push(...worker.steps(3));
lines.push(new Counter().run(1), new Counter().kept(1), Counter.made);
const kept = worker.keeping(4);
lines.push(kept(), worker.add(10), kept());
const steps = worker.steps(1);
lines.push(steps.next().value, wait(6), [...steps].length);
lines.push(await worker.later(6), await Promise.all([worker.later(1), worker.later(2)]).then(String));
console.log(lines.join(' '));
