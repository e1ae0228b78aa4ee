/**
 * The clients of the server that is moved, which stay where they are: each sends a numbered line again and again and waits for it to come back.
 *   node clients.mjs HOST PORT CONNECTIONS FOLDER
 * FOLDER gets `connected`, and `clients.json` when there is a file `stop-clients`: the times of round trips that took long, from the wall clock.
 */
import fs from 'node:fs';
import net from 'node:net';

const [host, port, connections, folder] = process.argv.slice(2);
const count = Number(connections);
/** Some 200 round trips a second with one connection, 1,000 with 500. */
const everyMs = Math.max(5, count);
const answerLimitMs = 5_000;
const long = [];
let trips = 0;
let wrong = 0;
let broken = 0;
let connected = 0;
let waiting = 0;
let isStopping = false;
let stopAtMs;

function connect(i) {
  const socket = net.connect(Number(port), host);
  socket.setNoDelay(true);
  let number = 0;
  let sentAtMs;
  let got = '';
  const line = () => `${i} ${number} ${'x'.repeat(50)}\n`;
  const send = () => {
    if (sentAtMs !== undefined || isStopping) return;
    waiting++;
    sentAtMs = Date.now();
    socket.write(line());
  };
  socket.on('connect', () => {
    if (++connected === count) fs.writeFileSync(`${folder}/connected`, '');
    setTimeout(() => setInterval(send, everyMs).unref(), (i * everyMs) / count);
  });
  socket.on('data', (chunk) => {
    got += chunk;
    if (!got.endsWith('\n')) return;
    if (got !== line()) wrong++;
    trips++;
    waiting--;
    const ms = Date.now() - sentAtMs;
    if (ms > 5 && long.length < 100_000) long.push([sentAtMs, ms]);
    number++;
    got = '';
    sentAtMs = undefined;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    broken++;
  });
}

for (let i = 0; i < count; i++) connect(i);

/** Ends when every line has come back, so that the server sees ends and no resets; what has not after a while is missing. */
const look = setInterval(() => {
  if (!isStopping && !fs.existsSync(`${folder}/stop-clients`)) return;
  isStopping = true;
  stopAtMs ??= Date.now();
  if (waiting > 0 && Date.now() < stopAtMs + answerLimitMs) return;
  clearInterval(look);
  fs.writeFileSync(`${folder}/clients.part`, JSON.stringify({ trips, wrong: wrong + waiting, broken, long }));
  fs.renameSync(`${folder}/clients.part`, `${folder}/clients.json`);
  process.exit();
}, 20);
