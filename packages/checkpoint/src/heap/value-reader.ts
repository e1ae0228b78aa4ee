/**
 * Reads values of a page or parcel back: the inverse of GraphWriter.value. A reference to an object that does not exist yet reads as undefined
 * and is noted, so that the decoder can make the object first or patch the reference afterwards.
 */
import { GodwitError } from '../base/index.js';
import { type List, slice, startsWith } from './primordials.js';
import * as wire from './wire.js';

const bigInt = BigInt;

/** What values refer to. */
export interface HeapTables {
  readonly objects: List<object>;
  readonly builtins: List<object>;
  readonly symbols: List<symbol>;
  blob(id: number): unknown;
  /** Makes an object that does not exist yet, if it can be made now. Readers may stand elsewhere afterwards. */
  readonly demand: ((id: number) => object | undefined) | undefined;
}

/** Where values are read from, and what a reference that does not exist yet left behind. */
export class ValueReader extends wire.ByteReader {
  readonly #heap: HeapTables;
  /** Id of the last reference that had no object yet, or -1. */
  missing = -1;

  constructor(bytes: Uint8Array, heap: HeapTables) {
    super(bytes);
    this.#heap = heap;
  }

  value(): unknown {
    const tag = this.varint();
    const payload = tag < 0x80000000 ? tag >>> 3 : (tag - (tag & 7)) / 8;
    switch (tag & 7) {
      case wire.valueInteger:
        return (payload >>> 1) ^ -(payload & 1);
      case wire.valueString:
        return this.strings[payload];
      case wire.valueReference: {
        const object = this.#heap.objects[payload];
        return object === undefined ? this.#absent(payload) : object;
      }
      case wire.valueBuiltin:
        return this.#heap.builtins[payload];
      case wire.valueSymbol:
        return this.#heap.symbols[payload];
      case wire.valueLargeString:
        return this.#heap.blob(payload);
      case wire.valueBigInteger:
        return bigOf(this.strings[payload]!);
      default:
        return this.#constant(payload);
    }
  }

  #absent(id: number): object | undefined {
    const { at, missing } = this;
    const made = this.#heap.demand?.(id);
    this.at = at;
    this.missing = made === undefined ? id : missing;
    return made;
  }

  /** Whether the next value is a hole, which is then skipped. */
  hole(): boolean {
    if (this.bytes[this.at] !== wire.constantHole * 8 + wire.valueConstant) return false;
    this.at++;
    return true;
  }

  #constant(payload: number): unknown {
    switch (payload) {
      case wire.constantUndefined:
        return undefined;
      case wire.constantNull:
        return null;
      case wire.constantTrue:
        return true;
      case wire.constantFalse:
        return false;
      case wire.constantDouble:
        return this.double();
      case wire.constantBytes:
        return this.raw(this.varint());
      default:
        return malformed('unknown constant');
    }
  }
}

function bigOf(hexadecimal: string): bigint {
  return startsWith(hexadecimal, '-') ? -bigInt(`0x${slice(hexadecimal, 1)}`) : bigInt(`0x${hexadecimal}`);
}

/** Refuses pages that do not hold together. */
export function malformed(what: string): never {
  throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot restore heap pages: malformed (${what})`);
}
