/**
 * Programs that hold what only Node has (servers of node:http, child processes, sockets, workers): they cannot move, and otherwise run and
 * end as in plain node.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.close());

const programs: [what: string, text: string][] = [
  [
    'a server of node:http that is asked, and closed in the end',
    `import http from 'node:http';
     const server = http.createServer(async (request, response) => {
       await null;
       response.end(request.url);
     });
     server.listen(0, () => {
       http.get({ port: server.address().port, path: '/asked' }, (response) => {
         response.on('data', (data) => console.log(String(data)));
         response.on('end', () => server.close());
       });
     });
     process.on('beforeExit', () => console.log('before exit'));
     process.on('exit', (code) => console.log('exit', code));`,
  ],
  [
    'child processes, streams of files, datagrams and workers',
    `import { exec, spawn } from 'node:child_process';
     import { createSocket } from 'node:dgram';
     import { once } from 'node:events';
     import fs from 'node:fs';
     import { Worker } from 'node:worker_threads';
     import zlib from 'node:zlib';
     const child = spawn(process.execPath, ['-e', 'setTimeout(() => console.log("child"), 150)']);
     child.stdout.on('data', (data) => console.log(String(data).trim()));
     child.on('close', (code) => {
       console.log('closed', code);
       exec('echo hi', (error, out) => {
         console.log(out.trim());
         fs.createReadStream(process.argv[1]).pipe(zlib.createGzip()).on('data', () => {}).on('end', () => {
           console.log('read');
           const socket = createSocket('udp4');
           socket.on('message', (message) => {
             console.log(String(message));
             socket.close();
             new Worker('require("node:worker_threads").parentPort.postMessage(5)', { eval: true }).on('message', console.log);
           });
           socket.bind(0, () => socket.send('datagram', socket.address().port));
         });
       });
     });`,
  ],
  [
    'fetch with signals, errors and rejections in handlers',
    `import http from 'node:http';
     process.on('uncaughtException', (error) => console.log('uncaught', error.message));
     process.on('unhandledRejection', (error) => console.log('rejected', error.message));
     const server = http.createServer((request, response) => {
       if (request.url === '/slow') return;
       if (request.url === '/throws') throw new Error('thrown');
       if (request.url === '/rejects') return Promise.reject(new Error('rejected'));
       response.end('hi');
     });
     server.listen(0, async () => {
       const base = \`http://127.0.0.1:\${server.address().port}\`;
       const controller = new AbortController();
       console.log(await (await fetch(base, { signal: controller.signal })).text());
       const request = new Request(base, { signal: controller.signal });
       console.log(request.signal instanceof AbortSignal, await (await fetch(request)).text());
       setTimeout(() => controller.abort(), 20);
       await fetch(base + '/slow', { signal: controller.signal }).catch((error) => console.log(error.name, error.code));
       await fetch(base + '/throws', { signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.name, error.code));
       await fetch(base + '/rejects', { signal: AbortSignal.timeout(50) }).catch((error) => console.log(error.name, error.code));
       const { port1, port2 } = new MessageChannel();
       port2.onmessage = (event) => {
         console.log(event.data, event instanceof Event);
         port1.close();
         server.close();
         server.closeAllConnections();
       };
       port1.postMessage('a message');
     });`,
  ],
];

it.each(programs)('%s: as plain node', async (what, text) => {
  const script = place.script(`${what.replaceAll(/\W+/g, '-')}.mjs`, text);
  const [plain, guest] = [await place.node(script), await place.run('run', script)];
  expect(plain.code).toBe(0);
  expect([String(guest.stdout), guest.stderr, guest.code]).toEqual([String(plain.stdout), plain.stderr, 0]);
});

it('an error in a handler that nobody catches ends the program as in plain node', async () => {
  const script = place.script(
    'handler.mjs',
    `import http from 'node:http';
     const server = http.createServer(() => { throw new Error('in a handler'); });
     server.listen(0, () => http.get({ port: server.address().port }).on('error', () => {}));`,
  );
  const [plain, guest] = [await place.node(script), await place.run('run', script)];
  const withoutCaret = (text: string) => text.replace(/^ *\^\n/m, '');
  expect([guest.code, withoutCaret(guest.stderr)]).toEqual([plain.code, withoutCaret(plain.stderr)]);
});

const tests: [what: string, text: string][] = [
  [
    'suites, hooks, contexts and mocks',
    `import assert from 'node:assert';
     import test, { after, afterEach, before, beforeEach, describe, it, mock } from 'node:test';
     describe('suite', () => {
       before(() => console.log('before'));
       after(async () => { await null; console.log('after'); });
       beforeEach(() => console.log('each'));
       afterEach(() => console.log('after each'));
       it('waits', async () => { await new Promise((resolve) => setTimeout(resolve, 20)); });
       it('calls back', (t, done) => void setTimeout(done, 5));
       describe('inner', () => { it('is left out', { skip: true }, () => {}); it.todo('comes later'); });
     });
     test('mocks', (t) => {
       const object = { method: () => 1 };
       t.mock.method(object, 'method', () => 5);
       const spy = mock.fn((x) => x + 1);
       assert.deepEqual([object.method(), spy(2), spy.mock.calls[0].arguments], [5, 3, [2]]);
     });
     test('contexts', async (t) => { await t.test('a', async (t) => { await t.test('b', () => t.diagnostic('said')); }); });`,
  ],
  [
    'tests that fail',
    `import assert from 'node:assert';
     import test from 'node:test';
     test('passes', () => {});
     test('fails later', async () => {
       await new Promise((resolve) => setTimeout(resolve, 5));
       assert.equal(1, 2);
     });
     const failing = (name) => test(name, () => { throw 5; });
     failing('in a function');
     process.on('exit', (code) => console.log('exit', code, process.exitCode));`,
  ],
  [
    'a test that never ends, and one that throws from a timer',
    `import test from 'node:test';
     test('throws', async () => {
       setTimeout(() => { throw new Error('late'); }, 5);
       await new Promise((resolve) => setTimeout(resolve, 30));
     });
     test('never', () => new Promise(() => {}));`,
  ],
];

it.each(tests)('%s: node:test says the same as in plain node', async (what, text) => {
  const script = place.script(`${what.replaceAll(/\W+/g, '-')}.mjs`, text);
  const [plain, guest] = [await place.node(script), await place.run('run', script)];
  // Stacks end in frames of Node's own, which docs/LIMITS.md speaks of.
  const told = (out: unknown) =>
    String(out)
      .replaceAll(/duration_ms.*/g, '')
      .replaceAll(/^ +stack: \|-\n(?: +.* \(?.*:\d+\)?\n)+/gm, '');
  expect([told(guest.stdout), guest.stderr, guest.code]).toEqual([told(plain.stdout), plain.stderr, plain.code]);
  expect(guest.code).toBe(what.startsWith('suites') ? 0 : 1);
});
