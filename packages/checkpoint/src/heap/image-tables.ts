/**
 * The tables of an image: its meta page, read once, and where each object's record stands in its pages.
 */
import { DecoderTables, readBlob, readNumbers, readReference, readShape, skipValue } from './decoder-tables.js';
import type { HeapOptions } from './options.js';
import { type List, list } from './primordials.js';
import { formGeneric } from './record-forms.js';
import { malformed, ValueReader } from './value-reader.js';
import * as wire from './wire.js';
import { Numbers } from './wire.js';

const Words = Uint32Array;

export class ImageTables extends DecoderTables {
  /** Ids of the objects that no shape describes, in order. */
  readonly generic = new Numbers();
  count = 0;
  pageOf: Uint32Array = new Words(0);
  offsetOf: Uint32Array = new Words(0);
  readonly readers: List<ValueReader> = list();

  readonly #pages: readonly Uint8Array[];
  readonly #blobs: List<unknown> = list();
  readonly #blobPages: Uint32Array;

  constructor(pages: readonly Uint8Array[], options: HeapOptions) {
    super(options);
    this.#pages = pages;
    const meta = new ValueReader(pages[0]!, this);
    if (meta.varint() !== wire.pageMeta) malformed('no meta page');
    const length = meta.varint();
    const start = meta.at;
    meta.at = start + length;
    meta.readStrings();
    meta.at = start;
    this.count = meta.varint();
    const rootAt = meta.at;
    skipValue(meta);
    this.addKinds(meta);
    const shapesAt = meta.at;
    const shapes = meta.varint();
    for (let i = 0; i < shapes; i++) readShape(meta);
    this.addSymbols(meta);
    this.addBuiltins(meta);
    this.#blobPages = readNumbers(meta);
    this.#readPageIndex(readNumbers(meta), readNumbers(meta));
    // What these refer to is known now.
    meta.at = shapesAt;
    meta.varint();
    for (let i = 0; i < shapes; i++) this.addShape(i, readShape(meta));
    meta.at = rootAt;
    this.root = readReference(meta);
  }

  override headOf(id: number): number {
    return this.at(id).varint();
  }

  override describes(): boolean {
    return true;
  }

  override at(id: number): ValueReader {
    const reader = this.readers[this.pageOf[id]!]!;
    reader.at = this.offsetOf[id]!;
    return reader;
  }

  override blob(id: number): unknown {
    this.#blobs[id] ??= readBlob(this.#pages[this.#blobPages[id]!]!);
    return this.#blobs[id];
  }

  #readPageIndex(firstIds: Uint32Array, numbers: Uint32Array): void {
    this.pageOf = new Words(this.count);
    this.offsetOf = new Words(this.count);
    for (let p = 0; p < numbers.length; p++) {
      const reader = new ValueReader(this.#pages[numbers[p]!]!, this);
      this.readers[p] = reader;
      if (reader.varint() !== wire.pageRecords || reader.varint() !== firstIds[p]) malformed('page out of place');
      const count = reader.varint();
      const length = reader.varint();
      const first = firstIds[p]!;
      if (first + count > this.count) malformed('too many records');
      for (let i = 0; i < count; i++) this.offsetOf[first + i] = reader.varint();
      let at = reader.at;
      for (let i = 0; i < count; i++) {
        const size = this.offsetOf[first + i]!;
        this.offsetOf[first + i] = at;
        this.pageOf[first + i] = p;
        // The form is in the low bits of the first byte whatever the rest of the varint says.
        if ((reader.bytes[at]! & 3) === formGeneric) this.generic.push(first + i);
        at += size;
      }
      if (at !== reader.at + length) malformed('record lengths');
      reader.at = at;
      reader.readStrings();
    }
  }
}
