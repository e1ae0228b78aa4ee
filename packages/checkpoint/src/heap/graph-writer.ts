/**
 * Ids, values and tables of a heap that is being written. An object gets its id when a value first refers to it. Where records and large
 * strings go is for those that extend it: image-writer.ts (pages in the order of ids) and parcel-writer.ts (what is due, parcel by parcel).
 * It decides nothing about objects: what a record says is the encoder's.
 */
import { limits } from '../limits.js';
import { HiddenClasses, hiddenClassOracle } from './hidden-classes.js';
import { BytesPart } from './kinds-buffers.js';
import { ObjectNumbers } from './object-numbers.js';
import type { HeapOptions, NamedBuiltins } from './options.js';
import { bytesLength, keyFor, type List, list, reflectApply, reflectDefine, SafeMap, symbolDescription } from './primordials.js';
import { symbolBare, symbolNamed, symbolRegistered, symbolUnique } from './record-forms.js';
import { type Shape, ShapeTable } from './shapes.js';
import * as wire from './wire.js';

const Bytes = Uint8Array;
const bigText = BigInt.prototype.toString;

export abstract class GraphWriter {
  readonly objects: List<object> = list();
  readonly hiddenClasses: HiddenClasses;
  readonly shapes: ShapeTable;
  readonly body = new wire.ByteWriter();
  readonly strings = new wire.StringTable();
  /** Pairs (object, part that must exist before it), of parts with this id and later ones. */
  readonly edges = new wire.Numbers();
  edgesFrom = 0;
  /** A built-in is being written as the guest has changed it: what else is there is not the guest's. */
  isOfBuiltin = false;
  /** The object whose record is being written; -1 before the first. */
  current = -1;

  readonly #builtins: NamedBuiltins;
  readonly #ids = new ObjectNumbers();
  readonly #parents = new wire.Numbers();
  readonly #sites = new wire.Numbers();
  /** Names of built-ins that values refer to, by their place in this table. */
  protected readonly usedBuiltins: List<string> = list();
  readonly #builtinIndices = new SafeMap<number, number>();
  readonly #areHeld: List<boolean> = list();
  protected readonly symbols: List<symbol> = list();
  readonly #symbolIds = new SafeMap<symbol, number>();
  readonly #blobIds = new SafeMap<string, number>();
  /** Where values go. */
  protected out: { body: wire.ByteWriter; strings: wire.StringTable } = { body: this.body, strings: this.strings };
  #creating = false;

  constructor({ builtins, hiddenClasses = hiddenClassOracle() }: HeapOptions) {
    this.#builtins = builtins;
    this.hiddenClasses = new HiddenClasses(hiddenClasses || undefined);
    this.shapes = new ShapeTable(this.hiddenClasses, (value, site) => this.value(value, site));
  }

  /** Writes any value. `site` tells where objects like it were met before (see hidden-classes.ts). */
  value(value: unknown, site: number): void {
    const { body, strings } = this.out;
    switch (typeof value) {
      case 'string':
        if (value.length >= limits.largeBlobBytes) body.varint(this.#largeString(value) * 8 + wire.valueLargeString);
        else body.varint(strings.indexOf(value) * 8 + wire.valueString);
        return;
      case 'number':
        if ((value | 0) === value && value < 0x8000000 && value >= -0x8000000 && (value !== 0 || 1 / value > 0)) {
          body.varint(((value << 1) ^ (value >> 31)) * 8 + wire.valueInteger);
        } else {
          body.varint(wire.constantDouble * 8 + wire.valueConstant);
          body.double(value);
        }
        return;
      case 'object':
      case 'function':
        if (value === null) body.varint(wire.constantNull * 8 + wire.valueConstant);
        else this.#reference(value, site);
        return;
      case 'undefined':
        body.varint(wire.constantUndefined * 8 + wire.valueConstant);
        return;
      case 'boolean':
        body.varint((value ? wire.constantTrue : wire.constantFalse) * 8 + wire.valueConstant);
        return;
      case 'symbol':
        body.varint(this.#symbolId(value) * 8 + wire.valueSymbol);
        return;
      case 'bigint':
        body.varint(strings.indexOf(reflectApply(bigText, value, [16]) as string) * 8 + wire.valueBigInteger);
    }
  }

  hole(): void {
    this.body.varint(wire.constantHole * 8 + wire.valueConstant);
  }

  /** Writes count and values; `sites` numbers are taken in turn. */
  list(values: ArrayLike<unknown>, site: number, sites: number): void {
    this.body.varint(values.length);
    for (let i = 0; i < values.length; i++) this.value(values[i], site + (i % sites));
  }

  /** Writes values whose objects must exist before the current one; raw bytes may be among them. */
  parts(values: ArrayLike<unknown>, site: number, sites: number): void {
    this.#creating = true;
    for (let i = 0; i < values.length; i++) {
      const bytes = BytesPart.read(values[i]);
      if (bytes) this.#bytes(bytes);
      else this.value(values[i], site + (i % sites));
    }
    this.#creating = false;
  }

  /** The id of an object, given on first sight; built-ins have negative ones. */
  idOf(object: object, site: number): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    const number = this.#builtins.numberOf(object);
    if (number !== undefined) {
      // Not -number - 1, which is a boxed number for 0 and slows everything that handles ids.
      this.#ids.add(object, ~number);
      return ~number;
    }
    const id = this.objects.length;
    this.objects[id] = object;
    this.#parents.push(this.current + 1);
    this.#sites.push(site);
    this.#ids.add(object, id);
    return id;
  }

  namesUsed(): List<string> {
    const names = list<string>();
    for (let i = 0; i < this.usedBuiltins.length; i++) names[i] = this.usedBuiltins[i]!;
    return names;
  }

  knows(object: object): boolean {
    return this.#ids.get(object) !== undefined || this.#builtins.numberOf(object) !== undefined;
  }

  siteOf(id: number): number {
    return this.#sites.values[id]!;
  }

  /** Who met the object first; undefined for the root and what was added beside it. */
  parentOf(id: number): number | undefined {
    const parent = this.#parents.values[id]!;
    return parent === 0 ? undefined : parent - 1;
  }

  /** Ends the current record, `start` being where it began. Gives its size. */
  abstract endRecord(start: number): number;

  /** Keeps one large string or buffer; gives its number among these. */
  protected abstract keepBlob(page: Uint8Array): number;

  /** A shape has its first object: those who read it need its prototype. */
  useShape({ prototype }: Shape): void {
    if (prototype !== null) this.idOf(prototype, 0);
  }

  /** The guest holds a built-in of this name; told once. */
  protected holds(_name: string): void {}

  /** What was just written is going to be looked into when it is read: it must be there with its content. */
  needWhole(_value: unknown): void {}

  #reference(object: object, site: number): void {
    const { body } = this.out;
    const id = this.idOf(object, site);
    if (id < 0) {
      body.varint(this.#builtinIndex(~id) * 8 + wire.valueBuiltin);
      return;
    }
    if (this.#creating && id >= this.edgesFrom) {
      this.edges.push(this.current);
      this.edges.push(id);
    }
    body.varint(id * 8 + wire.valueReference);
  }

  /** The place of a built-in in this image's table of names. */
  #builtinIndex(number: number): number {
    let index = this.#builtinIndices.get(number);
    if (index === undefined) {
      index = this.usedBuiltins.length;
      this.#builtinIndices.set(number, index);
      this.usedBuiltins[index] = this.#builtins.nameAt(number);
    }
    if (!this.isOfBuiltin && !this.#areHeld[index]) {
      this.#areHeld[index] = true;
      this.holds(this.usedBuiltins[index]!);
    }
    return index;
  }

  #symbolId(symbol: symbol): number {
    let id = this.#symbolIds.get(symbol);
    if (id === undefined) {
      id = this.symbols.length;
      this.symbols[id] = symbol;
      this.#symbolIds.set(symbol, id);
    }
    return id;
  }

  #largeString(text: string): number {
    let id = this.#blobIds.get(text);
    if (id === undefined) {
      const wide = !wire.isLatin1(text);
      const writer = new wire.ByteWriter();
      writer.varint(wire.pageBlob);
      writer.varint(wide ? wire.blobWide : wire.blobLatin);
      writer.text(text, wide);
      id = this.keepBlob(writer.take());
      this.#blobIds.set(text, id);
    }
    return id;
  }

  #bytes(bytes: Uint8Array): void {
    const size = bytesLength(bytes);
    if (size < limits.largeBlobBytes) {
      this.body.varint(wire.constantBytes * 8 + wire.valueConstant);
      this.body.varint(size);
      this.body.raw(bytes);
      return;
    }
    const page = new Bytes(size + 2);
    page[0] = wire.pageBlob;
    page[1] = wire.blobBytes;
    wire.copyBytes(page, bytes, 2);
    this.body.varint(this.keepBlob(page) * 8 + wire.valueLargeString);
  }

  // ---- tables, for those who read

  protected writeShape({ prototype, keys, uses }: Shape): void {
    const { body } = this.out;
    body.varint(uses);
    this.value(uses === 0 ? null : prototype, 0);
    this.writeNames(keys, 0);
  }

  protected writeSymbols(from: number): void {
    const { body, strings } = this.out;
    body.varint(this.symbols.length - from);
    for (let i = from; i < this.symbols.length; i++) {
      const symbol = this.symbols[i]!;
      const name = this.#builtins.nameOf(symbol);
      const registered = keyFor(symbol);
      const description = symbolDescription(symbol);
      const unnamed = registered !== undefined ? symbolRegistered : description !== undefined ? symbolUnique : symbolBare;
      body.varint(name !== undefined ? symbolNamed : unnamed);
      body.varint(strings.indexOf(name ?? registered ?? description ?? ''));
    }
  }

  protected writeNames(names: List<string>, from: number): void {
    const { body, strings } = this.out;
    body.varint(names.length - from);
    for (let i = from; i < names.length; i++) body.varint(strings.indexOf(names[i]!));
  }

  protected writeNumbers(numbers: wire.Numbers): void {
    const { body } = this.out;
    body.varint(numbers.length);
    for (let i = 0; i < numbers.length; i++) body.varint(numbers.values[i]!);
  }
}

/** Adds to an ordinary array without looking anything up on its prototype. */
export function append<T>(array: T[], value: T): void {
  reflectDefine(array, array.length, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
}
