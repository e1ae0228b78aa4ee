/**
 * Answers key-value requests of the embedded hub's clients from its store, and sends changes to those who watch.
 * Keeps true: a change is published before the write is answered; a write sent again (same id) gives the first answer.
 * Not a subscriber: the hub hands requests over directly, and hands changes out like any publication.
 */

import { AssertionFailure, GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import { clusterLimits } from '../../limits.js';
import { subjectMatches } from '../subject.js';
import { KeyValueStore } from './store.js';
import { changeSubject, decodeRequest, encode, type KeyValuePage, type KeyValueRequest } from './wire.js';

export class KeyValueService {
  readonly #store: KeyValueStore;
  /** Answers of the latest writes by id, oldest first. */
  readonly #answers = new Map<string, Uint8Array>();
  #expiry: TimerHandle | undefined;
  #stopped = false;

  constructor(
    private readonly host: Host,
    publish: (subject: string, payload: Uint8Array) => void,
  ) {
    this.#store = new KeyValueStore(host.nowMs(), ({ bucket, key, value, revision }) => {
      publish(changeSubject(bucket, key), encode({ revision, value }));
    });
  }

  /** Never throws: what is wrong with a request is its answer. */
  answer(payload: Uint8Array): Uint8Array {
    try {
      const request = decodeRequest(payload);
      const remembered = 'id' in request ? this.#answers.get(request.id) : undefined;
      if (remembered) return remembered;
      const answer = this.#attempt(request);
      if ('id' in request) this.#remember(request.id, answer);
      return answer;
    } catch (error) {
      return errorAnswer(error);
    } finally {
      this.#scheduleExpiry();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#expiry?.cancel();
  }

  #attempt(request: KeyValueRequest): Uint8Array {
    try {
      return encode(this.#carryOut(request));
    } catch (error) {
      return errorAnswer(error);
    }
  }

  #carryOut(request: KeyValueRequest): Record<string, unknown> | KeyValuePage {
    const nowMs = this.host.monotonicMs();
    switch (request.op) {
      case 'open':
        this.#store.open(request.bucket, request.ttlMs);
        return {};
      case 'get': {
        const entry = this.#store.get(request.bucket, request.key, nowMs);
        return entry ? { value: entry.value, revision: entry.revision } : {};
      }
      case 'write':
        return { revision: this.#store.write(request.bucket, request.key, request.value, request.expected, nowMs) };
      case 'delete':
        this.#store.delete(request.bucket, request.key, request.expected, nowMs);
        return {};
      case 'list':
        return this.#page(request, nowMs);
    }
  }

  #page(request: Extract<KeyValueRequest, { op: 'list' }>, nowMs: number): KeyValuePage {
    const found = [...this.#store.entries(request.bucket, nowMs)]
      .filter(([key]) => key > request.after && subjectMatches(request.pattern, key))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const entries: [string, number, Uint8Array][] = [];
    let bytes = 0;
    for (const [key, entry] of found) {
      if (entries.length >= clusterLimits.snapshotPageKeys || bytes >= clusterLimits.snapshotPageBytes) break;
      const value = request.values ? entry.value : new Uint8Array();
      // The first entry always goes in, so that pages make progress; maxValueBytes keeps even that one sendable.
      if (entries.length > 0 && bytes + value.byteLength > clusterLimits.snapshotPageBytes) break;
      bytes += value.byteLength + key.length;
      entries.push([key, entry.revision, value]);
    }
    return { entries, revision: this.#store.revision, more: entries.length < found.length };
  }

  #remember(id: string, answer: Uint8Array): void {
    this.#answers.set(id, answer);
    if (this.#answers.size <= clusterLimits.rememberedWrites) return;
    const oldest = this.#answers.keys().next();
    if (!oldest.done) this.#answers.delete(oldest.value);
  }

  #scheduleExpiry(): void {
    this.#expiry?.cancel();
    if (this.#stopped) return;
    const nextMs = this.#store.expire(this.host.monotonicMs());
    if (nextMs === undefined) return;
    this.#expiry = this.host.after(Math.max(1, nextMs - this.host.monotonicMs()), () => this.#scheduleExpiry());
  }
}

function errorAnswer(error: unknown): Uint8Array {
  if (error instanceof AssertionFailure) throw error;
  const known = error instanceof GodwitError ? error : new GodwitError('GODWIT_PROTOCOL', messageOf(error), { cause: error });
  return encode({ error: known.toJSON() });
}
