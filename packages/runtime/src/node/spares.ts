/**
 * Workers kept ready for guests that start here or come here: loaded and, one after another, rehearsed (guest/warm-up.ts).
 * Keeps true: one worker of a node rehearses at a time, so that the guests have the other processors, and none starts or rehearses while a
 * guest stands still between two nodes; whoever asks gets a worker, a cold one if need be. Not the guests' workers: a worker that was
 * taken is never seen here again.
 */

import type { Host } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import { pause } from './control.js';
import { defaultHeapBytes, GuestWorker } from './guest-worker.js';
import type { WorkerInspector } from './inspector.js';
import { nodeLimits } from './limits.js';
import type { MachineRest } from './rest.js';

export class Spares {
  readonly #workers: GuestWorker[] = [];
  readonly #waiting = new Set<() => void>();
  #rehearsal: Bundle | undefined;
  #isRehearsing = false;
  #isLoading = false;
  #isOver = false;

  constructor(
    private readonly inspector: WorkerInspector,
    private readonly host: Host,
    private readonly rest: MachineRest,
  ) {}

  /** Makes as many as are missing, one after the other, when no guest stands still. */
  fill(): void {
    if (this.#isOver || this.#workers.length >= nodeLimits.spareWorkers) return;
    if (this.rest.isOn) {
      this.host.after(nodeLimits.restCheckMs, () => this.fill());
      return;
    }
    if (this.#isLoading) return;
    this.#isLoading = true;
    const worker = new GuestWorker(this.inspector, { restUntilMs: this.rest.untilMs });
    this.#workers.push(worker);
    void this.#rehearseNext();
    // Ready to be paused, too: a guest that comes does not wait for that.
    const isLoaded = () => {
      this.#isLoading = false;
      this.fill();
    };
    worker.ready().then(isLoaded, isLoaded);
  }

  /** From now on workers compile their codec while they wait. */
  rehearse(rehearsal: Bundle): void {
    this.#rehearsal = rehearsal;
    void this.#rehearseNext();
  }

  /** A worker that can be paused, one of these unless the guest needs more memory than they have. */
  async take(memoryMb?: number): Promise<GuestWorker> {
    const worker = await this.#takeReady(memoryMb);
    this.host.after(nodeLimits.spareRefillMs, () => this.fill());
    return worker;
  }

  async #takeReady(memoryMb: number | undefined): Promise<GuestWorker> {
    const fits = memoryMb === undefined || memoryMb * 2 ** 20 <= defaultHeapBytes;
    const own = fits ? this.#takeOne() : undefined;
    const worker = own ?? new GuestWorker(this.inspector, memoryMb === undefined ? {} : { memoryMb });
    await worker.ready();
    return worker;
  }

  /** One for a guest that still runs elsewhere and can wait a while for a short pause. */
  async takeWarm(memoryMb?: number): Promise<GuestWorker> {
    if (!this.#workers.some(({ isWarm }) => isWarm)) {
      const warm = new Promise<void>((resolve) => this.#waiting.add(resolve));
      await Promise.race([warm, pause(this.host, nodeLimits.warmWaitMs)]);
    }
    const worker = await this.#takeReady(memoryMb);
    setImmediate(() => this.fill());
    return worker;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers.splice(0).map((worker) => worker.terminate()));
  }

  #takeOne(): GuestWorker | undefined {
    const warm = this.#workers.findIndex(({ isWarm }) => isWarm);
    return this.#workers.splice(Math.max(0, warm), 1)[0];
  }

  async #rehearseNext(): Promise<void> {
    const next = this.#workers.find(({ isWarm }) => !isWarm);
    if (this.#isRehearsing || !this.#rehearsal || !next) return;
    this.#isRehearsing = true;
    await next.warmUp(this.#rehearsal);
    this.#isRehearsing = false;
    // One that is neither warm nor taken has died.
    if (!next.isWarm && this.#workers.includes(next)) this.#workers.splice(this.#workers.indexOf(next), 1);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    void this.#rehearseNext();
  }
}
