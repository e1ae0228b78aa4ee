/**
 * What a decoder looks things up in: the meta page read once (kinds, shapes, symbols, names of built-ins, large strings and buffers) and
 * where each object's record stands. It makes no object of the guest's but symbols.
 */
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import { allKinds, type IntrinsicKind } from './kinds.js';
import type { HeapOptions, SpecialKind } from './options.js';
import { type List, list, symbolFor } from './primordials.js';
import {
  formGeneric,
  symbolBare,
  symbolNamed,
  symbolRegistered,
  tagBuiltinChange,
  tagNamed,
  tagWeakEntries,
} from './record-forms.js';
import { genericFactory, literalFactory, type ShapeFactory } from './shape-factories.js';
import { type HeapTables, malformed, ValueReader } from './value-reader.js';
import * as wire from './wire.js';
import { Numbers } from './wire.js';

const symbolOf = Symbol;
const Words = Uint32Array;

/** How one kind tag is made and filled here. */
export interface Maker {
  special: SpecialKind | undefined;
  intrinsic: IntrinsicKind | undefined;
  tag: string;
}

/** A value that may be an object not made yet: then `id` is not negative. */
export interface Reference {
  value: unknown;
  id: number;
}

export class ImageTables implements HeapTables {
  readonly objects: List<object> = list();
  readonly builtins: List<object> = list();
  readonly builtinNames: List<string>;
  readonly symbols: List<symbol> = list();
  readonly makers: List<Maker> = list();
  readonly factories: List<ShapeFactory> = list();
  readonly shapePrototypes: List<Reference> = list();
  /** Ids of the objects that no shape describes, in order. */
  readonly generic = new Numbers();
  /** Ids of what the runtime made to hold the guest's state (HeapOptions.structure). */
  readonly structure: Uint32Array;
  readonly root: Reference;
  count = 0;
  pageOf: Uint32Array = new Words(0);
  offsetOf: Uint32Array = new Words(0);
  readonly readers: List<ValueReader> = list();
  demand?: (id: number) => object | undefined;

  readonly #pages: readonly Uint8Array[];
  readonly #options: HeapOptions;
  readonly #blobs: List<unknown> = list();
  readonly #blobPages: Uint32Array;

  constructor(pages: readonly Uint8Array[], options: HeapOptions) {
    this.#pages = pages;
    this.#options = options;
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
    this.structure = readNumbers(meta);
    const kinds = readNames(meta);
    for (let i = 0; i < kinds.length; i++) this.makers[i] = this.#maker(kinds[i]!);
    const shapesAt = meta.at;
    eachShape(meta, () => undefined);
    this.#readSymbols(meta);
    this.builtinNames = readNames(meta);
    for (let i = 0; i < this.builtinNames.length; i++)
      this.builtins[i] = options.builtins.resolve(this.builtinNames[i]!) as object;
    this.#blobPages = readNumbers(meta);
    this.#readPageIndex(readNumbers(meta), readNumbers(meta));
    meta.at = shapesAt;
    eachShape(meta, (keys, uses, prototype) => {
      const at = this.factories.length;
      this.factories[at] = uses >= limits.shapeFactoryUses ? literalFactory(keys, uses) : genericFactory(keys, uses);
      this.shapePrototypes[at] = prototype;
    });
    meta.at = rootAt;
    this.root = readReference(meta);
  }

  /** A reader at the record of object `id`. */
  at(id: number): ValueReader {
    const reader = this.readers[this.pageOf[id]!]!;
    reader.at = this.offsetOf[id]!;
    return reader;
  }

  prototypeOf(shape: number): object | null {
    const { value, id } = this.shapePrototypes[shape]!;
    return id >= 0 ? this.objects[id]! : (value as object | null);
  }

  blob(id: number): unknown {
    let blob = this.#blobs[id];
    if (blob === undefined) {
      const page = this.#pages[this.#blobPages[id]!]!;
      const reader = new wire.ByteReader(page, 2);
      if (page[0] !== wire.pageBlob) malformed('blob page');
      const size = page.length - 2;
      const wide = page[1] === wire.blobWide;
      blob = page[1] === wire.blobBytes ? reader.raw(size) : reader.text(wide ? size / 2 : size, wide);
      this.#blobs[id] = blob;
    }
    return blob;
  }

  #readSymbols(meta: ValueReader): void {
    const count = meta.varint();
    for (let i = 0; i < count; i++) {
      const how = meta.varint();
      const text = meta.strings[meta.varint()]!;
      if (how === symbolNamed) this.symbols[i] = this.#options.builtins.resolve(text) as symbol;
      else if (how === symbolRegistered) this.symbols[i] = symbolFor(text);
      else this.symbols[i] = how === symbolBare ? symbolOf() : symbolOf(text);
    }
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

  #maker(tag: string): Maker {
    if (tag === tagNamed || tag === tagWeakEntries || tag === tagBuiltinChange)
      return { special: undefined, intrinsic: undefined, tag };
    for (let i = 0; i < allKinds.length; i++)
      if (allKinds[i]!.tag === tag) return { special: undefined, intrinsic: allKinds[i], tag };
    const { specials } = this.#options;
    for (let i = 0; i < specials.length; i++)
      if (`special:${specials[i]!.tag}` === tag) return { special: specials[i], intrinsic: undefined, tag };
    throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot restore objects of kind "${tag}": this realm does not know it`);
  }
}

function eachShape(meta: ValueReader, take: (keys: List<string>, uses: number, prototype: Reference) => void): void {
  const count = meta.varint();
  for (let i = 0; i < count; i++) {
    const uses = meta.varint();
    const prototype = readReference(meta);
    take(readNames(meta), uses, prototype);
  }
}

function readNames(meta: ValueReader): List<string> {
  const names = list<string>();
  const count = meta.varint();
  for (let i = 0; i < count; i++) names[i] = meta.strings[meta.varint()]!;
  return names;
}

function readNumbers(meta: ValueReader): Uint32Array {
  const numbers = new Words(meta.varint());
  for (let i = 0; i < numbers.length; i++) numbers[i] = meta.varint();
  return numbers;
}

function readReference(meta: ValueReader): Reference {
  meta.missing = -1;
  const value = meta.value();
  return { value, id: meta.missing };
}

function skipValue(meta: ValueReader): void {
  const tag = meta.varint();
  if (tag === wire.constantDouble * 8 + wire.valueConstant) meta.double();
}
