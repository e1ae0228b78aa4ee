// Generators and async functions of a class with private names, suspended, not begun and on the stack while the guest moves.
class Source {
  #step = 3;
  async *hidden(n) {
    for (let i = 0; i < n; i++) yield i * this.#step;
  }
  *plain(n) {
    for (let i = 0; i < n; i++) yield i * this.#step;
  }
  async later(n) {
    await null;
    for (let i = 0; i < n; i++) { await null; this.#step++; }
    return this.#step;
  }
}
const s = new Source();
const turn = () => { for (let i = 0; i < 2; i++); };
{ const g = s.plain(2); g.next(); turn(); console.log(g.next()); }
{ const g = s.hidden(2); await g.next(); turn(); console.log(await g.next()); }
{ const g = s.later(2); turn(); console.log(await g); }
{ const g = s.plain(2); turn(); console.log(g.next()); }
