/**
 * Ends guests in every way while the node keeps asking and pausing them, and watches what this process posts to their workers. Prints
 * one JSON line: how many ended how, and every message that could have met a worker's end. A process of its own, because Node aborts for one.
 * Usage: endings-program.mjs FOLDER ROUNDS
 */
import { mkdir, writeFile } from 'node:fs/promises';
import inspector from 'node:inspector';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { compileScript } from '@godwit/checkpoint/compile';
import { guestCompileOptions } from '../../dist/guest/modules.js';
import { GuestWorker } from '../../dist/node/guest-worker.js';
import { WorkerInspector } from '../../dist/node/inspector.js';
import { setGuestFlags } from '../../dist/node/v8-flags.js';

const [folder, rounds] = [process.argv[2], Number(process.argv[3])];
const violations = [];

// What is watched: posts to workers, their notifications, and calls that end a worker, each as Node sees it.
const sessions = new Map();
const ended = new Set();
let watched;
const { post } = inspector.Session.prototype;
inspector.Session.prototype.post = function (method, params, ...rest) {
  if (!watched) {
    watched = this;
    this.prependListener('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      const thread = Number(/\d+/.exec(workerInfo.title)[0]);
      sessions.set(sessionId, { thread, isPaused: false });
      if (ended.has(thread)) violations.push('ended before it was attached');
    });
  }
  if (method === 'NodeWorker.sendMessageToWorker') {
    const session = sessions.get(params.sessionId);
    const sent = JSON.parse(params.message).method;
    const answersPause = sent === 'Debugger.resume' && session.isPaused;
    if (ended.has(session.thread) && !answersPause) violations.push(`${sent} to a worker that was told to end`);
    if (answersPause) session.isPaused = false;
  }
  return post.call(this, method, params, ...rest);
};
const { receive } = GuestWorker.prototype;
GuestWorker.prototype.receive = function (message) {
  if (message.type === 'paused')
    for (const session of sessions.values()) if (session.thread === this.threadId) session.isPaused = true;
  receive.call(this, message);
};
const { terminate } = Worker.prototype;
Worker.prototype.terminate = function () {
  if (this.threadId !== -1) ended.add(this.threadId);
  return terminate.call(this);
};
const { emit } = Worker.prototype;
Worker.prototype.emit = function (event, ...values) {
  this.number ??= this.threadId;
  if (event === 'exit' && !ended.has(this.number)) violations.push('a worker ended by itself');
  return emit.call(this, event, ...values);
};

setGuestFlags();
const host = new WorkerInspector();
const scripts = {
  exit: 'let i = 0; const again = () => (++i < 20 ? setImmediate(again) : process.exit(3)); again();',
  end: 'let sum = 0; for (let i = 0; i < 100000; i++) sum += [i].map((x) => x + 1)[0];',
  error: 'const deep = (n) => { if (n === 0) throw new TypeError("deep"); deep(n - 1); }; setTimeout(() => deep(20), 2);',
  loop: 'for (let i = 0; ; i++) Math.sqrt(i);',
  idle: 'setInterval(() => {}, 1000);',
  native: 'const { pbkdf2Sync } = require("crypto"); for (;;) pbkdf2Sync("a", "b", 300000, 64, "sha512");',
};
await mkdir(folder, { recursive: true });
const bundles = {};
for (const [name, text] of Object.entries(scripts)) {
  const file = path.join(folder, `${name}.cjs`);
  await writeFile(file, text);
  bundles[name] = await compileScript(file, guestCompileOptions);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function guestOf(name) {
  const worker = new GuestWorker(host);
  await worker.ready();
  const running = {};
  const isRunning = new Promise((resolve) => {
    running.resolve = resolve;
  });
  void disturb(worker);
  const over = new Promise((resolve) => {
    const settings = { pid: 1, argv: ['node', 'x'], execArgv: [], env: {}, cwd: '/', tty: undefined };
    worker.start(bundles[name], settings, { output() {}, send() {}, ended: resolve, running: running.resolve });
  });
  return { worker, over, isRunning };
}

const kinds = {
  exit: async () => (await (await guestOf('exit')).over).code,
  end: async () => (await (await guestOf('end')).over).code,
  error: async () => (await (await guestOf('error')).over).code,
  async crash() {
    const { worker, over, isRunning } = await guestOf('idle');
    await isRunning;
    await host.evaluate(worker.threadId, '(async () => { throw new Error("a fault of the runtime") })(), 0', 1000);
    return (await over).code;
  },
  killedLoop: () => killed('loop'),
  killedIdle: () => killed('idle'),
  killedInNativeCall: () => killed('native'),
  async heldThenEnded() {
    const { worker, isRunning } = await guestOf('loop');
    await isRunning;
    // Put off again and again on a busy machine: it is ended all the same.
    await worker.capture({ hold: true, timeoutMs: 5_000 }).catch(() => {});
    await worker.terminate();
    return 'gone';
  },
  async endedWhileCaptured() {
    const { worker, isRunning } = await guestOf('loop');
    await isRunning;
    const captured = worker.capture({ hold: true, timeoutMs: 60_000 }).catch(() => {});
    await pause(2);
    await worker.terminate();
    void captured;
    return 'gone';
  },
  async justMade() {
    await new GuestWorker(host).terminate();
    return 'gone';
  },
};

async function killed(name) {
  const { worker, isRunning } = await guestOf(name);
  await isRunning;
  await worker.terminate();
  return 'gone';
}

// As the node does, only all the time: looks at memory, looks for listeners.
async function disturb(worker) {
  while (worker.threadId !== -1) {
    const { threadId } = worker;
    await Promise.all([host.heapBytes(threadId, 50), host.evaluate(threadId, '1 + 1', 50), worker.memory(false)]);
    await pause(1);
  }
}

const results = {};
for (let round = 0; round < rounds; round++)
  await Promise.all(
    Object.entries(kinds).map(async ([kind, run]) => {
      const result = `${kind} ${await run()}`;
      results[result] = (results[result] ?? 0) + 1;
    }),
  );
console.log(JSON.stringify({ results, violations: [...new Set(violations)] }));
process.exit(0);
