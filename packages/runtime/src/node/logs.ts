/**
 * Output of detached processes, kept by their mother: the last bytes of each, by position since its start.
 * Keeps true: bounded; a position that was dropped is answered from the oldest byte there is.
 */

import type { Bus, Subscription } from '../cluster/index.js';
import { outputSubject } from './control.js';
import { nodeLimits } from './limits.js';
import { OutputOrder } from './output-order.js';
import { outputLater, outputTaken } from './output-sender.js';

interface Log {
  readonly subscription: Subscription;
  pieces: Buffer[];
  bytes: number;
  /** Position of the first byte kept. */
  start: number;
  isEnded: boolean;
}

export interface LogPiece {
  readonly text: string;
  readonly start: number;
  readonly next: number;
  readonly isEnded: boolean;
}

export class Logs {
  readonly #logs = new Map<number, Log>();

  constructor(private readonly bus: Bus) {}

  /** `firstSeq`: the number of the first chunk that is to come. */
  keep(pid: number, firstSeq = 1): void {
    this.#logs.get(pid)?.subscription.stop();
    const order = new OutputOrder(({ fd, body }) => {
      const log = this.#logs.get(pid);
      if (!log) return;
      if (fd === 0) log.isEnded = true;
      else append(log, Buffer.from(body));
    }, firstSeq);
    const subscription = this.bus.subscribe(outputSubject(pid), (message) => {
      message.respond(Uint8Array.of(order.accept(message.payload) ? outputTaken : outputLater));
    });
    this.#logs.set(pid, { subscription, pieces: [], bytes: 0, start: 0, isEnded: false });
    for (const [oldest, log] of this.#logs) {
      if (this.#logs.size <= nodeLimits.logsKept) return;
      log.subscription.stop();
      this.#logs.delete(oldest);
    }
  }

  /** Undefined: nothing is kept of this process here. The text is base64. */
  read(pid: number, from: number): LogPiece | undefined {
    const log = this.#logs.get(pid);
    if (!log) return undefined;
    const start = Math.max(from, log.start);
    const piece = Buffer.concat(log.pieces).subarray(start - log.start, start - log.start + nodeLimits.controlPieceBytes);
    const next = start + piece.length;
    return { text: piece.toString('base64'), start, next, isEnded: log.isEnded && next === log.start + log.bytes };
  }
}

function append(log: Log, bytes: Buffer): void {
  log.pieces.push(bytes);
  log.bytes += bytes.length;
  while (log.bytes - log.pieces[0]!.length >= nodeLimits.logRingBytes) {
    const dropped = log.pieces.shift()!;
    log.bytes -= dropped.length;
    log.start += dropped.length;
  }
}
