/**
 * Asynchronous programs for language.mjs; prints name, best milliseconds of three, result. The address of a web server is its argument.
 *   node test/bench/language-guest.mjs HOST:PORT
 */
import net from 'node:net';

/** Awaits values that are there: the cost of an await alone. */
async function awaits(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await i;
  return sum;
}

/** Jobs with timers and queues between them, a few at a time, as a scraper or a job runner has. */
async function queue(jobs) {
  const waiting = Array.from({ length: jobs }, (_, i) => i);
  const done = [];
  const check = (n) => {
    let value = n;
    for (let i = 0; i < 20_000; i++) value = (value * 1103515245 + 12345) % 2147483648;
    return value % 10;
  };
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      await new Promise((resolve) => setTimeout(resolve, job % 3));
      done.push(check(job));
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return done.length;
}

/** Follows the links of a site on this machine, a few requests at a time. */
/** Over a socket of the guest's own, which moves with it. */
const overNet = (host, port) => (path) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => socket.end(`GET ${path} HTTP/1.0\r\n\r\n`));
    const parts = [];
    socket.on('data', (part) => parts.push(part));
    socket.on('error', reject);
    socket.on('end', () => resolve(Buffer.concat(parts).toString()));
  });

/** As most programs do it: with Node's own client, which keeps the guest where it is. */
const overFetch = (host, port) => async (path) => (await fetch(`http://${host}:${port}${path}`)).text();

async function crawl(pages, get) {
  const seen = new Set(['/0']);
  const waiting = ['/0'];
  let bytes = 0;
  const worker = async () => {
    for (let path = waiting.shift(); path !== undefined && seen.size <= pages; path = waiting.shift()) {
      const text = await get(path);
      bytes += text.length;
      for (const [, link] of text.matchAll(/href="([^"]+)"/g)) {
        if (seen.has(link) || seen.size >= pages) continue;
        seen.add(link);
        waiting.push(link);
      }
    }
  };
  for (let round = 0; waiting.length > 0 && round < pages; round++) await Promise.all(Array.from({ length: 4 }, worker));
  return `${seen.size}/${bytes}`;
}

async function measure(name, program) {
  let best = Number.POSITIVE_INFINITY;
  let result;
  for (let i = 0; i < 3; i++) {
    const before = performance.now();
    result = await program();
    best = Math.min(best, performance.now() - before);
  }
  console.log(name, best.toFixed(2), result);
}

await measure('await', () => awaits(300_000));
await measure('queue', () => queue(400));
if (process.argv[2]) {
  const [host, port] = process.argv[2].split(':');
  await measure('crawler-net', () => crawl(200, overNet(host, port)));
  await measure('crawler-fetch', () => crawl(200, overFetch(host, port)));
}
