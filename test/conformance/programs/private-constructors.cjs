// Objects with private fields whose constructors have parameters that are more than names: made again, nothing of those runs.
let made = 0;
const note = (value) => {
  made++;
  return value;
};
class Service {
  #name = note('service');
  name(n) {
    let text = '';
    for (let i = 0; i < n; i++) text += this.#name[i];
    return text;
  }
}
class Holder {
  #service;
  #rest;
  #own = note(1);
  constructor({ service = new Service(), deep: { list: [first = note('first'), ...others] = [] } = {} } = {}, [x = note(2), y] = [], ...more) {
    this.#service = service;
    this.#rest = [first, others.length, x, y, more.length];
  }
  tell(n) {
    return [this.#service.name(n), this.#own, ...this.#rest].join();
  }
}
class Derived extends Holder {
  #extra;
  constructor(extra = note('extra'), { service, ...rest } = {}) {
    super({ service });
    this.#extra = [extra, Object.keys(rest).length];
  }
  tell(n) {
    return `${super.tell(n)} ${this.#extra}`;
  }
}
class Implicit extends Derived {
  #more = note([3]);
  tell(n) {
    return `${super.tell(n)} ${this.#more}`;
  }
}
const all = [
  new Holder(),
  new Holder({ deep: { list: [1, 2, 3] } }, [4, 5], 6, 7),
  new Derived(undefined, { other: 1 }),
  new Implicit('given'),
];
for (let round = 0; round < 3; round++) for (const each of all) console.log(each.tell(round + 2));
console.log(made, Holder.length, Derived.length, Implicit.length);
