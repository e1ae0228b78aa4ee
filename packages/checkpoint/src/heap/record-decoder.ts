/**
 * Records → objects, one at a time: what an object needs before it can be made, making it, and filling what no shape describes.
 * In which order objects are made and filled is for those that extend it: decode.ts (everything at once) and paging.ts (as the guest
 * touches them).
 */
import { types } from 'node:util';
import { GodwitError } from '../base/index.js';
import type { DecoderTables, Maker } from './decoder-tables.js';
import type { HeapOptions, Privates } from './options.js';
import { flagAccessor, type OwnProperty, plainProperty, restoreOwnState } from './own-properties.js';
import { type List, list, reflectDefine, SafeSet, uncurry } from './primordials.js';
import {
  formGeneric,
  genericFill,
  genericOwn,
  genericPrivates,
  tagBuiltinChange,
  tagNamed,
  tagWeakEntries,
} from './record-forms.js';
import { malformed, type ValueReader } from './value-reader.js';

const weakMapSet = uncurry(WeakMap.prototype.set) as (self: object, key: unknown, value: unknown) => void;
const weakSetAdd = uncurry(WeakSet.prototype.add) as (self: object, key: unknown) => void;

export type FillStage = 'contents' | 'specials' | 'built-ins';

export abstract class RecordDecoder<Tables extends DecoderTables> {
  protected readonly tables: Tables;
  protected readonly options: HeapOptions;
  protected readonly objects: List<object>;
  /** Where a generic record goes on after its creation parts. */
  readonly #restOf: List<number> = list();
  /** Ids whose creation waits for what it needs. */
  protected readonly creating = new SafeSet<number>();

  constructor(tables: Tables, options: HeapOptions) {
    this.options = options;
    this.tables = tables;
    this.objects = tables.objects;
  }

  /**
   * Makes a plain object or an array, contents apart, or gives the id of what must exist first. `detail`: its shape, its length; of what has
   * no record yet its kind.
   */
  protected abstract makePlain(id: number, form: number, detail: number): number;
  /** A generic object was made; its contents are to follow. */
  protected abstract made(id: number): void;
  /** The object is about to be used in a way that no hollow one can be (paging.ts). */
  protected abstract needWhole(object: unknown): void;

  // ---- creation

  /** Makes an object and, first, everything its creation needs; an own stack, since chains may be a million long. */
  protected ensure(wanted: number): void {
    if (this.objects[wanted] !== undefined) return;
    const stack = list<number>();
    stack[0] = wanted;
    while (stack.length > 0) {
      const id = stack[stack.length - 1]!;
      if (this.objects[id] !== undefined) {
        stack.length--;
        continue;
      }
      const missing = this.#create(id);
      if (missing < 0) {
        stack.length--;
        this.creating.delete(id);
      } else {
        if (this.creating.has(missing)) malformed('parts that need each other');
        this.creating.add(id);
        stack[stack.length] = missing;
      }
    }
  }

  /** Makes object `id`, or gives the id of a part that must exist first. */
  #create(id: number): number {
    const head = this.tables.headOf(id);
    const form = head & 3;
    if (form !== formGeneric || !this.tables.describes(id)) return this.makePlain(id, form, floor(head / 4));
    const reader = this.tables.at(id);
    reader.varint();
    const maker = this.tables.makers[floor(head / 4)]!;
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
    this.objects[id] = this.#make(maker, parts, owners);
    this.made(id);
    return -1;
  }

  /** The contents of object `id`, which exists, are what its record says: a record without creation parts. */
  protected adopt(id: number): void {
    const reader = this.tables.at(id);
    reader.varint();
    reader.varint();
    if (reader.varint() !== 0) malformed('parts of what was made before');
    this.#restOf[id] = reader.at;
  }

  #make(maker: Maker, parts: unknown[], owners: List<object>): object {
    if (maker.tag === tagNamed) return this.options.builtins.resolve(parts[0] as string) as object;
    if (maker.tag === 'Proxy') this.needWhole(parts[0]);
    const read = maker.special?.readsParts?.(parts);
    for (let i = 0; read !== undefined && i < read.length; i++) this.needWhole(read[i]);
    const privates = this.options.privates;
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

  // ---- contents of generic records

  protected fill(id: number, stage: FillStage): void {
    const reader = this.tables.at(id);
    const maker = this.tables.makers[floor(reader.varint() / 4)]!;
    const flags = reader.varint();
    if (flags === 0) return;
    const object = this.objects[id]!;
    if ((maker.tag === tagBuiltinChange) !== (stage === 'built-ins')) return;
    const ownerCount = this.#ownersAt(id, reader, flags);
    reader.at = this.#restOf[id]!;
    for (let i = 0; i < ownerCount; i++) {
      const values = readList(reader) as unknown as unknown[];
      if (stage === 'specials') requirePrivates(this.options.privates).fill(object, this.#owners[i]!, toArray(values));
    }
    if (maker.special) {
      const state = flags & genericFill ? reader.value() : undefined;
      this.needWhole(state);
      if (stage === 'contents' && flags & genericOwn) this.#restoreOwn(object, reader);
      if (stage === 'specials' && flags & genericFill) maker.special.fill!(object, state);
      return;
    }
    if (stage === 'specials') return;
    const contents = flags & genericFill ? readList(reader) : undefined;
    if (maker.intrinsic && contents) maker.intrinsic.fill!(object, contents);
    if (maker.tag === tagWeakEntries) fillWeak(contents!);
    const isChange = maker.tag === tagBuiltinChange;
    const owner = isChange ? (contents![0] as object) : object;
    if (flags & genericOwn) this.#restoreOwn(owner, reader);
    if (isChange) this.options.noteChanged?.(owner);
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
    this.needWhole(prototype);
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
}

const { floor } = Math;
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
