/**
 * The guest's node:net against node's own, scenario by scenario, and the same scenarios while the service moves between two nodes.
 * The guest side runs in a worker over the real NetService, FlowAgent and Gateway; the peers are real TCP sockets.
 */

import { Worker } from 'node:worker_threads';
import { realHost } from '@godwit/checkpoint/base';
import { FlowAgent, Gateway } from '@godwit/natgateway';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NetService } from '../../../src/services/net/index.js';
// @ts-expect-error plain JavaScript that the worker runs too; only the names are used here
import { scenarios } from './scenarios.mjs';

const names = Object.keys(scenarios as Record<string, unknown>).filter((name) => !name.startsWith('stays'));
const guestModule = new URL('../../../guest-lib/net.js', import.meta.url).href;
const host = realHost('error');
const pid = 101;
let gateway: Gateway;
let agents: FlowAgent[];

beforeEach(async () => {
  gateway = await Gateway.start({ host, secret: 'test' });
  const start = (node: string): Promise<FlowAgent> =>
    FlowAgent.start({ host, node, secret: 'test', gatewayHost: '127.0.0.1', gatewayPort: gateway.nodePort });
  agents = [await start('a'), await start('b')];
});

afterEach(async () => {
  for (const agent of agents) agent.stop();
  await gateway.stop();
});

interface Envelope {
  readonly service: string;
  readonly message: unknown;
}

function runReal(scenario: string): Promise<unknown> {
  const worker = new Worker(new URL('./scenario-worker.mjs', import.meta.url), { workerData: { scenario } });
  return new Promise((resolve, reject) => {
    worker.on('message', (envelope: Envelope) => resolve(envelope.message));
    worker.on('error', reject);
  });
}

/** Runs a scenario on the guest's net. `moves`: after every so many messages the service moves to the other node. */
function runGuest(
  scenario: string,
  everyMessages = Number.POSITIVE_INFINITY,
  atResult: (worker: Worker) => void = () => {},
): Promise<{ seen: unknown; moves: number; exitCode: number }> {
  const worker = new Worker(new URL('./scenario-worker.mjs', import.meta.url), { workerData: { scenario, guest: guestModule } });
  const post = (messages: readonly unknown[]): void => worker.postMessage({ service: 'net', messages });
  let epoch = 1;
  let service = new NetService({ pid, epoch, flows: agents[0]!, host, post });
  let moving: unknown[] | null = null;
  let count = 0;
  let moves = 0;
  const move = async (): Promise<void> => {
    moving = [];
    const source = service;
    const state = structuredClone(source.freeze());
    epoch += 1;
    const thawed = NetService.thaw({ pid, epoch, flows: agents[(epoch + 1) % 2]!, host, post }, state);
    source.commit();
    service = await thawed;
    moves += 1;
    const late = moving;
    moving = null;
    for (const message of late) take(message);
  };
  // What the guest says while it moves waits for its next node: the real guest is stopped meanwhile.
  const take = (message: unknown): void => {
    if (moving !== null) {
      moving.push(message);
      return;
    }
    service.receive(message);
    count += 1;
    if (count % everyMessages === 0) void move();
  };
  return new Promise((resolve, reject) => {
    let seen: unknown;
    worker.on('message', (envelope: Envelope) => {
      if (envelope.service === 'result') {
        seen = envelope.message;
        atResult(worker);
      } else take(envelope.message);
    });
    worker.on('error', reject);
    worker.on('exit', (exitCode) => {
      service.end();
      resolve({ seen, moves, exitCode });
    });
  });
}

test.each(names)('the guest sees what it would see in node: %s', async (scenario) => {
  const [expected, { seen, exitCode }] = [await runReal(scenario), await runGuest(scenario)];
  expect(seen).toEqual(expected);
  expect(exitCode).toBe(0); // it ended by itself: nothing was left that keeps a guest alive
});

const talking = names.filter((name) => !name.startsWith('arguments') && !name.startsWith('isIP'));
test.each(talking)('the guest sees the same while it moves again and again: %s', async (scenario) => {
  const [expected, { seen, moves }] = [await runReal(scenario), await runGuest(scenario, scenario.startsWith('50 MB') ? 40 : 1)];
  expect(seen).toEqual(expected);
  expect(moves).toBeGreaterThan(0);
});

test('a connection is closed at the gateway although the guest says nothing more', async () => {
  const end = async (worker: Worker): Promise<void> => {
    while (gateway.flows().length > 0) await new Promise((resolve) => setImmediate(resolve));
    await worker.terminate();
  };
  const { seen } = await runGuest('stays when its connection is closed', undefined, (worker) => void end(worker));
  expect(seen).toEqual(['answer', 'closed']);
  expect(gateway.flows()).toEqual([]);
});
