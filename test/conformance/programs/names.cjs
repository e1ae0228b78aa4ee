// Methods with private names and with names that are reserved words are called from frames that move.
class Store {
  #kept = new Map();
  #mix(n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum = (sum * 31 + i) % 1009;
    return sum;
  }
  static #twice(n) {
    return n * 2;
  }
  static double(n) {
    return Store.#twice(n) + this.#twice(n);
  }
  delete(n) {
    return this.#mix(n) + 1;
  }
  catch(n) {
    const before = this.#kept.size;
    this.#kept.set(n, this.delete(n));
    return this.#kept.get(n) - before * 0;
  }
  get size() {
    return this.#kept.size;
  }
}
class Sub extends Store {
  catch(n) {
    return super.catch(n) + super.delete(n);
  }
}
const store = new Sub();
function run(n) {
  let total = 0;
  for (let i = 0; i < n; i++) total += store.catch(i % 50) + store.delete(i % 7) + Store.double(i);
  return total;
}
console.log(run(9), store.size);
