/**
 * Bytes of one page: varints, doubles, values, and a string table of the page's own.
 *
 *   record page   01 firstId count bodyLength stringCount latinLength wideLength
 *                 recordLength* body (stringLength*2+wide)* latin1Text utf16Text
 *   blob page     02 raw bytes          (one large buffer or string, see Blobs in encode.ts)
 *   03 and 04     the meta page (image-writer.ts), a parcel (parcel-writer.ts)
 *   value         varint(payload * 8 + kind), kinds below; doubles and big integers follow their tag
 *
 * A record can be found by id and read alone, given its page and the meta page (shapes, names, symbols).
 */
import { Buffer } from 'node:buffer';
import { limits } from '../limits.js';
import {
  bare,
  bytesLength,
  bytesPart,
  bytesSet,
  charCodeAt,
  type List,
  list,
  reflectDefine,
  slice,
  uncurry,
} from './primordials.js';

// Value kinds, in the low three bits of a tag. Plain constants: they are read in the hottest loops.
export const valueConstant = 0;
export const valueInteger = 1;
export const valueString = 2;
export const valueReference = 3;
export const valueBuiltin = 4;
export const valueSymbol = 5;
export const valueLargeString = 6;
export const valueBigInteger = 7;

// Payloads of valueConstant.
export const constantUndefined = 0;
export const constantNull = 1;
export const constantTrue = 2;
export const constantFalse = 3;
export const constantHole = 4;
export const constantDouble = 5;
export const constantBytes = 6;

// The second byte of a blob page.
export const blobLatin = 0;
export const blobWide = 1;
export const blobBytes = 2;

export const pageRecords = 1;
export const pageBlob = 2;
export const pageMeta = 3;
export const pageParcel = 4;

type BufferText = (self: Uint8Array, from: number, to: number) => string;
type BufferWrite = (self: Uint8Array, text: string, at: number, size: number) => number;
// Node's own fast paths between bytes and one-byte or two-byte strings: methods of Buffer.prototype in every supported version,
// and they take any Uint8Array.
const bufferMethods = Buffer.prototype as unknown as Record<string, (this: Uint8Array, ...args: never[]) => unknown>;
const latin1Write = uncurry(bufferMethods.latin1Write!) as unknown as BufferWrite;
const ucs2Write = uncurry(bufferMethods.ucs2Write!) as unknown as BufferWrite;
const latin1Slice = uncurry(bufferMethods.latin1Slice!) as unknown as BufferText;
const ucs2Slice = uncurry(bufferMethods.ucs2Slice!) as unknown as BufferText;
const { floor } = Math;
const utf8Size = Buffer.byteLength;
const Bytes = Uint8Array;
const Words = Uint32Array;
const wordsSet = uncurry(Uint32Array.prototype.set) as unknown as (self: Uint32Array, from: Uint32Array) => void;

const scratchDouble = new Float64Array(1);
const scratchBytes = new Uint8Array(scratchDouble.buffer);

/**
 * Bytes that texts are written into. Newer Nodes' write methods read `this.byteLength`, a getter the guest may have patched: an own
 * property stands before it.
 */
function textTarget(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Bytes(size);
  reflectDefine(bytes, 'byteLength', bare({ value: size }));
  return bytes;
}

/** A growing byte string; it starts small enough to grow in every rehearsal (guest/rehearsal.ts), else V8 takes `bytes` for a constant. */
export class ByteWriter {
  #capacity = limits.heapPageBytes / 8;
  bytes = textTarget(this.#capacity);
  at = 0;

  reserve(more: number): void {
    if (this.at + more <= this.#capacity) return;
    this.#capacity = (this.at + more) * 2;
    const grown = textTarget(this.#capacity);
    bytesSet(grown, bytesPart(this.bytes, 0, this.at));
    this.bytes = grown;
  }

  varint(value: number): void {
    if (this.at + 8 > this.#capacity) this.reserve(8);
    const { bytes } = this;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[this.at++] = (rest % 128) | 128;
      rest = floor(rest / 128);
    }
    while (rest > 127) {
      bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[this.at++] = rest;
  }

  double(value: number): void {
    this.reserve(8);
    scratchDouble[0] = value;
    for (let i = 0; i < 8; i++) this.bytes[this.at++] = scratchBytes[i]!;
  }

  raw(from: Uint8Array): void {
    const size = bytesLength(from);
    this.reserve(size);
    bytesSet(this.bytes, from, this.at);
    this.at += size;
  }

  text(text: string, wide: boolean): void {
    const size = wide ? text.length * 2 : text.length;
    this.reserve(size);
    if (wide) ucs2Write(this.bytes, text, this.at, size);
    else latin1Write(this.bytes, text, this.at, size);
    this.at += size;
  }

  /** What was written so far, not copied. */
  written(): Uint8Array {
    return bytesPart(this.bytes, 0, this.at);
  }

  /** A copy of what was written; the writer can be used again from the start. */
  take(): Uint8Array {
    const taken = new Bytes(this.at);
    bytesSet(taken, bytesPart(this.bytes, 0, this.at));
    this.at = 0;
    return taken;
  }
}

/** Slots of the string cache; a power of two. */
const cacheSlots = 4096;

/**
 * The string table of a page under construction. Repeated strings are found through a small direct-mapped cache: a collision
 * costs a duplicate in the page, never a wrong string, and the cache costs a tenth of a Map.
 */
export class StringTable {
  readonly #cached: List<string> = list();
  readonly #cachedIndex = new Words(cacheSlots);
  #all: List<string> = list();
  #text = '';

  constructor() {
    for (let i = 0; i < cacheSlots; i++) this.#cached[i] = '';
  }

  get characters(): number {
    return this.#text.length;
  }

  indexOf(text: string): number {
    const { length } = text;
    let slot = length;
    if (length > 0) {
      slot = length * 31 + charCodeAt(text, 0) + charCodeAt(text, length - 1) * 37 + charCodeAt(text, length >> 1) * 257;
      if (length > 3) slot += charCodeAt(text, length - 2) * 1021 + charCodeAt(text, length - 3) * 67;
    }
    slot &= cacheSlots - 1;
    const at = this.#cachedIndex[slot]!;
    if (at < this.#all.length && this.#cached[slot] === text && this.#all[at] === text) return at;
    const index = this.#all.length;
    this.#cached[slot] = text;
    this.#cachedIndex[slot] = index;
    this.#all[index] = text;
    this.#text += text;
    return index;
  }

  /** Writes count and lengths, then both texts. */
  write(out: ByteWriter): void {
    let latin = this.#text;
    let wide = '';
    const isWide = isLatin1(latin) ? undefined : list<boolean>();
    if (isWide) {
      latin = '';
      for (let i = 0; i < this.#all.length; i++) {
        const text = this.#all[i]!;
        isWide[i] = hasWide(text);
        if (isWide[i]) wide += text;
        else latin += text;
      }
    }
    out.varint(this.#all.length);
    out.varint(latin.length);
    out.varint(wide.length);
    for (let i = 0; i < this.#all.length; i++) out.varint(this.#all[i]!.length * 2 + (isWide?.[i] ? 1 : 0));
    out.text(latin, false);
    out.text(wide, true);
    if (this.#all.length > 0) {
      this.#all = list();
      this.#text = '';
    }
  }
}

let latinScratch = new Uint8Array(0);
let latinScratchBytes = 0;
/** Whether every code unit is below 256: ASCII by its UTF-8 size, else writes one byte each and compares what comes back. */
export function isLatin1(text: string): boolean {
  if (text.length < 64) return !hasWide(text);
  if (utf8Size(text) === text.length) return true;
  if (latinScratchBytes < text.length) {
    latinScratchBytes = text.length * 2;
    latinScratch = textTarget(latinScratchBytes);
  }
  latin1Write(latinScratch, text, 0, text.length);
  return latin1Slice(latinScratch, 0, text.length) === text;
}

function hasWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (charCodeAt(text, i) > 255) return true;
  return false;
}

/** A growing list of small unsigned numbers without boxing. */
export class Numbers {
  #capacity = 1024;
  values = new Words(this.#capacity);
  length = 0;

  push(value: number): void {
    if (this.length === this.#capacity) {
      this.#capacity *= 2;
      const grown = new Words(this.#capacity);
      wordsSet(grown, this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}

/** Reads what ByteWriter wrote. Bounds are checked by `end`, since pages are verified before they are parsed. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  strings: List<string> = list();

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = bytes[this.at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value;
  }

  double(): number {
    for (let i = 0; i < 8; i++) scratchBytes[i] = this.bytes[this.at++]!;
    return scratchDouble[0]!;
  }

  raw(length: number): Uint8Array {
    const part = bytesPart(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }

  text(characters: number, wide: boolean): string {
    const from = this.at;
    this.at += wide ? characters * 2 : characters;
    return wide ? ucs2Slice(this.bytes, from, this.at) : latin1Slice(this.bytes, from, this.at);
  }

  /** Reads a string table at the current place. */
  readStrings(): void {
    const count = this.varint();
    const latinLength = this.varint();
    const wideLength = this.varint();
    const lengths = new Words(count);
    for (let i = 0; i < count; i++) lengths[i] = this.varint();
    const latin = this.text(latinLength, false);
    const wide = this.text(wideLength, true);
    let latinAt = 0;
    let wideAt = 0;
    for (let i = 0; i < count; i++) {
      const size = lengths[i]! >>> 1;
      if (lengths[i]! & 1) this.strings[i] = slice(wide, wideAt, (wideAt += size));
      else this.strings[i] = slice(latin, latinAt, (latinAt += size));
    }
  }
}

/** Copies bytes into a page. */
export function copyBytes(into: Uint8Array, from: Uint8Array, at: number): void {
  bytesSet(into, from, at);
}
