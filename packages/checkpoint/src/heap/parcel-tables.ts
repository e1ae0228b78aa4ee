/**
 * The tables of a heap that comes in parcels (parcel-writer.ts): what the parcels read so far say. An object may be described, known by its head
 * or its pieces, or not known yet.
 */
import { DecoderTables, readBlob, readNumbers, readReference, readShape, skipValue } from './decoder-tables.js';
import { parcelFirst, parcelLast, parcelWhole } from './parcel-writer.js';
import { bytesPart, type List, list, SafeMap } from './primordials.js';
import { formGeneric } from './record-forms.js';
import { malformed, ValueReader } from './value-reader.js';
import * as wire from './wire.js';
import { Numbers } from './wire.js';

const { ceil } = Math;

/** What one parcel brought. */
export interface ParcelContents {
  /** Ids of plain objects and arrays that it describes, in order. */
  readonly plain: Numbers;
  /** Ids of the others. */
  readonly generic: Numbers;
  /** Ids of objects that must not be hollow. */
  readonly whole: Uint32Array;
  /** Numbers of questions, and the places that they asked for and one, or 0. */
  readonly answers: Uint32Array;
  /** Nothing may be hollow any more. */
  readonly mustBeWhole: boolean;
}

/** An object whose contents come in pieces: the id of the first, values in all of them, values in each. */
export interface Pieces {
  readonly first: number;
  readonly values: number;
  readonly each: number;
  /** How many have records of their own. */
  readonly count: number;
}

/** Whether bytes are a parcel, and no page of an image. */
export const isParcel = (bytes: Uint8Array): boolean => bytes[0] === wire.pageParcel;

export class ParcelTables extends DecoderTables {
  /** One more than every id met. */
  count = 0;
  /** Everything is here. */
  isComplete = false;
  /** By id: the reader of its parcel and one, and where its record begins; heads of what has none. */
  readonly #readerOf = new Numbers();
  readonly #offsetOf = new Numbers();
  readonly #headOf: List<number> = list();
  readonly #readers: List<ValueReader> = list();
  readonly #blobs: List<unknown> = list();
  /** By id of the object, and by ids of the pieces. */
  readonly piecesOf = new SafeMap<number, Pieces>();
  readonly #wholeOf = new SafeMap<number, number>();

  add(parcel: Uint8Array): ParcelContents {
    const reader = new ValueReader(parcel, this);
    if (reader.varint() !== wire.pageParcel) malformed('no parcel');
    const flags = reader.varint();
    const metaLength = reader.varint();
    const count = reader.varint();
    const bodyLength = reader.varint();
    this.#readers[this.#readers.length] = reader;
    const plain = new Numbers();
    const generic = new Numbers();
    this.#locate(reader, count, bodyLength, plain, generic);
    const metaAt = reader.at;
    reader.at += metaLength;
    reader.readStrings();
    const blobsAt = reader.at;
    reader.at = metaAt;
    const { whole, answers } = this.#readMeta(reader, (flags & parcelFirst) !== 0, blobsAt);
    if ((flags & parcelLast) !== 0) this.isComplete = true;
    return { plain, generic, whole, answers, mustBeWhole: (flags & parcelWhole) !== 0 };
  }

  /** The object that this id is a piece of. */
  wholeOf(piece: number): number | undefined {
    return this.#wholeOf.size === 0 ? undefined : this.#wholeOf.get(piece);
  }

  override describes(id: number): boolean {
    return this.#readerOf.values[id] !== 0;
  }

  override headOf(id: number): number {
    return this.describes(id) ? this.at(id).varint() : this.#headOf[id]!;
  }

  override at(id: number): ValueReader {
    const reader = this.#readers[this.#readerOf.values[id]! - 1]!;
    reader.at = this.#offsetOf.values[id]!;
    return reader;
  }

  override blob(id: number): unknown {
    return this.#blobs[id];
  }

  #locate(reader: ValueReader, count: number, bodyLength: number, plain: Numbers, generic: Numbers): void {
    const ids = new Numbers();
    const sizes = new Numbers();
    for (let i = 0; i < count; i++) {
      ids.push(reader.varint());
      sizes.push(reader.varint());
    }
    const end = reader.at + bodyLength;
    for (let i = 0; i < count; i++) {
      const id = ids.values[i]!;
      this.#reserve(id);
      this.#readerOf.values[id] = this.#readers.length;
      this.#offsetOf.values[id] = reader.at;
      ((reader.bytes[reader.at]! & 3) === formGeneric ? generic : plain).push(id);
      reader.at += sizes.values[i]!;
    }
    if (reader.at !== end) malformed('record lengths');
  }

  #readMeta(meta: ValueReader, isFirst: boolean, blobsAt: number): Pick<ParcelContents, 'whole' | 'answers'> {
    const rootAt = meta.at;
    if (isFirst) skipValue(meta);
    this.addKinds(meta);
    const shapesAt = meta.at;
    const shapes = meta.varint();
    for (let i = 0; i < shapes; i++) {
      meta.varint();
      readShape(meta);
    }
    this.addSymbols(meta);
    this.addBuiltins(meta);
    let blobAt = blobsAt;
    const blobLengths = readNumbers(meta);
    for (let i = 0; i < blobLengths.length; i++) {
      this.#blobs[this.#blobs.length] = readBlob(bytesPart(meta.bytes, blobAt, blobAt + blobLengths[i]!));
      blobAt += blobLengths[i]!;
    }
    const heads = readNumbers(meta);
    for (let i = 0; i < heads.length; i += 2) {
      this.#reserve(heads[i]!);
      this.#headOf[heads[i]!] = heads[i + 1]!;
    }
    this.#readPieces(readNumbers(meta));
    const whole = readNumbers(meta);
    const answers = readNumbers(meta);
    // What these refer to is known now.
    meta.at = shapesAt;
    meta.varint();
    for (let i = 0; i < shapes; i++) this.addShape(meta.varint(), readShape(meta));
    if (isFirst) {
      meta.at = rootAt;
      this.root = readReference(meta);
    }
    return { whole, answers };
  }

  #readPieces(numbers: Uint32Array): void {
    for (let i = 0; i < numbers.length; i += 4) {
      const id = numbers[i]!;
      const first = numbers[i + 1]!;
      const values = numbers[i + 2]!;
      const each = numbers[i + 3]!;
      const count = ceil(values / each);
      this.#reserve(first + count - 1);
      this.piecesOf.set(id, { first, values, each, count });
      for (let piece = 0; piece < count; piece++) this.#wholeOf.set(first + piece, id);
    }
  }

  #reserve(id: number): void {
    while (this.count <= id) {
      this.#readerOf.push(0);
      this.#offsetOf.push(0);
      this.count++;
    }
  }
}
