/**
 * Node leases in the key-value store: key `nodes.<id>` = who holds the id. Claimed, renewed, revoked and released by
 * compare-and-swap only, so that an id has one holder at any time.
 * Keeps true: no clock of another machine is believed; an id whose lease nobody renews is found out by watching it.
 * Not a judge of who is dead: membership.ts is.
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { KeyValue } from './bus.js';
import { decodeJson, encodeJson } from './json.js';
import type { NodeInfo, NodeRef } from './membership.js';

export interface LeaseRecord extends NodeRef {
  readonly info: NodeInfo;
  readonly leaving: boolean;
}

export const leasePrefix = 'nodes.';
const leaseKey = (id: number) => `${leasePrefix}${id}`;

/** A node's own lease. */
export class Lease {
  #revision: number;
  #record: LeaseRecord;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly bucket: KeyValue,
    record: LeaseRecord,
    revision: number,
  ) {
    this.#record = record;
    this.#revision = revision;
  }

  get node(): NodeRef {
    return { id: this.#record.id, incarnation: this.#record.incarnation };
  }

  get record(): LeaseRecord {
    return this.#record;
  }

  /**
   * Takes the lowest free id below `stride`, or, when none is, one whose holder did not renew it for a while.
   * @throws GODWIT_CLUSTER_FULL
   */
  static async claim(bucket: KeyValue, host: Host, stride: number, incarnation: string, info: NodeInfo): Promise<Lease> {
    const taken = new Set(await bucket.keys(leasePrefix));
    for (let id = 0; id < stride; id++) {
      if (taken.has(leaseKey(id))) continue;
      const record = { id, incarnation, info, leaving: false };
      const revision = await unlessConflict(bucket.create(leaseKey(id), encodeJson(record)));
      if (revision !== undefined) return new Lease(bucket, record, revision);
    }
    return Lease.#takeOverSilent(bucket, host, stride, incarnation, info);
  }

  /** Says that this node still lives. False: the lease is gone or another's. @throws what the bus throws when it cannot be asked */
  renew(): Promise<boolean> {
    return this.#inTurn(() => this.#renew());
  }

  /** The next renewal carries this. */
  setInfo(info: NodeInfo): void {
    this.#record = { ...this.#record, info };
  }

  /** Gives the id back: first the word that it is meant, so that others see a node that left, then the key. */
  release(): Promise<void> {
    return this.#inTurn(async () => {
      this.#record = { ...this.#record, leaving: true };
      if (await this.#renew()) await unlessConflict(this.bucket.delete(leaseKey(this.#record.id), this.#revision));
    });
  }

  /** Two writes at once would take each other for a stranger. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #renew(): Promise<boolean> {
    const key = leaseKey(this.#record.id);
    for (;;) {
      const revision = await unlessConflict(this.bucket.update(key, encodeJson(this.#record), this.#revision));
      if (revision !== undefined) {
        this.#revision = revision;
        return true;
      }
      // A renewal whose answer was lost moved the revision on: the lease is still ours if our incarnation is in it. Nobody
      // else writes it then, so the next turn of the loop wins or finds it taken.
      const entry = await this.bucket.get(key);
      if (!entry || parseLease(entry.value).incarnation !== this.#record.incarnation) return false;
      this.#revision = entry.revision;
    }
  }

  static async #takeOverSilent(
    bucket: KeyValue,
    host: Host,
    stride: number,
    incarnation: string,
    info: NodeInfo,
  ): Promise<Lease> {
    const before = await revisions(bucket, stride);
    await new Promise<void>((resolve) => host.after(clusterLimits.revokeAfterMs, resolve));
    for (const [id, revision] of before) {
      const record = { id, incarnation, info, leaving: false };
      const taken = await unlessConflict(bucket.update(leaseKey(id), encodeJson(record), revision));
      if (taken !== undefined) return new Lease(bucket, record, taken);
    }
    throw new GodwitError('GODWIT_CLUSTER_FULL', `Cannot join the cluster: all of its ${stride} node ids are in use`, {
      fields: { stride },
    });
  }
}

/** Takes a silent node's lease away. `alive` when it was renewed meanwhile. */
export async function revokeLease(bucket: KeyValue, node: NodeRef, leaseRevision: number): Promise<'gone' | 'alive'> {
  const key = leaseKey(node.id);
  const entry = await bucket.get(key);
  if (!entry || parseLease(entry.value).incarnation !== node.incarnation) return 'gone';
  if (entry.revision > leaseRevision && leaseRevision > 0) return 'alive';
  const deleted = await unlessConflict(bucket.delete(key, entry.revision).then(() => true));
  if (deleted) return 'gone';
  const now = await bucket.get(key);
  return now && parseLease(now.value).incarnation === node.incarnation ? 'alive' : 'gone';
}

/** @throws GODWIT_PROTOCOL */
export function parseLease(value: Uint8Array): LeaseRecord {
  const { id, incarnation, info, leaving } = decodeJson(value, 'lease of a node');
  const good = Number.isInteger(id) && typeof incarnation === 'string' && typeof info === 'object' && info !== null;
  if (!good) throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read the lease of a node: it is malformed');
  return { id: id as number, incarnation: incarnation as string, info: info as NodeInfo, leaving: leaving === true };
}

async function revisions(bucket: KeyValue, stride: number): Promise<[number, number][]> {
  const found: [number, number][] = [];
  for (let id = 0; id < stride; id++) {
    const entry = await bucket.get(leaseKey(id));
    if (entry) found.push([id, entry.revision]);
  }
  return found;
}

async function unlessConflict<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof GodwitError && error.code === 'GODWIT_CONFLICT') return undefined;
    throw error;
  }
}
