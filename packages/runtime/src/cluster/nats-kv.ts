/**
 * Key-value on JetStream. Goes below the client's own KV calls where those are not enough: writes carry a message id, so
 * that one sent again after a lost answer is recognised by the server, and reads go to the leader.
 * Keeps true: what bus.ts promises, on server 2.9 too: no per-key time to live is used, only the bucket's.
 * Layout is the usual one (stream KV_<bucket>, subject $KV.<bucket>.<key>), so `nats kv` shows it.
 */

import { randomUUID } from 'node:crypto';
import { type ErrorCode, GodwitError, messageOf } from '@godwit/checkpoint/base';
import { JetStreamApiError, type JetStreamClient, JetStreamError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { headers, type MsgHdrs, NoRespondersError, RequestError, TimeoutError } from '@nats-io/transport-node';
import { clusterLimits } from '../limits.js';
import type { KeyValue, KeyValueChange, KeyValueEntry, Subscription } from './bus.js';
import type { ClientBus, OpenKeyValue } from './client-bus.js';
import { NatsWatch } from './nats-watch.js';
import { retryTransient } from './retry.js';
import { checkKey, prefixPattern } from './subject.js';
import { checkValue } from './value.js';

/** JetStream's code for a compare-and-swap that lost. */
const wrongLastSequence = new Set([10071, 10164]);
const operationHeader = 'KV-Operation';

/** Opens buckets that live on `replicas` servers. */
export function natsKeyValue(replicas: number): OpenKeyValue {
  return async (bus, bucket, ttlMs) => {
    const client = jetstream(bus.connection, { timeout: clusterLimits.keyValueTryMs });
    const store = await retryTransient(bus, `open bucket "${bucket}"`, () =>
      coded(bucket, () =>
        new Kvm(client).create(bucket, {
          history: 1,
          replicas,
          allow_direct: false,
          maxValueSize: clusterLimits.maxValueBytes,
          ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
        }),
      ),
    );
    return new NatsKeyValue(bus, client, store, bucket, ttlMs);
  };
}

class NatsKeyValue implements KeyValue {
  constructor(
    private readonly bus: ClientBus,
    private readonly client: JetStreamClient,
    private readonly store: KV,
    private readonly bucket: string,
    private readonly ttlMs: number | undefined,
  ) {}

  async get(key: string): Promise<KeyValueEntry | undefined> {
    const entry = await this.#read(key);
    return entry && !entry.deleted ? { value: entry.value, revision: entry.revision } : undefined;
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    checkValue(key, value);
    try {
      return await this.#write(key, value, 0);
    } catch (error) {
      // A deleted key still has a last message, its delete marker; that one may be replaced.
      const entry = error instanceof GodwitError && error.code === 'GODWIT_CONFLICT' ? await this.#read(key) : undefined;
      if (!entry?.deleted) throw error;
      return this.#write(key, value, entry.revision);
    }
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    checkValue(key, value);
    return this.#write(key, value, revision);
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    checkValue(key, value);
    return this.#write(key, value, undefined);
  }

  async delete(key: string, revision?: number): Promise<void> {
    const marker = headers();
    marker.set(operationHeader, 'DEL');
    await this.#write(key, new Uint8Array(), revision, marker);
  }

  async keys(prefix = ''): Promise<string[]> {
    const found: string[] = [];
    (await this.watch(prefix, ({ key, initial }) => initial && found.push(key))).stop();
    return found;
  }

  async watch(prefix: string, handler: (change: KeyValueChange) => void): Promise<Subscription> {
    const watch = new NatsWatch(this.bus, this.store, {
      pattern: prefixPattern(prefix),
      ttlMs: this.ttlMs,
      handler,
      beat: (key) => this.#write(key, new Uint8Array(), undefined),
      currentRevision: async (key) => (await this.get(key))?.revision,
    });
    await watch.start();
    return { stop: () => watch.stop() };
  }

  async #read(key: string): Promise<(KeyValueEntry & { deleted: boolean }) | undefined> {
    checkKey(key);
    const entry = await retryTransient(this.bus, `read "${key}"`, () => coded(key, () => this.store.get(key)));
    return entry ? { value: entry.value, revision: entry.revision, deleted: entry.operation !== 'PUT' } : undefined;
  }

  async #write(key: string, value: Uint8Array, expected: number | undefined, header?: MsgHdrs): Promise<number> {
    checkKey(key);
    const msgID = randomUUID();
    const options = {
      msgID,
      timeout: clusterLimits.keyValueTryMs,
      ...(expected === undefined ? {} : { expect: { lastSubjectSequence: expected } }),
      ...(header ? { headers: header } : {}),
    };
    const subject = `$KV.${this.bucket}.${key}`;
    return retryTransient(this.bus, `write "${key}"`, () =>
      coded(key, async () => (await this.client.publish(subject, value, options)).seq),
    );
  }
}

/** Gives JetStream's errors our codes, so that one rule decides what is tried again. */
async function coded<T>(key: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new GodwitError(codeOf(error), `Cannot use "${key}" in the key-value store: ${messageOf(error)}`, {
      cause: error,
      fields: { key },
    });
  }
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof JetStreamApiError) {
    if (wrongLastSequence.has(error.code)) return 'GODWIT_CONFLICT';
    // 5xx: no leader, no quorum, not available yet. All pass.
    return error.status >= 500 ? 'GODWIT_NO_RESPONDERS' : 'GODWIT_KEY_VALUE';
  }
  const causes = [error, error instanceof Error ? error.cause : undefined];
  if (causes.some((cause) => cause instanceof NoRespondersError)) return 'GODWIT_NO_RESPONDERS';
  if (causes.some((cause) => cause instanceof TimeoutError)) return 'GODWIT_TIMEOUT';
  if (error instanceof RequestError || error instanceof JetStreamError) return 'GODWIT_DISCONNECTED';
  return 'GODWIT_KEY_VALUE';
}
