/**
 * Gives out PIDs of one home node, never twice: the high-water mark is in the key-value store (`pids.<home>`) and is
 * raised by a block before any PID of the block is given out, so that neither a restart nor another holder of the same
 * node id can repeat one. A restart skips what was left of the block.
 * Not a record of what runs: that is table.ts and locations.ts.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import type { KeyValue } from '../cluster/bus.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { processLimits } from '../limits.js';
import { firstGuestPid, isPid } from './pid.js';

export class PidAllocator {
  #next = 0;
  #end = 0;
  #claiming: Promise<void> | undefined;

  /** `bucket` must not expire its entries. */
  constructor(
    private readonly bucket: KeyValue,
    private readonly home: number,
    private readonly stride: number,
  ) {}

  /** A PID nobody had. @throws GODWIT_NO_PIDS when all are used up, GODWIT_CONTENDED, and what the bus throws */
  async allocate(): Promise<number> {
    while (this.#next >= this.#end) {
      this.#claiming ??= this.#claimBlock().finally(() => {
        this.#claiming = undefined;
      });
      await this.#claiming;
    }
    const pid = this.#next;
    this.#next += this.stride;
    return pid;
  }

  /** The mark is the first PID not yet claimed. */
  async #claimBlock(): Promise<void> {
    const key = `pids.${this.home}`;
    for (let attempt = 0; attempt < processLimits.casAttempts; attempt++) {
      const entry = await this.bucket.get(key);
      const start = entry ? parseMark(entry.value) : firstGuestPid(this.home, this.stride);
      const end = start + processLimits.pidBlockSize * this.stride;
      if (!isPid(end))
        throw new GodwitError('GODWIT_NO_PIDS', `Cannot make a process on node ${this.home}: its PIDs are used up`);
      const mark = encodeJson({ next: end });
      try {
        await (entry ? this.bucket.update(key, mark, entry.revision) : this.bucket.create(key, mark));
      } catch (error) {
        if (error instanceof GodwitError && error.code === 'GODWIT_CONFLICT') continue;
        throw error;
      }
      this.#next = start;
      this.#end = end;
      return;
    }
    throw new GodwitError('GODWIT_CONTENDED', `Cannot make a process on node ${this.home}: its PIDs are fought over`);
  }
}

function parseMark(value: Uint8Array): number {
  const { next } = decodeJson(value, 'high-water mark of PIDs');
  if (!isPid(next)) throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read the high-water mark of PIDs: it is malformed');
  return next;
}
