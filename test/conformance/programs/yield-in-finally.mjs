// Generators that wait in a finally block, how whose try ended is out of sight: put off, and never taken for ones that have not begun.
const work = (n) => {
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += (i * n) % 7;
  return sum;
};

function* cleaning(log, first = 'first') {
  try {
    yield first;
    log.push('went on');
  } finally {
    log.push('cleaning');
    yield `cleaned ${work(2)}`;
    log.push('clean');
  }
  return 'end';
}

const steps = (generator, ...how) => how.map((each) => [generator[each](each), work(3)]);
for (const how of ['next', 'return', 'throw']) {
  const log = [];
  const generator = cleaning(log);
  const unbegun = cleaning(log, 'other');
  const seen = steps(generator, 'next', how);
  for (let i = 0; i < 3; i++) work(i);
  try {
    seen.push(...steps(generator, 'next', 'next'));
  } catch (error) {
    seen.push(`thrown ${error}`);
  }
  seen.push(steps(unbegun, 'next'));
  console.log(how, JSON.stringify(seen), log.join());
}

// Async generators close while they await something.
async function* numbers(limit, log) {
  try {
    for (let i = 0; i < limit; i++) {
      await null;
      yield work(i);
    }
  } finally {
    await null;
    log.push(`closing ${limit}`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`closed ${limit}`);
  }
}
const log = [];
for (let round = 0; round < 3; round++) {
  let sum = 0;
  for await (const value of numbers(9, log)) if ((sum += value) > 8) break;
  const other = numbers(2, log);
  await other.next();
  const [closed] = await Promise.all([other.return('early'), (async () => work(await 5))(), Promise.resolve().then(() => work(1))]);
  log.push(sum, closed.value);
}
console.log(log.join());
