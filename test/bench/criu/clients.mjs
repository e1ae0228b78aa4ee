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
const long = [];
let trips = 0;
let wrong = 0;
let broken = 0;
let connected = 0;
let isStopping = false;

function connect(i) {
  const socket = net.connect(Number(port), host);
  socket.setNoDelay(true);
  let number = 0;
  let sentAtMs;
  let got = '';
  const line = () => `${i} ${number} ${'x'.repeat(50)}\n`;
  const send = () => {
    if (sentAtMs !== undefined) return;
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
    const ms = Date.now() - sentAtMs;
    if (ms > 5 && long.length < 100_000) long.push([sentAtMs, ms]);
    number++;
    got = '';
    sentAtMs = undefined;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (!isStopping) broken++;
  });
}

for (let i = 0; i < count; i++) connect(i);
const look = setInterval(() => {
  if (!fs.existsSync(`${folder}/stop-clients`)) return;
  clearInterval(look);
  isStopping = true;
  fs.writeFileSync(`${folder}/clients.part`, JSON.stringify({ trips, wrong, broken, long }));
  fs.renameSync(`${folder}/clients.part`, `${folder}/clients.json`);
  process.exit();
}, 20);
