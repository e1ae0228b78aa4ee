/**
 * Large arrays, Maps and Sets in parcels: their contents come in pieces, each with an id and a record of its own (an array's), so that a
 * parcel stays small and a program waits for what it looks at. A piece is no object of the guest's.
 * An array is filled piece by piece, as it is touched. Entries of Maps and Sets are in order: a piece waits for those before it, and what is
 * touched gets all of them.
 */
import { types } from 'node:util';
import { mapSize, setSize, valuesOf } from './collections.js';
import { hasOwn, type List, list, SafeMap } from './primordials.js';

const { isMap, isSet } = types;
const { ceil, min } = Math;
const { isNaN: isNaNs } = Number;

/** Values that a Map (keys and items), Set or array holds; undefined of anything else. */
export function widthOf(object: object): number | undefined {
  if (isMap(object)) return mapSize(object) * 2;
  return isSet(object) ? setSize(object) : undefined;
}

/** So often all keys are compared, which takes a hundredth of the time of a table of their places. */
const comparedKeys = 64;

/** A Map's or Set's values in order, read when the first piece is written and forgotten after the last. */
class Contents {
  #values: List<unknown> | undefined;
  #left: number;
  readonly #step: number;
  /** Of keys, as far as it was needed. */
  readonly #places = new SafeMap<unknown, number>();
  #asked = 0;

  constructor(
    private readonly collection: object,
    pieces: number,
  ) {
    this.#left = pieces;
    this.#step = isMap(collection) ? 2 : 1;
  }

  take(): List<unknown> {
    const values = this.#all();
    if (--this.#left === 0) this.#values = undefined;
    return values;
  }

  /** The number of entries before that of the key; -1: it has none. */
  placeOf(key: unknown): number {
    return ++this.#asked <= comparedKeys ? this.#compared(key) : this.#listed(key);
  }

  #all(): List<unknown> {
    this.#values ??= valuesOf(this.collection);
    return this.#values;
  }

  #compared(key: unknown): number {
    const values = this.#all();
    for (let at = 0; at < values.length; at += this.#step) {
      const value = values[at];
      // As Maps and Sets compare: NaN is NaN.
      if (value === key || (isNaNs(key) && isNaNs(value))) return at / this.#step;
    }
    return -1;
  }

  #listed(key: unknown): number {
    const values = this.#all();
    const places = this.#places;
    for (let at = places.size * this.#step; !places.has(key) && at < values.length; at += this.#step)
      places.set(values[at], places.size);
    return places.get(key) ?? -1;
  }
}

/** Values `from` up to `to` of an array, Map or Set. */
export class Piece {
  readonly #contents: readonly unknown[] | Contents;

  private constructor(
    contents: readonly unknown[] | Contents,
    readonly from: number,
    readonly to: number,
  ) {
    this.#contents = contents;
  }

  static is(object: object): object is Piece {
    return #contents in object;
  }

  /** What is in them, in order. `width`: values of all pieces together. */
  static of(object: object, width: number, size: number): List<Piece> {
    const pieces = list<Piece>();
    const count = ceil(width / size);
    const contents = isMap(object) || isSet(object) ? new Contents(object, count) : (object as readonly unknown[]);
    for (let from = 0; from < width; from += size) pieces[pieces.length] = new Piece(contents, from, min(from + size, width));
    return pieces;
  }

  /** Of a Map's or Set's: the number of entries in all pieces before that of the key; -1: it has none. */
  placeOf(key: unknown): number {
    return this.#contents instanceof Contents ? this.#contents.placeOf(key) : -1;
  }

  /** Hands over its values; once. */
  each(value: (value: unknown) => void, hole: () => void): void {
    const contents = this.#contents;
    const isArray = !(contents instanceof Contents);
    const values = isArray ? contents : contents.take();
    for (let i = this.from; i < this.to; i++) {
      if (!isArray || hasOwn(values, i)) value(values[i]);
      else hole();
    }
  }
}
