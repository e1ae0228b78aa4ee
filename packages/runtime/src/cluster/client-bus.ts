/**
 * The Bus over an unmodified NATS client connection: what the real server and the embedded hub have in common.
 * Translates the client's errors into coded ones and keeps handlers from taking the connection down.
 * Not here: key-value, which the two servers offer in different ways and which comes in as `openKeyValue`.
 */

import { randomUUID } from 'node:crypto';
import { assert, type ErrorCode, GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import { ClosedConnectionError, type Msg, type NatsConnection, NoRespondersError, TimeoutError } from '@nats-io/transport-node';
import { clusterLimits } from '../limits.js';
import type { Bus, BusMessage, KeyValue, Subscription } from './bus.js';
import { checkBucket, checkPattern, checkSubject } from './subject.js';

/** Opens a bucket on the server behind the connection. Stops with the bus when it closes. */
export type OpenKeyValue = (bus: ClientBus, bucket: string, ttlMs: number | undefined) => Promise<KeyValue>;

export class ClientBus implements Bus {
  // Uniqueness across machines is needed here, which the seeded Host randomness is not meant to give.
  readonly id = randomUUID();
  readonly closed: Promise<Error | undefined>;
  readonly #buckets = new Map<string, Promise<KeyValue>>();
  readonly #reconnectHandlers = new Set<() => void>();
  readonly #closeHandlers = new Set<() => void>();
  #closing = false;

  constructor(
    readonly connection: NatsConnection,
    readonly host: Host,
    private readonly openKeyValue: OpenKeyValue,
  ) {
    this.closed = connection.closed().then((reason) => {
      for (const handler of this.#closeHandlers) handler();
      if (this.#closing) return undefined;
      return new GodwitError('GODWIT_DISCONNECTED', 'Cannot reach the bus: it did not come back', { cause: reason ?? undefined });
    });
    void this.#followStatus();
  }

  publish(subject: string, payload: Uint8Array): void {
    checkSubject(subject);
    this.#checkSendable(subject, payload);
    this.connection.publish(subject, payload);
  }

  subscribe(subject: string, handler: (message: BusMessage) => void, options: { queue?: string } = {}): Subscription {
    checkPattern(subject);
    this.#checkOpen();
    let stopped = false;
    const subscription = this.connection.subscribe(subject, {
      ...options,
      callback: (error, message) => {
        if (error) this.host.log('warn', 'subscription ended', { subject, reason: messageOf(error) });
        else if (!stopped) this.#handle(message, handler);
      },
    });
    return {
      stop: () => {
        if (stopped) return;
        stopped = true;
        if (!this.connection.isClosed()) subscription.unsubscribe();
      },
    };
  }

  async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    checkSubject(subject);
    this.#checkSendable(subject, payload);
    assert(timeoutMs > 0, 'a request waits for more than no time');
    try {
      return (await this.connection.request(subject, payload, { timeout: timeoutMs })).data;
    } catch (error) {
      throw requestError(subject, error);
    }
  }

  async flush(): Promise<void> {
    this.#checkOpen();
    await this.connection.flush().catch((error: unknown) => {
      throw new GodwitError('GODWIT_DISCONNECTED', 'Cannot flush the bus: the connection broke', { cause: error });
    });
  }

  kv(bucket: string, options: { ttlMs?: number } = {}): Promise<KeyValue> {
    checkBucket(bucket);
    this.#checkOpen();
    let opened = this.#buckets.get(bucket);
    if (!opened) {
      opened = this.openKeyValue(this, bucket, options.ttlMs);
      this.#buckets.set(bucket, opened);
      // A failed opening must not be remembered: the next caller tries again.
      opened.catch(() => this.#buckets.delete(bucket));
    }
    return opened;
  }

  onReconnect(handler: () => void): Subscription {
    this.#reconnectHandlers.add(handler);
    return { stop: () => this.#reconnectHandlers.delete(handler) };
  }

  /** Called once when the bus closes, for whatever reason: watches stop their timers here. */
  onClose(handler: () => void): Subscription {
    this.#closeHandlers.add(handler);
    return { stop: () => this.#closeHandlers.delete(handler) };
  }

  get isClosed(): boolean {
    return this.connection.isClosed();
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.connection.close();
    await this.closed;
  }

  async #followStatus(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'reconnect') for (const handler of [...this.#reconnectHandlers]) handler();
      if (status.type === 'disconnect' || status.type === 'reconnect') this.host.log('info', `bus: ${status.type}`, {});
      if (status.type === 'error') this.host.log('warn', 'bus: error', { reason: messageOf(status.error) });
    }
  }

  #handle(message: Msg, handler: (message: BusMessage) => void): void {
    try {
      handler({
        subject: message.subject,
        payload: message.data,
        respond: (payload) => {
          if (message.reply && !this.isClosed) message.respond(payload);
        },
      });
    } catch (error) {
      // The client would lose its read loop; the sender of a request sees a timeout, the log sees the reason.
      this.host.log('error', 'a bus handler failed', { subject: message.subject, reason: messageOf(error) });
    }
  }

  #checkOpen(): void {
    if (this.isClosed) throw new GodwitError('GODWIT_BUS_CLOSED', 'Cannot use the bus: it is closed');
  }

  #checkSendable(subject: string, payload: Uint8Array): void {
    this.#checkOpen();
    const limit = this.connection.info?.max_payload ?? clusterLimits.maxPayloadBytes;
    if (payload.byteLength <= limit) return;
    throw new GodwitError(
      'GODWIT_TOO_LARGE',
      `Cannot send to "${subject}": ${payload.byteLength} bytes, at most ${limit} are allowed`,
      {
        fields: { bytes: payload.byteLength, limit },
      },
    );
  }
}

function requestError(subject: string, error: unknown): GodwitError {
  const causes = [error, error instanceof Error ? error.cause : undefined];
  const is = (kind: new (...args: never[]) => Error) => causes.some((cause) => cause instanceof kind);
  const [code, state]: [ErrorCode, string] = is(NoRespondersError)
    ? ['GODWIT_NO_RESPONDERS', 'nobody answers there']
    : is(TimeoutError)
      ? ['GODWIT_TIMEOUT', 'no answer in time']
      : is(ClosedConnectionError)
        ? ['GODWIT_BUS_CLOSED', 'the bus is closed']
        : ['GODWIT_DISCONNECTED', 'the connection broke'];
  return new GodwitError(code, `Cannot ask "${subject}": ${state}`, { cause: error, fields: { subject } });
}
