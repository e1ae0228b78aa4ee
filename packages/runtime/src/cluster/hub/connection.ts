/**
 * One client of the embedded hub: its socket, its subscriptions, what it may do.
 *
 *   connected → INFO sent → (CONNECT with the token) → open → closed
 *
 * Keeps true: nothing but CONNECT, PING and PONG is heard before the right token came; a client that does not read is cut
 * off at a bound instead of filling the hub's memory (it reconnects and reads state anew).
 * Not a router: what a publication reaches is the hub's to say.
 */

import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import { clusterLimits } from '../../limits.js';
import type { Interest } from './interest.js';
import { type ClientOperation, ProtocolParser } from './parser.js';

export interface HubSubscription extends Interest {
  readonly client: HubConnection;
  readonly sid: string;
  /** Messages still to be delivered before it ends by itself. */
  remaining: number;
}

export type Publication = Extract<ClientOperation, { op: 'pub' }>;

/** What a connection needs of its hub. */
export interface HubSide {
  readonly host: Host;
  readonly token: Buffer;
  publish(from: HubConnection, publication: Publication): void;
  subscribe(subscription: HubSubscription): void;
  unsubscribe(subscription: HubSubscription): void;
  closed(connection: HubConnection): void;
}

export class HubConnection {
  readonly #subscriptions = new Map<string, HubSubscription>();
  readonly #parser = new ProtocolParser((operation) => this.#carryOut(operation));
  #authorized = false;
  #wantsNoResponders = false;
  #unansweredPings = 0;
  #timer: TimerHandle;
  #corked = false;
  #closed = false;

  constructor(
    private readonly hub: HubSide,
    private readonly socket: Socket,
    info: Record<string, unknown>,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#feed(chunk));
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
    this.#timer = hub.host.after(clusterLimits.authorizeTimeoutMs, () => this.#refuse('Authentication Timeout'));
    this.#write(`INFO ${JSON.stringify(info)}\r\n`);
  }

  get wantsNoResponders(): boolean {
    return this.#wantsNoResponders;
  }

  /** Sends one message to one of this client's subscriptions. */
  deliver(subscription: HubSubscription, message: Publication): void {
    const reply = message.reply === undefined ? '' : `${message.reply} `;
    const sizes = message.headerBytes > 0 ? `${message.headerBytes} ${message.body.length}` : `${message.body.length}`;
    this.#write(`${message.headerBytes > 0 ? 'HMSG' : 'MSG'} ${message.subject} ${subscription.sid} ${reply}${sizes}\r\n`);
    this.#write(message.body);
    this.#write('\r\n');
    if (--subscription.remaining <= 0) this.#drop(subscription);
    if (this.socket.writableLength > clusterLimits.maxPendingBytesPerClient) this.#refuse('Slow Consumer');
  }

  close(): void {
    this.#end(() => this.socket.destroy());
  }

  #feed(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#parser.feed(chunk);
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      this.#refuse(String(error.fields.state ?? messageOf(error)));
    }
  }

  #carryOut(operation: ClientOperation): void {
    if (this.#closed) return;
    if (operation.op === 'connect') this.#connect(operation.options);
    else if (operation.op === 'ping') this.#write('PONG\r\n');
    else if (operation.op === 'pong') this.#unansweredPings = 0;
    else if (!this.#authorized) this.#refuse('Authorization Violation');
    else if (operation.op === 'pub') this.hub.publish(this, operation);
    else if (operation.op === 'sub') this.#subscribe(operation);
    else this.#unsubscribe(operation.sid, operation.max);
  }

  #connect(options: Record<string, unknown>): void {
    const given = Buffer.from(typeof options.auth_token === 'string' ? options.auth_token : '');
    const right = given.length === this.hub.token.length && timingSafeEqual(given, this.hub.token);
    if (!right) {
      this.#refuse('Authorization Violation');
      return;
    }
    this.#authorized = true;
    this.#wantsNoResponders = options.no_responders === true && options.headers === true;
    this.#timer.cancel();
    this.#schedulePing();
    if (options.verbose === true) this.#write('+OK\r\n');
  }

  #subscribe({ subject, queue, sid }: Extract<ClientOperation, { op: 'sub' }>): void {
    if (this.#subscriptions.has(sid)) return;
    if (this.#subscriptions.size >= clusterLimits.maxSubscriptionsPerClient) {
      this.#refuse('maximum subscriptions exceeded');
      return;
    }
    const subscription: HubSubscription = { client: this, subject, queue, sid, remaining: Number.POSITIVE_INFINITY };
    this.#subscriptions.set(sid, subscription);
    this.hub.subscribe(subscription);
  }

  #unsubscribe(sid: string, max: number | undefined): void {
    const subscription = this.#subscriptions.get(sid);
    if (!subscription) return;
    // A maximum counts from the beginning in the protocol; our clients only ever set it before the first message.
    if (max !== undefined && max > 0) subscription.remaining = max;
    else this.#drop(subscription);
  }

  #drop(subscription: HubSubscription): void {
    if (this.#subscriptions.delete(subscription.sid)) this.hub.unsubscribe(subscription);
  }

  #schedulePing(): void {
    this.#timer = this.hub.host.after(clusterLimits.hubPingIntervalMs, () => {
      if (this.#unansweredPings++ >= 2) {
        this.#refuse('Stale Connection');
        return;
      }
      this.#write('PING\r\n');
      this.#schedulePing();
    });
  }

  /** Tells the client why, then closes: the socket goes when the reason was sent, or at once if it is not read anyway. */
  #refuse(reason: string): void {
    this.hub.host.log('debug', 'hub: client refused', { reason });
    this.#end(() => {
      const { socket } = this;
      socket.uncork();
      if (socket.writableLength > clusterLimits.maxControlLineBytes) socket.destroy();
      else socket.end(`-ERR '${reason}'\r\n`, () => socket.destroy());
    });
  }

  #end(closeSocket: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer.cancel();
    for (const subscription of this.#subscriptions.values()) this.hub.unsubscribe(subscription);
    this.#subscriptions.clear();
    closeSocket();
    this.hub.closed(this);
  }

  /** Everything written in one turn of the event loop leaves in one system call. */
  #write(data: string | Buffer): void {
    if (this.#closed || this.socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.socket.uncork();
      });
    }
    this.socket.write(data);
  }
}
