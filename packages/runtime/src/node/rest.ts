/**
 * The rest that the spare workers of a machine keep while a guest stands still between two of its nodes: what they rehearse would take
 * the processors that the pause needs. Advice, told over the bus to all nodes of the machine: one that comes late or not at all costs
 * time and nothing else, and no rest is longer than `restMs`.
 */

import type { Bus } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { nodeLimits } from './limits.js';

export class MachineRest {
  /** Until when (Date.now); shared with the workers, who look before each slice of a rehearsal. */
  readonly untilMs = new BigInt64Array(new SharedArrayBuffer(8));
  readonly #subject: string;

  /** `machine`: one token of a subject, the same for all its nodes. */
  constructor(
    private readonly bus: Bus,
    machine: string,
  ) {
    this.#subject = `machine.${machine}.rest`;
    bus.subscribe(this.#subject, ({ payload }) => {
      const { ms } = decodeJson(payload, 'word about a rest');
      this.#set(typeof ms === 'number' ? ms : 0);
    });
  }

  get isOn(): boolean {
    return Atomics.load(this.untilMs, 0) > BigInt(Date.now());
  }

  /** A guest is about to stand still. */
  begin(): void {
    this.#tell(nodeLimits.restMs);
  }

  /** The guest runs. */
  end(): void {
    this.#tell(0);
  }

  #tell(ms: number): void {
    this.#set(ms);
    this.bus.publish(this.#subject, encodeJson({ ms }));
  }

  #set(ms: number): void {
    Atomics.store(this.untilMs, 0, BigInt(Date.now() + Math.max(0, Math.min(ms, nodeLimits.restMs))));
  }
}
