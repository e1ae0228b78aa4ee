/**
 * Guest graph → parcels: at first only what a guest cannot run without, then, while it runs elsewhere, the rest as it is asked for or in
 * an order that keeps together what belongs together: behind an object what it refers to, and then what was met next to it. The guest stands
 * still here meanwhile, so that what is written later is what it was.
 * What is behind a plain object, an array without holes, an ordinary Map or Set is written when that object is; until then its readers know
 * its head (parcel-writer.ts) and make it hollow (paging.ts). Large ones come in pieces (pieces.ts). Everything else comes in the parcel
 * that first refers to it, with what it refers to.
 */
import { types } from 'node:util';
import { limits } from '../limits.js';
import { Encoder } from './encode.js';
import type { HeapOptions, HeapStats } from './options.js';
import { ParcelWriter, parcelFirst, parcelLast } from './parcel-writer.js';
import type { Piece } from './pieces.js';
import { SafeMap } from './primordials.js';
import { Numbers } from './wire.js';
import { nearObjects, type Question, type Wish } from './wish.js';

/** A value and the head of the object that it refers to, about. */
const bytesOfValue = 6;

const never = (): boolean => false;
const { isMap } = types;
const { isArray } = Array;
const { floor, max, min } = Math;

const stateDeferred = 1;
const stateWritten = 2;

export class ParcelSource {
  readonly #root: unknown;
  readonly #options: HeapOptions;
  readonly #writer: ParcelWriter;
  readonly #encoder: Encoder;
  readonly #bytes: number;
  readonly #pieceValues: number;
  /** By id; objects that were not met have none. */
  readonly #states = new Numbers();
  /** Ids to be written in this parcel. */
  readonly #due = new Numbers();
  /** Deferred ids in the order met; some are written by now. */
  readonly #frontier = new Numbers();
  /** How many values each of them holds. */
  readonly #widths = new Numbers();
  /** By id: its place among these and one. */
  readonly #frontierOf = new Numbers();
  /** Pairs (from, to): parts of the frontier that are to be written, the last first. */
  readonly #spans = new Numbers();
  /** Met and in no span yet from here on. */
  #spannedTo = 0;
  /** The Map or Set that somebody waits for, and its next piece. */
  #urgent = -1;
  #urgentAt = 0;
  /** By id, of those that come in pieces: the ids of these. */
  readonly #piecesOf = new SafeMap<number, { first: number; count: number }>();
  #sent = 0;
  #written = 0;

  /** `parcelBytes`: about as much is in one parcel; the first has less, or more if the guest needs more. */
  constructor(root: unknown, options: HeapOptions, parcelBytes: number = limits.heapPageBytes) {
    this.#root = root;
    this.#options = options;
    this.#bytes = parcelBytes;
    this.#writer = new ParcelWriter(options);
    // Even: a Map's keys and items stay together.
    this.#pieceValues = min(limits.pieceValues, max(1, floor(parcelBytes / bytesOfValue / 2)) * 2);
    this.#encoder = new Encoder(options, this.#writer, this.#pieceValues);
  }

  /** What the guest needs to run. Throws GODWIT_CANNOT_CAPTURE as encodeHeap does. */
  first(): Uint8Array {
    const { structure } = this.#options;
    this.#encoder.addRoot(this.#root);
    this.#writer.needWhole(this.#root);
    for (let i = 0; structure !== undefined && i < structure.length; i++) this.#writer.needWhole(structure[i]);
    this.#meet();
    return this.#parcel(parcelFirst, min(this.#bytes, limits.firstParcelBytes));
  }

  /**
   * The next parcel, of about `bytes`; undefined when everything was sent. Begins with object `wanted`, if that was not sent yet, or answers
   * the question. Ends early, behind what must be in it, when `isCut` says so.
   * Throws GODWIT_CANNOT_CAPTURE for an object that cannot be exact.
   */
  next(bytes: number = this.#bytes, wanted?: Wish, isCut: () => boolean = never): Uint8Array | undefined {
    if (this.isComplete) return undefined;
    if (typeof wanted === 'number') this.#want(wanted);
    else if (wanted !== undefined) this.#answer(wanted);
    return this.#parcel(0, bytes, isCut);
  }

  #want(id: number): void {
    if (this.#states.values[id] === stateDeferred) {
      this.#due.push(id);
      // Whoever looks at it goes on there: what was met behind it comes next, from now on.
      const at = this.#frontierOf.values[id]!;
      this.#span(at, min(at + nearObjects, this.#frontier.length));
    }
    // A Map or Set is of use when all of it is there: its pieces go before what they refer to.
    const whole = this.#writer.wholeOf(id);
    if (whole !== undefined && whole !== this.#urgent && !isArray(this.#writer.objects[whole])) {
      this.#urgent = whole;
      this.#urgentAt = 0;
    }
  }

  /** The piece with that key comes with the answer. */
  #answer({ number, collection, key }: Question): void {
    const pieces = this.#piecesOf.get(collection);
    const object = this.#writer.objects[collection];
    if (pieces === undefined || object === undefined || isArray(object)) return;
    const place = (this.#writer.objects[pieces.first] as Piece).placeOf(key);
    this.#writer.answer(number, place);
    const piece = pieces.first + floor((place * (isMap(object) ? 2 : 1)) / this.#pieceValues);
    if (place >= 0 && this.#states.values[piece] === stateDeferred) this.#due.push(piece);
  }

  get isComplete(): boolean {
    return this.#written === this.#states.length && this.#sent > 0;
  }

  /** Objects that were met and are not sent. */
  get left(): number {
    return this.#states.length - this.#written;
  }

  /** Objects that were sent. */
  get written(): number {
    return this.#written;
  }

  stats(): HeapStats {
    return this.#encoder.stats(this.#sent);
  }

  #parcel(flags: number, bytes: number, isCut = never): Uint8Array {
    const writer = this.#writer;
    /** Passed over. */
    const passed = new Numbers();
    for (;;) {
      for (let id = this.#takeDue(); id >= 0; id = this.#takeDue()) this.#write(id);
      if (this.#encoder.addWeakEntries()) {
        this.#meet();
        continue;
      }
      const urgent = this.#nextUrgent();
      if (urgent >= 0) {
        if (writer.size >= bytes) break;
        this.#due.push(urgent);
        continue;
      }
      const at = this.#next();
      if (at < 0 || !this.#fits(at, bytes) || (writer.size > 0 && isCut())) break;
      this.#pass();
      const id = this.#frontier.values[at]!;
      // Large things are nothing for the pause, unless the guest needs them.
      if (flags & parcelFirst && writer.isPiece(id)) passed.push(at);
      else this.#due.push(id);
    }
    for (let i = passed.length - 1; i >= 0; i--) this.#span(passed.values[i]!, passed.values[i]! + 1);
    this.#encoder.checkCreationOrder();
    // What is needed by something later is there by then.
    writer.edgesFrom = writer.objects.length;
    const parcel = writer.take(flags | (this.#written === this.#states.length ? parcelLast : 0), this.#root, this.#encoder.kinds);
    this.#sent += parcel.length;
    return parcel;
  }

  /** The next piece of what is wanted as a whole; -1: there is none. */
  #nextUrgent(): number {
    const pieces = this.#urgent < 0 ? undefined : this.#piecesOf.get(this.#urgent);
    for (; pieces !== undefined && this.#urgentAt < pieces.count; this.#urgentAt++) {
      const id = pieces.first + this.#urgentAt;
      if (this.#states.values[id] === stateDeferred) return id;
    }
    return -1;
  }

  /** The place on the frontier of what is to be written next; -1: there is nothing. */
  #next(): number {
    this.#span(this.#spannedTo, this.#frontier.length);
    this.#spannedTo = this.#frontier.length;
    while (this.#spans.length > 0) {
      const at = this.#spans.values[this.#spans.length - 2]!;
      if (this.#states.values[this.#frontier.values[at]!] !== stateWritten) return at;
      this.#pass();
    }
    return -1;
  }

  /** Goes on to what comes after that. A span that is over goes at once: a list is as many spans as it is long. */
  #pass(): void {
    const spans = this.#spans;
    const at = ++spans.values[spans.length - 2]!;
    if (at === spans.values[spans.length - 1]) spans.length -= 2;
  }

  #span(from: number, to: number): void {
    if (from >= to) return;
    this.#spans.push(from);
    this.#spans.push(to);
  }

  /** What is too large for what is left of a parcel waits for the next. */
  #fits(at: number, bytes: number): boolean {
    const { size } = this.#writer;
    return size === 0 || size + this.#widths.values[at]! * bytesOfValue < bytes;
  }

  #takeDue(): number {
    while (this.#due.length > 0) {
      const id = this.#due.values[--this.#due.length]!;
      if (this.#states.values[id] !== stateWritten) return id;
    }
    return -1;
  }

  #write(id: number): void {
    this.#states.values[id] = stateWritten;
    this.#written++;
    this.#encoder.record(id);
    this.#meet();
  }

  /** Looks at the objects that were met since it was called before, and at those that must come now. */
  #meet(): void {
    const { objects, forced } = this.#writer;
    while (this.#states.length < objects.length) {
      const id = this.#states.length;
      const head = this.#encoder.headOf(id);
      this.#states.push(head < 0 ? 0 : stateDeferred);
      if (head < 0) this.#due.push(id);
      else this.#defer(id, head);
    }
    while (forced.length > 0) {
      const id = forced.values[--forced.length]!;
      const pieces = this.#piecesOf.get(id);
      if (this.#states.values[id] === stateWritten && pieces === undefined) continue;
      this.#writer.whole(id);
      if (pieces === undefined) this.#due.push(id);
      else for (let i = 0; i < pieces.count; i++) this.#due.push(pieces.first + i);
    }
  }

  #defer(id: number, head: number): void {
    const width = this.#encoder.widthOf(id);
    const isPiece = this.#writer.isPiece(id);
    if (!isPiece) this.#writer.head(id, head);
    if (isPiece || width <= this.#pieceValues) {
      while (this.#frontierOf.length <= id) this.#frontierOf.push(0);
      this.#frontier.push(id);
      this.#frontierOf.values[id] = this.#frontier.length;
      this.#widths.push(width);
      return;
    }
    const first = this.#encoder.cut(id, width, this.#pieceValues);
    const pieces = { first, count: this.#writer.objects.length - first };
    this.#writer.pieces(id, first, width, this.#pieceValues);
    this.#piecesOf.set(id, pieces);
    // It has no record of its own.
    this.#states.values[id] = stateWritten;
    this.#written++;
  }
}
