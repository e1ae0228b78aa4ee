/**
 * What a decoder looks things up in: kinds, shapes, symbols, names of built-ins, large strings and buffers, and the objects made so far.
 * Where records stand is for those that extend it: image-tables.ts and parcel-tables.ts. It makes no object of the guest's but symbols.
 */
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import { allKinds, type IntrinsicKind } from './kinds.js';
import type { HeapOptions, SpecialKind } from './options.js';
import { bytesLength, type List, list, symbolFor } from './primordials.js';
import { symbolBare, symbolNamed, symbolRegistered, tagBuiltinChange, tagNamed, tagWeakEntries } from './record-forms.js';
import { genericFactory, literalFactory, type ShapeFactory } from './shape-factories.js';
import { type HeapTables, malformed, type ValueReader } from './value-reader.js';
import * as wire from './wire.js';

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

export abstract class DecoderTables implements HeapTables {
  readonly objects: List<object> = list();
  readonly builtins: List<object> = list();
  readonly symbols: List<symbol> = list();
  readonly makers: List<Maker> = list();
  readonly factories: List<ShapeFactory> = list();
  readonly shapePrototypes: List<Reference> = list();
  root: Reference = { value: undefined, id: -1 };
  demand: ((id: number) => object | undefined) | undefined;

  protected readonly options: HeapOptions;

  constructor(options: HeapOptions) {
    this.options = options;
  }

  /** How the record of object `id` begins (record-forms.ts). */
  abstract headOf(id: number): number;

  /** Whether the record of object `id` is here. */
  abstract describes(id: number): boolean;

  /** A reader at the record of object `id`. */
  abstract at(id: number): ValueReader;

  abstract blob(id: number): unknown;

  prototypeOf(shape: number): object | null {
    const { value, id } = this.shapePrototypes[shape]!;
    return id >= 0 ? this.objects[id]! : (value as object | null);
  }

  protected addKinds(meta: ValueReader): void {
    const kinds = readNames(meta);
    for (let i = 0; i < kinds.length; i++) this.makers[this.makers.length] = this.#maker(kinds[i]!);
  }

  protected addSymbols(meta: ValueReader): void {
    const count = meta.varint();
    for (let i = 0; i < count; i++) {
      const how = meta.varint();
      const text = meta.strings[meta.varint()]!;
      const at = this.symbols.length;
      if (how === symbolNamed) this.symbols[at] = this.options.builtins.resolve(text) as symbol;
      else if (how === symbolRegistered) this.symbols[at] = symbolFor(text);
      else this.symbols[at] = how === symbolBare ? symbolOf() : symbolOf(text);
    }
  }

  protected addBuiltins(meta: ValueReader): void {
    const names = readNames(meta);
    for (let i = 0; i < names.length; i++)
      this.builtins[this.builtins.length] = this.options.builtins.resolve(names[i]!) as object;
  }

  protected addShape(number: number, { keys, uses, prototype }: ShapeRecord): void {
    this.factories[number] = uses >= limits.shapeFactoryUses ? literalFactory(keys, uses) : genericFactory(keys, uses);
    this.shapePrototypes[number] = prototype;
  }

  #maker(tag: string): Maker {
    if (tag === tagNamed || tag === tagWeakEntries || tag === tagBuiltinChange)
      return { special: undefined, intrinsic: undefined, tag };
    for (let i = 0; i < allKinds.length; i++)
      if (allKinds[i]!.tag === tag) return { special: undefined, intrinsic: allKinds[i], tag };
    const { specials } = this.options;
    for (let i = 0; i < specials.length; i++)
      if (`special:${specials[i]!.tag}` === tag) return { special: specials[i], intrinsic: undefined, tag };
    throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot restore objects of kind "${tag}": this realm does not know it`);
  }
}

export interface ShapeRecord {
  keys: List<string>;
  uses: number;
  prototype: Reference;
}

export function readShape(meta: ValueReader): ShapeRecord {
  const uses = meta.varint();
  const prototype = readReference(meta);
  return { uses, prototype, keys: readNames(meta) };
}

export function readNames(meta: ValueReader): List<string> {
  const names = list<string>();
  const count = meta.varint();
  for (let i = 0; i < count; i++) names[i] = meta.strings[meta.varint()]!;
  return names;
}

export function readNumbers(meta: ValueReader): Uint32Array {
  const numbers = new Words(meta.varint());
  for (let i = 0; i < numbers.length; i++) numbers[i] = meta.varint();
  return numbers;
}

export function readReference(meta: ValueReader): Reference {
  meta.missing = -1;
  const value = meta.value();
  return { value, id: meta.missing };
}

/** Past a value, without making anything of it. */
export function skipValue(meta: ValueReader): void {
  const tag = meta.varint();
  if (tag === wire.constantDouble * 8 + wire.valueConstant) meta.double();
}

/** What a blob page holds. */
export function readBlob(page: Uint8Array): unknown {
  const reader = new wire.ByteReader(page, 2);
  if (page[0] !== wire.pageBlob) malformed('blob page');
  const size = bytesLength(page) - 2;
  const wide = page[1] === wire.blobWide;
  return page[1] === wire.blobBytes ? reader.raw(size) : reader.text(wide ? size / 2 : size, wide);
}
