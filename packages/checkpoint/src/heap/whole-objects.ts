/**
 * Makes plain objects and arrays, contents and all, each with what it refers to: what one object holds lies together in memory then, as it did
 * when the program made it (docs/adr/0019).
 * What refers to an object that is being made, or is too deep, gets it afterwards (patch).
 */
import { limits } from '../limits.js';
import { arrayFrom, literalElements } from './array-factories.js';
import type { DecoderTables } from './decoder-tables.js';
import { type List, list, setPrototypeOf, sliceArray } from './primordials.js';
import { formHoley, formPlain } from './record-forms.js';
import type { ValueReader } from './value-reader.js';

const { floor } = Math;
const ObjectPrototype = Object.prototype;

export class WholeObjects {
  readonly #tables: DecoderTables;
  /** Ids of what is being made; the first #depth are. */
  readonly #begun: List<number> = list();
  #depth = 0;
  /** What arrays that are being made will hold, by depth. */
  readonly #values: List<List<unknown>> = list();
  #patches: List<{ object: object; key: PropertyKey; id: number }> = list();

  constructor(tables: DecoderTables) {
    this.#tables = tables;
  }

  get isMaking(): boolean {
    return this.#depth > 0;
  }

  /** Something that was made does not refer to all that it should. */
  get isLeft(): boolean {
    return this.#patches.length > 0;
  }

  get isDeep(): boolean {
    return this.#depth === limits.decodeDepth;
  }

  /** Whether the object is being made: it will exist. */
  isBegun(id: number): boolean {
    for (let i = 0; i < this.#depth; i++) if (this.#begun[i] === id) return true;
    return false;
  }

  /** Of what does not exist and is not begun; its record is here, and the prototype of its shape exists. */
  make(id: number): object {
    this.#begun[this.#depth++] = id;
    const reader = this.#tables.at(id);
    reader.missing = -1;
    const head = reader.varint();
    const detail = floor(head / 4);
    let object: object;
    if ((head & 3) === formPlain) {
      const factory = this.#tables.factories[detail]!;
      object = factory.make(reader);
      const prototype = this.#tables.prototypeOf(detail);
      if (prototype !== ObjectPrototype) setPrototypeOf(object, prototype);
      if (reader.missing >= 0) this.#patchPlain(object, factory.keys, id);
    } else {
      object = this.#array(reader, detail, (head & 3) === formHoley);
      if (reader.missing >= 0) this.#patchArray(object, id);
    }
    this.#tables.objects[id] = object;
    this.#depth--;
    return object;
  }

  /** Everything that was made refers to what it should then. `objectOf` gives any object that did not exist. */
  patch(objectOf: (id: number) => object): void {
    while (this.#patches.length > 0) {
      const patches = this.#patches;
      this.#patches = list();
      for (let i = 0; i < patches.length; i++) {
        const { object, key, id } = patches[i]!;
        store(object, key, objectOf(id));
      }
    }
  }

  #array(reader: ValueReader, length: number, isHoley: boolean): unknown[] {
    if (isHoley || length > literalElements) {
      const array: unknown[] = [];
      fillArray(array, reader, length);
      return isHoley ? array : sliceArray(array);
    }
    this.#values[this.#depth] ??= list();
    const values = this.#values[this.#depth]!;
    for (let i = 0; i < length; i++) values[i] = reader.value();
    return arrayFrom(values, length);
  }

  #patchPlain(object: object, keys: List<string>, id: number): void {
    const reader = this.#tables.at(id);
    reader.varint();
    for (let i = 0; i < keys.length; i++) this.#patchValue(object, keys[i]!, reader);
  }

  #patchArray(array: object, id: number): void {
    const reader = this.#tables.at(id);
    const length = floor(reader.varint() / 4);
    for (let i = 0; i < length; i++) if (!reader.hole()) this.#patchValue(array, i, reader);
  }

  #patchValue(object: object, key: PropertyKey, reader: ValueReader): void {
    reader.missing = -1;
    const value = reader.value();
    // What came to exist meanwhile is not missing any more.
    if (reader.missing < 0) store(object, key, value);
    else this.#patches[this.#patches.length] = { object, key, id: reader.missing };
  }
}

/** The object has the property: no setter sees this. */
function store(object: object, key: PropertyKey, value: unknown): void {
  (object as Record<PropertyKey, unknown>)[key] = value;
}

/** The contents of an array that has none. */
export function fillArray(array: unknown[], reader: ValueReader, length: number): void {
  for (let i = 0; i < length; i++) if (!reader.hole()) array[i] = reader.value();
  if (array.length !== length) array.length = length;
}
