/**
 * The sending side of a process's output on one node: a queue of records, handed to the reader in acknowledged batches, one under
 * way at a time, also after the guest moved on. What is sent twice the reader recognises.
 * Nothing is told while this node may have been taken for lost (a copy that is stale must not be heard), but what a guest wrote before it
 * was handed over is.
 * Keeps true: a record leaves the queue only when the reader said it has it, or when nobody took anything for a long time.
 */

import { type Host, messageOf } from '@godwit/checkpoint/base';
import type { Bus } from '../cluster/index.js';
import { outputSubject, pause } from './control.js';
import { nodeLimits } from './limits.js';
import { encodeRecord, type OutputRecord } from './output-order.js';

export const outputTaken = 1;
export const outputLater = 0;

export class OutputSender {
  #queue: Buffer[] = [];
  #sending: Promise<void> | undefined;
  #isHandedOver = false;

  constructor(
    private readonly bus: Bus,
    private readonly host: Host,
    private readonly pid: number,
    private readonly isOwner: () => boolean,
  ) {}

  get isIdle(): boolean {
    return this.#sending === undefined;
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    while (this.#sending) await this.#sending;
  }

  /** The guest runs elsewhere: what is queued here is true whatever becomes of this node. */
  handOver(): void {
    this.#isHandedOver = true;
  }

  push(seq: number, fd: OutputRecord['fd'], bytes: Uint8Array): void {
    this.#isHandedOver = false;
    for (let offset = 0; offset < bytes.byteLength; offset += nodeLimits.outputPieceBytes) {
      const body = bytes.subarray(offset, offset + nodeLimits.outputPieceBytes);
      this.#queue.push(encodeRecord({ seq, fd, offset, isLast: offset + body.byteLength === bytes.byteLength, body }));
    }
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    try {
      // Output of one turn of the guest arrives as many messages; one turn later they travel together.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#send();
    } finally {
      this.#sending = undefined;
      // What was pushed between the last look at the queue and here.
      if (this.#queue.length > 0) this.#sending = this.#sendAll();
    }
  }

  async #send(): Promise<void> {
    let failingSinceMs: number | undefined;
    let retryMs: number = nodeLimits.outputRetryMinMs;
    while (this.#queue.length > 0) {
      const count = this.#batchLength();
      if (await this.#isTaken(Buffer.concat(this.#queue.slice(0, count)))) {
        this.#queue.splice(0, count);
        failingSinceMs = undefined;
        retryMs = nodeLimits.outputRetryMinMs;
        continue;
      }
      const nowMs = this.host.monotonicMs();
      failingSinceMs ??= nowMs;
      if (nowMs - failingSinceMs > nodeLimits.outputGiveUpMs) {
        this.host.log('info', 'output nobody takes was dropped', { pid: this.pid });
        this.#queue = [];
        return;
      }
      await pause(this.host, retryMs);
      retryMs = Math.min(nodeLimits.outputRetryMaxMs, retryMs * 2);
    }
  }

  #batchLength(): number {
    let bytes = 0;
    let count = 0;
    while (count < this.#queue.length && bytes + this.#queue[count]!.length <= nodeLimits.outputBatchBytes)
      bytes += this.#queue[count++]!.length;
    return count;
  }

  async #isTaken(batch: Uint8Array): Promise<boolean> {
    if (!this.#isHandedOver && !this.isOwner()) return false;
    try {
      const answer = await this.bus.request(outputSubject(this.pid), batch, nodeLimits.outputTryMs);
      return answer[0] === outputTaken;
    } catch (error) {
      this.host.log('debug', 'output was not taken yet', { pid: this.pid, reason: messageOf(error) });
      return false;
    }
  }
}
