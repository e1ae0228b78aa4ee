/**
 * Key-value on the embedded hub, from the client's side.
 * Keeps true: a write whose answer was lost is sent again under the same id and gives its first answer; a watch reads the
 * whole state again after each reconnection, since changes may have been missed.
 * Not a store: that is hub/store.ts, in the hub's process.
 */

import { randomUUID } from 'node:crypto';
import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { KeyValue, KeyValueChange, KeyValueEntry, Subscription } from './bus.js';
import type { ClientBus } from './client-bus.js';
import {
  changeSubject,
  decodeAnswer,
  decodeChange,
  decodePage,
  encode,
  isRevision,
  type KeyValueRequest,
  requestSubject,
} from './hub/wire.js';
import { retryTransient } from './retry.js';
import { checkKey, prefixPattern } from './subject.js';
import { checkValue } from './value.js';
import { WatchState } from './watch-state.js';

/** Opens a bucket of the hub that `bus` is connected to. */
export async function openHubKeyValue(bus: ClientBus, bucket: string, ttlMs: number | undefined): Promise<KeyValue> {
  const keyValue = new HubKeyValue(bus, bucket, ttlMs);
  await keyValue.ask({ op: 'open', bucket, ttlMs });
  return keyValue;
}

class HubKeyValue implements KeyValue {
  constructor(
    private readonly bus: ClientBus,
    private readonly bucket: string,
    private readonly ttlMs: number | undefined,
  ) {}

  async get(key: string): Promise<KeyValueEntry | undefined> {
    checkKey(key);
    const { value, revision } = await this.ask({ op: 'get', bucket: this.bucket, key });
    return value instanceof Uint8Array && isRevision(revision) ? { value, revision } : undefined;
  }

  create(key: string, value: Uint8Array): Promise<number> {
    return this.#write(key, value, 0);
  }

  update(key: string, value: Uint8Array, revision: number): Promise<number> {
    return this.#write(key, value, revision);
  }

  put(key: string, value: Uint8Array): Promise<number> {
    return this.#write(key, value, undefined);
  }

  async delete(key: string, revision?: number): Promise<void> {
    checkKey(key);
    await this.ask({ op: 'delete', bucket: this.bucket, key, expected: revision, id: randomUUID() });
  }

  async keys(prefix = ''): Promise<string[]> {
    return (await this.#snapshot(prefixPattern(prefix), false)).entries.map(({ key }) => key);
  }

  async watch(prefix: string, handler: (change: KeyValueChange) => void): Promise<Subscription> {
    const pattern = prefixPattern(prefix);
    const state = new WatchState((change) => {
      if (!stopped) handler(change);
    });
    let stopped = false;
    const skipped = changeSubject(this.bucket, '').length;
    const changes = this.bus.subscribe(changeSubject(this.bucket, pattern), ({ subject, payload }) => {
      const { revision, value } = decodeChange(payload);
      state.change(subject.slice(skipped), value, revision);
    });
    const reconnects = this.bus.onReconnect(() => {
      if (!stopped) void this.#resync(pattern, state);
    });
    const stop = () => {
      stopped = true;
      changes.stop();
      reconnects.stop();
    };
    try {
      await this.#sync(pattern, state);
    } catch (error) {
      stop();
      throw error;
    }
    return { stop };
  }

  /** Asks the hub, again and again while the connection is away, within the deadline. Safe because writes carry an id. */
  async ask(request: KeyValueRequest): Promise<Record<string, unknown>> {
    const payload = encode(request);
    return retryTransient(this.bus, `${request.op} in bucket "${this.bucket}"`, async () => {
      const answer = await this.bus.request(requestSubject, payload, clusterLimits.keyValueTryMs);
      try {
        return decodeAnswer(answer);
      } catch (error) {
        // A hub that was restarted forgot its buckets: opening again is what the first opener did.
        if (!(error instanceof GodwitError) || error.code !== 'GODWIT_NO_BUCKET') throw error;
        const open = encode({ op: 'open', bucket: this.bucket, ttlMs: this.ttlMs });
        decodeAnswer(await this.bus.request(requestSubject, open, clusterLimits.keyValueTryMs));
        const again = 'id' in request ? encode({ ...request, id: randomUUID() }) : payload;
        return decodeAnswer(await this.bus.request(requestSubject, again, clusterLimits.keyValueTryMs));
      }
    });
  }

  async #write(key: string, value: Uint8Array, expected: number | undefined): Promise<number> {
    checkKey(key);
    checkValue(key, value);
    const { revision } = await this.ask({ op: 'write', bucket: this.bucket, key, value, expected, id: randomUUID() });
    return revision as number;
  }

  async #sync(pattern: string, state: WatchState): Promise<void> {
    state.beginSync();
    const { entries, revision } = await this.#snapshot(pattern, true);
    state.finishSync(entries, revision);
  }

  async #resync(pattern: string, state: WatchState): Promise<void> {
    await this.#sync(pattern, state).catch((error: unknown) => {
      // The next reconnection tries again; if none comes, the bus closes and its users know.
      this.bus.host.log('warn', 'a watch could not catch up', { bucket: this.bucket, reason: messageOf(error) });
    });
  }

  async #snapshot(pattern: string, values: boolean) {
    const entries: { key: string; revision: number; value: Uint8Array }[] = [];
    for (;;) {
      const after: string = entries.at(-1)?.key ?? '';
      const page = decodePage(await this.ask({ op: 'list', bucket: this.bucket, pattern, after, values }));
      for (const [key, revision, value] of page.entries) entries.push({ key, revision, value });
      if (!page.more) return { entries, revision: page.revision };
    }
  }
}
