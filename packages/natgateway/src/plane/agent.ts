/**
 * The flows of one node's guests: implements FlowTable over a link to the gateway.
 *
 *   guest:  live ──freeze──▶ frozen ──commit──▶ (forgotten)
 *             ▲                 │ abort
 *             └──CLAIMED── claiming ◀──thaw── (state from another node)
 *
 * Kept true: nothing of a guest is handed on, acknowledged or sent unless it is live here; what arrives otherwise is dropped,
 * because the gateway keeps it for whoever claims the guest next. A destroyed flow is remembered until the gateway has let go of it.
 */

import { assert, GodwitError, type Host, type TimerHandle } from '@godwit/checkpoint/base';
import { acknowledge, pushBytes, pushEnd } from '../flow/send.js';
import type { FlowId, FlowState, ListenerState } from '../flow/state.js';
import { type GatewayLimits, withLimits } from '../limits.js';
import { handleAgentFrame } from './agentdispatch.js';
import { AgentFlow } from './agentflow.js';
import type { FlowEvents, FlowTable, ListenOptions } from './flowtable.js';
import { FrameType } from './frames.js';
import type { Link } from './link.js';
import { Uplink } from './uplink.js';

export interface FlowAgentOptions {
  readonly host: Host;
  /** Name of the node, unique in the cluster. */
  readonly node: string;
  readonly secret: string;
  readonly gatewayHost: string;
  readonly gatewayPort: number;
  /** GatewayOptions.nodePath; tried in turn with the port. */
  readonly gatewayPath?: string | undefined;
  readonly limits?: Partial<GatewayLimits>;
}

/** A guest as this node knows it. */
export interface AgentGuest {
  readonly pid: number;
  epoch: number;
  state: 'live' | 'frozen' | 'claiming';
  /** Number of the last claim: frames that answer an earlier one say nothing about now. */
  claim: number;
  /** Null once the guest has ended: its flows are still being delivered. */
  events: FlowEvents | null;
  readonly flows: Map<FlowId, AgentFlow>;
  readonly listeners: Map<number, ListenerState>;
  thawing: { resolve(): void; reject(error: GodwitError): void } | null;
}

interface ListenRequest {
  readonly guest: AgentGuest;
  readonly epoch: number;
  readonly pool: string;
  readonly weight: number;
  resolve(answer: { port: number }): void;
  reject(error: GodwitError): void;
  /** The guest was frozen before the answer: the port has to be given back. */
  abandoned: boolean;
}

const flowsPerSession = 2 ** 32;
/** Stands for a session number while there is none: above any the gateway gives, within the safe integers. */
const noSession = 2 ** 20;

export class FlowAgent implements FlowTable {
  readonly limits: GatewayLimits;
  readonly host: Host;
  readonly guests = new Map<number, AgentGuest>();
  readonly flows = new Map<FlowId, AgentFlow>();
  readonly requests = new Map<number, ListenRequest>();
  readonly #uplink: Uplink;
  readonly #departures = new Map<number, () => void>();
  readonly #waiting = new Set<AgentFlow>();
  readonly #owing = new Set<AgentFlow>();
  #lazyTimer: TimerHandle | null = null;
  #nextRequest = 1;
  #nextDial = 0;
  #claims = 0;

  /** Use FlowAgent.start. Protected, so that tests can break a variant on purpose. */
  protected constructor(options: FlowAgentOptions) {
    this.limits = withLimits(options.limits);
    this.host = options.host;
    const { host, node, secret, gatewayHost, gatewayPort, gatewayPath } = options;
    this.#uplink = new Uplink(
      { host, node, secret, gatewayHost, gatewayPort, gatewayPath, limits: this.limits },
      {
        onFrame: (header, payload) => handleAgentFrame(this, header, payload),
        onDrain: () => this.#drain(),
        onSessionLost: (error) => this.#loseAll(error),
      },
    );
  }

  /** Connects to the gateway. GODWIT_NODE_UNTRUSTED, GODWIT_GATEWAY_UNTRUSTED, GODWIT_GATEWAY_LOST. */
  static async start(options: FlowAgentOptions): Promise<FlowAgent> {
    const agent = new FlowAgent(options);
    await agent.begin();
    return agent;
  }

  protected begin(): Promise<void> {
    return this.#uplink.start();
  }

  /** Leaves the gateway without a word: for the end of a node. The gateway resets what is left after its wait. */
  stop(): void {
    this.#lazyTimer?.cancel();
    this.#uplink.stop();
  }

  get link(): Link {
    return this.#uplink.link;
  }

  attach(pid: number, epoch: number, events: FlowEvents): void {
    const known = this.guests.get(pid);
    if (known !== undefined && known.epoch === epoch) {
      known.events = events;
      return;
    }
    if (known !== undefined) this.#forget(known); // what an older epoch left here
    this.guests.set(pid, { pid, epoch, state: 'live', claim: 0, events, flows: new Map(), listeners: new Map(), thawing: null });
  }

  listen(pid: number, epoch: number, port: number, _host?: string, options: ListenOptions = {}): Promise<{ port: number }> {
    const guest = this.#liveGuest(pid, epoch);
    const { pool = '', weight = 1 } = options;
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.requests.set(request, { guest, epoch, pool, weight, resolve, reject, abandoned: false });
      this.link.sendMessage(FrameType.LISTEN, request, { pid, epoch, port, pool, weight });
    });
  }

  unlisten(pid: number, port: number): void {
    const guest = this.guests.get(pid);
    if (guest === undefined || !guest.listeners.delete(port)) return;
    this.link.send(FrameType.UNLISTEN, pid, port, guest.epoch);
  }

  connect(pid: number, epoch: number, target: { host: string; port: number }): FlowId {
    const guest = this.#liveGuest(pid, epoch);
    this.#nextDial += 1;
    const id = (this.#uplink.sessionNumber || noSession) * flowsPerSession + this.#nextDial;
    const { host, port } = target;
    const flow = new AgentFlow({ id, pid, dial: { host, port }, listenerPort: null }, this.limits);
    this.enter(guest, flow);
    if (this.#uplink.sessionNumber === 0)
      setImmediate(() => this.isLive(flow) && this.cutFlow(flow, 'ENETUNREACH')); // between two sessions
    else this.sendDial(guest, flow);
    return id;
  }

  write(flowId: FlowId, bytes: Uint8Array): boolean {
    const flow = this.flows.get(flowId);
    if (flow === undefined || flow.closing !== null || flow.send.end !== null) return true; // gone: as with a reset connection
    this.#assertRunning(flow);
    pushBytes(flow.send, bytes);
    this.pump(flow);
    return flow.acceptsMore;
  }

  end(flowId: FlowId): void {
    const flow = this.flows.get(flowId);
    if (flow === undefined || flow.closing !== null) return;
    this.#assertRunning(flow);
    pushEnd(flow.send, '');
    this.pump(flow);
  }

  destroy(flowId: FlowId, reset = false): void {
    const flow = this.flows.get(flowId);
    if (flow === undefined || flow.closing !== null) return;
    this.#assertRunning(flow);
    this.closeFlow(flow, reset || flow.peer === null ? 'reset' : 'close');
  }

  consumed(flowId: FlowId, byteCount: number): void {
    const flow = this.flows.get(flowId);
    if (flow === undefined) return;
    flow.receive.consumed += byteCount;
    if (this.isLive(flow)) this.tellProgress(flow);
  }

  /** Tells the gateway how busy a guest is (0 idle, 1 one core): connections go to the less busy of a pool. */
  load(pid: number, load: number): void {
    const guest = this.guests.get(pid);
    if (guest !== undefined) this.link.send(FrameType.LOAD, pid, Math.max(0, Math.round(load * 1000)), guest.epoch);
  }

  freeze(pid: number): FlowState[] {
    const guest = this.guests.get(pid);
    if (guest === undefined) return [];
    assert(guest.state !== 'frozen', `PID ${pid} is frozen twice`);
    guest.state = 'frozen';
    guest.thawing?.reject(new GodwitError('GODWIT_GUEST_MOVING', `Cannot finish thawing PID ${pid}: it is moving on`));
    guest.thawing = null;
    for (const request of this.requests.values()) {
      if (request.guest !== guest || request.abandoned) continue;
      request.abandoned = true;
      request.reject(new GodwitError('GODWIT_GUEST_MOVING', `Cannot listen for PID ${pid}: it is moving; ask again afterwards`));
    }
    this.link.send(FrameType.HOLD, pid, 0, guest.epoch);
    return [...guest.listeners.values(), ...[...guest.flows.values()].map((flow) => flow.save())];
  }

  abort(pid: number): void {
    const guest = this.guests.get(pid);
    if (guest === undefined || guest.state !== 'frozen') return;
    for (const flow of guest.flows.values()) flow.ready = false;
    this.#claim(guest);
  }

  thaw(pid: number, epoch: number, states: readonly FlowState[]): Promise<void> {
    const guest = this.guests.get(pid);
    assert(guest !== undefined && guest.epoch === epoch, `thaw of PID ${pid} before attach`);
    for (const state of states) {
      if (state.kind === 'listener') guest.listeners.set(state.port, state);
      else this.enter(guest, AgentFlow.restore(pid, state, this.limits));
    }
    return new Promise((resolve, reject) => {
      guest.thawing = { resolve, reject };
      this.#claim(guest);
    });
  }

  commit(pid: number): void {
    const guest = this.guests.get(pid);
    if (guest === undefined || guest.state !== 'frozen') return;
    this.link.send(FrameType.RELEASE, pid, 0, guest.epoch);
    this.#forget(guest);
  }

  leave(pid: number): void {
    const guest = this.guests.get(pid);
    if (guest === undefined) return;
    if (guest.state === 'frozen') this.abort(pid); // it ended while it was to be moved: its last bytes are delivered from here
    guest.events = null;
    guest.listeners.clear();
    this.link.send(FrameType.LEAVE, pid, 0, guest.epoch);
    for (const flow of [...guest.flows.values()]) {
      flow.isAwaited = true;
      if (flow.closing === null) this.closeFlow(flow, flow.peer === null ? 'reset' : 'close');
    }
    this.forgetIfDone(guest);
  }

  #liveGuest(pid: number, epoch: number): AgentGuest {
    const guest = this.guests.get(pid);
    assert(guest !== undefined && guest.events !== null, `PID ${pid} was not attached`);
    if (guest.epoch !== epoch)
      throw new GodwitError('GODWIT_FENCED', `Cannot serve PID ${pid}: epoch ${epoch} is over, ${guest.epoch} is here`);
    assert(guest.state !== 'frozen', `PID ${pid} acts while frozen`);
    return guest;
  }

  #assertRunning(flow: AgentFlow): void {
    assert(this.guests.get(flow.origin.pid)?.state !== 'frozen', `PID ${flow.origin.pid} acts while frozen`);
  }

  /** Its guest is live here and the gateway has said where the flow stands. */
  isLive(flow: AgentFlow): boolean {
    return flow.ready && this.guests.get(flow.origin.pid)?.state === 'live';
  }

  enter(guest: AgentGuest, flow: AgentFlow): void {
    this.flows.set(flow.id, flow);
    guest.flows.set(flow.id, flow);
  }

  sendDial(guest: AgentGuest, flow: AgentFlow): void {
    this.link.sendMessage(FrameType.DIAL, flow.id, { pid: guest.pid, epoch: guest.epoch, ...flow.origin.dial });
  }

  pump(flow: AgentFlow): void {
    if (this.guests.get(flow.origin.pid)?.state !== 'live') return;
    if (!flow.pump(this.link)) this.#waiting.add(flow);
  }

  /** The guest wants no more of the flow. */
  closeFlow(flow: AgentFlow, how: 'close' | 'reset'): void {
    flow.closing = how;
    pushEnd(flow.send, '');
    this.pump(flow);
  }

  /** The connection broke: the guest is told, and the gateway that nobody waits for the rest. */
  cutFlow(flow: AgentFlow, errno: string): void {
    if (flow.closing !== null) return;
    this.closeFlow(flow, 'reset');
    const guest = this.guests.get(flow.origin.pid);
    const error = new GodwitError('GODWIT_FLOW_CUT', `Cannot go on with flow "${flow.id}": ${errno}`, { fields: { errno } });
    guest?.events?.onClose(flow.id, error);
  }

  forgetFlow(flow: AgentFlow): void {
    this.flows.delete(flow.id);
    this.#waiting.delete(flow);
    this.#owing.delete(flow);
    const guest = this.guests.get(flow.origin.pid);
    guest?.flows.delete(flow.id);
    if (guest !== undefined) this.forgetIfDone(guest);
  }

  /** A guest that has ended is forgotten with its last flow. */
  forgetIfDone(guest: AgentGuest): void {
    if (guest.events !== null || guest.flows.size > 0 || guest.state !== 'live') return;
    this.guests.delete(guest.pid);
    this.#departures.get(guest.pid)?.();
    this.#departures.delete(guest.pid);
  }

  /** After leave: resolves when the gateway has taken over the guest's last bytes and let go of its flows. */
  gone(pid: number): Promise<void> {
    if (!this.guests.has(pid)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#departures.set(pid, resolve);
    });
  }

  onAck(flow: AgentFlow, seq: number, credit: number): void {
    const freedBytes = acknowledge(flow.send, seq);
    if (freedBytes < 0) {
      this.cutFlow(flow, 'EPROTO');
      return;
    }
    flow.send.limit = Math.max(flow.send.limit, seq + credit);
    this.pump(flow);
    if (freedBytes > 0 && flow.closing === null) this.guests.get(flow.origin.pid)?.events?.onDrain(flow.id, flow.acceptedBytes);
  }

  /** Hands new bytes to the guest's service, and only then counts them as taken. Protected: see the constructor. */
  deliver(flow: AgentFlow, bytes: Uint8Array): void {
    flow.receive.next += bytes.length;
    this.guests.get(flow.origin.pid)?.events?.onData(flow.id, bytes);
    this.tellProgress(flow);
  }

  tellProgress(flow: AgentFlow): void {
    const urgency = flow.ackUrgency;
    if (urgency === 'now') flow.acknowledge(this.link);
    else if (urgency === 'lazy') this.#acknowledgeSoon(flow);
  }

  #acknowledgeSoon(flow: AgentFlow): void {
    this.#owing.add(flow);
    this.#lazyTimer ??= this.host.after(this.limits.lazyAckMs, () => {
      this.#lazyTimer = null;
      const owing = [...this.#owing];
      this.#owing.clear();
      for (const one of owing) if (this.isLive(one) && one.ackUrgency !== 'none') one.acknowledge(this.link);
    });
  }

  /** Says to the gateway that the guest is here, and where each of its flows stands. */
  #claim(guest: AgentGuest): void {
    guest.state = 'claiming';
    this.#claims += 1;
    guest.claim = this.#claims;
    const { pid, epoch } = guest;
    const ports = [...guest.listeners.values()].map(({ port, pool, weight }) => ({ port, pool, weight }));
    this.link.sendMessage(FrameType.CLAIM, pid, { pid, epoch, ports });
    for (const flow of guest.flows.values()) this.link.send(FrameType.RESUME, flow.id, flow.receive.next, flow.credit);
    this.link.send(FrameType.CLAIM_END, pid, guest.claim);
  }

  #forget(guest: AgentGuest): void {
    for (const flow of guest.flows.values()) {
      this.flows.delete(flow.id);
      this.#waiting.delete(flow);
      this.#owing.delete(flow);
    }
    this.guests.delete(guest.pid);
  }

  /** The gateway has a newer epoch of this guest elsewhere: whatever is here is over. */
  fence(guest: AgentGuest, error: GodwitError): void {
    this.#forget(guest);
    guest.thawing?.reject(error);
    this.#tellLost(guest, error);
  }

  #tellLost(guest: AgentGuest, error: GodwitError): void {
    const cut = new GodwitError('GODWIT_FLOW_CUT', error.message, { cause: error, fields: { errno: 'ECONNRESET' } });
    for (const flow of guest.flows.values()) if (flow.closing === null) guest.events?.onClose(flow.id, cut);
    for (const port of guest.listeners.keys()) guest.events?.onListenerLost(port, error);
  }

  #drain(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const flow of waiting) this.pump(flow);
  }

  /** The gateway's session is over: every flow and port of this node with it. Guests stay attached and may listen again. */
  #loseAll(error: GodwitError): void {
    this.#waiting.clear();
    this.#owing.clear();
    this.flows.clear();
    for (const request of this.requests.values()) if (!request.abandoned) request.reject(error);
    this.requests.clear();
    for (const guest of [...this.guests.values()]) {
      const gone = { ...guest, flows: new Map(guest.flows), listeners: new Map(guest.listeners) };
      guest.flows.clear();
      guest.listeners.clear();
      guest.thawing = null;
      if (guest.state === 'claiming') guest.state = 'live';
      gone.thawing?.reject(error);
      this.#tellLost(gone, error);
      this.forgetIfDone(guest);
    }
  }
}
