/**
 * The host side of a guest's `node:net`: between the guest's service port and the node's FlowTable.
 *
 *   guest-lib/net.js ⇄ messages ⇄ NetService ⇄ FlowTable (FlowAgent) ⇄ gateway ⇄ peers
 *
 * Kept true: what the gateway gave is either confirmed by the guest or kept here to be sent again; what the guest said is given
 * to the flow table at once. The caller hands over all messages the guest sent before it was captured, then calls freeze.
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import type { Address, FlowEvents, FlowId, FlowTable, ListenOptions } from '@godwit/natgateway';
import { guestServers, guestSockets, unplacedConnections } from './limits.js';
import { type FromGuest, parseFromGuest, type ToGuest, type Unnumbered } from './messages.js';
import { type NetFields, type NetServer, type NetServiceState, newNetFields, restoreNet, saveNet } from './persist.js';

export interface NetServiceOptions extends ListenOptions {
  readonly pid: number;
  readonly epoch: number;
  readonly flows: FlowTable;
  readonly host: Host;
  /** Address that server.address() reports: the gateway's public one. */
  readonly publicHost?: string;
  /** Sends messages to the guest: in order; they may be repeated by a move but not lost while the guest stays here. */
  post(messages: readonly ToGuest[]): void;
}

export class NetService implements FlowEvents {
  #fields: NetFields;
  /** Told in this turn and not posted yet; they are in the outbox too. */
  #turn: ToGuest[] = [];

  /** For a guest that starts here. One that moved here: NetService.thaw. */
  constructor(private readonly options: NetServiceOptions) {
    this.#fields = newNetFields();
    options.flows.attach(options.pid, options.epoch, this);
  }

  /**
   * Takes over the service of a guest that moved here. The guest may be given messages from now on (they wait in its port), and
   * what it says is heard when the gateway sends its flows here: then `thawed` resolves; GODWIT_FENCED if it is newer elsewhere.
   */
  static arrive(options: NetServiceOptions, state: NetServiceState): { service: NetService; thawed: Promise<void> } {
    const service = new NetService(options);
    service.#fields = restoreNet(state);
    service.#fields.frozen = true;
    if (service.#fields.outbox.length > 0) options.post([...service.#fields.outbox]); // the guest ignores those it saw
    const goOn = (): void => {
      service.#fields.frozen = false;
      service.#goOn();
    };
    const thawed = options.flows.thaw(options.pid, options.epoch, state.flows).then(goOn, (error: unknown) => {
      goOn();
      throw error;
    });
    return { service, thawed };
  }

  /** The same, for a caller that waits. */
  static async thaw(options: NetServiceOptions, state: NetServiceState): Promise<NetService> {
    const { service, thawed } = NetService.arrive(options, state);
    await thawed;
    return service;
  }

  /** A message from the guest, or a list of them. */
  receive(message: unknown): void {
    if (Array.isArray(message)) for (const one of message) this.#receive(one);
    else this.#receive(message);
  }

  #receive(message: unknown): void {
    const parsed = parseFromGuest(message);
    if (parsed === null) this.options.host.log('warn', 'a guest sent a malformed net message', { pid: this.options.pid });
    else if (this.#fields.frozen) this.#fields.late.push(parsed);
    else this.#handle(parsed);
  }

  /** Stops everything and gives the service as data. Undone by abort, made final by commit. */
  freeze(): NetServiceState {
    const flows = this.options.flows.freeze(this.options.pid);
    this.#fields.frozen = true;
    return saveNet(this.#fields, flows);
  }

  /** The guest stays. */
  abort(): void {
    this.options.flows.abort(this.options.pid);
    this.#fields.frozen = false;
    this.#goOn();
  }

  /** The guest is elsewhere now. */
  commit(): void {
    this.options.flows.commit(this.options.pid);
  }

  /** The guest has ended: ports close, what it wrote is delivered. */
  end(): void {
    this.options.flows.leave(this.options.pid);
  }

  /** After a freeze: what was said meanwhile, and listens whose answer was lost with it. */
  #goOn(): void {
    const late = this.#fields.late;
    this.#fields.late = [];
    this.#fields.unplaced.clear();
    for (const server of [...this.#fields.servers.values()]) if (server.port === null) this.#listen(server);
    for (const message of late) this.#handle(message);
  }

  #tell(message: Unnumbered): void {
    this.#fields.serial += 1;
    const numbered = { ...message, serial: this.#fields.serial } as ToGuest; // Unnumbered is ToGuest less its serial
    this.#fields.outbox.push(numbered);
    // Waking the guest costs more than the message: what one read from the gateway brings for it goes in one.
    if (this.#turn.push(numbered) === 1) queueMicrotask(() => this.#postTurn());
  }

  #postTurn(): void {
    const messages = this.#turn;
    this.#turn = [];
    this.options.post(messages);
  }

  #handle(message: FromGuest): void {
    const { flows } = this.options;
    switch (message.op) {
      case 'seen': {
        const { outbox } = this.#fields;
        const keep = outbox.findIndex((one) => one.serial > message.serial);
        outbox.splice(0, keep < 0 ? outbox.length : keep);
        return;
      }
      case 'listen':
        this.#openServer(message);
        return;
      case 'unlisten':
        this.#closeServer(message.server);
        return;
      case 'connect':
        this.#dial(message);
        return;
      default: {
        const flow = this.#fields.sockets.get(message.socket);
        if (flow === undefined) return; // the flow was cut, and the guest did not know yet
        if (message.op === 'write') {
          flows.write(flow, message.bytes);
          if (message.isLast) flows.end(flow);
        } else if (message.op === 'end') flows.end(flow);
        else if (message.op === 'consumed') flows.consumed(flow, message.count);
        else {
          this.#forgetSocket(message.socket, flow);
          flows.destroy(flow, message.reset);
        }
      }
    }
  }

  #forgetSocket(socket: number, flow: FlowId): void {
    this.#fields.sockets.delete(socket);
    this.#fields.socketOf.delete(flow);
  }

  #enterSocket(socket: number, flow: FlowId): void {
    this.#fields.sockets.set(socket, flow);
    this.#fields.socketOf.set(flow, socket);
  }

  // Servers -----------------------------------------------------------------------------------------------------------

  #openServer(message: Extract<FromGuest, { op: 'listen' }>): void {
    const { server: id, port: wanted, host } = message;
    if (this.#fields.servers.has(id) || this.#fields.servers.size >= guestServers) {
      this.#tell({ op: 'listenFailed', server: id, errno: 'EMFILE' });
      return;
    }
    const server: NetServer = { id, wanted, host, port: null };
    this.#fields.servers.set(id, server);
    this.#listen(server);
  }

  #listen(server: NetServer): void {
    const { pid, epoch, flows, pool, weight } = this.options;
    const options = { ...(pool === undefined ? {} : { pool }), ...(weight === undefined ? {} : { weight }) };
    this.#fields.pendingListens += 1;
    flows.listen(pid, epoch, server.wanted, server.host, options).then(
      ({ port }) => this.#onListening(server, port),
      (error: unknown) => this.#onListenFailed(server, error),
    );
  }

  #onListening(server: NetServer, port: number): void {
    this.#fields.pendingListens -= 1;
    if (this.#fields.frozen) return; // asked again afterwards; the flow table gives this port back
    if (this.#fields.servers.get(server.id) !== server) {
      this.options.flows.unlisten(this.options.pid, port); // closed while it was being opened
    } else {
      server.port = port;
      const address = this.options.publicHost ?? '127.0.0.1';
      this.#tell({ op: 'listening', server: server.id, address, family: address.includes(':') ? 'IPv6' : 'IPv4', port });
    }
    for (const [flowId, waiting] of [...this.#fields.unplaced]) {
      if (waiting.port !== port) continue;
      this.#fields.unplaced.delete(flowId);
      for (const event of waiting.events) event();
    }
  }

  #onListenFailed(server: NetServer, error: unknown): void {
    this.#fields.pendingListens -= 1;
    const code = error instanceof GodwitError ? error.code : 'GODWIT_LISTEN_FAILED';
    if (code === 'GODWIT_GUEST_MOVING' || this.#fields.servers.get(server.id) !== server) return;
    this.#fields.servers.delete(server.id);
    this.#tell({ op: 'listenFailed', server: server.id, errno: listenErrno[code] ?? 'EADDRNOTAVAIL' });
  }

  #closeServer(id: number): void {
    const server = this.#fields.servers.get(id);
    this.#fields.servers.delete(id);
    if (server?.port != null) this.options.flows.unlisten(this.options.pid, server.port);
  }

  onListenerLost(port: number, error: GodwitError): void {
    const server = [...this.#fields.servers.values()].find((one) => one.port === port);
    if (server === undefined) return;
    this.#fields.servers.delete(server.id);
    this.#tell({ op: 'listenFailed', server: server.id, errno: listenErrno[error.code] ?? 'ECONNABORTED' });
  }

  // Flows -------------------------------------------------------------------------------------------------------------

  #dial(message: Extract<FromGuest, { op: 'connect' }>): void {
    const { pid, epoch, flows } = this.options;
    const { socket, host, port } = message;
    if (this.#fields.sockets.size >= guestSockets || this.#fields.sockets.has(socket)) {
      this.#tell({ op: 'close', socket, errno: 'EMFILE' });
      return;
    }
    this.#enterSocket(socket, flows.connect(pid, epoch, { host, port }));
  }

  onOpen(flowId: FlowId, peer: Address, local: Address, port: number): void {
    const { servers, sockets, unplaced, pendingListens } = this.#fields;
    const server = [...servers.values()].find((one) => one.port === port);
    if (server === undefined && pendingListens > 0 && unplaced.size < unplacedConnections && !unplaced.has(flowId)) {
      // The gateway answered a listen() and the promise has not told us yet: once more when it has.
      unplaced.set(flowId, { port, events: [() => this.onOpen(flowId, peer, local, port)] });
    } else if (server === undefined || sockets.size >= guestSockets) this.options.flows.destroy(flowId, true);
    else {
      const socket = this.#fields.nextAccepted;
      this.#fields.nextAccepted += 2;
      this.#enterSocket(socket, flowId);
      this.#tell({ op: 'connection', server: server.id, socket, peer, local });
    }
  }

  /** Puts an event of a flow behind its onOpen, if that is still waiting. */
  #postponed(flowId: FlowId, event: () => void): boolean {
    const waiting = this.#fields.unplaced.get(flowId);
    waiting?.events.push(event);
    return waiting !== undefined;
  }

  onConnect(flowId: FlowId, peer: Address, local: Address): void {
    const socket = this.#fields.socketOf.get(flowId);
    if (socket !== undefined) this.#tell({ op: 'connect', socket, peer, local });
  }

  onData(flowId: FlowId, bytes: Uint8Array): void {
    if (this.#postponed(flowId, () => this.onData(flowId, bytes))) return;
    const socket = this.#fields.socketOf.get(flowId);
    if (socket === undefined) return;
    // A copy of the right size: posting a view would copy, and keeping it would hold, the whole buffer it was read into.
    this.#tell({ op: 'data', socket, bytes: new Uint8Array(bytes) });
  }

  onEnd(flowId: FlowId): void {
    if (this.#postponed(flowId, () => this.onEnd(flowId))) return;
    const socket = this.#fields.socketOf.get(flowId);
    if (socket !== undefined) this.#tell({ op: 'end', socket });
  }

  onClose(flowId: FlowId, error?: GodwitError): void {
    if (this.#postponed(flowId, () => this.onClose(flowId, error))) return;
    const socket = this.#fields.socketOf.get(flowId);
    if (socket === undefined) return;
    this.#forgetSocket(socket, flowId);
    this.#tell({ op: 'close', socket, errno: String(error?.fields.errno ?? 'ECONNRESET') });
  }

  onDrain(flowId: FlowId, acceptedBytes: number): void {
    const socket = this.#fields.socketOf.get(flowId);
    if (socket !== undefined) this.#tell({ op: 'drain', socket, accepted: acceptedBytes });
  }
}

const listenErrno: Partial<Record<string, string>> = {
  GODWIT_PORT_IN_USE: 'EADDRINUSE',
  GODWIT_PORT_DENIED: 'EACCES',
  GODWIT_TOO_MANY_PORTS: 'EMFILE',
};
