/**
 * A node's side of the link to the gateway: connects, authenticates, reconnects with growing waits, and gives the session up
 * when the gateway stays away too long. Kept true: while the session lasts, everything sent arrives once and in order.
 * When it is over a new one is begun; who used the old one is told first.
 */

import { connect } from 'node:net';
import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import type { GatewayLimits } from '../limits.js';
import { introduce, newNonce } from './handshake.js';
import { Link } from './link.js';
import type { FrameHandler } from './reader.js';

export interface UplinkOptions {
  readonly host: Host;
  readonly node: string;
  readonly secret: string;
  readonly gatewayHost: string;
  readonly gatewayPort: number;
  readonly gatewayPath?: string | undefined;
  readonly limits: GatewayLimits;
}

export interface UplinkEvents {
  onFrame: FrameHandler;
  onDrain(): void;
  /** The session is over and with it everything the gateway held for this node. A new session has begun. */
  onSessionLost(error: GodwitError): void;
}

export class Uplink {
  link: Link;
  /** Given by the gateway with the session; 0 until it is known. */
  sessionNumber = 0;
  #session = newNonce();
  #stopped = false;
  #retry: TimerHandle | null = null;
  #beat: TimerHandle | null = null;
  #beats = 0;
  #attempts = 0;
  #absentSinceMs: number;
  #onFirst: ((error: GodwitError | null) => void) | null = null;

  constructor(
    private readonly options: UplinkOptions,
    private readonly events: UplinkEvents,
  ) {
    this.link = this.#newLink();
    this.#absentSinceMs = options.host.monotonicMs();
  }

  /** Resolves at the first welcome; fails if the gateway turns us away, or cannot be reached within linkWaitMs. */
  start(): Promise<void> {
    this.#scheduleBeat();
    return new Promise((resolve, reject) => {
      this.#onFirst = (error) => {
        this.#onFirst = null;
        if (error === null) return resolve();
        this.stop();
        reject(error);
      };
      void this.#dial();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#beat?.cancel();
    this.link.end();
  }

  #newLink(): Link {
    const link: Link = new Link(this.options.host, this.options.limits, {
      onFrame: (header, payload) => this.events.onFrame(header, payload),
      onDrain: () => this.events.onDrain(),
      onDetach: (reason) => this.#onDetach(reason),
      onBroken: (reason) => {
        this.#renew(new GodwitError('GODWIT_GATEWAY_LOST', `Cannot go on with the gateway: it broke the protocol: ${reason}`));
        this.#onDetach(reason);
      },
    });
    return link;
  }

  #scheduleBeat(): void {
    this.#beat = this.options.host.after(this.options.limits.heartbeatMs, () => {
      this.#beats += 1;
      this.link.beat(this.#beats % 3 === 0);
      this.#scheduleBeat();
    });
  }

  #onDetach(reason: string): void {
    this.options.host.log('info', 'gateway link lost', { node: this.options.node, reason });
    this.#absentSinceMs = this.options.host.monotonicMs();
    this.#attempts = 0;
    void this.#dial();
  }

  /** One attempt; a failed one schedules the next. */
  async #dial(): Promise<void> {
    const { options } = this;
    if (this.#stopped) return;
    const { gatewayHost, gatewayPort, gatewayPath } = options;
    // The path leads nowhere from another machine or container.
    const isByPath = gatewayPath !== undefined && this.#attempts % 2 === 0;
    const socket = connect(isByPath ? { path: gatewayPath } : { host: gatewayHost, port: gatewayPort, noDelay: true });
    socket.on('error', () => {}); // 'close' follows, which the handshake sees
    const { node, secret } = options;
    const link = this.link;
    const who = { node, secret, session: this.#session, fresh: this.sessionNumber === 0, receivedBytes: link.receivedBytes };
    try {
      const answer = await introduce(socket, who, options.host, options.limits);
      if (this.#stopped || link !== this.link || !link.attach(socket, answer.receivedBytes)) {
        throw new GodwitError('GODWIT_SESSION_LOST', 'Cannot go on with the gateway: the two sides disagree about what was sent');
      }
      this.sessionNumber = answer.sessionNumber;
      this.#attempts = 0;
      this.#onFirst?.(null);
    } catch (error) {
      socket.destroy();
      this.#onFailure(error);
    }
  }

  #onFailure(error: unknown): void {
    if (this.#stopped) return;
    const { host, limits, gatewayHost, gatewayPort } = this.options;
    const code = error instanceof GodwitError ? error.code : 'GODWIT_HANDSHAKE_FAILED';
    if (code === 'GODWIT_NODE_UNTRUSTED' || code === 'GODWIT_GATEWAY_UNTRUSTED') {
      this.#onFirst?.(error as GodwitError); // a wrong secret does not get better by waiting; a running node keeps trying
    }
    if (this.#stopped) return;
    if (code === 'GODWIT_SESSION_LOST') this.#renew(error as GodwitError);
    if (host.monotonicMs() - this.#absentSinceMs > limits.linkWaitMs) {
      const lost = new GodwitError(
        'GODWIT_GATEWAY_LOST',
        `Cannot reach the gateway at "${gatewayHost}:${gatewayPort}": ${messageOf(error)}`,
        { cause: error },
      );
      this.#absentSinceMs = host.monotonicMs();
      if (this.#onFirst !== null) {
        this.#onFirst(lost);
        return;
      }
      this.#renew(lost);
    }
    this.#attempts += 1;
    const longestMs = Math.min(limits.reconnectMaxMs, limits.reconnectMinMs * 2 ** Math.min(this.#attempts, 16));
    this.#retry = host.after(longestMs * (0.5 + host.random() / 2), () => void this.#dial());
  }

  /** Ends this session and begins another one; it connects with the next attempt. */
  #renew(error: GodwitError): void {
    this.link.end();
    this.sessionNumber = 0;
    this.#session = newNonce();
    this.link = this.#newLink();
    this.events.onSessionLost(error);
  }
}
