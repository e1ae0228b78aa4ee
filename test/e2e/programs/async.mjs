// Async functions all the way down: a worker pool over a queue, a pipeline of async generators, races with timers, retries.
import { setTimeout as sleep } from 'node:timers/promises';

const size = Number(process.argv[2] ?? 60);
const work = async (n) => {
  let value = n;
  for (let i = 0; i < 20_000; i++) value = (value * 1103515245 + 12345) % 2147483648;
  if (n % 7 === 0) throw new Error(`refused ${n}`);
  return value;
};
async function retry(n, times) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(n + attempt);
    } catch (error) {
      if (attempt === times) return error.message;
      await null;
    } finally {
      tries++;
    }
  }
}
let tries = 0;
async function pool(jobs, width) {
  const results = new Array(jobs.length);
  let next = 0;
  const run = async () => {
    while (next < jobs.length) {
      const mine = next++;
      results[mine] = await retry(jobs[mine], 2);
      if (mine % 5 === 0) await sleep(1);
    }
  };
  await Promise.all(Array.from({ length: width }, run));
  return results;
}
async function* numbers(limit) {
  for (let i = 0; i < limit; i++) {
    if (i % 50 === 0) await sleep(1);
    yield i;
  }
}
async function* squares(source) {
  for await (const n of source) yield n * n;
}
for (let round = 0; round < size; round++) {
  const results = await pool(
    Array.from({ length: 40 }, (_, i) => i + round),
    4,
  );
  let sum = 0;
  for await (const square of squares(numbers(120))) sum += square;
  const first = await Promise.race([sleep(5, 'late'), Promise.resolve().then(() => 'soon')]);
  const settled = await Promise.allSettled([work(7), work(8), Promise.reject(new TypeError('no'))]);
  console.log(
    round,
    sum,
    first,
    tries,
    results.slice(0, 3),
    settled.map((s) => s.reason?.message ?? s.value),
  );
}
