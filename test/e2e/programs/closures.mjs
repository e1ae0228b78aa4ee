// Closures everywhere: counters, memo tables, pipelines, a small parser of combinators, an event system, currying.
const size = Number(process.argv[2] ?? 40);
const memo = (f) => {
  const known = new Map();
  const self = (n) => known.get(n) ?? (known.set(n, f(self, n)), known.get(n));
  return self;
};
const pipe =
  (...steps) =>
  (value) =>
    steps.reduce((v, step) => step(v), value);
const char = (c) => (text, at) => (text[at] === c ? [c, at + 1] : undefined);
const many = (p) => (text, at) => {
  const all = [];
  for (let found = p(text, at); found; found = p(text, at)) {
    all.push(found[0]);
    at = found[1];
  }
  return [all, at];
};
const either =
  (...ps) =>
  (text, at) => {
    for (const p of ps) {
      const found = p(text, at);
      if (found) return found;
    }
    return undefined;
  };
const both = (a, b, join) => (text, at) => {
  const left = a(text, at);
  const right = left && b(text, left[1]);
  return right && [join(left[0], right[0]), right[1]];
};
const digit = either(...'0123456789'.split('').map(char));
const number = (text, at) => {
  const [digits, end] = many(digit)(text, at);
  return digits.length > 0 ? [Number(digits.join('')), end] : undefined;
};
const later = (make) => (text, at) => make()(text, at);
const factor = either(number, (text, at) =>
  both(
    both(
      char('('),
      later(() => expression),
      (_, v) => v,
    ),
    char(')'),
    (v) => v,
  )(text, at),
);
const chain = (part, ops) => {
  const rest = many(both(either(...Object.keys(ops).map(char)), part, (op, value) => (left) => ops[op](left, value)));
  return both(part, rest, (first, changes) => changes.reduce((value, change) => change(value), first));
};
const term = chain(factor, { '*': (a, b) => (a * b) % 10007, '/': (a, b) => Math.trunc(a / (b || 1)) });
const expression = chain(term, { '+': (a, b) => a + b, '-': (a, b) => a - b });
const emitter = () => {
  const listeners = {};
  return {
    on: (name, fn) => (listeners[name] ??= []).push(fn),
    emit: (name, value) =>
      (listeners[name] ?? []).forEach((fn) => {
        fn(value);
      }),
  };
};
const counters = Array.from({ length: 50 }, (_, i) => {
  let count = i;
  return { add: (n) => (count = (count + n) % 65521), get: () => count };
});
for (let round = 0; round < size; round++) {
  const fib = memo((self, n) => (n < 2 ? BigInt(n) : self(n - 1) + self(n - 2)));
  const bus = emitter();
  for (const counter of counters) bus.on('tick', (n) => counter.add(n));
  for (let i = 0; i < 600; i++) bus.emit('tick', i * round);
  let text = '1';
  for (let i = 0; i < 300; i++) text += `${'+-*/'[i % 4]}(${i}${'*+'[i % 2]}${(i * 7) % 11})`;
  const [value, end] = expression(text, 0);
  const shaped = pipe(
    (v) => v + round,
    (v) => [v, end],
    (v) => v.join(':'),
  )(value);
  console.log(
    round,
    fib(200 + round) % 1000000007n,
    counters.reduce((sum, counter) => sum + counter.get(), 0),
    shaped,
  );
}
