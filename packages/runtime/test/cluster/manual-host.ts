/** A Host whose clock stands still until a test moves it; timers run in order of time. Not for code that talks to sockets. */

import type { Host } from '@godwit/checkpoint/base';

export class ManualHost implements Host {
  #nowMs = 1_000_000;
  #timers: { dueMs: number; action: () => void }[] = [];
  constructor(private readonly dice: () => number = () => 0.5) {}
  nowMs = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;
  random = () => this.dice();
  log = () => {};
  after(delayMs: number, action: () => void) {
    const timer = { dueMs: this.#nowMs + delayMs, action };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }
  /** Moves the clock on, running what falls due. */
  advance(byMs: number): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = endMs;
  }
}
