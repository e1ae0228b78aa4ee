/**
 * What is left to do when objects are back with their contents, all or those of a parcel: generators run to their label, cursors walk to their
 * place.
 */
export class Finishing {
  #steps: (() => void)[] = [];
  /** Does `put` with how many entries of a collection lie before a place now, which had `entries` before it when the guest was captured. */
  place: (collection: object, entries: number, put: (entries: number) => void) => void = (_, entries, put) =>
    this.later(() => put(entries));

  /** What must not happen before the guest runs: V8 tells of what it has collected whenever it likes. */
  whenRunning: (step: () => void) => void = (step) => this.later(step);

  later(step: () => void): void {
    this.#steps.push(step);
  }

  run(): void {
    // A step may bring more of the guest here, and run what that leaves to do.
    while (this.#steps.length > 0) {
      const steps = this.#steps;
      this.#steps = [];
      for (let i = 0; i < steps.length; i++) steps[i]!();
    }
  }
}
