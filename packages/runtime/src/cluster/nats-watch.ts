/**
 * A watch on a JetStream bucket that cannot fall silent unnoticed. A consumer goes quiet for about a minute when the
 * server that hosts it dies, so a heartbeat key is written in the bucket, by whichever watcher has not seen one for a
 * while; when none arrives the consumer is made anew. Server 2.9 allows one filter per consumer, so each watch follows
 * the whole bucket and filters here.
 *
 *   start → consumer made → heartbeat written at revision R → everything up to R seen: snapshot whole → live
 *   silence → new consumer, the same way; WatchState shows the difference only
 *
 * Keeps true: what bus.ts says of watches, expiry included (the server tells nobody, so each key's expiry is looked up).
 */

import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import type { KV, KvWatchEntry } from '@nats-io/kv';
import { clusterLimits } from '../limits.js';
import type { KeyValueChange, Subscription } from './bus.js';
import type { ClientBus } from './client-bus.js';
import { subjectMatches } from './subject.js';
import { WatchState } from './watch-state.js';

export const heartbeatKey = '_heartbeat';

export interface WatchOptions {
  readonly pattern: string;
  readonly ttlMs: number | undefined;
  readonly handler: (change: KeyValueChange) => void;
  /** Writes the heartbeat key and gives its revision. */
  readonly beat: (key: string) => Promise<number>;
  readonly currentRevision: (key: string) => Promise<number | undefined>;
}

interface Feed {
  readonly snapshot: Map<string, { key: string; value: Uint8Array; revision: number }>;
  /** The revision that ends the snapshot, once known. */
  endRevision: number | undefined;
  seenRevision: number;
  live: boolean;
  end(): void;
}

export class NatsWatch {
  readonly #host: Host;
  readonly #state: WatchState;
  readonly #expiries = new Map<string, TimerHandle>();
  readonly #onClose: Subscription;
  #feed: Feed | undefined;
  #silence: TimerHandle | undefined;
  #beat: TimerHandle | undefined;
  #stopped = false;
  #synced: (() => void) | undefined;

  constructor(
    bus: ClientBus,
    private readonly store: KV,
    private readonly options: WatchOptions,
  ) {
    this.#host = bus.host;
    this.#state = new WatchState((change) => this.#show(change));
    this.#onClose = bus.onClose(() => this.stop());
  }

  /** Resolves when the initial state was shown. @throws GODWIT_TIMEOUT when that could not be had within the deadline */
  async start(): Promise<void> {
    let deadline: TimerHandle | undefined;
    const synced = new Promise<boolean>((resolve) => {
      this.#synced = () => resolve(true);
      deadline = this.#host.after(clusterLimits.keyValueDeadlineMs, () => resolve(false));
    });
    void this.#open();
    const inTime = await synced;
    deadline?.cancel();
    if (inTime) return;
    this.stop();
    throw new GodwitError('GODWIT_TIMEOUT', `Cannot watch "${this.options.pattern}": the bus did not answer in time`);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#synced?.();
    this.#onClose.stop();
    this.#feed?.end();
    this.#silence?.cancel();
    this.#beat?.cancel();
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
  }

  async #open(): Promise<void> {
    this.#feed?.end();
    this.#state.beginSync();
    this.#armSilence(clusterLimits.keyValueTryMs + clusterLimits.watchSilenceMs);
    const feed: Feed = { snapshot: new Map(), endRevision: undefined, seenRevision: 0, live: false, end: () => {} };
    this.#feed = feed;
    try {
      const entries = await this.store.watch();
      feed.end = () => entries.stop();
      if (this.#feed !== feed || this.#stopped) return feed.end();
      void this.#follow(feed, entries);
      feed.endRevision = await this.options.beat(heartbeatKey);
      this.#maybeLive(feed);
    } catch (error) {
      // The silence timer, armed above, makes the next attempt.
      this.#host.log('info', 'a watch could not be made', { reason: messageOf(error) });
    }
  }

  async #follow(feed: Feed, entries: AsyncIterable<KvWatchEntry>): Promise<void> {
    for await (const entry of entries) {
      if (this.#feed !== feed || this.#stopped) return;
      this.#take(feed, entry);
    }
  }

  #take(feed: Feed, entry: KvWatchEntry): void {
    const { key, revision, operation } = entry;
    feed.seenRevision = revision;
    if (feed.live) this.#armSilence(clusterLimits.watchSilenceMs);
    if (key === heartbeatKey) this.#armBeat();
    else if (subjectMatches(this.options.pattern, key)) {
      const value = operation === 'PUT' ? entry.value : undefined;
      if (feed.live) this.#state.change(key, value, revision);
      else if (value) feed.snapshot.set(key, { key, value, revision });
      else feed.snapshot.delete(key);
    }
    if (!feed.live) this.#maybeLive(feed);
  }

  #maybeLive(feed: Feed): void {
    if (feed.endRevision === undefined || feed.seenRevision < feed.endRevision || feed.live || this.#feed !== feed) return;
    feed.live = true;
    this.#state.finishSync(feed.snapshot.values(), feed.seenRevision);
    feed.snapshot.clear();
    this.#armSilence(clusterLimits.watchSilenceMs);
    this.#armBeat();
    this.#synced?.();
  }

  #armSilence(delayMs: number): void {
    this.#silence?.cancel();
    if (this.#stopped) return;
    this.#silence = this.#host.after(delayMs, () => void this.#open());
  }

  /** One beat serves all watchers of the bucket: whoever waited longest writes it, the others see it and wait again. */
  #armBeat(): void {
    this.#beat?.cancel();
    if (this.#stopped) return;
    const jitterMs = this.#host.random() * clusterLimits.watchHeartbeatMs * 0.5;
    this.#beat = this.#host.after(clusterLimits.watchHeartbeatMs + jitterMs, () => {
      // A beat that fails is what the silence timer is for.
      this.options
        .beat(heartbeatKey)
        .catch((error: unknown) => this.#host.log('debug', 'a heartbeat failed', { reason: messageOf(error) }));
      this.#armBeat();
    });
  }

  #show(change: KeyValueChange): void {
    if (this.#stopped) return;
    this.#expiries.get(change.key)?.cancel();
    this.#expiries.delete(change.key);
    if (change.value !== undefined && this.options.ttlMs !== undefined) this.#armExpiry(change.key, this.options.ttlMs);
    try {
      this.options.handler(change);
    } catch (error) {
      this.#host.log('error', 'a watch handler failed', { key: change.key, reason: messageOf(error) });
    }
  }

  #armExpiry(key: string, delayMs: number): void {
    this.#expiries.set(
      key,
      this.#host.after(delayMs, () => void this.#lookUpExpired(key)),
    );
  }

  async #lookUpExpired(key: string): Promise<void> {
    const shown = this.#state.revisionOf(key);
    const current = await this.options.currentRevision(key).catch(() => shown);
    if (this.#stopped || shown === undefined || this.#state.revisionOf(key) !== shown) return;
    // Gone at the server: shown as a delete just after the last write. Still there: the server sweeps a little later.
    if (current === undefined) this.#state.change(key, undefined, shown + 1);
    else this.#armExpiry(key, Math.max(50, this.options.ttlMs! / 4));
  }
}
