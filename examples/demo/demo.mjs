/**
 * The README's first command. One embedded cluster of three nodes runs two programs that know nothing of it: orbits.mjs, which only
 * computes, and chat.mjs, a TCP server with a client connected. Both are moved from node to node again and again while they work.
 * At the end the proof: the output of orbits.mjs is compared with plain node's, byte for byte, and what the client got with
 * what it had to get. Exits with 1 if anything differs.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { realHost } from '@godwit/checkpoint/base';
import { openEmbeddedCluster } from '../../packages/runtime/dist/cli/embedded-cluster.js';
import { Client } from './client.mjs';
import { Picture } from './picture.mjs';
import { scriptOf, startProgram } from './programs.mjs';

const fewestMoves = 5;
process.env.GODWIT_HOME ??= fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-demo-'));
console.log('Two programs run on a cluster of three nodes and are moved while they work:\n');
const cluster = await openEmbeddedCluster(realHost('error'), 3, true);
const picture = new Picture([0, 1, 2]);
const moves = { orbits: [], chat: [] };
const client = new Client();
const onMove = (name) => (move) => {
  moves[name].push(move);
  picture.move(name, move);
};

let proof;
const chat = startProgram({
  ...{ name: 'chat.mjs', url: cluster.url, shake: '300ms', onMove: onMove('chat') },
  onLine(line) {
    picture.note('chat', line);
    proof = client.talk(Number(/port (\d+)/.exec(line)[1]));
  },
});
const orbits = startProgram({
  ...{ name: 'orbits.mjs', url: cluster.url, shake: '300ms', onMove: onMove('orbits') },
  onLine: (line) => picture.note('orbits', line),
});
const progress = setInterval(
  () => picture.note('client', `${client.sentBytes} bytes sent, ${client.receivedBytes} received, one connection`),
  100,
);
const computed = await orbits.ended;
// The server goes on until it has moved often enough to prove something.
while (moves.chat.length < fewestMoves && chat.child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 100));
client.stop();
const said = await Promise.resolve(proof).catch((error) => ({ isIdentical: false, reason: error.message }));
const served = await chat.ended;
clearInterval(progress);
picture.end();
await cluster.close();

const failures = [];
for (const [name, { code, complaints }] of Object.entries({ orbits: computed, chat: served })) {
  if (code !== 0) failures.push(`${name} ended with ${code}: ${complaints.join(' ')}`);
  const pauses = moves[name].map(({ pauseMs }) => pauseMs).sort((a, b) => a - b);
  if (pauses.length === 0) failures.push(`${name} was never moved`);
  else console.log(`\n${name}: ${pauses.length} moves, median pause ${pauses[pauses.length >> 1].toFixed(1)} ms`);
}
console.log('\nThe same program under plain node …');
const plain = spawnSync(process.execPath, [scriptOf('orbits.mjs')], { maxBuffer: 1 << 26 });
if (plain.stdout.equals(computed.output))
  console.log(`orbits: output identical to plain node's, ${computed.output.length} bytes.`);
else failures.push("the output of orbits differs from plain node's");
if (said?.isIdentical)
  console.log(
    `client: ${said.sentBytes} bytes sent and ${said.receivedBytes} received over one connection, every byte right (sha256 ${said.hash.slice(0, 16)}…).`,
  );
else failures.push(`the client did not get what it had to${said?.reason ? `: ${said.reason}` : ''}`);
for (const failure of failures) console.error(`FAILED: ${failure}`);
process.exit(failures.length === 0 ? 0 : 1);
