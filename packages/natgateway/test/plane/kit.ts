/**
 * What the plane's tests are made of: a gateway with agents in one process, a relay whose connections can be cut (a real link
 * loss), a guest stand-in that moves between agents, and seeded byte streams that are compared by hash.
 * Real TCP everywhere; the only thing of its own is the random number generator.
 */

import { createHash, type Hash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Host, realHost } from '@godwit/checkpoint/base';
import type { Address, FlowId, FlowState, GatewayLimits } from '../../src/index.js';
import { FlowAgent, type FlowEvents, Gateway } from '../../src/index.js';

export const secret = 'a secret of the tests';

/** Mulberry32: small, seeded, good enough to choose moments and sizes. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function hostFrom(seed: number): Host {
  return { ...realHost('error'), random: randomFrom(seed), log: () => {} };
}

/** Bytes [from, from + length) of an endless stream that belongs to `seed`. */
export function streamBytes(seed: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index += 1) {
    const position = from + index;
    bytes[index] = (Math.imul(position ^ seed, 0x9e3779b1) >>> 24) ^ (position >>> 8);
  }
  return bytes;
}

export function hashOfStream(seed: number, length: number): string {
  const hash = createHash('sha256');
  for (let from = 0; from < length; from += 65_536) hash.update(streamBytes(seed, from, Math.min(65_536, length - from)));
  return hash.digest('hex');
}

/** Forwards connections to the gateway's node port; cut() destroys those that are open. */
export class CuttableRelay {
  readonly #pairs = new Set<Socket>();
  readonly #server: Server;
  refuses = false;

  constructor(private readonly targetPort: number) {
    this.#server = createServer((near) => {
      if (this.refuses) {
        near.destroy();
        return;
      }
      const far = connect(this.targetPort, '127.0.0.1');
      for (const socket of [near, far]) {
        this.#pairs.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#pairs.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far);
      far.pipe(near);
    });
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as { port: number }).port; // listening on TCP, so it is an object
  }

  cut(): void {
    for (const socket of this.#pairs) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }
}

/** One flow as the stand-in guest sees it: sends `sendLength` bytes of a seeded stream, hashes what it gets. */
export interface ScriptedFlow {
  readonly id: FlowId;
  readonly seed: number;
  sent: number;
  readonly sendLength: number;
  received: number;
  readonly hash: Hash;
  ended: boolean;
  sentEnd: boolean;
  error: string | null;
  unread: Uint8Array[];
}

/** Length of a stream that is neither begun nor ended. */
export const silent = Number.NaN;

/** A guest that is moved from agent to agent. It answers each connection with a stream of its own while it reads. */
export class ScriptedGuest implements FlowEvents {
  readonly flows = new Map<FlowId, ScriptedFlow>();
  readonly lostPorts: number[] = [];
  /** Reads and writes stop for good behaviour under test: bytes pile up as unread. */
  reading = true;
  epoch = 1;
  agent: FlowAgent;
  onFinished: (flow: ScriptedFlow) => void = () => {};

  constructor(
    readonly pid: number,
    agent: FlowAgent,
    private readonly sendLength: number,
    private readonly random: () => number,
  ) {
    this.agent = agent;
    agent.attach(pid, 1, this);
  }

  /** Freezes here, sends the state through a structured clone as a real move does, thaws there. */
  async move(target: FlowAgent, change: (states: FlowState[]) => FlowState[] = (states) => states): Promise<void> {
    const states = structuredClone(change(this.agent.freeze(this.pid)));
    const source = this.agent;
    this.epoch += 1;
    this.agent = target;
    target.attach(this.pid, this.epoch, this);
    const thawed = target.thaw(this.pid, this.epoch, states);
    source.commit(this.pid);
    await thawed;
  }

  /** Every flow was read to its end and ended, or was cut. */
  get finished(): boolean {
    return [...this.flows.values()].every((flow) => flow.error !== null || (flow.ended && flow.sentEnd));
  }

  takeBack(): void {
    this.agent.freeze(this.pid);
    this.agent.abort(this.pid);
  }

  onOpen(flowId: FlowId, peer: Address): void {
    this.#begin(flowId, peer.port);
  }

  onConnect(flowId: FlowId, _peer: Address, local: Address): void {
    this.#begin(flowId, local.port);
  }

  #begin(id: FlowId, seed: number): void {
    const hash = createHash('sha256');
    const flow = {
      id,
      seed,
      sent: 0,
      sendLength: this.sendLength,
      received: 0,
      hash,
      ended: false,
      sentEnd: false,
      error: null,
      unread: [],
    };
    this.flows.set(id, flow);
    this.#write(flow);
  }

  #write(flow: ScriptedFlow): void {
    while (flow.sent < flow.sendLength) {
      const length = Math.min(1 + Math.floor(this.random() * 40_000), flow.sendLength - flow.sent);
      const more = this.agent.write(flow.id, streamBytes(flow.seed, flow.sent, length));
      flow.sent += length;
      if (!more) break;
    }
    if (flow.sent === flow.sendLength && !flow.sentEnd) {
      flow.sentEnd = true;
      this.agent.end(flow.id);
      this.#finishIfDone(flow);
    }
  }

  onDrain(flowId: FlowId): void {
    const flow = this.flows.get(flowId);
    if (flow !== undefined && !flow.sentEnd) this.#write(flow);
  }

  onData(flowId: FlowId, bytes: Uint8Array): void {
    const flow = this.flows.get(flowId)!; // onOpen or onConnect came first
    flow.unread.push(Buffer.from(bytes));
    if (this.reading) this.read(flow);
  }

  read(flow: ScriptedFlow): void {
    const unread = flow.unread;
    flow.unread = [];
    for (const bytes of unread) {
      flow.hash.update(bytes);
      flow.received += bytes.length;
      this.agent.consumed(flow.id, bytes.length);
    }
  }

  onEnd(flowId: FlowId): void {
    const flow = this.flows.get(flowId);
    if (flow === undefined) return; // a stand-in that was given another guest's flow
    flow.ended = true;
    this.#finishIfDone(flow);
  }

  #finishIfDone(flow: ScriptedFlow): void {
    if (!flow.ended || !flow.sentEnd) return;
    this.read(flow);
    this.agent.destroy(flow.id);
    this.onFinished(flow);
  }

  onClose(flowId: FlowId, error?: { fields: Record<string, unknown> }): void {
    const flow = this.flows.get(flowId);
    if (flow === undefined) return;
    flow.error = String(error?.fields.errno ?? 'closed');
    this.onFinished(flow);
  }

  onListenerLost(port: number): void {
    this.lostPorts.push(port);
  }
}

export interface ClientResult {
  readonly port: number;
  readonly sentHash: string;
  readonly received: number;
  readonly receivedHash: string;
  readonly error: string | null;
}

/** A real TCP client: sends `length` seeded bytes in random pieces, half-closes, reads to the end. */
export function runClient(port: number, length: number, random: () => number): { socket: Socket; done: Promise<ClientResult> } {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const done = new Promise<ClientResult>((resolve) => {
    const hash = createHash('sha256');
    let received = 0;
    let seed = 0;
    let sent = 0;
    let error: string | null = null;
    const write = (): void => {
      while (sent < length) {
        const piece = Math.min(1 + Math.floor(random() * 60_000), length - sent);
        const more = socket.write(streamBytes(seed, sent, piece));
        sent += piece;
        if (!more) return;
      }
      if (sent === length) {
        sent += 1;
        socket.end();
      }
    };
    socket.on('connect', () => {
      seed = socket.localPort! + 1; // connected, so it has one
      write();
    });
    socket.on('drain', write);
    socket.on('data', (bytes) => {
      hash.update(bytes);
      received += bytes.length;
    });
    socket.on('error', (failure: NodeJS.ErrnoException) => {
      error = failure.code ?? failure.message;
    });
    socket.on('close', () =>
      resolve({ port: seed - 1, sentHash: hashOfStream(seed, length), received, receivedHash: hash.digest('hex'), error }),
    );
  });
  return { socket, done };
}

export interface Cluster {
  readonly gateway: Gateway;
  readonly agents: FlowAgent[];
  readonly relays: CuttableRelay[];
  stop(): Promise<void>;
}

/** A gateway and agents, each behind a relay of its own. `make` starts an agent; the broken variants start another class. */
export async function startCluster(
  names: readonly string[],
  seed: number,
  limits: Partial<GatewayLimits> = {},
  make: typeof FlowAgent.start = FlowAgent.start,
): Promise<Cluster> {
  const host = hostFrom(seed);
  const gateway = await Gateway.start({ host, secret, limits });
  const agents: FlowAgent[] = [];
  const relays: CuttableRelay[] = [];
  for (const node of names) {
    const relay = new CuttableRelay(gateway.nodePort);
    const gatewayPort = await relay.start();
    relays.push(relay);
    agents.push(await make({ host, node, secret, gatewayHost: '127.0.0.1', gatewayPort, limits }));
  }
  return {
    gateway,
    agents,
    relays,
    async stop() {
      for (const agent of agents) agent.stop();
      for (const relay of relays) relay.stop();
      await gateway.stop();
    },
  };
}

/** Lets the event loop turn so often: sockets make progress, no clock involved. */
export async function turns(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Turns the event loop until something holds; the test's own time limit ends a wait for something that never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turns(1);
}
