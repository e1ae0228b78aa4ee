/**
 * Seeded torture of plane U: guests move at random moments between agents, links are cut at random, while real TCP clients send,
 * read and half-close. Both directions of every connection are compared by hash. The oracle is shown to work by variants that
 * are broken on purpose. Repeat one run with GODWIT_SEED=<seed>.
 */

import { afterEach, expect, test } from 'vitest';
import { FlowAgent, type FlowAgentOptions, type FlowState } from '../../src/index.js';
import type { AgentFlow } from '../../src/plane/agentflow.js';
import { type Cluster, hashOfStream, randomFrom, runClient, ScriptedGuest, startCluster, turns } from './kit.js';

let cluster: Cluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

interface Plan {
  readonly seed: number;
  readonly clients: number;
  readonly clientBytes: number;
  readonly guestBytes: number;
  readonly moves: number;
  readonly cuts?: boolean;
  readonly make?: typeof FlowAgent.start;
  readonly change?: (states: FlowState[]) => FlowState[];
}

/** Waits until the guest has passed on so many more bytes, so that moves fall into the traffic however fast the machine is. */
async function progressOf(guest: ScriptedGuest, byteCount: number, moreTurns: number): Promise<void> {
  const passed = (): number => [...guest.flows.values()].reduce((sum, flow) => sum + flow.received + flow.sent, 0);
  const goal = passed() + byteCount;
  for (let count = 0; count < 60 && passed() < goal; count += 1) await turns(1); // bounded: it may be a guest that does not read
  await turns(moreTurns);
}

/** Runs a plan and returns everything that was not exact; empty is right. */
async function run(plan: Plan): Promise<string[]> {
  const random = randomFrom(plan.seed);
  cluster = await startCluster(['a', 'b', 'c'], plan.seed, {}, plan.make);
  const { agents, relays } = cluster;
  const guest = new ScriptedGuest(101, agents[0]!, plan.guestBytes, random);
  const { port } = await agents[0]!.listen(101, 1, 0);
  const clients = Array.from({ length: plan.clients }, () => runClient(port, plan.clientBytes, random));
  const results = Promise.all(clients.map((client) => client.done));
  for (let move = 0; move < plan.moves; move += 1) {
    await progressOf(
      guest,
      (random() * 2 * plan.clients * (plan.clientBytes + plan.guestBytes)) / plan.moves,
      Math.floor(random() * 12),
    );
    if (plan.cuts && random() < 0.5) relays[Math.floor(random() * 3)]!.cut();
    if (random() < 0.2) guest.takeBack();
    else await guest.move(agents[Math.floor(random() * 3)]!, plan.change);
    guest.reading = random() < 0.8;
    if (guest.reading) for (const flow of guest.flows.values()) guest.read(flow);
  }
  guest.reading = true;
  for (const flow of guest.flows.values()) guest.read(flow);
  const wrong: string[] = [];
  // A broken variant may leave connections waiting for bytes that never come: given enough turns, they are cut and counted.
  const complete = results.then(async (all) => {
    for (let count = 0; count < 40_000 && !guest.finished; count += 1) await turns(1);
    return all;
  });
  const settled = await Promise.race([complete, turns(40_000).then(() => null)]);
  if (settled === null) {
    for (const { socket } of clients) socket.destroy();
    wrong.push('a connection never ended');
  }
  for (const result of settled ?? []) {
    const flow = [...guest.flows.values()].find((one) => one.seed === result.port);
    if (result.error !== null) wrong.push(`client ${result.port}: ${result.error}`);
    if (result.received !== plan.guestBytes || result.receivedHash !== hashOfStream(result.port, plan.guestBytes)) {
      wrong.push(`client ${result.port} received ${result.received} bytes, not the guest's ${plan.guestBytes}`);
    }
    if (flow === undefined) wrong.push(`client ${result.port} never reached the guest`);
    else if (flow.received !== plan.clientBytes || flow.hash.digest('hex') !== result.sentHash)
      wrong.push(`guest received ${flow.received} bytes`);
  }
  return wrong;
}

const chosen = process.env.GODWIT_SEED;
const seeds = chosen === undefined ? [1, 2, 3, 4, 5, 6] : [Number(chosen)];
const repeat = (seed: number): string => `repeat with GODWIT_SEED=${seed} npx vitest run --project unit packages/natgateway`;

test.each(seeds)('moves at random moments lose, repeat and reorder no byte (seed %i)', async (seed) => {
  expect(await run({ seed, clients: 6, clientBytes: 2_000_000, guestBytes: 1_500_000, moves: 25 }), repeat(seed)).toEqual([]);
});

test.each(seeds)('links cut at random while guests move lose, repeat and reorder no byte (seed %i)', async (seed) => {
  expect(
    await run({ seed, clients: 5, clientBytes: 1_500_000, guestBytes: 1_500_000, moves: 25, cuts: true }),
    repeat(seed),
  ).toEqual([]);
});

test('many short connections survive moves', async () => {
  expect(await run({ seed: 77, clients: 60, clientBytes: 3_000, guestBytes: 5_000, moves: 30 })).toEqual([]);
});

/** Broken on purpose: says it has bytes, and hands them to the guest later. */
class AcksBeforeAccepting extends FlowAgent {
  static override async start(options: FlowAgentOptions): Promise<FlowAgent> {
    const agent = new AcksBeforeAccepting(options);
    await agent.begin();
    return agent;
  }

  override deliver(flow: AgentFlow, bytes: Uint8Array): void {
    flow.receive.next += bytes.length;
    flow.acknowledge(this.link);
    // A few turns later, in order: wide enough a gap that some move falls into it on any machine.
    void turns(4).then(() => {
      if (this.isLive(flow) && this.flows.get(flow.id) === flow) this.guests.get(flow.origin.pid)?.events?.onData(flow.id, bytes);
    });
  }
}

test('the comparison catches an agent that acknowledges before the guest has the bytes', async () => {
  const plan = { seed: 5, clients: 4, clientBytes: 2_000_000, guestBytes: 1_000_000, moves: 25, make: AcksBeforeAccepting.start };
  expect(await run(plan)).not.toEqual([]);
});

test('the comparison catches a move that leaves unaccepted writes behind', async () => {
  const forget = (state: FlowState): FlowState => (state.kind === 'flow' ? { ...state, unaccepted: [] } : state);
  const plan = {
    seed: 6,
    clients: 4,
    clientBytes: 1_000_000,
    guestBytes: 2_000_000,
    moves: 25,
    change: (states: FlowState[]) => states.map(forget),
  };
  expect(await run(plan)).not.toEqual([]);
});
