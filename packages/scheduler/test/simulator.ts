/**
 * A cluster of nodes as discrete events, with the scheduler's own functions in it: nodes measure, gossip over a network that delays and
 * loses, decide, reserve and move; guests want CPU as the scenario says. Seeded: the same seed gives the same run.
 * Keeps true: a guest is on one node; what the scheduler is told is what a node could know, never the simulator's own state.
 * Not a model of V8 or of a kernel: a guest's demand is measured as it is, with noise where asked.
 */

import {
  balance,
  current,
  freed,
  type GuestLoad,
  heard,
  type LoadView,
  type NodeReport,
  type PlannedMove,
  type Reservation,
  reserve,
  reservedCores,
  retryDelayMs,
  schedulerLimits,
  smoothed,
  toTell,
  toWhom,
} from '../src/index.js';

export interface Scenario {
  readonly seed: number;
  readonly nodes: readonly { cores: number; machine?: string; startsAtMs?: number }[];
  /** `demand` by time, in cores; undefined: it has ended. */
  readonly guests: readonly { node: number; demand: (atMs: number) => number | undefined; pinned?: boolean }[];
  /** Share of gossip messages that are lost, and of moves that fail after they were reserved. */
  readonly loss?: number;
  readonly moveFailures?: number;
  /** Relative error of a measurement. */
  readonly noise?: number;
  /** No gossip goes to or from these nodes, from a time on. */
  readonly silent?: { nodes: readonly number[]; fromMs: number };
  readonly draining?: readonly number[];
}

export interface SimulatedMove extends PlannedMove {
  readonly atMs: number;
  readonly from: number;
  /** Age of the target's report when the source decided. */
  readonly reportAgeMs: number;
  readonly outcome: 'moved' | 'refused' | 'failed';
}

interface SimulatedGuest {
  readonly pid: number;
  readonly demand: (atMs: number) => number | undefined;
  readonly pinned: boolean;
  node: number;
  sinceMs: number;
  hasMoved: boolean;
  moving: boolean;
  measured: number | undefined;
  cpuMs: number;
  failures: number;
  retryAtMs: number;
}

interface SimulatedNode {
  readonly id: number;
  readonly cores: number;
  readonly machine: string;
  view: LoadView;
  reservations: readonly Reservation[];
  sequence: number;
  isSending: boolean;
}

/** Uniform in [0, 1), from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Simulator {
  nowMs = 0;
  readonly moves: SimulatedMove[] = [];
  /** Most reservations any node ever held at once. */
  mostReservations = 0;
  steps = 0;
  readonly nodes: SimulatedNode[];
  readonly guests: SimulatedGuest[];
  readonly #events: { atMs: number; order: number; action: () => void }[] = [];
  readonly #random: () => number;
  #order = 0;

  constructor(private readonly scenario: Scenario) {
    this.#random = seeded(scenario.seed);
    this.nodes = scenario.nodes.map(({ cores, machine }, id) => ({
      ...{ id, cores, machine: machine ?? `machine-${id}`, sequence: 0, isSending: false },
      ...{ view: new Map(), reservations: [] },
    }));
    this.guests = scenario.guests.map(({ node, demand, pinned }, index) => ({
      ...{ pid: 101 + index, node, demand, pinned: pinned ?? false, sinceMs: 0, hasMoved: false, moving: false },
      ...{ measured: undefined, cpuMs: 0, failures: 0, retryAtMs: 0 },
    }));
    scenario.nodes.forEach(({ startsAtMs }, id) => {
      this.#after((startsAtMs ?? 0) + this.#random() * 1_000, () => this.#tick(this.nodes[id]!));
    });
  }

  runUntil(endMs: number): this {
    for (;;) {
      const next = this.#events.reduce<number>((best, event, index) => {
        const other = this.#events[best];
        return !other || event.atMs < other.atMs || (event.atMs === other.atMs && event.order < other.order) ? index : best;
      }, -1);
      if (next < 0 || this.#events[next]!.atMs > endMs) break;
      const [{ atMs, action }] = this.#events.splice(next, 1) as [{ atMs: number; action: () => void }];
      this.nowMs = atMs;
      this.steps++;
      action();
    }
    this.nowMs = endMs;
    return this;
  }

  /** What its guests want, divided by its cores: the truth, not what anybody measured. */
  trueLoad(id: number): number {
    const wanted = this.guests.filter(({ node }) => node === id).reduce((sum, { demand }) => sum + (demand(this.nowMs) ?? 0), 0);
    const { cores, machine } = this.nodes[id]!;
    return wanted / (cores / this.nodes.filter((node) => node.machine === machine).length);
  }

  get moved(): SimulatedMove[] {
    return this.moves.filter(({ outcome }) => outcome === 'moved');
  }

  #after(delayMs: number, action: () => void): void {
    this.#events.push({ atMs: this.nowMs + delayMs, order: this.#order++, action });
  }

  #tick(node: SimulatedNode): void {
    const intervalMs = schedulerLimits.gossipIntervalMs;
    this.#measure(node, intervalMs);
    const own = { report: this.#report(node), ageMs: 0 };
    node.view = heard(node.view, [own], this.nowMs);
    this.#gossip(node);
    this.#decide(node);
    this.#after(intervalMs * (0.95 + 0.1 * this.#random()), () => this.#tick(node));
  }

  #measure(node: SimulatedNode, intervalMs: number): void {
    for (const guest of this.guests) {
      if (guest.node !== node.id || this.nowMs - guest.sinceMs < intervalMs) continue;
      const wanted = guest.demand(this.nowMs);
      if (wanted === undefined) continue;
      const rate = wanted * (1 + (this.scenario.noise ?? 0) * (2 * this.#random() - 1));
      guest.measured = smoothed(guest.measured, rate, intervalMs);
      guest.cpuMs += wanted * intervalMs;
    }
  }

  #hosted({ id }: SimulatedNode): SimulatedGuest[] {
    return this.guests.filter(({ node, demand }) => node === id && demand(this.nowMs) !== undefined);
  }

  #report(node: SimulatedNode): NodeReport {
    const hosted = this.#hosted(node);
    const demandCores = hosted.reduce((sum, { measured }) => sum + (measured ?? 0), 0);
    node.reservations = current(node.reservations, this.nowMs);
    const { id, cores, machine } = node;
    const onMachine = this.nodes.filter((other) => other.machine === machine).length;
    return {
      ...{ node: id, incarnation: 'one', sequence: node.sequence++, machine, cores, demandCores, guests: hosted.length },
      machineBusyCores: Math.min(cores, demandCores * onMachine),
      usedCores: Math.min(cores, demandCores),
      unmeasuredCores: hosted.filter(({ measured }) => measured === undefined).length,
      reservedCores: reservedCores(node.reservations),
      ...{ freeMemoryBytes: 2 ** 33, totalMemoryBytes: 2 ** 34 },
      pools: [],
      isDraining: this.scenario.draining?.includes(id) ?? false,
    };
  }

  #gossip(node: SimulatedNode): void {
    const entries = toTell(node.view, node.id, this.nowMs);
    const others = this.nodes.map(({ id }) => id).filter((id) => id !== node.id);
    for (const id of toWhom(others, this.#random)) {
      const { silent, loss = 0 } = this.scenario;
      const isCut = silent && this.nowMs >= silent.fromMs && silent.nodes.some((one) => one === id || one === node.id);
      if (isCut || this.#random() < loss) continue;
      const target = this.nodes[id]!;
      this.#after(1 + 20 * this.#random(), () => {
        target.view = heard(target.view, entries, this.nowMs);
      });
    }
  }

  #decide(node: SimulatedNode): void {
    if (node.isSending) return;
    const guests = this.#hosted(node).map((guest): GuestLoad => {
      const { pid, measured, cpuMs, sinceMs, hasMoved, moving, pinned, retryAtMs } = guest;
      const hereForMs = this.nowMs - sinceMs;
      return {
        ...{ pid, demandCores: measured, cpuMs, hereForMs, hasMoved, memoryBytes: 2 ** 22 },
        ...{ isFixed: pinned || moving, retryAtMs },
      };
    });
    const plan = balance({
      self: node.id,
      nowMs: this.nowMs,
      reports: node.view.values(),
      guests,
      random: this.#random,
    });
    if (!plan) return;
    node.isSending = true;
    const guest = this.guests.find(({ pid }) => pid === plan.pid)!;
    guest.moving = true;
    const reportAgeMs = this.nowMs - node.view.get(plan.to)!.atMs;
    this.#after(1 + 5 * this.#random(), () => this.#ask(node, guest, plan, reportAgeMs));
  }

  #ask(node: SimulatedNode, guest: SimulatedGuest, plan: PlannedMove, reportAgeMs: number): void {
    const target = this.nodes[plan.to]!;
    const { pid, demandCores, memoryBytes, sourceLoad } = plan;
    target.view = heard(target.view, [{ report: this.#report(target), ageMs: 0 }], this.nowMs);
    const request = { id: String(pid), demandCores, memoryBytes, sourceLoad };
    const answer = reserve(target.reservations, request, target.id, target.view.values(), this.nowMs);
    target.reservations = answer.reservations;
    this.mostReservations = Math.max(this.mostReservations, target.reservations.length);
    const hasFailed = this.#random() < (this.scenario.moveFailures ?? 0);
    const outcome = answer.refused ? 'refused' : hasFailed ? 'failed' : 'moved';
    const end = () => {
      this.moves.push({ ...plan, atMs: this.nowMs, from: node.id, reportAgeMs, outcome });
      node.isSending = false;
      guest.moving = false;
      if (outcome === 'moved') this.#arrive(guest, target);
      else guest.retryAtMs = this.nowMs + retryDelayMs(++guest.failures);
    };
    if (outcome === 'refused') end();
    else this.#after(50 + 400 * this.#random(), end);
  }

  #arrive(guest: SimulatedGuest, target: SimulatedNode): void {
    target.reservations = freed(target.reservations, String(guest.pid), this.nowMs);
    Object.assign(guest, { node: target.id, sinceMs: this.nowMs, hasMoved: true, failures: 0 });
  }
}
