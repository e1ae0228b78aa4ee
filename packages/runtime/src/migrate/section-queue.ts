/** Sections in the order they began, given to one reader as they come. Ends once, whole or with a reason. Bounded by the link. */

import type { IncomingSection } from './section.js';

export class SectionQueue implements AsyncIterable<IncomingSection> {
  readonly #queue: IncomingSection[] = [];
  #end: { reason: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(private readonly onTaken: () => void) {}

  push(section: IncomingSection): void {
    if (this.#end) return;
    this.#queue.push(section);
    this.#wake?.();
  }

  end(reason?: Error): void {
    this.#end ??= { reason };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<IncomingSection> {
    for (;;) {
      const next = this.#queue.shift();
      if (next) {
        this.onTaken();
        yield next;
      } else if (this.#end) {
        if (this.#end.reason) throw this.#end.reason;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
