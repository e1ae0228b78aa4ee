/**
 * Joining a cluster: carries out what the membership machine commands, on a real bus.
 * Keeps true: events reach the machine one after the other; after leaving or fencing nothing more is sent.
 * Not a judge: every decision is membership.ts's.
 */

import { randomUUID } from 'node:crypto';
import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { Bus, KeyValue, KeyValueChange, Subscription } from './bus.js';
import { encodeJson } from './json.js';
import { Lease, leasePrefix, parseLease, revokeLease } from './lease.js';
import {
  initialMembership,
  type Member,
  type MembershipChange,
  type MembershipCommand,
  type MembershipEvent,
  type MembershipState,
  membershipStep,
  type NodeInfo,
  type NodeRef,
} from './membership.js';
import { type ClusterSettings, clusterBucket, openCluster } from './settings.js';

export interface JoinOptions {
  /** Said to all other nodes: name, addresses. JSON values. */
  readonly info: NodeInfo;
  /** Fixed when the cluster is created; later it must be the same or absent. */
  readonly stride?: number;
  readonly onChange: (change: MembershipChange) => void;
  /** This node was declared lost while it was silent. Everything it runs must end at once; its guests may run elsewhere. */
  readonly onFence: (reason: string) => void;
}

const announceSubject = 'godwit.nodes';

/** This node's membership of a cluster. */
export class ClusterMembership {
  #state: MembershipState;
  #timer: TimerHandle | undefined;
  readonly #subscriptions: Subscription[] = [];

  private constructor(
    private readonly bus: Bus,
    private readonly host: Host,
    private readonly bucket: KeyValue,
    private readonly lease: Lease,
    readonly settings: ClusterSettings,
    private readonly options: JoinOptions,
  ) {
    this.#state = initialMembership(lease.node, host.monotonicMs());
  }

  /**
   * Claims a node id and begins to announce it. Resolves when the nodes already there are known (their `joined` was reported).
   * An id may have had another holder: mark the guests of a former life of this id lost before making new ones.
   * @throws GODWIT_CLUSTER_FULL, GODWIT_BAD_STRIDE, and what the bus throws
   */
  static async join(bus: Bus, host: Host, options: JoinOptions): Promise<ClusterMembership> {
    const settings = await openCluster(bus, host.nowMs(), options.stride);
    const bucket = await clusterBucket(bus);
    const lease = await Lease.claim(bucket, host, settings.stride, randomUUID(), options.info);
    const membership = new ClusterMembership(bus, host, bucket, lease, settings, options);
    await membership.#follow();
    return membership;
  }

  get self(): NodeRef {
    return this.#state.self;
  }

  get phase(): MembershipState['phase'] {
    return this.#state.phase;
  }

  /** Whether the lease was renewed so lately that nobody can have revoked it. A process that was frozen finds this false when it goes on. */
  get isLeaseFresh(): boolean {
    const { phase, renewedAtMs } = this.#state;
    return phase === 'in' && this.host.monotonicMs() - renewedAtMs < clusterLimits.isolatedAfterMs;
  }

  /** The other nodes, by id. */
  get members(): ReadonlyMap<number, Member> {
    return this.#state.members;
  }

  /** Whether a node holds its lease right now, read from the store itself: newer than `members`. */
  async hasLease(id: number): Promise<boolean> {
    return (await this.bucket.get(`${leasePrefix}${id}`)) !== undefined;
  }

  /** Tells the others with the next announcement. */
  setInfo(info: NodeInfo): void {
    this.lease.setInfo(info);
  }

  /** Gives the id back; the others see `left`. */
  async leave(): Promise<void> {
    if (this.#state.phase !== 'in') return;
    this.#state = membershipStep(this.#state, { type: 'leave' }).state;
    this.#stop();
    await this.lease.release();
  }

  async #follow(): Promise<void> {
    this.#subscriptions.push(this.bus.subscribe(announceSubject, ({ payload }) => this.#hear(payload)));
    this.#subscriptions.push(await this.bucket.watch(leasePrefix, (change) => this.#leaseChanged(change)));
    this.#tick();
  }

  #tick(): void {
    this.#handle({ type: 'tick', nowMs: this.host.monotonicMs() });
    if (this.#state.phase === 'in') this.#timer = this.host.after(clusterLimits.membershipTickMs, () => this.#tick());
  }

  #hear(payload: Uint8Array): void {
    const { id, incarnation, info, leaving } = parseLease(payload);
    this.#handle({ type: 'heard', nowMs: this.host.monotonicMs(), node: { id, incarnation }, info, leaving });
  }

  #leaseChanged({ key, value, revision }: KeyValueChange): void {
    const nowMs = this.host.monotonicMs();
    if (!value) {
      this.#handle({ type: 'leaseGone', nowMs, id: Number(key.slice(leasePrefix.length)) });
      return;
    }
    const { id, incarnation, info, leaving } = parseLease(value);
    this.#handle({ type: 'heard', nowMs, node: { id, incarnation }, info, leaving, leaseRevision: revision });
  }

  #handle(event: MembershipEvent): void {
    const { state, commands } = membershipStep(this.#state, event);
    this.#state = state;
    for (const command of commands) this.#carryOut(command);
  }

  #carryOut(command: MembershipCommand): void {
    switch (command.type) {
      case 'announce':
        // Lost while disconnected, which is fine: the lease is what counts, this is only quicker.
        if (this.#state.phase === 'in') this.#announce();
        break;
      case 'renew':
        void this.#renew();
        break;
      case 'revoke':
        void this.#revoke(command.node, command.leaseRevision);
        break;
      case 'report':
        this.options.onChange(command.change);
        break;
      case 'fence':
        this.#stop();
        this.options.onFence(command.reason);
        break;
      case 'release':
        break; // leave() waits for it
    }
  }

  #announce(): void {
    try {
      this.bus.publish(announceSubject, encodeJson(this.lease.record));
    } catch (error) {
      this.host.log('debug', 'could not announce this node', { reason: messageOf(error) });
    }
  }

  async #renew(): Promise<void> {
    const sentAtMs = this.host.monotonicMs();
    try {
      const renewed = await this.lease.renew();
      this.#handle(renewed ? { type: 'renewed', sentAtMs } : { type: 'renewFailed', taken: true });
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      this.host.log('warn', 'could not renew the lease of this node', { reason: error.message });
      this.#handle({ type: 'renewFailed', taken: false });
    }
  }

  async #revoke(node: NodeRef, leaseRevision: number): Promise<void> {
    let outcome: 'gone' | 'alive' | 'unknown' = 'unknown';
    try {
      outcome = await revokeLease(this.bucket, node, leaseRevision);
    } catch (error) {
      if (!(error instanceof GodwitError)) throw error;
      this.host.log('warn', 'could not revoke the lease of a silent node', { node: node.id, reason: error.message });
    }
    this.#handle({ type: 'revokeEnded', nowMs: this.host.monotonicMs(), node, outcome });
  }

  #stop(): void {
    this.#timer?.cancel();
    for (const subscription of this.#subscriptions) subscription.stop();
  }
}
