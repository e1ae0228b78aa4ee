/** A window of bytes that may be under way: taking waits, in order, until enough was given back. Not a rate limit. */

import { assert } from '@godwit/checkpoint/base';

export class CreditWindow {
  #available: number;
  #failure: Error | undefined;
  readonly #waiting: { bytes: number; resolve: () => void; reject: (reason: Error) => void }[] = [];

  constructor(private readonly windowBytes: number) {
    this.#available = windowBytes;
  }

  /** First come, first served, so that a big taker is not passed over for ever. Rejects once fail() was called. */
  take(bytes: number): Promise<void> {
    assert(bytes <= this.windowBytes, 'nothing larger than the window is sent at once');
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#waiting.length === 0 && this.#available >= bytes) {
      this.#available -= bytes;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.#waiting.push({ bytes, resolve, reject }));
  }

  give(bytes: number): void {
    this.#available = Math.min(this.windowBytes, this.#available + bytes);
    while (this.#waiting.length > 0 && this.#waiting[0]!.bytes <= this.#available) {
      const next = this.#waiting.shift()!;
      this.#available -= next.bytes;
      next.resolve();
    }
  }

  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}
