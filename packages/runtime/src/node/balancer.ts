/**
 * Balancing carried out: measures, gossips, lets the policy of @godwit/scheduler decide, reserves at the target and moves.
 * Keeps true: one guest leaves this node by itself at a time; a place is kept at the target before anything is stopped; what could not be
 * moved waits longer each time. Not a policy, and not a way to move: that is the daemon's, the same as for cluster-migrate.
 */

import { GodwitError, type Host, messageOf, type TimerHandle } from '@godwit/checkpoint/base';
import {
  balance,
  bestFor,
  current,
  freed,
  heard,
  type KnownReport,
  type LoadView,
  type NodeReport,
  nodeLoads,
  type PlannedMove,
  parseGossip,
  parseReserveRequest,
  placesForNew,
  type Reservation,
  type ReserveRequest,
  reserve,
  reservedCores,
  retryDelayMs,
  schedulerLimits,
  toTell,
  toWhom,
} from '@godwit/scheduler';
import type { Bus, Subscription } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { askNode, type NodeLoadReport, type PlaceRequest, pause } from './control.js';
import { platform } from './driver.js';
import type { Guests } from './guests.js';
import { nodeLimits } from './limits.js';
import { type LoadMeter, weightOf } from './load.js';

export interface BalancerOptions {
  readonly bus: Bus;
  readonly host: Host;
  readonly node: number;
  readonly incarnation: string;
  readonly guests: Guests;
  readonly meter: LoadMeter;
  /** The other nodes that are alive now. */
  readonly others: () => number[];
  readonly isDraining: () => boolean;
  readonly pools: readonly string[];
  readonly move: (pid: number, to: number) => Promise<unknown>;
  /** False: it measures, tells and keeps places, but moves nothing by itself. */
  readonly isAutomatic: boolean;
}

const loadSubject = (node: number) => `node.${node}.load`;

export class Balancer {
  #view: LoadView = new Map();
  #reservations: readonly Reservation[] = [];
  #sequence = 0;
  #isMoving = false;
  #isOver = false;
  #placed = 0;
  readonly #failures = new Map<number, { count: number; retryAtMs: number }>();
  #timer: TimerHandle | undefined;
  readonly #subscription: Subscription;

  constructor(private readonly options: BalancerOptions) {
    this.#subscription = options.bus.subscribe(loadSubject(options.node), ({ payload }) => this.#hear(payload));
    this.#tick();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#subscription.stop();
  }

  /** What this node says of itself now. */
  get report(): NodeLoadReport {
    const load = nodeLoads(this.#known(), this.#nowMs).get(this.options.node);
    const { user, system } = process.cpuUsage();
    return {
      ...{ ...this.#ownReport(), load: load?.load ?? 0, processCpuMs: (user + system) / 1_000, platform: platform() },
      ...{ residentBytes: process.memoryUsage.rss(), upForMs: process.uptime() * 1_000 },
    };
  }

  /** Keeps a place for a guest; answers with the load that this makes. @throws GODWIT_REFUSED */
  reserve(value: Record<string, unknown>): NodeReport {
    const request = parseReserveRequest(value);
    if (!request) throw new GodwitError('GODWIT_PROTOCOL', 'Cannot keep a place: the request is malformed');
    const answer = reserve(this.#kept(), request, this.options.node, this.#known(), this.#nowMs);
    this.#reservations = answer.reservations;
    if (answer.refused !== undefined)
      throw new GodwitError('GODWIT_REFUSED', `Cannot keep a place on node ${this.options.node}: ${answer.refused}`);
    return this.#ownReport();
  }

  /** Asks another node to keep a place; what it answers is news of its load. @throws what it answered */
  async #reserveAt(node: number, request: ReserveRequest): Promise<void> {
    const answer = await askNode<unknown>(this.options.bus, node, { op: 'reserve', request }, nodeLimits.reserveTimeoutMs);
    this.#view = heard(this.#view, parseGossip([{ report: answer, ageMs: 0 }]), this.#nowMs);
  }

  /** The guest came, or will not. */
  free(id: string): void {
    this.#reservations = freed(this.#reservations, id, this.#nowMs);
  }

  /** Where a new guest should start; a place is kept there under the id that is given. @throws GODWIT_BAD_NODE */
  async place({ memoryBytes, pool, weight }: PlaceRequest): Promise<{ node: number; reservation?: string }> {
    const { node: home, pools, isDraining } = this.options;
    const id = `new-${home}-${this.#placed++}`;
    const request: ReserveRequest = { id, demandCores: weightOf(weight), memoryBytes, pool };
    for (const node of placesForNew(request, home, this.#known(), this.#nowMs)) {
      try {
        if (node === home) this.reserve({ ...request });
        else await this.#reserveAt(node, request);
        return { node, reservation: id };
      } catch (error) {
        this.options.host.log('info', 'a node takes no new guest', { node, reason: messageOf(error) });
      }
    }
    // Its mother never refuses a guest for want of room: that is the machine's to say.
    if (!isDraining() && (pool === undefined || pools.includes(pool))) return { node: home };
    const what = pool === undefined ? 'all nodes are being emptied' : `no node of the pool "${pool}" takes it`;
    throw new GodwitError('GODWIT_BAD_NODE', `Cannot start a process: ${what}`);
  }

  /** The policy's choice for a guest that is to leave. @throws GODWIT_BAD_NODE when there is no other node */
  async best(pid: number): Promise<number> {
    const { guests, node, host, others } = this.options;
    for (let attempt = 0; ; attempt++) {
      const guest = guests.hosted.get(pid);
      const demandCores = guest?.use.demandCores ?? weightOf(guest?.meta.weight);
      const wanted = { demandCores, memoryBytes: guest?.memoryBytes ?? 0, pool: guest?.meta.pool };
      const best = bestFor(wanted, node, this.#known(), this.#nowMs);
      if (best !== undefined) return best;
      // A node that has just joined has not said anything yet.
      if (others().length === 0 || attempt >= nodeLimits.ownerTries)
        throw new GodwitError('GODWIT_BAD_NODE', `Cannot move process ${pid}: there is no other node that takes it`);
      await pause(host, nodeLimits.ownerRetryMs);
    }
  }

  get #nowMs(): number {
    return this.options.host.monotonicMs();
  }

  #tick(): void {
    if (this.#isOver) return;
    this.options.meter.sample();
    this.#view = heard(this.#view, [{ report: this.#ownReport(), ageMs: 0 }], this.#nowMs);
    for (const node of toWhom(this.options.others(), () => this.options.host.random())) this.#tell(node);
    void this.#decide();
    this.#timer = this.options.host.after(schedulerLimits.gossipIntervalMs, () => this.#tick());
  }

  #tell(node: number): void {
    const entries = toTell(this.#view, this.options.node, this.#nowMs);
    try {
      this.options.bus.publish(loadSubject(node), encodeJson({ entries }));
    } catch (error) {
      this.options.host.log('debug', 'could not tell the load', { node, reason: messageOf(error) });
    }
  }

  #hear(payload: Uint8Array): void {
    try {
      const { node: self } = this.options;
      const entries = parseGossip(decodeJson(payload, 'load report').entries).filter(({ report }) => report.node !== self);
      const strangers = entries.map(({ report }) => report.node).filter((node) => !this.#view.has(node));
      this.#view = heard(this.#view, entries, this.#nowMs);
      // A newcomer learns at once whom it has joined.
      for (const node of strangers) this.#tell(node);
    } catch (error) {
      this.options.host.log('debug', 'a load report was malformed', { reason: messageOf(error) });
    }
  }

  /** Of the nodes that are alive; this one as it is now. */
  #known(): KnownReport[] {
    const alive = new Set(this.options.others());
    const others = [...this.#view.values()].filter(({ report }) => alive.has(report.node));
    return [...others, { report: this.#ownReport(), atMs: this.#nowMs }];
  }

  #ownReport(): NodeReport {
    const { node, incarnation, meter, isDraining, pools } = this.options;
    const reserved = reservedCores(this.#kept());
    return {
      ...{ node, incarnation, sequence: this.#sequence++, ...meter.node },
      reservedCores: reserved,
      pools,
      isDraining: isDraining(),
    };
  }

  /** Places still to be kept: a guest that is here has its own. */
  #kept(): readonly Reservation[] {
    this.#reservations = current(this.#reservations, this.#nowMs).filter(({ id }) => !this.options.guests.hosted.has(Number(id)));
    return this.#reservations;
  }

  async #decide(): Promise<void> {
    const { isAutomatic, meter, host, node, guests } = this.options;
    if (!isAutomatic || this.#isMoving) return;
    for (const pid of this.#failures.keys()) if (!guests.hosted.has(pid)) this.#failures.delete(pid);
    const retryAtMs = new Map([...this.#failures].map(([pid, failure]) => [pid, failure.retryAtMs]));
    const plan = balance({
      self: node,
      nowMs: this.#nowMs,
      reports: this.#known(),
      guests: meter.loads(retryAtMs),
      random: () => host.random(),
    });
    if (!plan) return;
    this.#isMoving = true;
    await this.#carryOut(plan);
    this.#isMoving = false;
  }

  async #carryOut(plan: PlannedMove): Promise<void> {
    const { bus, host, move } = this.options;
    const { pid, to, demandCores, memoryBytes, sourceLoad, pool } = plan;
    const id = String(pid);
    try {
      const request = { id, demandCores, memoryBytes, sourceLoad, pool };
      await this.#reserveAt(to, request);
      try {
        await move(pid, to);
      } catch (error) {
        askNode(bus, to, { op: 'unreserve', id }).catch(() => {}); // it expires by itself
        throw error;
      }
      this.#failures.delete(pid);
      host.log('info', 'moved a process by itself', { pid, to, load: sourceLoad });
    } catch (error) {
      const count = (this.#failures.get(pid)?.count ?? 0) + 1;
      this.#failures.set(pid, { count, retryAtMs: this.#nowMs + retryDelayMs(count) });
      host.log('info', 'did not move a process by itself', { pid, to, reason: messageOf(error) });
    }
  }
}
