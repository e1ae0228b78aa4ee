/**
 * One program, moved once, by either side: start it, let it settle, move it, let it settle, ask it what it noted. Bounded in time as a whole;
 * what happened to a program that did not come through is said in words, without figures.
 */
import fs from 'node:fs';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { clientFigures, figures, roundFigures } from './figures.mjs';

const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const port = '8377';
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks every two milliseconds. */
export async function until(is, limitMs = Number.POSITIVE_INFINITY) {
  const endMs = Date.now() + limitMs;
  while (!is()) {
    if (Date.now() > endMs) return false;
    await sleep(2);
  }
  return true;
}

/**
 * @param runner a CriuRunner or GodwitRunner that has started nothing
 * @param program { kind: 'timers' | 'objects' | 'buffers' | 'server', megabytes, connections, isWalking }
 * @returns {{ outcome: 'moved' | 'wrong' | 'failed' | 'too long', reason?: string, … }}
 */
export async function trial(runner, program, limitMs) {
  const load = os.loadavg()[0];
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'too long', reason: `> ${limitMs / 1000} s, ${runner.stage}` }), limitMs);
  });
  const run = moved(runner, program).catch((error) => ({
    outcome: 'failed',
    reason: `${error.message} ${runner.said ?? ''}`.trim(),
  }));
  const seen = await Promise.race([run, limit]);
  clearTimeout(timer);
  await runner.close();
  return { ...seen, load: Math.round(load * 10) / 10 };
}

async function moved(runner, program) {
  const { folder } = runner;
  const file = (name) => `${folder}/${name}`;
  const read = (name) => JSON.parse(fs.readFileSync(file(name), 'utf8'));
  let isOver = false;
  const begin = async () => {
    if (program.kind === 'server') return runner.startServer(script('guest-serves.mjs'), port);
    const walk = program.isWalking ? ['walk'] : [];
    return runner.start(script('guest-holds.mjs'), [program.kind, String(program.megabytes), folder, ...walk]);
  };
  const there = async (name) => {
    await until(() => isOver || fs.existsSync(file(name)));
    if (!fs.existsSync(file(name))) throw new Error(`the program ended before it had written "${name}"`);
  };

  runner.stage = 'it had not begun';
  await begin();
  void runner.ended.then(() => {
    // Under CRIU the first process ends with the dump, as it should.
    isOver = runner.mayEnd !== true;
  });
  await there('ready');
  let clients;
  if (program.kind === 'server') {
    clients = runner.startClients(script('clients.mjs'), port, program.connections);
    await there('connected');
  }
  const settleMs = 3_000 + 5 * program.megabytes;
  await sleep(settleMs);
  const beganAtMs = Date.now();
  runner.stage = 'the move was under way';
  const move = await runner.move();
  runner.stage = 'it had moved';
  await sleep(settleMs);
  const stopAtMs = Date.now();
  if (clients) {
    fs.writeFileSync(file('stop-clients'), '');
    await clients;
  }
  fs.writeFileSync(file('stop'), '');
  await there('result.json');
  const result = read('result.json');
  const times = { ...move, beganAtMs, stopAtMs };
  const of = { ...figures(result.gaps, times), bytes: move.bytes, ...(move.told ? { told: move.told } : {}) };
  if (program.isWalking) Object.assign(of, roundFigures(result.rounds, times));
  if (clients) Object.assign(of, clientFigures(read('clients.json'), times));
  const { wrong } = result;
  if (of.brokenClients || of.wrongAnswers) wrong.push(`${of.brokenClients} connections broken, ${of.wrongAnswers} answers wrong`);
  return wrong.length > 0 ? { outcome: 'wrong', reason: wrong.join(', '), ...of } : { outcome: 'moved', ...of };
}
