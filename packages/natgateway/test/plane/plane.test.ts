/** What the plane promises beyond exact bytes: fencing, holding, limits on waits, clean ends, refusals. Real TCP in one process. */

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FlowAgent, Gateway } from '../../src/index.js';
import {
  type Cluster,
  hashOfStream,
  hostFrom,
  randomFrom,
  runClient,
  ScriptedGuest,
  secret,
  silent,
  startCluster,
  turns,
  until,
} from './kit.js';

let cluster: Cluster | null = null;
afterEach(async () => {
  await cluster?.stop();
  cluster = null;
});

/** A guest that answers with `sendLength` bytes, listening on a port of agent 0. */
async function guestOf(sendLength: number, limits = {}): Promise<{ guest: ScriptedGuest; port: number; cluster: Cluster }> {
  cluster = await startCluster(['a', 'b'], 1, limits);
  const guest = new ScriptedGuest(101, cluster.agents[0]!, sendLength, randomFrom(1));
  const { port } = await cluster.agents[0]!.listen(101, 1, 0);
  return { guest, port, cluster };
}

test('freeze then abort goes on where it was, bytes included', async () => {
  const { guest, port } = await guestOf(400_000);
  const { done } = runClient(port, 600_000, randomFrom(2));
  await until(() => guest.flows.size === 1);
  for (let round = 0; round < 10; round += 1) {
    guest.takeBack();
    await turns(2);
  }
  const result = await done;
  await until(() => guest.finished);
  expect(result.receivedHash).toBe(hashOfStream(result.port, 400_000));
  expect([...guest.flows.values()][0]?.hash.digest('hex')).toBe(result.sentHash);
});

test('many claims on the way at once: only the answer to the last one counts', async () => {
  const { guest, port } = await guestOf(400_000);
  const clients = Array.from({ length: 8 }, (_, index) => runClient(port, 1_500_000, randomFrom(index)));
  const results = Promise.all(clients.map((client) => client.done));
  await until(() => guest.flows.size > 2);
  for (let round = 0; round < 60; round += 1) {
    guest.reading = round % 3 === 0;
    guest.takeBack();
    guest.takeBack();
    await turns(round % 4);
    if (round % 10 === 9) await until(() => guest.agent.guests.get(101)?.state === 'live');
  }
  guest.reading = true;
  for (const flow of guest.flows.values()) guest.read(flow);
  const all = await results;
  await until(() => guest.flows.size === 8 && guest.finished);
  expect(all.map((one) => one.error)).toEqual(all.map(() => null));
  expect(all.map((one) => one.receivedHash)).toEqual(all.map((one) => hashOfStream(one.port, 400_000)));
  expect([...guest.flows.values()].map((flow) => flow.received)).toEqual(all.map(() => 1_500_000));
});

test('an agent that takes a guest back after another node claimed it is fenced and lets go', async () => {
  const { guest, port, cluster } = await guestOf(silent);
  const [a, b] = cluster.agents as [FlowAgent, FlowAgent];
  const client = connect(port, '127.0.0.1');
  client.resume();
  await until(() => guest.flows.size === 1);
  const states = structuredClone(a.freeze(101));
  const other = new ScriptedGuest(102, b, 0, randomFrom(3)); // stands in as the events of the new holder
  b.attach(101, 2, other);
  await b.thaw(101, 2, states);
  a.abort(101);
  await until(() => !a.guests.has(101));
  expect([...guest.flows.values()][0]?.error).toBe('ECONNRESET');
  expect(guest.lostPorts).toEqual([port]);
  expect(cluster.gateway.flows()).toMatchObject([{ pid: 101, epoch: 2, node: 'b', moving: false }]);
  client.destroy();
});

test('a connection and its bytes that arrive while the guest is frozen are served after the move', async () => {
  const { guest, port, cluster } = await guestOf(1_000);
  const [a, b] = cluster.agents as [FlowAgent, FlowAgent];
  const states = structuredClone(a.freeze(101));
  const { done } = runClient(port, 2_000_000, randomFrom(2)); // more than the window: the peer is held back, not refused
  await until(() => cluster.gateway.flows().length === 1);
  await turns(20);
  expect(guest.flows.size).toBe(0);
  guest.agent = b;
  b.attach(101, 2, guest);
  const thawed = b.thaw(101, 2, states);
  a.commit(101);
  await thawed;
  const result = await done;
  await until(() => guest.finished);
  expect([...guest.flows.values()][0]?.hash.digest('hex')).toBe(result.sentHash);
});

test('a guest that is released and never claimed loses its flows after the hold limit', async () => {
  const { guest, port, cluster } = await guestOf(silent, { holdMs: 30 });
  const client = connect(port, '127.0.0.1');
  client.resume();
  await until(() => guest.flows.size === 1);
  cluster.agents[0]!.freeze(101);
  cluster.agents[0]!.commit(101);
  await once(client, 'error'); // reset
  await until(() => cluster.gateway.listeners().length === 0);
  expect(cluster.gateway.flows()).toEqual([]);
});

test('a node that stays away is lost: its flows are reset and its ports closed', async () => {
  const { guest, port, cluster } = await guestOf(silent, { linkWaitMs: 50 });
  const client = connect(port, '127.0.0.1');
  client.resume();
  await until(() => guest.flows.size === 1);
  cluster.agents[0]!.stop();
  await once(client, 'error');
  expect(cluster.gateway.listeners()).toEqual([]);
  expect(cluster.gateway.nodes().map(({ node }) => node)).toEqual(['b']);
});

test('a gateway that stays away too long: flows are cut, ports reported lost, and a new session listens again', async () => {
  const { guest, port, cluster } = await guestOf(10_000, { linkWaitMs: 50 });
  const client = connect(port, '127.0.0.1');
  client.on('error', () => {});
  client.resume();
  await until(() => guest.flows.size === 1);
  cluster.relays[0]!.refuses = true;
  cluster.relays[0]!.cut();
  await until(() => guest.lostPorts.length === 1);
  expect([...guest.flows.values()][0]?.error).toBe('ECONNRESET');
  cluster.relays[0]!.refuses = false;
  const again = await cluster.agents[0]!.listen(101, 1, 0);
  const { done } = runClient(again.port, 1_000, randomFrom(2));
  expect((await done).received).toBe(10_000);
});

test('a guest that ends: what it wrote is delivered, then its ports are closed', async () => {
  const { guest, port, cluster } = await guestOf(300_000);
  const client = connect(port, '127.0.0.1');
  let received = 0;
  client.on('data', (bytes) => (received += bytes.length));
  await until(() => guest.flows.size === 1);
  cluster.agents[0]!.leave(101);
  await once(client, 'close');
  expect(received).toBe(300_000);
  await until(() => cluster.gateway.listeners().length === 0 && cluster.agents[0]!.guests.size === 0);
});

const never = 3_600_000;

/** One connection through which both sides sent and ended, and which the guest is done with. */
async function finishedFlow(limits: object): Promise<{ guest: ScriptedGuest; cluster: Cluster; port: number }> {
  const made = await guestOf(1_000, limits);
  const { done } = runClient(made.port, 1_000, randomFrom(2));
  await done;
  await until(() => made.guest.finished);
  return made;
}

test('a flow that both sides have ended is forgotten after a while, without another frame', async () => {
  const { cluster } = await finishedFlow({ lazyAckMs: 1 });
  await until(() => cluster.agents[0]!.flows.size === 0 && cluster.gateway.flows().length === 0);
});

test('a flow that both sides have ended is forgotten with the next frames each way', async () => {
  const { cluster, guest, port } = await finishedFlow({ lazyAckMs: never, heartbeatMs: never });
  await turns(20);
  expect(cluster.agents[0]!.flows.size).toBe(1); // nobody waits for it
  const { done } = runClient(port, 1_000, randomFrom(3));
  await done;
  await until(() => guest.flows.size === 2 && guest.finished);
  const { done: another } = runClient(port, 1_000, randomFrom(4));
  await until(() => cluster.agents[0]!.flows.size <= 2 && guest.flows.size === 3);
  await another;
  expect((await done).received).toBe(1_000);
});

test('the end of a guest waits for no frame that was put off', async () => {
  const { cluster } = await finishedFlow({ lazyAckMs: never, heartbeatMs: never });
  const agent = cluster.agents[0]!;
  expect(agent.flows.size).toBe(1);
  agent.leave(101);
  await agent.gone(101);
  expect(agent.guests.size).toBe(0);
  await until(() => cluster.gateway.flows().length === 0 && cluster.gateway.listeners().length === 0);
});

test('frames that were put off survive the connection they were to leave by', async () => {
  const { cluster, guest, port } = await finishedFlow({ lazyAckMs: 50 });
  cluster.relays[0]!.cut();
  await until(() => cluster.agents[0]!.flows.size === 0 && cluster.gateway.flows().length === 0);
  const { done } = runClient(port, 500, randomFrom(3));
  expect((await done).received).toBe(1_000);
  await until(() => guest.finished);
});

test('a guest that moves with a flow whose end nobody knows yet', async () => {
  const { cluster, guest, port } = await finishedFlow({ lazyAckMs: never, heartbeatMs: never });
  const [a, b] = cluster.agents as [FlowAgent, FlowAgent];
  await guest.move(b);
  await until(() => b.flows.size === 0 && cluster.gateway.flows().length === 0);
  expect(a.flows.size).toBe(0);
  const { done } = runClient(port, 500, randomFrom(3));
  expect((await done).received).toBe(1_000);
  await until(() => guest.finished);
});

test.runIf(process.platform === 'linux')('nodes of the machine come by the socket of its own, others by the port', async () => {
  const host = hostFrom(1);
  const nodePath = `\0godwit-test-${process.pid}`;
  const gateway = await Gateway.start({ host, secret, nodePath });
  const options = { host, secret, gatewayHost: '127.0.0.1' };
  const near = await FlowAgent.start({ ...options, node: 'near', gatewayPort: 1, gatewayPath: nodePath }); // nobody listens on port 1
  const far = await FlowAgent.start({
    ...options,
    node: 'far',
    gatewayPort: gateway.nodePort,
    gatewayPath: '\0godwit-elsewhere',
  });
  expect(gateway.nodes()).toEqual([
    { node: 'near', connected: true },
    { node: 'far', connected: true },
  ]);
  near.stop();
  far.stop();
  await gateway.stop();
});

test('a connection dialled by a guest moves with it', async () => {
  cluster = await startCluster(['a', 'b'], 1);
  const [a, b] = cluster.agents as [FlowAgent, FlowAgent];
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const guest = new ScriptedGuest(101, a, 3_000_000, randomFrom(4));
  const finished = new Promise<void>((resolve) => (guest.onFinished = () => resolve()));
  const address = server.address() as { port: number }; // listening on TCP
  a.connect(101, 1, { host: '127.0.0.1', port: address.port });
  await guest.move(b); // while it may still be connecting
  for (let round = 0; round < 6; round += 1) {
    await turns(5);
    await guest.move(round % 2 === 0 ? a : b);
  }
  await finished;
  const flow = [...guest.flows.values()][0]!;
  expect(flow.error).toBeNull();
  expect(flow.hash.digest('hex')).toBe(hashOfStream(flow.seed, 3_000_000)); // the echo of what it sent
  server.close();
});

test('a guest that does not read holds its peer back within the window', async () => {
  const { guest, port } = await guestOf(0);
  guest.reading = false;
  const { done } = runClient(port, 30_000_000, randomFrom(2));
  await until(() => guest.flows.size === 1);
  const flow = [...guest.flows.values()][0]!;
  const unread = (): number => flow.unread.reduce((sum, bytes) => sum + bytes.length, 0);
  await until(() => unread() === 512 * 1024);
  await turns(50);
  expect(unread()).toBe(512 * 1024);
  guest.reading = true;
  guest.read(flow);
  await done;
  await until(() => guest.finished);
  expect(flow.received).toBe(30_000_000);
});

test('a port in use is refused, whoever has it', async () => {
  const { port, cluster } = await guestOf(0);
  const [a, b] = cluster.agents as [FlowAgent, FlowAgent];
  const _other = new ScriptedGuest(102, b, 0, randomFrom(3));
  await expect(b.listen(102, 1, port)).rejects.toMatchObject({ code: 'GODWIT_PORT_IN_USE' });
  const stranger = createServer().listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const taken = stranger.address() as { port: number }; // listening on TCP
  await expect(b.listen(102, 1, taken.port)).rejects.toMatchObject({ code: 'GODWIT_PORT_IN_USE' });
  stranger.close();
  a.unlisten(101, port);
  await until(() => cluster.gateway.listeners().length === 0);
  await expect(b.listen(102, 1, port)).resolves.toEqual({ port });
});

test('a node without the secret is turned away', async () => {
  const host = hostFrom(1);
  const gateway = await Gateway.start({ host, secret });
  const options = { host, node: 'a', gatewayHost: '127.0.0.1', gatewayPort: gateway.nodePort };
  await expect(FlowAgent.start({ ...options, secret: 'wrong' })).rejects.toMatchObject({ code: 'GODWIT_NODE_UNTRUSTED' });
  expect(gateway.nodes()).toEqual([]);
  await gateway.stop();
});

test('bytes that are no frames end the session of the node that sent them, and no other', async () => {
  const { port, cluster } = await guestOf(5_000);
  const b = cluster.agents[1]!;
  const lost: number[] = [];
  const other = new ScriptedGuest(102, b, 0, randomFrom(3));
  const { port: second } = await b.listen(102, 1, 0);
  other.onListenerLost = (one) => lost.push(one);
  // 99 is no frame type: sent by force, as a broken node would.
  (b.link.send as (type: number, id: number) => void).call(b.link, 99, 1);
  await until(() => lost.length === 1);
  expect(lost).toEqual([second]);
  const { done } = runClient(port, 10, randomFrom(2));
  expect((await done).received).toBe(5_000);
});
