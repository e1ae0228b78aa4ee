/**
 * Keeps guests within their memory: looks at the size of this process, asks guests when it grows, and ends one that holds more than its
 * limit after a full collection, alone, with one line and exit code 134 as node has. What to do is decided in memory-policy.ts.
 * Keeps true: a guest is ended for what it holds, never for garbage; while nothing grows no guest is disturbed.
 */

import type { Host } from '@godwit/checkpoint/base';
import { defaultHeapBytes } from './guest-worker.js';
import type { Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';
import { isDue, largest, leftBytes, type MemoryLook, type MemoryUse } from './memory-policy.js';

interface Known {
  look?: MemoryLook;
  use?: MemoryUse;
  isAsked: boolean;
}

export class MemoryWatch {
  readonly #known = new WeakMap<HostedGuest, Known>();
  #isOver = false;

  constructor(
    private readonly guests: Guests,
    private readonly host: Host,
  ) {
    this.#poll();
  }

  stop(): void {
    this.#isOver = true;
  }

  #poll(): void {
    this.host.after(nodeLimits.memoryPollMs, () => {
      if (this.#isOver) return;
      if (this.guests.hosted.size > 0) this.#lookAtAll(process.memoryUsage.rss());
      this.#poll();
    });
  }

  #lookAtAll(residentBytes: number): void {
    for (const guest of this.guests.hosted.values()) {
      const known = this.#knownOf(guest);
      if (known.look && residentBytes < known.look.residentBytes) known.look = { ...known.look, residentBytes };
      if (guest.moving || known.isAsked || !isDue(known.look, residentBytes)) continue;
      known.isAsked = true;
      void this.#lookAt(guest, known).finally(() => {
        known.isAsked = false;
      });
    }
  }

  async #lookAt(guest: HostedGuest, known: Known): Promise<void> {
    const { memoryMb } = guest.meta;
    let use = await guest.worker.memory(false);
    // V8 frees the buffers of a collection in the background; only the next one is sure to have them counted.
    for (let collections = 0; collections < 2 && use && leftBytes(use, memoryMb, defaultHeapBytes) < 0; collections++)
      use = await guest.worker.memory(true);
    if (!use) return;
    const left = leftBytes(use, memoryMb, defaultHeapBytes);
    known.use = use;
    known.look = { residentBytes: process.memoryUsage.rss(), leftBytes: Math.max(0, left) };
    guest.memoryBytes = use.heapBytes + use.externalBytes;
    if (left < 0) await this.#end(guest, `its limit is ${megabytesText(memoryMb ? memoryMb * 2 ** 20 : defaultHeapBytes)}`);
    else if (process.availableMemory() < nodeLimits.memoryReserveBytes) await this.#endLargest();
  }

  /** The machine is almost out: better one guest than the node with all of them. */
  async #endLargest(): Promise<void> {
    const uses = new Map<number, MemoryUse>();
    for (const guest of this.guests.hosted.values()) {
      const { use } = this.#knownOf(guest);
      if (use) uses.set(guest.pid, use);
    }
    const guest = this.guests.hosted.get(largest(uses) ?? 0);
    if (guest) await this.#end(guest, 'the machine has no more');
  }

  async #end(guest: HostedGuest, why: string): Promise<void> {
    if (guest.moving || this.guests.hosted.get(guest.pid) !== guest) return;
    await guest.worker.endWith({ code: 134, reason: `out of memory: it holds ${megabytesText(guest.memoryBytes)}, ${why}` });
  }

  #knownOf(guest: HostedGuest): Known {
    let known = this.#known.get(guest);
    if (!known) {
      known = { isAsked: false };
      this.#known.set(guest, known);
    }
    return known;
  }
}

const megabytesText = (bytes: number): string => `${Math.round(bytes / 2 ** 20)}m`;
