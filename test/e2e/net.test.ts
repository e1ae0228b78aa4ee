/** A guest's TCP server at the gateway's address: clients keep their connections, byte for byte, while it moves between nodes. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeEach(() => {
  place = new Workplace();
});
afterEach(() => place.close());

/** Answers each byte b with b ^ 0x5a, in order; when a client ends, sends the hash of what it got, and ends. */
const server = `
import { createHash } from 'node:crypto';
import net from 'node:net';

let clients = 0;
const server = net.createServer({ allowHalfOpen: true }, (socket) => {
  clients++;
  let hash = 0x811c9dc5;
  socket.on('data', (bytes) => {
    const answer = Buffer.alloc(bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      hash = Math.imul(hash ^ bytes[i], 0x01000193);
      answer[i] = bytes[i] ^ 0x5a;
    }
    if (!socket.write(answer)) {
      socket.pause();
      socket.once('drain', () => socket.resume());
    }
  });
  socket.on('end', () => socket.end((hash >>> 0).toString(16).padStart(8, '0')));
  socket.on('close', (hadError) => {
    console.log('closed', hadError);
    if (--clients === 0) server.close(() => console.log('done'));
  });
});
server.listen(0, () => console.log('port', server.address().port));
`;

function fnv(bytes: Buffer): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Talk {
  readonly sent: Buffer;
  readonly received: Buffer;
}

/** Sends pieces for as long as `goOn` says, ends its side, and reads to the end. Rejects when the connection breaks. */
async function talk(port: number, seed: number, goOn: (sentBytes: number) => boolean): Promise<Talk> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const received: Buffer[] = [];
  const sent: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => received.push(bytes));
  const over = once(socket, 'end'); // rejects on 'error'
  over.catch(() => {});
  await once(socket, 'connect');
  let state = seed;
  for (let bytes = 0; goOn(bytes); ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const piece = Buffer.alloc(1 + (state % 9_000));
    for (let i = 0; i < piece.length; i++) piece[i] = (state >>> (i & 15)) + i * seed;
    sent.push(piece);
    bytes += piece.length;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), over]);
    await new Promise((resolve) => setTimeout(resolve, 15)); // a client that takes its time: moves happen in between
  }
  socket.end();
  await over;
  socket.destroy();
  return { sent: Buffer.concat(sent), received: Buffer.concat(received) };
}

/** What it received is what it sent, answered byte by byte, and the server saw the very same. */
function expectExact({ sent, received }: Talk): void {
  const answer = received.subarray(0, sent.length);
  expect([answer.length, sha(Buffer.from(answer.map((byte) => byte ^ 0x5a)))]).toEqual([sent.length, sha(sent)]);
  expect(received.subarray(sent.length).toString()).toBe(fnv(sent));
}

const portOf = (stdout: Buffer) => Number(/^port (\d+)$/m.exec(String(stdout))?.[1]);

describe("a guest's server at the gateway", () => {
  it('keeps its clients, byte-exact in both directions, half-closes included, over ten moves and more', async () => {
    const script = place.script('server.mjs', server);
    const moved = place.begin('run', '--nodes', '3', '--shake', '60ms', '--show-moves', script);
    await moved.until('port ');
    const port = portOf(moved.stdout());
    const moves = () => moved.stderr().split('\n').length - 1; // a line each
    const long = talk(port, 7, (bytes) => bytes < 400_000 || moves() < 12);
    const others = [talk(port, 11, (bytes) => bytes < 200_000), talk(port, 13, (bytes) => bytes < 100_000)];
    for (const one of await Promise.all([long, ...others])) expectExact(one);
    const result = await moved.result;
    expect(result.code).toBe(0);
    expect(String(result.stdout)).toBe(`port ${port}\n${'closed false\n'.repeat(3)}done\n`);
    const seen = result.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)); // nothing but moves was said
    expect(seen.length).toBeGreaterThanOrEqual(10);
    for (const { from, to } of seen) expect(from).not.toBe(to);
  });

  it('fails with EADDRINUSE on a port that is taken, dials out while it moves, and gives its port back when it ends', async () => {
    const taken = net.createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    const { port } = taken.address() as net.AddressInfo;
    const script = place.script(
      'client.mjs',
      `import { once } from 'node:events';
       import net from 'node:net';
       const server = net.createServer();
       server.listen(${port});
       const [error] = await once(server, 'error');
       console.log(error.code, error.message, error.port);
       const free = net.createServer((socket) => socket.end('hello'));
       free.listen(0);
       await once(free, 'listening');
       const socket = net.connect(${port}, '127.0.0.1');
       socket.setEncoding('latin1');
       let text = '';
       socket.on('data', (piece) => { text += piece; });
       for (let i = 0; i < 40; i++) {
         socket.write(String(i).repeat(2000));
         await new Promise((resolve) => setTimeout(resolve, 25));
       }
       socket.end();
       await once(socket, 'close');
       let expected = '';
       for (let i = 0; i < 40; i++) expected += String(i).repeat(2000);
       console.log(text.length, text === expected, 'free port', free.address().port);
       process.exit(5);`,
    );
    const moved = place.begin('run', '--nodes', '2', '--shake', '50ms', '--show-moves', script);
    const { code, stdout, stderr } = await moved.result;
    taken.close();
    expect(code, stderr).toBe(5);
    const [failed, echoed] = String(stdout).trimEnd().split('\n');
    expect(failed).toBe(`EADDRINUSE listen EADDRINUSE: address already in use :::${port} ${port}`);
    expect(echoed).toMatch(/^140000 true free port \d+$/); // 10 pieces of 2000 bytes and 30 of 4000
    const again = net.createServer();
    await new Promise<void>((resolve, reject) => {
      again.once('error', reject).listen(Number(echoed!.split(' ').at(-1)), '127.0.0.1', resolve);
    });
    again.close();
  });
});
