// Direct evals whose code has classes of its own that call super().
function made(n) {
  const base = n;
  const text = `
    class Plain { constructor(x) { this.x = x + base; } sum(n) { let s = 0; for (let i = 0; i < n; i++) s += this.x; return s; } }
    class Derived extends Plain { constructor(x) { super(x * 2); this.y = base; } sum(n) { return super.sum(n) + this.y; } }
    new Derived(n)`;
  return eval(text).sum(4);
}
class Outer extends Array {
  constructor(n) {
    super();
    this.push(eval('new (class extends Map { constructor() { super(); this.set(1, n); } })()').get(1));
  }
}
console.log(made(3), new Outer(5)[0]);
