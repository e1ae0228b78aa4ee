/**
 * One peer's TCP connection at the gateway: its socket, the two halves of its flow, and the link to the node that has the guest.
 * Kept true: a byte read from the socket is kept until the node acknowledged it; a byte from the node is acknowledged once it is
 * in this process (which owns the connection), and credited once the kernel has it. While no link is set (the guest is moving)
 * nothing is sent: bytes are held up to the window, then the socket is left unread and TCP itself holds the peer back.
 */

import type { Socket } from 'node:net';
import {
  ackUrgency,
  announce,
  creditLimit,
  newReceiveHalf,
  type ReceiveHalf,
  repeatedBytes,
  takeEndMarker,
} from '../flow/receive.js';
import {
  acknowledge,
  heldBytes,
  newSendHalf,
  pushBytes,
  pushEnd,
  rewindTo,
  type SendHalf,
  takeBytes,
  takeEnd,
} from '../flow/send.js';
import type { Address, FlowId } from '../flow/state.js';
import type { GatewayLimits } from '../limits.js';
import { FrameType } from './frames.js';
import type { Link } from './link.js';

/** What a flow needs from the gateway around it. */
export interface PeerFlowOwner {
  readonly limits: GatewayLimits;
  /** The flow has to be asked again when its link drains. */
  waitForLink(flow: PeerFlow): void;
  /** The peer had ended its direction and then broke the connection: there is nobody left to write to. */
  broken(flow: PeerFlow): void;
  /** A small acknowledgement is due soon. */
  acknowledgeSoon(flow: PeerFlow): void;
}

export class PeerFlow {
  /** The link to the guest's node; null while the guest is moving. */
  link: Link | null = null;
  /** Set once both ends are known. */
  ends: { readonly peer: Address; readonly local: Address } | null = null;
  readonly send: SendHalf;
  readonly receive: ReceiveHalf;

  constructor(
    readonly id: FlowId,
    readonly pid: number,
    readonly listenerPort: number | null,
    readonly socket: Socket,
    private readonly owner: PeerFlowOwner,
  ) {
    this.send = newSendHalf(owner.limits.windowBytes);
    this.receive = newReceiveHalf(owner.limits.windowBytes);
    socket.on('data', this.#onPeerData);
    socket.on('end', () => this.#onPeerEnd(''));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onPeerError(error.code ?? 'ECONNRESET'));
    socket.on('close', () => this.#onPeerEnd('ECONNRESET')); // counts only if nothing was said before
    socket.on('drain', () => this.#tellProgress());
  }

  readonly #onPeerData = (bytes: Buffer): void => {
    if (this.send.end !== null) return;
    pushBytes(this.send, bytes);
    if (heldBytes(this.send) >= this.owner.limits.windowBytes) this.socket.pause();
    this.pump();
  };

  #onPeerEnd(code: string): void {
    pushEnd(this.send, code);
    this.pump();
  }

  #onPeerError(code: string): void {
    const toldEnd = this.link !== null && this.send.end !== null && this.send.sent > this.send.next;
    if (toldEnd) this.owner.broken(this);
    else this.#onPeerEnd(code);
  }

  /** Sends what credit and link allow. */
  pump(): void {
    const link = this.link;
    if (link === null) return;
    for (;;) {
      if (this.send.sent < this.send.next && !link.writable) {
        this.owner.waitForLink(this);
        return;
      }
      const seq = this.send.sent;
      const bytes = takeBytes(this.send, this.owner.limits.dataFrameBytes);
      if (bytes === null) break;
      link.send(FrameType.DATA, this.id, seq, 0, bytes);
    }
    const seq = this.send.next;
    if (takeEnd(this.send)) link.send(FrameType.END, this.id, seq, 0, Buffer.from(this.send.end ?? ''));
  }

  /** Bytes from the node. False: they do not fit what came before. */
  onData(seq: number, bytes: Uint8Array): boolean {
    const repeated = repeatedBytes(this.receive, seq, bytes.length);
    if (repeated < 0) return false;
    if (repeated === bytes.length) return true;
    this.receive.next += bytes.length - repeated;
    if (this.socket.writable) this.socket.write(repeated === 0 ? bytes : bytes.subarray(repeated)); // a dead peer's bytes are dropped
    this.#tellProgress();
    return true;
  }

  /** The guest has ended its direction. */
  onEnd(seq: number): boolean {
    const taken = takeEndMarker(this.receive, seq, '');
    if (taken === 'taken') {
      this.socket.end();
      this.#tellProgress();
    }
    return taken !== 'gap';
  }

  /** The node has all below `seq` and takes up to `seq + credit`. */
  onAck(seq: number, credit: number): boolean {
    if (acknowledge(this.send, seq) < 0) return false;
    this.send.limit = Math.max(this.send.limit, seq + credit);
    this.#resumeReading();
    this.pump();
    return true;
  }

  /** A node has the guest now and names the next byte it expects. The numbers of this side go back in RESUMED. */
  resume(link: Link, seq: number, credit: number): boolean {
    if (rewindTo(this.send, seq, seq + credit) < 0) return false;
    this.link = link;
    link.send(FrameType.RESUMED, this.id, this.receive.next, this.#credit());
    announce(this.receive, this.owner.limits.windowBytes);
    if (this.listenerPort === null && this.ends !== null) link.sendMessage(FrameType.CONNECTED, this.id, this.ends);
    this.#resumeReading();
    this.pump();
    return true;
  }

  /** Tells a node of the flow for the first time: all bytes from the start. */
  open(link: Link): boolean {
    if (this.ends === null || rewindTo(this.send, 0, this.owner.limits.windowBytes) < 0) return false;
    this.link = link;
    link.sendMessage(FrameType.OPEN, this.id, { pid: this.pid, listenerPort: this.listenerPort ?? 0, ...this.ends });
    this.pump();
    return true;
  }

  /** Sends an acknowledgement if there is anything new to say. */
  acknowledge(): void {
    if (this.link === null) return;
    this.#noteConsumed();
    const { windowBytes, eagerAckBytes } = this.owner.limits;
    if (ackUrgency(this.receive, windowBytes, eagerAckBytes) === 'none') return;
    this.link.send(FrameType.ACK, this.id, this.receive.next, this.#credit());
    announce(this.receive, windowBytes);
  }

  /** The guest is done: what it wrote is still delivered, what the peer sends is not read any more. */
  finish(): void {
    this.link = null;
    const { socket } = this;
    socket.off('data', this.#onPeerData);
    socket.resume(); // discards; unread bytes would make the kernel reset the connection and lose our last bytes
    socket.destroySoon();
  }

  /** Resets the peer's connection. */
  reset(): void {
    this.link = null;
    if (this.socket.connecting || this.socket.destroyed) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  #noteConsumed(): void {
    const bytes = this.receive.end === null ? this.receive.next : this.receive.next - 1;
    this.receive.consumed = bytes - (this.socket.writable ? this.socket.writableLength : 0);
  }

  /** Bytes that may come beyond receive.next. */
  #credit(): number {
    this.#noteConsumed();
    return Math.max(0, creditLimit(this.receive, this.owner.limits.windowBytes) - this.receive.next);
  }

  #tellProgress(): void {
    this.#noteConsumed();
    const { windowBytes, eagerAckBytes } = this.owner.limits;
    const urgency = ackUrgency(this.receive, windowBytes, eagerAckBytes);
    if (urgency === 'now') this.acknowledge();
    else if (urgency === 'lazy') this.owner.acknowledgeSoon(this);
  }

  #resumeReading(): void {
    if (this.socket.isPaused() && heldBytes(this.send) < this.owner.limits.windowBytes) this.socket.resume();
  }
}
