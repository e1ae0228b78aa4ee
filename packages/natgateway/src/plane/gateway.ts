/**
 * The gateway of plane U: it owns the peers' TCP connections and the public ports, and speaks to each node over one link.
 * Decisions are the flow table's (table/); this is the shell that turns frames and sockets into its events and carries out
 * its commands. Kept true: bytes of a flow go to and come from the node that holds the guest's newest epoch, nobody else.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { type ErrorCode, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import type { FlowId } from '../flow/state.js';
import { type GatewayLimits, withLimits } from '../limits.js';
import { newTable, type TableCommand, type TableEvent, type TableState } from '../table/model.js';
import { step } from '../table/transitions.js';
import { handleFrame } from './dispatch.js';
import { FrameType } from './frames.js';
import { examine, type HelloMessage, turnAway, welcome } from './handshake.js';
import { PeerFlow } from './peerflow.js';
import { addressOf, dialPeer, PublicPorts } from './publicports.js';
import { NodeSession } from './session.js';

export interface GatewayOptions {
  readonly host: Host;
  /** Shared with all nodes; whoever has it may own flows. */
  readonly secret: string;
  /** Address the guests' listening ports are opened on. */
  readonly publicHost?: string;
  /** Where nodes connect; port 0 (the default) takes any. */
  readonly nodeHost?: string;
  readonly nodePort?: number;
  /** A Unix-domain socket besides, for the nodes of this machine: a frame through it costs two thirds of one over loopback. */
  readonly nodePath?: string;
  readonly limits?: Partial<GatewayLimits>;
}

/** One row of the flow table, for showing. */
export interface FlowInfo {
  readonly id: FlowId;
  readonly pid: number;
  readonly epoch: number;
  readonly node: string;
  readonly peer: string;
  readonly local: string;
  readonly moving: boolean;
}

/** One member of one listening port, for showing. */
export interface ListenerInfo {
  readonly port: number;
  readonly pool: string;
  readonly pid: number;
  readonly node: string;
  readonly weight: number;
  readonly flows: number;
  readonly load: number;
}

export class Gateway {
  readonly limits: GatewayLimits;
  readonly host: Host;
  readonly #secret: string;
  readonly #table: TableState;
  readonly #sessions = new Map<string, NodeSession>();
  readonly #flows = new Map<FlowId, PeerFlow>();
  readonly #dials = new Map<FlowId, { host: string; port: number }>();
  readonly #ports: PublicPorts;
  readonly #strangers = new Set<Socket>();
  readonly #nodeServer: Server;
  readonly #pathServer: Server;
  readonly #lingering = new Set<Socket>();
  #beat: TimerHandle | null = null;
  #beats = 0;
  #sessionNumber = 0;
  #stopped = false;

  private constructor(options: GatewayOptions) {
    this.limits = withLimits(options.limits);
    this.host = options.host;
    this.#secret = options.secret;
    this.#table = newTable(this.limits.flows, this.limits.ports);
    this.#ports = new PublicPorts(options.publicHost ?? '127.0.0.1');
    this.#nodeServer = createServer({ noDelay: true }, (socket) => void this.#meet(socket));
    this.#pathServer = createServer((socket) => void this.#meet(socket));
  }

  /** Opens the node port. Fails with GODWIT_PORT_IN_USE when it cannot. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options);
    await gateway.#ports.listenOn(gateway.#nodeServer, options.nodeHost ?? '127.0.0.1', options.nodePort ?? 0);
    if (options.nodePath !== undefined) await gateway.#listenOnPath(options.nodePath);
    gateway.#scheduleBeat();
    return gateway;
  }

  /** The port nodes connect to. */
  get nodePort(): number {
    const address = this.#nodeServer.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Without it nodes come by their port: tried in turn with this. */
  #listenOnPath(path: string): Promise<void> {
    return new Promise((resolve) => {
      this.#pathServer.once('error', (error) => {
        this.host.log('warn', 'no local socket for nodes', { reason: error.message });
        resolve();
      });
      this.#pathServer.listen({ path, exclusive: true }, resolve);
    });
  }

  /** The flow table, row by row. */
  flows(): FlowInfo[] {
    const rows: FlowInfo[] = [];
    for (const flow of this.#table.flows.values()) {
      const guest = this.#table.guests.get(flow.pid);
      const text = (end: { address: string; port: number } | null): string => (end === null ? '' : `${end.address}:${end.port}`);
      const { id, pid } = flow;
      const moving = guest?.presence !== 'here';
      rows.push({
        id,
        pid,
        epoch: guest?.epoch ?? 0,
        node: guest?.node ?? '',
        peer: text(flow.peer),
        local: text(flow.local),
        moving,
      });
    }
    return rows;
  }

  /** The listening ports and the guests behind them. */
  listeners(): ListenerInfo[] {
    const rows: ListenerInfo[] = [];
    for (const { port, pool, members } of this.#table.ports.values()) {
      for (const { pid, weight, flows } of members) {
        const guest = this.#table.guests.get(pid);
        rows.push({ port, pool, pid, node: guest?.node ?? '', weight, flows, load: guest?.load ?? 0 });
      }
    }
    return rows;
  }

  /** Nodes with a session, and whether they are connected right now. */
  nodes(): { node: string; connected: boolean }[] {
    return [...this.#sessions.values()].map(({ node, link }) => ({ node, connected: link.connected }));
  }

  /** Resolves when the last bytes of closed flows are with the operating system, which delivers them, or after `limitMs`. */
  async finish(limitMs: number): Promise<void> {
    const unfinished = [...this.#lingering].filter((socket) => !socket.writableFinished && !socket.destroyed);
    const finished = unfinished.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('finish', resolve).once('close', () => resolve());
        }),
    );
    let limit: TimerHandle | undefined;
    const over = new Promise<void>((resolve) => {
      limit = this.host.after(limitMs, resolve);
    });
    await Promise.race([Promise.all(finished), over]);
    limit?.cancel();
  }

  /** Closes everything: peers are reset, nodes are cut off. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#beat?.cancel();
    for (const flow of this.#flows.values()) flow.reset();
    for (const socket of this.#lingering) socket.destroy();
    for (const socket of this.#strangers) socket.destroy();
    for (const session of this.#sessions.values()) session.end();
    this.#ports.closeAll();
    const servers = [this.#nodeServer, this.#pathServer];
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  #scheduleBeat(): void {
    this.#beat = this.host.after(this.limits.heartbeatMs, () => {
      this.#beats += 1;
      for (const session of this.#sessions.values()) session.link.beat(this.#beats % 3 === 0);
      this.#scheduleBeat();
    });
  }

  async #meet(socket: Socket): Promise<void> {
    socket.on('error', () => {}); // 'close' follows
    if (this.#strangers.size >= this.limits.strangers) {
      socket.destroy();
      return;
    }
    this.#strangers.add(socket);
    try {
      const seen = await examine(socket, this.#secret, this.host, this.limits);
      if (!this.#stopped) this.#admitNode(socket, seen);
    } catch (error) {
      this.host.log('warn', 'a connection to the node port was refused', { reason: messageOf(error) });
      turnAway(socket, 'GODWIT_NODE_UNTRUSTED', messageOf(error));
      socket.destroySoon();
    } finally {
      this.#strangers.delete(socket);
    }
  }

  #admitNode(socket: Socket, seen: { hello: HelloMessage; challenge: string }): void {
    const { hello } = seen;
    let session = this.#sessions.get(hello.node);
    if (session !== undefined && session.id !== hello.session) {
      session.end();
      this.#loseNode(session, 'started again');
      session = undefined;
    }
    if (session === undefined) {
      if (!hello.fresh) {
        turnAway(socket, 'GODWIT_SESSION_LOST', 'its session is over');
        return;
      }
      session = this.#newSession(hello);
    }
    welcome(socket, this.#secret, seen, session.link.receivedBytes, session.number);
    if (session.link.attach(socket, hello.receivedBytes)) session.present();
    else socket.destroy();
  }

  #newSession(hello: HelloMessage): NodeSession {
    this.#sessionNumber += 1;
    const session = new NodeSession(hello.node, hello.session, this.#sessionNumber, this.host, this.limits, {
      onFrame: (from, header, payload) => {
        const problem = handleFrame(this, from, header, payload);
        if (problem === null) return;
        from.end();
        this.#loseNode(from, problem);
      },
      onLost: (lost, reason) => this.#loseNode(lost, reason),
    });
    this.#sessions.set(hello.node, session);
    return session;
  }

  #loseNode(session: NodeSession, reason: string): void {
    if (this.#sessions.get(session.node) !== session) return;
    this.#sessions.delete(session.node);
    this.host.log('warn', 'node lost', { node: session.node, reason });
    this.apply({ type: 'node-lost', node: session.node });
  }

  /** The flow if `session` is its present holder; undefined for an unknown flow or a stale node. */
  flowOf(session: NodeSession, id: FlowId): PeerFlow | undefined {
    const flow = this.#flows.get(id);
    return flow !== undefined && flow.link === session.link ? flow : undefined;
  }

  /** The flow was open once and its guest is still this session's: it may be asked about although it is not linked (yet). */
  isKnown(id: FlowId): boolean {
    return this.#flows.has(id);
  }

  /** A guest is done with a flow, or a node broke it. */
  closeFlow(flow: PeerFlow, how: 'finish' | 'reset'): void {
    this.#flows.delete(flow.id);
    const { socket } = flow;
    if (how === 'finish' && !socket.destroyed) {
      this.#lingering.add(socket);
      const limit = this.host.after(this.limits.lingerMs, () => socket.destroy());
      socket.once('close', () => {
        limit.cancel();
        this.#lingering.delete(socket);
      });
      flow.finish();
    } else flow.reset();
    this.apply({ type: 'closed', flow: flow.id });
  }

  /** Remembers where a flow is to be dialled, then asks the table. */
  dial(session: NodeSession, id: FlowId, message: { pid: number; epoch: number; host: string; port: number }): void {
    const { pid, epoch, host, port } = message;
    this.#dials.set(id, { host, port });
    this.apply({ type: 'dial', flow: id, node: session.node, pid, epoch });
    this.#dials.delete(id);
  }

  /** A claim was read whole: the table decides, then each flow goes on from the numbers in the claim. */
  finishClaim(session: NodeSession): void {
    const claim = session.claim;
    if (claim === null) return;
    const { pid, epoch, ports } = claim;
    this.apply({ type: 'claim', node: session.node, pid, epoch, flows: [...claim.flows.keys()], ports });
    session.claim = null;
  }

  /** Feeds one event to the table and carries out what it commands. */
  apply(event: TableEvent, peer?: Socket): void {
    if (this.#stopped) return;
    for (const command of step(this.#table, event).commands) this.#carryOut(command, peer);
  }

  #carryOut(command: TableCommand, peer: Socket | undefined): void {
    switch (command.type) {
      case 'bind':
        this.#bind(command);
        return;
      case 'unbind':
        this.#ports.close(command.port);
        return;
      case 'listened':
        this.#linkOf(command.node)?.sendMessage(FrameType.LISTENED, command.request, { port: command.port });
        return;
      case 'refuse':
        this.#refuse(command.node, command.request, command.about === 'listen' ? 0 : 1, command.code, command.message);
        return;
      case 'fence': {
        const message = `Cannot go on with PID ${command.pid}: epoch ${command.epoch} is over, ${command.known} is known`;
        this.#refuse(command.node, command.pid, 2, 'GODWIT_FENCED', message, command.epoch);
        return;
      }
      case 'admit':
        this.#admitPeer(command.flow, peer);
        return;
      case 'reject-peer':
        return void peer?.resetAndDestroy();
      case 'announce':
        this.#announce(command.flow, command.node);
        return;
      case 'dial':
        this.#dialOut(command.flow, command.node);
        return;
      case 'hold-flows':
        this.#hold(command.pid, command.ticket);
        return;
      case 'claimed':
        this.#claimed(command);
        return;
      case 'reset-flow':
        this.#resetFlow(command.flow);
        return;
      case 'port-lost': {
        const { port, code, message } = command;
        this.#linkOf(command.node)?.sendMessage(FrameType.PORT_LOST, command.pid, { port, code, message });
        return;
      }
    }
  }

  #linkOf(node: string): NodeSession['link'] | undefined {
    return this.#sessions.get(node)?.link;
  }

  #refuse(node: string, id: number, about: 0 | 1 | 2, code: ErrorCode, message: string, epoch = 0): void {
    this.#linkOf(node)?.send(FrameType.REFUSED, id, epoch, about, Buffer.from(JSON.stringify({ code, message })));
  }

  #bind(command: Extract<TableCommand, { type: 'bind' }>): void {
    const { request, node, pid, epoch, pool, weight } = command;
    const onPeer = (socket: Socket): void => {
      const peer = addressOf(socket, 'remote');
      const local = addressOf(socket, 'local');
      if (peer === null || local === null)
        socket.destroy(); // gone before it was looked at
      else this.apply({ type: 'accepted', port: local.port, peer, local }, socket);
    };
    this.#ports.open(command.port, onPeer, (error, port) => {
      if (error === null) this.apply({ type: 'bound', request, wanted: command.port, port, pool, weight, node, pid, epoch });
      else this.apply({ type: 'bind-failed', port: command.port, code: error.code, message: error.message, request, node });
    });
  }

  #admitPeer(id: FlowId, socket: Socket | undefined): void {
    const entry = this.#table.flows.get(id);
    if (socket === undefined || entry === undefined || entry.peer === null || entry.local === null) return;
    const flow = this.#newFlow(id, entry.pid, entry.listenerPort, socket);
    flow.ends = { peer: entry.peer, local: entry.local };
  }

  #newFlow(id: FlowId, pid: number, listenerPort: number | null, socket: Socket): PeerFlow {
    const flow: PeerFlow = new PeerFlow(id, pid, listenerPort, socket, {
      limits: this.limits,
      waitForLink: () => this.#sessionOf(flow)?.waitForLink(flow),
      broken: () => {
        flow.link?.send(FrameType.CLOSED, id);
        this.closeFlow(flow, 'reset');
      },
      acknowledgeSoon: () => this.#sessionOf(flow)?.acknowledgeSoon(flow),
    });
    this.#flows.set(id, flow);
    return flow;
  }

  #sessionOf(flow: PeerFlow): NodeSession | undefined {
    const node = this.#table.guests.get(flow.pid)?.node;
    return node === undefined ? undefined : this.#sessions.get(node);
  }

  #announce(id: FlowId, node: string): void {
    const flow = this.#flows.get(id);
    const link = this.#linkOf(node);
    if (flow === undefined || link === undefined) return;
    if (flow.listenerPort === null || !flow.open(link)) this.closeFlow(flow, 'reset'); // a guest forgot a flow it had taken
  }

  #dialOut(id: FlowId, node: string): void {
    const target = this.#dials.get(id);
    const pid = this.#table.flows.get(id)?.pid;
    if (target === undefined || pid === undefined) return;
    const socket = dialPeer(target, this.host, this.limits);
    const flow = this.#newFlow(id, pid, null, socket);
    flow.link = this.#linkOf(node) ?? null;
    socket.once('connect', () => {
      const peer = addressOf(socket, 'remote');
      const local = addressOf(socket, 'local');
      if (peer === null || local === null) return;
      flow.ends = { peer, local };
      this.apply({ type: 'connected', flow: id, peer, local });
      flow.link?.sendMessage(FrameType.CONNECTED, id, flow.ends);
    });
  }

  #hold(pid: number, ticket: number): void {
    for (const id of this.#table.guests.get(pid)?.flows ?? []) {
      const flow = this.#flows.get(id);
      if (flow !== undefined) flow.link = null;
    }
    this.host.after(this.limits.holdMs, () => this.apply({ type: 'hold-expired', pid, ticket }));
  }

  #claimed(command: Extract<TableCommand, { type: 'claimed' }>): void {
    const session = this.#sessions.get(command.node);
    const claim = session?.claim;
    if (session === undefined || claim == null) return;
    session.link.sendMessage(FrameType.CLAIMED, command.pid, { claim: claim.number, lost: command.lost });
    for (const id of command.flows) {
      const flow = this.#flows.get(id);
      const [seq, credit] = claim.flows.get(id) ?? [0, 0];
      if (flow !== undefined && !flow.resume(session.link, seq, credit)) {
        this.host.log('error', 'a claim names bytes that were never sent', { flow: id, seq });
        session.link.send(FrameType.CLOSED, id);
        this.closeFlow(flow, 'reset');
      }
    }
  }

  #resetFlow(id: FlowId): void {
    const flow = this.#flows.get(id);
    if (flow === undefined) return;
    this.#flows.delete(id);
    flow.link?.send(FrameType.CLOSED, id);
    flow.reset();
  }
}
