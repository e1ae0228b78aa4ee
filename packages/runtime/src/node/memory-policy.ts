/**
 * When a guest must be asked what memory it holds, and when it holds too much. Pure: memory-watch.ts measures and acts.
 *
 * V8's own limit on a worker cannot be the guest's: it does not count ArrayBuffers and large strings, and one allocation that misses it by
 * more than 16 MB ends the whole process. So V8's limit stands far above, and the guest's is kept by looking (docs/adr/0004).
 * A look costs the guest an interrupt: it is asked only when the process grew by a part of what the guest has left.
 */

import { nodeLimits } from './limits.js';

const mebibyte = 1024 * 1024;

/** What a guest holds: its heap, and what hangs outside of it (ArrayBuffers, large strings). */
export interface MemoryUse {
  readonly heapBytes: number;
  readonly externalBytes: number;
}

/** The last look at one guest. */
export interface MemoryLook {
  /** Of the whole process, then or at the lowest point since. */
  readonly residentBytes: number;
  /** What the guest had left then. */
  readonly leftBytes: number;
}

/** A guest with a limit of its own keeps it with all it holds; one without has node's limit on its heap, as in a process of its own. */
export function leftBytes(use: MemoryUse, memoryMb: number | undefined, defaultHeapBytes: number): number {
  return memoryMb === undefined ? defaultHeapBytes - use.heapBytes : memoryMb * mebibyte - use.heapBytes - use.externalBytes;
}

/** Must the guest be asked again, now that the process has this size? */
export function isDue(look: MemoryLook | undefined, residentBytes: number): boolean {
  if (!look) return true;
  const step = Math.max(nodeLimits.memoryStepBytes, look.leftBytes / nodeLimits.memoryLooksLeft);
  return residentBytes - look.residentBytes >= step;
}

/** The guest that must go when the machine is almost out of memory, or none when no single one would make room. */
export function largest(uses: ReadonlyMap<number, MemoryUse>): number | undefined {
  let found: number | undefined;
  let most: number = nodeLimits.memoryReserveBytes;
  for (const [pid, { heapBytes, externalBytes }] of uses) {
    if (heapBytes + externalBytes <= most) continue;
    found = pid;
    most = heapBytes + externalBytes;
  }
  return found;
}
