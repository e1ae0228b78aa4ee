/**
 * Emptying a node: it takes nobody any more and moves each guest to the node the policy finds best, one after the other, again and again
 * until none is left. A guest that cannot be captured now is tried again; one that is pinned is waited for, and named.
 * Keeps true: a guest that could not be moved goes on here.
 */

import { type Host, messageOf } from '@godwit/checkpoint/base';
import { pause } from './control.js';
import type { Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';

export interface DrainOptions {
  readonly host: Host;
  readonly guests: Guests;
  readonly best: (pid: number) => Promise<number>;
  readonly move: (pid: number, to: number) => Promise<unknown>;
  /** Guests on their way here, taken before the node was told to empty itself. */
  readonly arriving: () => number;
  /** Guests that leave or need this node still, though they run elsewhere. */
  readonly departing: () => readonly { pid: number; toNode: number }[];
}

export interface DrainStatus {
  readonly isDone: boolean;
  readonly moved: number;
  /** What is still here, and why. */
  readonly left: readonly { pid: number; reason: string; isPinned: boolean }[];
}

export class Drain {
  #isOn = false;
  #moved = 0;
  /** It may have left the table before its move is known to have succeeded: counted as here until then. */
  #moving: number | undefined;
  readonly #reasons = new Map<number, string>();

  constructor(private readonly options: DrainOptions) {}

  get isOn(): boolean {
    return this.#isOn;
  }

  /** Begins; doing it again changes nothing. */
  begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    void this.#run();
  }

  get status(): DrainStatus {
    const { hosted } = this.options.guests;
    const left = [...hosted.values()].map((guest) => {
      const pins = pinsOf(guest);
      const reason = pins.length > 0 ? pins.join('; ') : (this.#reasons.get(guest.pid) ?? 'it is still to be moved');
      return { pid: guest.pid, reason, isPinned: pins.length > 0 };
    });
    for (const { pid, toNode } of this.options.departing())
      if (!hosted.has(pid)) left.push({ pid, reason: `the rest of it is on its way to node ${toNode}`, isPinned: false });
    if (this.#moving !== undefined && left.every(({ pid }) => pid !== this.#moving))
      left.push({ pid: this.#moving, reason: 'it is being moved', isPinned: false });
    return { isDone: left.length === 0 && this.options.arriving() === 0, moved: this.#moved, left };
  }

  async #run(): Promise<void> {
    const { host, guests } = this.options;
    for (;;) {
      for (const guest of [...guests.hosted.values()]) if (pinsOf(guest).length === 0) await this.#moveAway(guest.pid);
      for (const pid of this.#reasons.keys()) if (!guests.hosted.has(pid)) this.#reasons.delete(pid);
      await pause(host, nodeLimits.drainRoundMs);
    }
  }

  async #moveAway(pid: number): Promise<void> {
    const { guests, best, move } = this.options;
    if (!guests.hosted.has(pid)) return;
    this.#moving = pid;
    try {
      await move(pid, await best(pid));
      this.#moved++;
    } catch (error) {
      this.#reasons.set(pid, messageOf(error));
    } finally {
      this.#moving = undefined;
    }
  }
}

/** Why a guest cannot move, in words; empty: nothing is known that hinders it. */
export function pinsOf({ meta, worker }: HostedGuest): string[] {
  return meta.pin ? ['--pin', ...worker.pinReasons] : worker.pinReasons;
}
