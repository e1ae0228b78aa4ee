/**
 * A node's session at the gateway: its link, the flows that wait for the link or owe an acknowledgement, and the time limit on
 * being without a connection. Kept true: a session that is over sends and hands on nothing.
 */

import type { Host, TimerHandle } from '@godwit/checkpoint/base';
import type { GatewayLimits } from '../limits.js';
import type { FrameHeader } from './frames.js';
import { Link } from './link.js';
import type { PeerFlow } from './peerflow.js';

export interface SessionEvents {
  onFrame(session: NodeSession, header: FrameHeader, payload: Uint8Array): void;
  /** The node stayed away too long, or broke the protocol. */
  onLost(session: NodeSession, reason: string): void;
}

export class NodeSession {
  readonly link: Link;
  /** The claim being read: flows named so far. */
  claim: {
    pid: number;
    epoch: number;
    number: number;
    ports: readonly { port: number; pool: string; weight: number }[];
    flows: Map<number, readonly [seq: number, credit: number]>;
  } | null = null;
  readonly #waiting = new Set<PeerFlow>();
  readonly #owing = new Set<PeerFlow>();
  #lazyTimer: TimerHandle | null = null;
  #absence: TimerHandle | null = null;
  #over = false;

  constructor(
    readonly node: string,
    readonly id: string,
    readonly number: number,
    private readonly host: Host,
    private readonly limits: GatewayLimits,
    private readonly events: SessionEvents,
  ) {
    this.link = new Link(host, limits, {
      onFrame: (header, payload) => events.onFrame(this, header, payload),
      onDrain: () => this.#drain(),
      onDetach: (reason) => this.#awaitReturn(reason),
      onBroken: (reason) => this.#lose(`broke the protocol: ${reason}`),
    });
  }

  /** A connection was attached: the session is present again. */
  present(): void {
    this.#absence?.cancel();
    this.#absence = null;
  }

  waitForLink(flow: PeerFlow): void {
    this.#waiting.add(flow);
  }

  acknowledgeSoon(flow: PeerFlow): void {
    this.#owing.add(flow);
    this.#lazyTimer ??= this.host.after(this.limits.lazyAckMs, () => {
      this.#lazyTimer = null;
      const owing = [...this.#owing];
      this.#owing.clear();
      for (const one of owing) if (one.link === this.link) one.acknowledge();
    });
  }

  /** Ends the session without a word to the owner. */
  end(): void {
    this.#over = true;
    this.#absence?.cancel();
    this.#lazyTimer?.cancel();
    this.link.end();
  }

  #drain(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const flow of waiting) if (flow.link === this.link) flow.pump();
  }

  #awaitReturn(reason: string): void {
    this.host.log('info', 'node link lost', { node: this.node, reason });
    this.#absence?.cancel();
    this.#absence = this.host.after(this.limits.linkWaitMs, () => this.#lose('stayed away too long'));
  }

  #lose(reason: string): void {
    if (this.#over) return;
    this.end();
    this.events.onLost(this, reason);
  }
}
