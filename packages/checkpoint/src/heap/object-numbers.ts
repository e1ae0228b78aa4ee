/**
 * Numbers by object. One Map of V8's takes 2^24 entries, deleted ones among them as long as at least half of the others are there, and throws
 * for one more: a heap may hold more objects.
 */
import { limits } from '../limits.js';
import { type List, list, SafeMap } from './primordials.js';

export class ObjectNumbers {
  readonly #maps: List<SafeMap<object, number>> = list();
  #last = new SafeMap<object, number>();

  constructor(private readonly most: number = limits.mapEntries) {
    this.#maps[0] = this.#last;
  }

  get size(): number {
    let size = 0;
    for (let i = 0; i < this.#maps.length; i++) size += this.#maps[i]!.size;
    return size;
  }

  get(object: object): number | undefined {
    const number = this.#last.get(object);
    if (number !== undefined || this.#maps.length === 1) return number;
    for (let i = this.#maps.length - 2; i >= 0; i--) {
      const earlier = this.#maps[i]!.get(object);
      if (earlier !== undefined) return earlier;
    }
    return undefined;
  }

  /** Of an object that has no number yet. */
  add(object: object, number: number): void {
    if (this.#last.size >= this.most) {
      this.#last = new SafeMap();
      this.#maps[this.#maps.length] = this.#last;
    }
    this.#last.set(object, number);
  }

  delete(object: object): void {
    for (let i = this.#maps.length - 1; i >= 0; i--) if (this.#maps[i]!.delete(object)) return;
  }
}
