/**
 * Ids, values and pages of an image under construction. An object gets its id when a value first refers to it; the encoder then
 * writes record after record, in the order of ids, and pages are cut between records.
 *
 *   pages[0]      the meta page: count, root, structure, kinds, shapes, symbols, names of built-ins, blob pages, page index
 *   pages[n]      record pages in id order, and blob pages (one large string or buffer each) among them
 *
 * It decides nothing about objects: what a record says is the encoder's.
 */
import { limits } from '../limits.js';
import { HiddenClasses } from './hidden-classes.js';
import { BytesPart } from './kinds-buffers.js';
import type { NamedBuiltins } from './options.js';
import { bytesLength, keyFor, type List, list, reflectApply, reflectDefine, SafeMap, symbolDescription } from './primordials.js';
import { symbolBare, symbolNamed, symbolRegistered, symbolUnique } from './record-forms.js';
import { ShapeTable } from './shapes.js';
import * as wire from './wire.js';

const Bytes = Uint8Array;
const bigText = BigInt.prototype.toString;

export class GraphWriter {
  readonly objects: List<object> = list();
  readonly hiddenClasses: HiddenClasses;
  readonly shapes: ShapeTable;
  readonly body = new wire.ByteWriter();
  readonly strings = new wire.StringTable();
  readonly pages: Uint8Array[] = [new Bytes(0)];
  /** Pairs (object, part that must exist before it). */
  readonly edges = new wire.Numbers();
  /** The object whose record is being written; -1 before the first. */
  current = -1;

  readonly #builtins: NamedBuiltins;
  readonly #ids = new SafeMap<object, number>();
  readonly #parents = new wire.Numbers();
  readonly #sites = new wire.Numbers();
  readonly #usedBuiltins: List<string> = list();
  readonly #builtinIndices = new SafeMap<number, number>();
  readonly #symbols: List<symbol> = list();
  readonly #symbolIds = new SafeMap<symbol, number>();
  readonly #lengths = new wire.Numbers();
  readonly #pageFirstIds = new wire.Numbers();
  readonly #pageNumbers = new wire.Numbers();
  readonly #blobPages = new wire.Numbers();
  readonly #blobIds = new SafeMap<string, number>();
  #out: { body: wire.ByteWriter; strings: wire.StringTable } = { body: this.body, strings: this.strings };
  /** Where each page is put together, one after another. */
  readonly #page = new wire.ByteWriter();
  #firstId = 0;
  #creating = false;

  constructor(builtins: NamedBuiltins, useHiddenClasses: boolean) {
    this.#builtins = builtins;
    this.hiddenClasses = new HiddenClasses(useHiddenClasses);
    this.shapes = new ShapeTable(this.hiddenClasses, (value, site) => this.value(value, site));
  }

  /** Writes any value. `site` tells where objects like it were met before (see hidden-classes.ts). */
  value(value: unknown, site: number): void {
    const { body, strings } = this.#out;
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
      this.#ids.set(object, ~number);
      return ~number;
    }
    const id = this.objects.length;
    this.objects[id] = object;
    this.#parents.push(this.current + 1);
    this.#sites.push(site);
    this.#ids.set(object, id);
    return id;
  }

  knows(object: object): boolean {
    return this.#ids.has(object) || this.#builtins.numberOf(object) !== undefined;
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
  endRecord(start: number): number {
    const size = this.body.at - start;
    this.#lengths.push(size);
    if (this.body.at + this.strings.characters >= limits.heapPageBytes) this.cutPage();
    return size;
  }

  cutPage(): void {
    const count = this.#lengths.length;
    if (count === 0) return;
    const out = this.#page;
    out.varint(wire.pageRecords);
    out.varint(this.#firstId);
    out.varint(count);
    out.varint(this.body.at);
    for (let i = 0; i < count; i++) out.varint(this.#lengths.values[i]!);
    out.raw(this.body.written());
    this.strings.write(out);
    this.#pageFirstIds.push(this.#firstId);
    this.#pageNumbers.push(this.pages.length);
    append(this.pages, out.take());
    this.#firstId += count;
    this.body.at = 0;
    this.#lengths.length = 0;
  }

  /** Writes pages[0] when every record is written. */
  finish(root: unknown, kinds: List<string>, structure: readonly object[]): void {
    this.cutPage();
    const body = new wire.ByteWriter();
    const strings = new wire.StringTable();
    this.#out = { body, strings };
    body.varint(this.objects.length);
    this.value(root, 0);
    this.#idsOf(structure);
    this.#names(kinds);
    this.#writeShapes(body, strings);
    this.#writeSymbols(body, strings);
    this.#names(this.#usedBuiltins);
    this.#numbers(this.#blobPages);
    this.#numbers(this.#pageFirstIds);
    this.#numbers(this.#pageNumbers);
    const out = new wire.ByteWriter();
    out.varint(wire.pageMeta);
    out.varint(body.at);
    out.raw(body.written());
    strings.write(out);
    this.pages[0] = out.take();
  }

  #reference(object: object, site: number): void {
    const { body } = this.#out;
    const id = this.idOf(object, site);
    if (id < 0) {
      body.varint(this.#builtinIndex(~id) * 8 + wire.valueBuiltin);
      return;
    }
    if (this.#creating) {
      this.edges.push(this.current);
      this.edges.push(id);
    }
    body.varint(id * 8 + wire.valueReference);
  }

  /** The place of a built-in in this image's table of names. */
  #builtinIndex(number: number): number {
    let index = this.#builtinIndices.get(number);
    if (index === undefined) {
      index = this.#usedBuiltins.length;
      this.#builtinIndices.set(number, index);
      this.#usedBuiltins[index] = this.#builtins.nameAt(number);
    }
    return index;
  }

  #symbolId(symbol: symbol): number {
    let id = this.#symbolIds.get(symbol);
    if (id === undefined) {
      id = this.#symbols.length;
      this.#symbols[id] = symbol;
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
      id = this.#blob(writer.take());
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
    this.body.varint(this.#blob(page) * 8 + wire.valueLargeString);
  }

  #blob(page: Uint8Array): number {
    const id = this.#blobPages.length;
    this.#blobPages.push(this.pages.length);
    append(this.pages, page);
    return id;
  }

  #writeShapes(body: wire.ByteWriter, strings: wire.StringTable): void {
    const { shapes } = this.shapes;
    body.varint(shapes.length);
    for (let i = 0; i < shapes.length; i++) {
      const { prototype, keys, uses } = shapes[i]!;
      body.varint(uses);
      this.value(uses === 0 ? null : prototype, 0);
      body.varint(keys.length);
      for (let k = 0; k < keys.length; k++) body.varint(strings.indexOf(keys[k]!));
    }
  }

  #writeSymbols(body: wire.ByteWriter, strings: wire.StringTable): void {
    body.varint(this.#symbols.length);
    for (let i = 0; i < this.#symbols.length; i++) {
      const symbol = this.#symbols[i]!;
      const name = this.#builtins.nameOf(symbol);
      const registered = keyFor(symbol);
      const description = symbolDescription(symbol);
      const unnamed = registered !== undefined ? symbolRegistered : description !== undefined ? symbolUnique : symbolBare;
      body.varint(name !== undefined ? symbolNamed : unnamed);
      body.varint(strings.indexOf(name ?? registered ?? description ?? ''));
    }
  }

  #idsOf(objects: readonly object[]): void {
    const ids = new wire.Numbers();
    for (let i = 0; i < objects.length; i++) {
      const id = this.#ids.get(objects[i]!);
      if (id !== undefined && id >= 0) ids.push(id);
    }
    this.#numbers(ids);
  }

  #names(names: List<string>): void {
    const { body, strings } = this.#out;
    body.varint(names.length);
    for (let i = 0; i < names.length; i++) body.varint(strings.indexOf(names[i]!));
  }

  #numbers(numbers: wire.Numbers): void {
    this.#out.body.varint(numbers.length);
    for (let i = 0; i < numbers.length; i++) this.#out.body.varint(numbers.values[i]!);
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
