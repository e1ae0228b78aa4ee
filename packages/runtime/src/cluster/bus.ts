/**
 * The one interface through which nodes, commands and gateways of a cluster talk: publish, subscribe, request,
 * key-value with compare-and-swap, watch and expiry. Two implementations keep the same contract (test/cluster/contract):
 * NATS with JetStream (several machines) and the embedded hub (one machine, nothing installed).
 * Not for bulk: pages go node to node over migrate/transport.
 *
 * What a caller may rely on:
 * - publish: at most once, in order per publisher and subject; lost without a word while disconnected.
 * - request: at most once; NO_RESPONDERS at once, TIMEOUT after the time given; an answer proves that it was handled.
 * - key-value writes: exactly once per call, or an error that says the outcome is unknown (GODWIT_TIMEOUT). Reads are
 *   answered by the leader, so they see every write that was answered before. Revisions grow within a bucket.
 * - in a partition writes and requests fail with GODWIT_TIMEOUT or GODWIT_NO_RESPONDERS; watches catch up afterwards.
 */

/** A received message. `respond` answers a request and does nothing for a publication. */
export interface BusMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  respond(payload: Uint8Array): void;
}

/** A subscription or watch; stop is idempotent, and no handler call begins after it returned. */
export interface Subscription {
  stop(): void;
}

/** One connection to a cluster's bus. */
export interface Bus {
  /** Unique to this connection. */
  readonly id: string;
  /** At most once. @throws GODWIT_BAD_SUBJECT, GODWIT_TOO_LARGE, GODWIT_BUS_CLOSED */
  publish(subject: string, payload: Uint8Array): void;
  /** `*` stands for one token, a final `>` for one or more. Members of a `queue` share the messages. */
  subscribe(subject: string, handler: (message: BusMessage) => void, options?: { queue?: string }): Subscription;
  /** @throws GODWIT_NO_RESPONDERS, GODWIT_TIMEOUT, GODWIT_DISCONNECTED, GODWIT_TOO_LARGE, GODWIT_BUS_CLOSED */
  request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Resolves when the server has handled everything sent before: subscriptions are in force. @throws GODWIT_DISCONNECTED */
  flush(): Promise<void>;
  /** Opens a bucket, making it if need be. Every write renews a key's `ttlMs`; what was not written for so long is absent. */
  kv(bucket: string, options?: { ttlMs?: number }): Promise<KeyValue>;
  /** Called after each reconnection, when the subscriptions are in force again. */
  onReconnect(handler: () => void): Subscription;
  /** Resolves once, with the reason unless close() was called. */
  readonly closed: Promise<Error | undefined>;
  close(): Promise<void>;
}

/** A value with the revision to name in a compare-and-swap. */
export interface KeyValueEntry {
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A change seen by a watch; one that is overwritten before it was told of may be left out. `value` is absent for a delete and for an expiry. `initial` marks the state at the start. */
export interface KeyValueChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly revision: number;
  readonly initial: boolean;
}

/**
 * A bucket. Keys are dot-separated tokens of letters, digits, `-`, `_`, `=` and `/`.
 * A `prefix` is `''` (all), `'a.b.'` (all below a.b), or a whole key.
 * Every operation may throw GODWIT_TIMEOUT: nothing is known about a write then; read to find out.
 */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Gives the new revision. @throws GODWIT_CONFLICT when the key is there */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Compare-and-swap. @throws GODWIT_CONFLICT when the key's revision is another, or the key is absent */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  put(key: string, value: Uint8Array): Promise<number>;
  /** Deleting an absent key is no error, unless a revision is given. @throws GODWIT_CONFLICT */
  delete(key: string, revision?: number): Promise<void>;
  keys(prefix?: string): Promise<string[]>;
  /**
   * Calls the handler with every present value, resolves, then goes on with changes, in order of revision per key.
   * Several changes of a key in quick succession, or over a reconnection, may be seen as the last one only.
   */
  watch(prefix: string, handler: (change: KeyValueChange) => void): Promise<Subscription>;
}
