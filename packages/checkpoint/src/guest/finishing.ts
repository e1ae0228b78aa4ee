/**
 * What is left to do when objects are back with their contents: generators run to their label, cursors walk to their place.
 */
import { GodwitError } from '../base/index.js';

export class Finishing {
  readonly steps: (() => void)[] = [];
  /** Has the guest, which runs already, had this collection before? */
  isUsed: (collection: object) => boolean = () => false;

  run(): void {
    const { steps } = this;
    for (let i = 0; i < steps.length; i++) steps[i]!();
    steps.length = 0;
  }

  /** A place in a collection is the number of entries before it, as they were when the guest was captured. */
  refuseUsed(collection: object): void {
    if (this.isUsed(collection))
      throw new GodwitError(
        'GODWIT_CANNOT_RESTORE',
        'Cannot restore an iterator: the program has used its collection since it was moved',
      );
  }
}
