// Generators that run for long between two yields, by next(), for-of, yield* and inside async functions: moved while their bodies run,
// again and again.
const log = [];
function work(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
}
function* inner(name) {
  for (let i = 0; i < 3; i++) {
    work(3);
    const received = yield `${name}${i}:${work(i)}`;
    if (received) log.push(received);
  }
  return work(4);
}
function* outer() {
  const result = yield* inner('a');
  log.push(result);
  try {
    for (const item of inner('b')) yield item;
  } finally {
    log.push(`finally ${work(5)}`);
  }
}
function drive(generator) {
  let result = generator.next();
  while (!result.done) {
    log.push(result.value);
    result = generator.next(`got ${result.value}`);
  }
}
async function asynchronous(name) {
  const generator = inner(name);
  for (let i = 0; i < 3; i++) {
    log.push((await generator.next(i)).value);
    work(3);
  }
}
drive(outer());
await Promise.all([asynchronous('c'), asynchronous('d')]);
const left = outer();
for (const item of left) {
  log.push(item);
  if (item.startsWith('b1')) break;
}
for (const part of log) console.log(part);
