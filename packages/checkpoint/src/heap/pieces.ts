/**
 * Large arrays, Maps and Sets in parcels: their contents come in pieces, each with an id and a record of its own (an array's), so that a
 * parcel stays small and a program waits for what it looks at. A piece is no object of the guest's.
 * An array is filled piece by piece, as it is touched. Entries of Maps and Sets are in order: a piece waits for those before it, and what is
 * touched gets all of them.
 */
import { types } from 'node:util';
import { mapSize, setSize, valuesOf } from './collections.js';
import { hasOwn, type List, list } from './primordials.js';

const { isMap, isSet } = types;
const { ceil, min } = Math;

/** Values that a Map (keys and items), Set or array holds; undefined of anything else. */
export function widthOf(object: object): number | undefined {
  if (isMap(object)) return mapSize(object) * 2;
  return isSet(object) ? setSize(object) : undefined;
}

/** A Map's or Set's values in order, read when the first piece is written and forgotten after the last. */
class Contents {
  #values: List<unknown> | undefined;
  #left: number;

  constructor(
    private readonly collection: object,
    pieces: number,
  ) {
    this.#left = pieces;
  }

  take(): List<unknown> {
    const values = (this.#values ??= valuesOf(this.collection));
    if (--this.#left === 0) this.#values = undefined;
    return values;
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
