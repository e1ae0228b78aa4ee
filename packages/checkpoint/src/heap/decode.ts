/**
 * Pages → graph, in this order: everything that others need before they can be made (generic records, prototypes, creation parts),
 * then plain objects and arrays from the last to the first, then references that pointed backwards, then contents and own
 * properties of the rest, then what specials fill, then the guest's changes to built-ins.
 * Why backwards: an object's children mostly have higher ids than it, so they exist and a literal can be built whole.
 * It runs in a realm where no guest code has run yet. Pages were verified before they came here (image/): a malformed page is
 * still refused, with GODWIT_CANNOT_RESTORE, but is not searched for.
 */
import { types } from 'node:util';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import { allKinds, type IntrinsicKind } from './kinds.js';
import type { HeapOptions, Privates, SpecialKind } from './options.js';
import { flagAccessor, type OwnProperty, plainProperty, restoreOwnState } from './own-properties.js';
import { type List, list, setPrototypeOf, symbolFor, uncurry } from './primordials.js';
import {
  formArray,
  formPlain,
  genericFill,
  genericOwn,
  genericPrivates,
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
const Marks = Uint8Array;
const weakMapSet = uncurry(WeakMap.prototype.set) as (self: object, key: unknown, value: unknown) => void;
const weakSetAdd = uncurry(WeakSet.prototype.add) as (self: object, key: unknown) => void;
const reflectDefine = Reflect.defineProperty;

const markCreating = 1;

/** Rebuilds what encodeHeap saved. Throws GODWIT_CANNOT_RESTORE when this realm lacks a built-in or a special kind. */
export function decodeHeap(pages: readonly Uint8Array[], options: HeapOptions): unknown {
  return new Decoder(pages, options).decode();
}

/** How one kind tag is made and filled here. */
interface Maker {
  special: SpecialKind | undefined;
  intrinsic: IntrinsicKind | undefined;
  tag: string;
}

class Decoder {
  readonly #pages: readonly Uint8Array[];
  readonly #options: HeapOptions;
  readonly #objects: List<object> = list();
  readonly #builtins: List<object> = list();
  readonly #symbols: List<symbol> = list();
  readonly #makers: List<Maker> = list();
  readonly #factories: List<ShapeFactory> = list();
  readonly #shapePrototypes: List<{ value: object | null; id: number }> = list();
  readonly #readers: List<ValueReader> = list();
  readonly #generic = new Numbers();
  readonly #hollow = new Numbers();
  readonly #patches: List<{ object: object; key: PropertyKey; id: number }> = list();
  readonly #blobs: List<unknown> = list();
  #blobPages: Uint32Array = new Words(0);
  #count = 0;
  #pageOf: Uint32Array = new Words(0);
  #offsetOf: Uint32Array = new Words(0);
  /** Where a generic record goes on after its creation parts. */
  #restOf: Uint32Array = new Words(0);
  #marks: Uint8Array = new Marks(0);

  constructor(pages: readonly Uint8Array[], options: HeapOptions) {
    this.#pages = pages;
    this.#options = options;
  }

  decode(): unknown {
    const root = this.#readMeta();
    for (let i = 0; i < this.#generic.length; i++) this.#ensure(this.#generic.values[i]!);
    for (let s = 0; s < this.#shapePrototypes.length; s++) {
      const { id } = this.#shapePrototypes[s]!;
      if (id >= 0) this.#ensure(id);
    }
    for (let s = 0; s < this.#shapePrototypes.length; s++) this.#factories[s]!.prototype = this.#prototypeOf(s);
    this.#buildPlain();
    for (let i = 0; i < this.#hollow.length; i++) this.#fillHollow(this.#hollow.values[i]!);
    for (let i = 0; i < this.#patches.length; i++) {
      const { object, key, id } = this.#patches[i]!;
      reflectDefine(object, key, plainProperty(this.#objects[id]));
    }
    for (let i = 0; i < this.#generic.length; i++) this.#fill(this.#generic.values[i]!, 'contents');
    for (let i = 0; i < this.#generic.length; i++) this.#fill(this.#generic.values[i]!, 'specials');
    const changeBuiltins = () => {
      for (let i = 0; i < this.#generic.length; i++) this.#fill(this.#generic.values[i]!, 'built-ins');
    };
    if (this.#options.changeLater) this.#options.changeLater(changeBuiltins);
    else changeBuiltins();
    return root.id >= 0 ? this.#objects[root.id] : root.value;
  }

  // ---- creation

  /** Makes an object and, first, everything its creation needs; an own stack, since chains may be a million long. */
  #ensure(wanted: number): void {
    if (this.#objects[wanted] !== undefined) return;
    const stack = list<number>();
    stack[0] = wanted;
    while (stack.length > 0) {
      const id = stack[stack.length - 1]!;
      if (this.#objects[id] !== undefined) {
        stack.length--;
        continue;
      }
      const missing = this.#create(id);
      if (missing < 0) stack.length--;
      else {
        if (this.#marks[missing] === markCreating) malformed('parts that need each other');
        this.#marks[id] = markCreating;
        stack[stack.length] = missing;
      }
    }
  }

  /** Makes object `id`, or gives the id of a part that must exist first. */
  #create(id: number): number {
    const reader = this.#at(id);
    const head = reader.varint();
    const form = head & 3;
    if (form === formPlain || form === formArray) {
      this.#objects[id] = form === formArray ? [] : this.#factories[floor(head / 4)]!.hollow();
      this.#hollow.push(id);
      return -1;
    }
    const maker = this.#makers[floor(head / 4)]!;
    const flags = reader.varint();
    const count = reader.varint();
    const parts: unknown[] = [];
    for (let i = 0; i < count; i++) {
      reader.missing = -1;
      define(parts, i, reader.value());
      if (reader.missing >= 0) return reader.missing;
    }
    const owners = list<object>();
    const ownerCount = flags & genericPrivates ? reader.varint() : 0;
    for (let i = 0; i < ownerCount; i++) {
      reader.missing = -1;
      owners[i] = reader.value() as object;
      if (reader.missing >= 0) {
        if (reader.missing !== id) return reader.missing;
        owners[i] = ownerIsItself;
      }
    }
    this.#restOf[id] = reader.at;
    this.#objects[id] = this.#make(maker, parts, owners);
    return -1;
  }

  #make(maker: Maker, parts: unknown[], owners: List<object>): object {
    if (maker.tag === tagNamed) return this.#options.builtins.resolve(parts[0] as string) as object;
    const privates = this.#options.privates;
    let allocated = -1;
    let made: object | undefined;
    for (let i = 0; i < owners.length && maker.tag === 'Object' && made === undefined; i++) {
      made = privates?.allocate(owners[i]!);
      if (made !== undefined) allocated = i;
    }
    made ??= maker.special ? maker.special.create(parts) : maker.intrinsic ? maker.intrinsic.create(parts as never) : {};
    for (let i = 0; i < owners.length; i++) {
      if (i !== allocated) requirePrivates(privates).install(made, owners[i] === ownerIsItself ? made : owners[i]!);
    }
    return made;
  }

  // ---- plain objects and arrays

  #buildPlain(): void {
    const objects = this.#objects;
    let page = -1;
    let reader: ValueReader | undefined;
    for (let id = this.#count - 1; id >= 0; id--) {
      if (objects[id] !== undefined) continue;
      if (this.#pageOf[id] !== page) {
        page = this.#pageOf[id]!;
        reader = this.#readers[page]!;
      }
      reader!.at = this.#offsetOf[id]!;
      reader!.missing = -1;
      const head = reader!.varint();
      const detail = head < 0x80000000 ? head >>> 2 : floor(head / 4);
      if ((head & 3) === formPlain) {
        const factory = this.#factories[detail]!;
        const object = factory.make(reader!);
        if (factory.prototype !== ObjectPrototype) setPrototypeOf(object, factory.prototype);
        if (reader!.missing >= 0) this.#patchPlain(object, factory, reader!, id);
        objects[id] = object;
      } else objects[id] = this.#fillArray([], reader!, detail);
    }
  }

  #patchPlain(object: object, factory: ShapeFactory, reader: ValueReader, id: number): void {
    reader.at = this.#offsetOf[id]!;
    reader.varint();
    for (let i = 0; i < factory.keys.length; i++) {
      reader.missing = -1;
      reader.value();
      if (reader.missing >= 0) this.#patches[this.#patches.length] = { object, key: factory.keys[i]!, id: reader.missing };
    }
  }

  #fillArray(array: unknown[], reader: ValueReader, length: number): unknown[] {
    for (let i = 0; i < length; i++) {
      if (reader.hole()) continue;
      reader.missing = -1;
      array[i] = reader.value();
      if (reader.missing >= 0) this.#patches[this.#patches.length] = { object: array, key: i, id: reader.missing };
    }
    if (array.length !== length) array.length = length;
    return array;
  }

  /** Fills an object that something needed before its turn. Every object exists now. */
  #fillHollow(id: number): void {
    const reader = this.#at(id);
    const head = reader.varint();
    const object = this.#objects[id]!;
    if ((head & 3) === formArray) {
      this.#fillArray(object as unknown[], reader, floor(head / 4));
      return;
    }
    const factory = this.#factories[floor(head / 4)]!;
    factory.fill(object, reader);
    if (factory.prototype !== ObjectPrototype) setPrototypeOf(object, factory.prototype);
  }

  // ---- contents of generic records

  #fill(id: number, stage: 'contents' | 'specials' | 'built-ins'): void {
    const reader = this.#at(id);
    const maker = this.#makers[floor(reader.varint() / 4)]!;
    const flags = reader.varint();
    if (flags === 0) return;
    const object = this.#objects[id]!;
    if ((maker.tag === tagBuiltinChange) !== (stage === 'built-ins')) return;
    const ownerCount = this.#ownersAt(id, reader, flags);
    reader.at = this.#restOf[id]!;
    for (let i = 0; i < ownerCount; i++) {
      const values = readList(reader) as unknown as unknown[];
      if (stage === 'specials') requirePrivates(this.#options.privates).fill(object, this.#owners[i]!, toArray(values));
    }
    if (maker.special) {
      const state = flags & genericFill ? reader.value() : undefined;
      if (stage === 'contents' && flags & genericOwn) this.#restoreOwn(object, reader);
      if (stage === 'specials' && flags & genericFill) maker.special.fill!(object, state);
      return;
    }
    if (stage === 'specials') return;
    const contents = flags & genericFill ? readList(reader) : undefined;
    if (maker.intrinsic && contents) maker.intrinsic.fill!(object, contents);
    if (maker.tag === tagWeakEntries) fillWeak(contents!);
    if (flags & genericOwn) this.#restoreOwn(maker.tag === tagBuiltinChange ? (contents![0] as object) : object, reader);
  }

  readonly #owners: List<object> = list();

  /** Reads the owners of private fields again; they stand between the creation parts and the rest. */
  #ownersAt(id: number, reader: ValueReader, flags: number): number {
    if ((flags & genericPrivates) === 0) return 0;
    const parts = reader.varint();
    for (let i = 0; i < parts; i++) reader.value();
    const count = reader.varint();
    for (let i = 0; i < count; i++) this.#owners[i] = reader.value() as object;
    if (reader.at !== this.#restOf[id]) malformed('private owners');
    return count;
  }

  #restoreOwn(object: object, reader: ValueReader): void {
    const prototype = reader.value() as object | null;
    const head = reader.varint();
    const properties = list<OwnProperty>();
    const count = head >>> 1;
    for (let i = 0; i < count; i++) {
      const key = reader.value() as PropertyKey;
      const flags = reader.varint();
      const first = reader.value();
      properties[i] = { key, flags, first, second: flags & flagAccessor ? reader.value() : undefined };
    }
    restoreOwnState(object, { prototype, extensible: (head & 1) === 1, properties });
  }

  // ---- the meta page

  #readMeta(): { value: unknown; id: number } {
    const heap = {
      objects: this.#objects,
      builtins: this.#builtins,
      symbols: this.#symbols,
      blob: (id: number) => this.#blob(id),
    };
    const meta = new ValueReader(this.#pages[0]!, heap);
    if (meta.varint() !== wire.pageMeta) malformed('no meta page');
    const length = meta.varint();
    const start = meta.at;
    meta.at = start + length;
    meta.readStrings();
    meta.at = start;
    this.#count = meta.varint();
    const rootAt = meta.at;
    skipValue(meta);
    const kinds = readNames(meta);
    for (let i = 0; i < kinds.length; i++) this.#makers[i] = this.#maker(kinds[i]!);
    const shapesAt = meta.at;
    this.#eachShape(meta, () => undefined);
    this.#readSymbols(meta);
    const builtins = readNames(meta);
    for (let i = 0; i < builtins.length; i++) this.#builtins[i] = this.#options.builtins.resolve(builtins[i]!) as object;
    this.#blobPages = readNumbers(meta);
    this.#readPageIndex(readNumbers(meta), readNumbers(meta), heap);
    meta.at = shapesAt;
    this.#eachShape(meta, (keys, uses, prototype) => {
      const at = this.#factories.length;
      this.#factories[at] = uses >= limits.shapeFactoryUses ? literalFactory(keys) : genericFactory(keys);
      this.#shapePrototypes[at] = prototype;
    });
    meta.at = rootAt;
    return readReference(meta);
  }

  #eachShape(
    meta: ValueReader,
    take: (keys: List<string>, uses: number, prototype: { value: object | null; id: number }) => void,
  ): void {
    const count = meta.varint();
    for (let i = 0; i < count; i++) {
      const uses = meta.varint();
      const prototype = readReference(meta) as { value: object | null; id: number };
      take(readNames(meta), uses, prototype);
    }
  }

  #readSymbols(meta: ValueReader): void {
    const count = meta.varint();
    for (let i = 0; i < count; i++) {
      const how = meta.varint();
      const text = meta.strings[meta.varint()]!;
      if (how === symbolNamed) this.#symbols[i] = this.#options.builtins.resolve(text) as symbol;
      else if (how === symbolRegistered) this.#symbols[i] = symbolFor(text);
      else this.#symbols[i] = how === symbolBare ? symbolOf() : symbolOf(text);
    }
  }

  #readPageIndex(firstIds: Uint32Array, numbers: Uint32Array, heap: HeapTables): void {
    this.#pageOf = new Words(this.#count);
    this.#offsetOf = new Words(this.#count);
    this.#restOf = new Words(this.#count);
    this.#marks = new Marks(this.#count);
    for (let p = 0; p < numbers.length; p++) {
      const reader = new ValueReader(this.#pages[numbers[p]!]!, heap);
      this.#readers[p] = reader;
      if (reader.varint() !== wire.pageRecords || reader.varint() !== firstIds[p]) malformed('page out of place');
      const count = reader.varint();
      const length = reader.varint();
      const first = firstIds[p]!;
      if (first + count > this.#count) malformed('too many records');
      for (let i = 0; i < count; i++) this.#offsetOf[first + i] = reader.varint();
      let at = reader.at;
      for (let i = 0; i < count; i++) {
        const size = this.#offsetOf[first + i]!;
        this.#offsetOf[first + i] = at;
        this.#pageOf[first + i] = p;
        // The form is in the low bits of the first byte whatever the rest of the varint says.
        if ((reader.bytes[at]! & 3) !== formPlain && (reader.bytes[at]! & 3) !== formArray) this.#generic.push(first + i);
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

  #prototypeOf(shape: number): object | null {
    const { value, id } = this.#shapePrototypes[shape]!;
    return id >= 0 ? this.#objects[id]! : value;
  }

  #at(id: number): ValueReader {
    const reader = this.#readers[this.#pageOf[id]!]!;
    reader.at = this.#offsetOf[id]!;
    return reader;
  }

  #blob(id: number): unknown {
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
}

const { floor } = Math;
const ObjectPrototype = Object.prototype;
/** Stands for "the object being made" where a class owns its own static private fields. */
const ownerIsItself: object = {};

function define(array: unknown[], index: number, value: unknown): void {
  reflectDefine(array, index, plainProperty(value));
}

function toArray(values: ArrayLike<unknown>): unknown[] {
  const array: unknown[] = [];
  for (let i = 0; i < values.length; i++) define(array, i, values[i]);
  return array;
}

function requirePrivates(privates: Privates | undefined): Privates {
  if (!privates)
    throw new GodwitError('GODWIT_CANNOT_RESTORE', 'Cannot restore private fields: this realm has no access to them');
  return privates;
}

function fillWeak(contents: List<unknown>): void {
  const collection = contents[0] as object;
  if (types.isWeakSet(collection)) for (let i = 1; i < contents.length; i++) weakSetAdd(collection, contents[i]);
  else for (let i = 1; i < contents.length; i += 2) weakMapSet(collection, contents[i], contents[i + 1]);
}

function readList(reader: ValueReader): List<unknown> {
  const values = list<unknown>();
  const count = reader.varint();
  for (let i = 0; i < count; i++) values[i] = reader.value();
  return values;
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

/** A value that may refer to an object not made yet. */
function readReference(meta: ValueReader): { value: unknown; id: number } {
  meta.missing = -1;
  const value = meta.value();
  return { value, id: meta.missing };
}

function skipValue(meta: ValueReader): void {
  const tag = meta.varint();
  if (tag === wire.constantDouble * 8 + wire.valueConstant) meta.double();
}
