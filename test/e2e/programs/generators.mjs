// Generators: infinite streams, delegation over trees, coroutines that talk both ways, permutations, finally on early exit.
const size = Number(process.argv[2] ?? 30);
function* from(n) {
  for (;;) yield n++;
}
function* filter(source, keep) {
  for (const n of source) if (keep(n)) yield n;
}
function* take(source, count) {
  if (count <= 0) return;
  for (const n of source) {
    yield n;
    if (--count === 0) return;
  }
}
function* sieve(source) {
  const { value: prime } = source.next();
  yield prime;
  yield* sieve(filter(source, (n) => n % prime !== 0));
}
const tree = (depth, label) =>
  depth === 0 ? null : { left: tree(depth - 1, label * 2), label, right: tree(depth - 1, label * 2 + 1) };
function* walk(node) {
  if (!node) return 0;
  const left = yield* walk(node.left);
  yield node.label;
  return 1 + left + (yield* walk(node.right));
}
function* average() {
  let sum = 0;
  let count = 0;
  let answer;
  try {
    for (;;) {
      const given = yield answer;
      sum += given;
      answer = sum / ++count;
    }
  } finally {
    closed++;
  }
}
let closed = 0;
function* permutations(items) {
  if (items.length < 2) yield items;
  else
    for (let i = 0; i < items.length; i++)
      for (const rest of permutations([...items.slice(0, i), ...items.slice(i + 1)])) yield [items[i], ...rest];
}
for (let round = 0; round < size; round++) {
  const primes = [...take(sieve(from(2)), 60 + round)];
  const labels = [];
  const walker = walk(tree(9, 1));
  let step = walker.next();
  for (; !step.done; step = walker.next()) labels.push(step.value);
  const mean = average();
  mean.next();
  let last;
  for (let i = 0; i < 3000; i++) last = mean.next((i * round) % 97).value;
  mean.return();
  let hash = 0;
  for (const p of permutations([1, 2, 3, 4, 5, 6])) hash = (hash * 31 + p[0] * 7 + p[5]) % 1000003;
  console.log(round, primes.at(-1), labels.length, step.value, last.toFixed(6), closed, hash);
}
