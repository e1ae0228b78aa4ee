/**
 * A Map or Set that comes in pieces and is used before all of them are in their place: a key is found in the pieces that are here, or the
 * source is asked where it is and sends that piece; only then is there an entry to speak of. What the program changes meanwhile is kept
 * beside and happens to the collection when it is whole. Who needs its order (iterators, forEach) waits for all of it.
 * What it keeps true: at each moment the answers are those of the whole collection with the changes made so far.
 */
import { types } from 'node:util';
import { mapDelete, mapSet, setAdd, setDelete } from './collections.js';
import { skipValue } from './decoder-tables.js';
import type { Pieces } from './parcel-tables.js';
import type { Places } from './places.js';
import { type List, list, SafeMap, SafeSet } from './primordials.js';
import { malformed, type ValueReader } from './value-reader.js';
import { Numbers } from './wire.js';
import { isAskable, type QuestionKey } from './wish.js';

const { isMap } = types;
const { max } = Math;
/** As many questions, and one for so many values, take as long as to make a collection whole. */
const leastAsked = 64;
const valuesEach = 8;

/** The heap that it belongs to. */
export interface LateHeap {
  /** A reader at the values of a piece, and how many these are; undefined: the piece is not here. */
  open(piece: number): { reader: ValueReader; count: number } | undefined;
  /** Runs what reads values, of which some may refer to objects that do not exist yet. */
  reading(work: () => void): void;
  /** Waits for this piece. */
  bring(piece: number): void;
  /** Asks the source for the place of a key, and waits for the answer: one more than the place, 0: there is none; undefined: everything came. */
  ask(collection: number, key: QuestionKey): number | undefined;
}

export class LateCollection {
  /** The collection is whole: it is itself asked from now on. */
  isOver = false;
  #asked = 0;
  readonly #isOfPairs: boolean;
  /** Entries by key, numbered as they were found, and where their items are. */
  readonly #entries = new SafeMap<unknown, number>();
  readonly #readers: List<ValueReader> = list();
  readonly #offsets = new Numbers();
  /** By piece: its entries were found. */
  readonly #isSeen: List<boolean> = list();
  #seen = 0;
  readonly #absent = new SafeSet<unknown>();
  /** What happened since: items of entries that it came with, those of them that are gone, and what was added, in order. */
  readonly #changed = new SafeMap<unknown, unknown>();
  readonly #deleted = new SafeSet<unknown>();
  readonly #added = new SafeMap<unknown, unknown>();

  constructor(
    collection: object,
    private readonly id: number,
    private readonly pieces: Pieces,
    private readonly heap: LateHeap,
  ) {
    this.#isOfPairs = isMap(collection);
  }

  /** Learns what there is to know of a key. The collection may be whole afterwards. */
  learn(key: unknown): void {
    this.#asked++;
    const isKnown = () => this.#entries.has(key) || this.#absent.has(key);
    if (isKnown() || this.#added.has(key)) return;
    this.#look();
    while (!this.isOver && !isKnown()) {
      if (this.#seen === this.pieces.count) this.#absent.add(key);
      else this.#bring(key);
    }
  }

  /** It was asked so often that to make it whole takes no longer than to be asked on. */
  get isWorn(): boolean {
    return this.#asked > max(leastAsked, this.pieces.values / valuesEach);
  }

  // What follows is asked for keys of which it has learned.

  get size(): number {
    return this.pieces.values / (this.#isOfPairs ? 2 : 1) - this.#deleted.size + this.#added.size;
  }

  has(key: unknown): boolean {
    return this.#added.has(key) || this.#isLeft(key);
  }

  get(key: unknown): unknown {
    if (this.#added.has(key)) return this.#added.get(key);
    if (!this.#isLeft(key)) return undefined;
    if (this.#changed.has(key)) return this.#changed.get(key);
    const entry = this.#entries.get(key)!;
    let item: unknown;
    this.heap.reading(() => {
      const reader = this.#readers[entry]!;
      reader.at = this.#offsets.values[entry]!;
      item = reader.value();
    });
    return item;
  }

  set(key: unknown, item: unknown): void {
    if (!this.#isLeft(key)) this.#added.set(key, item);
    else if (this.#isOfPairs) this.#changed.set(key, item);
  }

  delete(key: unknown): boolean {
    if (this.#added.delete(key)) return true;
    if (!this.#isLeft(key)) return false;
    this.#changed.delete(key);
    this.#deleted.add(key);
    return true;
  }

  /** The collection has all that it came with: the rest happens to it. */
  end(collection: object, places: Places): void {
    this.isOver = true;
    this.#deleted.forEach((key) => {
      places.deleting(collection, key);
      if (this.#isOfPairs) mapDelete(collection, key);
      else setDelete(collection, key);
    });
    this.#changed.forEach((item, key) => {
      mapSet(collection, key, item);
    });
    this.#added.forEach((item, key) => {
      if (this.#isOfPairs) mapSet(collection, key, item);
      else setAdd(collection, key);
    });
  }

  /** Whether it came with the key, and still has that entry. */
  #isLeft(key: unknown): boolean {
    return this.#entries.has(key) && !this.#deleted.has(key);
  }

  #bring(key: unknown): void {
    const { heap, pieces } = this;
    if (!isAskable(key)) {
      let missing = 0;
      while (this.#isSeen[missing]) missing++;
      heap.bring(pieces.first + missing);
      this.#look();
      return;
    }
    const answer = heap.ask(this.id, key);
    if (answer === 0) this.#absent.add(key);
    this.#look();
    if (answer !== undefined && answer > 0 && !this.isOver && !this.#entries.has(key))
      malformed('a key at a place where it is not');
  }

  /** Finds the entries of the pieces that have come. */
  #look(): void {
    const { heap, pieces } = this;
    if (this.isOver || this.#seen === pieces.count) return;
    for (let piece = 0; piece < pieces.count; piece++) {
      const opened = this.#isSeen[piece] ? undefined : heap.open(pieces.first + piece);
      if (opened === undefined) continue;
      this.#isSeen[piece] = true;
      this.#seen++;
      heap.reading(() => this.#see(opened.reader, opened.count));
    }
  }

  #see(reader: ValueReader, count: number): void {
    for (let i = 0; i < count; i += this.#isOfPairs ? 2 : 1) {
      this.#entries.set(reader.value(), this.#readers.length);
      this.#readers[this.#readers.length] = reader;
      this.#offsets.push(reader.at);
      if (this.#isOfPairs) skipValue(reader);
    }
  }
}
