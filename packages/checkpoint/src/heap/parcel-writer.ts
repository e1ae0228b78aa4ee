/**
 * One parcel after another: the records that are due, and what is known of the objects that they refer to.
 *
 *   parcel        04 flags metaLength recordCount bodyLength (id, length)* body meta strings blobs
 *   meta          [root] kinds shapes symbols names-of-built-ins blob-lengths heads pieces whole answers
 *     shape       number uses prototype keys
 *     head        id, start of the record (record-forms.ts): an object that a later parcel describes
 *     pieces      id, id of the first of its pieces, values in all of them, values in each: an object that has no record
 *     whole       ids of objects that are looked into as soon as this parcel is read
 *     answers     number of a question (wish.ts), the place that it asked for and one, or 0 if there is none
 *
 * Flags say of a parcel that it is the first, or the last, and that the guest holds what needs it whole before it runs on.
 * Kinds, symbols, names of built-ins and blobs are numbered on from parcel to parcel.
 */
import { GraphWriter } from './graph-writer.js';
import type { HeapOptions } from './options.js';
import { Piece } from './pieces.js';
import { bytesLength, type List, list } from './primordials.js';
import type { Shape } from './shapes.js';
import * as wire from './wire.js';

/** Flags of a parcel. */
export const parcelFirst = 1;
export const parcelLast = 2;
/** The guest must be whole before it runs on. */
export const parcelWhole = 4;

export class ParcelWriter extends GraphWriter {
  readonly #records = new wire.Numbers();
  readonly #heads = new wire.Numbers();
  readonly #pieces = new wire.Numbers();
  /** Ids asked for by needWhole and not taken yet. */
  readonly forced = new wire.Numbers();
  readonly #whole = new wire.Numbers();
  readonly #answers = new wire.Numbers();
  #shapes: List<Shape> = list();
  #blobs: List<Uint8Array> = list();
  #blobCount = 0;
  #blobBytes = 0;
  #kindsSent = 0;
  #symbolsSent = 0;
  #builtinsSent = 0;
  readonly #takesApart: HeapOptions['takesApart'];
  #mustBeWhole = false;
  readonly #meta = new wire.ByteWriter();
  readonly #parcel = new wire.ByteWriter();

  constructor(options: HeapOptions) {
    super(options);
    this.#takesApart = options.takesApart;
  }

  /** Bytes of the parcel so far, about. */
  get size(): number {
    return this.body.at + this.strings.characters + this.#blobBytes;
  }

  override endRecord(start: number): number {
    const size = this.body.at - start;
    this.#records.push(this.current);
    this.#records.push(size);
    return size;
  }

  override useShape(shape: Shape): void {
    super.useShape(shape);
    this.#shapes[this.#shapes.length] = shape;
    this.needWhole(shape.prototype);
  }

  override needWhole(value: unknown): void {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    const id = this.idOf(value, 0);
    if (id >= 0) this.forced.push(id);
  }

  /** An object that this parcel refers to and does not describe. */
  head(id: number, head: number): void {
    this.#heads.push(id);
    this.#heads.push(head);
  }

  /** An object that this parcel refers to, whose contents come in pieces with these ids. */
  pieces(id: number, first: number, values: number, each: number): void {
    this.#pieces.push(id);
    this.#pieces.push(first);
    this.#pieces.push(values);
    this.#pieces.push(each);
  }

  isPiece(id: number): boolean {
    return Piece.is(this.objects[id]!);
  }

  /** The object that this id is a piece of, which is whom it was met by; undefined of other ids, and of such as were never given. */
  wholeOf(id: number): number | undefined {
    return this.objects[id] !== undefined && this.isPiece(id) ? this.parentOf(id) : undefined;
  }

  /** An object of this parcel's that must not be hollow. */
  whole(id: number): void {
    this.#whole.push(id);
  }

  /** Somebody asked for the place of a key; -1: there is none. */
  answer(question: number, place: number): void {
    this.#answers.push(question);
    this.#answers.push(place + 1);
  }

  protected override holds(name: string): void {
    if (this.#takesApart?.(name)) this.#mustBeWhole = true;
  }

  protected override keepBlob(page: Uint8Array): number {
    this.#blobs[this.#blobs.length] = page;
    this.#blobBytes += bytesLength(page);
    return this.#blobCount++;
  }

  /** The parcel; the next one begins. `root` is told by the first. */
  take(flags: number, root: unknown, kinds: List<string>): Uint8Array {
    const records = { body: this.body, strings: this.strings };
    const meta = this.#meta;
    // One table of strings for both.
    this.out = { body: meta, strings: this.strings };
    if (flags & parcelFirst) this.value(root, 0);
    this.writeNames(kinds, this.#kindsSent);
    meta.varint(this.#shapes.length);
    for (let i = 0; i < this.#shapes.length; i++) {
      meta.varint(this.#shapes[i]!.index);
      this.writeShape(this.#shapes[i]!);
    }
    this.writeSymbols(this.#symbolsSent);
    this.writeNames(this.usedBuiltins, this.#builtinsSent);
    meta.varint(this.#blobs.length);
    for (let i = 0; i < this.#blobs.length; i++) meta.varint(bytesLength(this.#blobs[i]!));
    this.writeNumbers(this.#heads);
    this.writeNumbers(this.#pieces);
    this.writeNumbers(this.#whole);
    this.writeNumbers(this.#answers);
    this.out = records;
    this.#kindsSent = kinds.length;
    this.#symbolsSent = this.symbols.length;
    this.#builtinsSent = this.usedBuiltins.length;
    return this.#assemble(this.#mustBeWhole ? flags | parcelWhole : flags);
  }

  #assemble(flags: number): Uint8Array {
    const out = this.#parcel;
    out.varint(wire.pageParcel);
    out.varint(flags);
    out.varint(this.#meta.at);
    out.varint(this.#records.length / 2);
    out.varint(this.body.at);
    for (let i = 0; i < this.#records.length; i++) out.varint(this.#records.values[i]!);
    out.raw(this.body.written());
    out.raw(this.#meta.written());
    this.strings.write(out);
    for (let i = 0; i < this.#blobs.length; i++) out.raw(this.#blobs[i]!);
    this.body.at = 0;
    this.#meta.at = 0;
    this.#records.length = 0;
    this.#heads.length = 0;
    this.#pieces.length = 0;
    this.#whole.length = 0;
    this.#answers.length = 0;
    this.#shapes = list();
    this.#blobs = list();
    this.#blobBytes = 0;
    return out.take();
  }
}
