/**
 * One flow at a node: its two halves, whether it may send, and how it is turned into data and back.
 * Kept true: a byte the guest wrote is held until the gateway has it; a byte from the gateway is acknowledged only after the
 * guest's service took it. While `ready` is false (the guest was just thawed or taken back, and the gateway has not yet said
 * where it stands) nothing is sent.
 */

import { ackUrgency, announce, creditLimit, newReceiveHalf, type ReceiveHalf } from '../flow/receive.js';
import { heldBytes, newSendHalf, pushBytes, pushEnd, type SendHalf, takeBytes, takeEnd } from '../flow/send.js';
import type { Address, Closing, FlowId, OpenFlowState } from '../flow/state.js';
import type { GatewayLimits } from '../limits.js';
import { FrameType } from './frames.js';
import type { Link } from './link.js';

/** What stays the same over a flow's life. */
export interface FlowOrigin {
  readonly id: FlowId;
  readonly pid: number;
  readonly dial: { readonly host: string; readonly port: number } | null;
  readonly listenerPort: number | null;
}

export class AgentFlow {
  ready = true;
  peer: Address | null = null;
  local: Address | null = null;
  closing: Closing | null = null;
  closeSent = false;
  /** The guest has ended and its end waits for this flow's. */
  isAwaited = false;
  send: SendHalf;
  receive: ReceiveHalf;

  constructor(
    readonly origin: FlowOrigin,
    private readonly limits: GatewayLimits,
  ) {
    this.send = newSendHalf(limits.windowBytes);
    this.receive = newReceiveHalf(limits.windowBytes);
  }

  get id(): FlowId {
    return this.origin.id;
  }

  /** A flow as its former node gave it: everything the gateway may lack is there to be sent again. */
  static restore(pid: number, state: OpenFlowState, limits: GatewayLimits): AgentFlow {
    const { id, dial, listenerPort } = state;
    const flow = new AgentFlow({ id, pid, dial, listenerPort }, limits);
    flow.ready = false;
    flow.peer = state.peer;
    flow.local = state.local;
    flow.closing = state.closing;
    flow.send = newSendHalf(0, state.sendBase);
    for (const bytes of state.unaccepted) pushBytes(flow.send, bytes);
    if (state.sendEnd !== null) pushEnd(flow.send, state.sendEnd);
    if (state.endAccepted) flow.send.next = state.sendBase - 1; // the end marker's number lies between
    flow.receive = newReceiveHalf(limits.windowBytes, state.receiveNext, state.consumed, state.receiveEnd);
    return flow;
  }

  save(): OpenFlowState {
    const { send, receive } = this;
    const { id, dial, listenerPort } = this.origin;
    return {
      kind: 'flow',
      id,
      dial,
      listenerPort,
      local: this.local,
      peer: this.peer,
      sendBase: send.base,
      unaccepted: send.chunks.slice(send.head),
      sendEnd: send.end,
      endAccepted: send.end !== null && send.base > send.next,
      receiveNext: receive.next,
      consumed: receive.consumed,
      receiveEnd: receive.end,
      closing: this.closing,
    };
  }

  /** Sends what credit and link allow; false: the link is full, ask again when it drains. */
  pump(link: Link): boolean {
    if (!this.ready) return true;
    if (this.closing === 'reset') {
      if (!this.closeSent) link.send(FrameType.CLOSE, this.id, 0, this.isAwaited ? 3 : 1);
      this.closeSent = true;
      return true;
    }
    for (;;) {
      if (this.send.sent < this.send.next && !link.writable) return false;
      const seq = this.send.sent;
      const bytes = takeBytes(this.send, this.limits.dataFrameBytes);
      if (bytes === null) break;
      link.send(FrameType.DATA, this.id, seq, 0, bytes);
    }
    const seq = this.send.next;
    if (takeEnd(this.send)) link.send(FrameType.END, this.id, seq);
    if (this.closing === 'close' && !this.closeSent && this.send.sent > this.send.next) {
      // Where both sides have ended the peer sees nothing of it.
      if (this.isAwaited) link.send(FrameType.CLOSE, this.id, 0, 2);
      else if (this.receive.end === null) link.send(FrameType.CLOSE, this.id, 0, 0);
      else link.sendLazily(FrameType.CLOSE, this.id, 0, 0);
      this.closeSent = true;
    }
    return true;
  }

  /** Room for the guest's writes. */
  get acceptsMore(): boolean {
    return heldBytes(this.send) < this.limits.windowBytes;
  }

  /** Bytes the gateway has taken over since the flow began. */
  get acceptedBytes(): number {
    return Math.min(this.send.base, this.send.next);
  }

  get ackUrgency(): 'now' | 'lazy' | 'none' {
    return this.closing === null ? ackUrgency(this.receive, this.limits.windowBytes, this.limits.eagerAckBytes) : 'none';
  }

  /** The gateway may send so many bytes beyond receive.next. */
  get credit(): number {
    return Math.max(0, creditLimit(this.receive, this.limits.windowBytes) - this.receive.next);
  }

  acknowledge(link: Link): void {
    link.send(FrameType.ACK, this.id, this.receive.next, this.credit);
    announce(this.receive, this.limits.windowBytes);
  }
}
