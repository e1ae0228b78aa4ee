/**
 * Pages → graph, in this order: everything that others need before they can be made (generic records, prototypes, creation parts),
 * then plain objects and arrays from the last to the first, then references that pointed backwards, then contents and own
 * properties of the rest, then what specials fill, then the guest's changes to built-ins.
 * Why backwards: an object's children mostly have higher ids than it, so they exist and a literal can be built whole.
 * It runs in a realm where no guest code has run yet. Pages were verified before they came here (image/): a malformed page is
 * still refused, with GODWIT_CANNOT_RESTORE, but is not searched for.
 */
import { ImageTables } from './image-tables.js';
import type { HeapOptions } from './options.js';
import { plainProperty } from './own-properties.js';
import { type List, list, reflectDefine, setPrototypeOf } from './primordials.js';
import { RecordDecoder } from './record-decoder.js';
import { formPlain } from './record-forms.js';
import type { ShapeFactory } from './shape-factories.js';
import type { ValueReader } from './value-reader.js';
import { Numbers } from './wire.js';

const { floor } = Math;
const ObjectPrototype = Object.prototype;

/** Rebuilds what encodeHeap saved. Throws GODWIT_CANNOT_RESTORE when this realm lacks a built-in or a special kind. */
export function decodeHeap(pages: readonly Uint8Array[], options: HeapOptions): unknown {
  return new Decoder(new ImageTables(pages, options), options).decode();
}

class Decoder extends RecordDecoder<ImageTables> {
  /** Made before their turn, for what needed them; to be filled. */
  readonly #blanks = new Numbers();
  readonly #patches: List<{ object: object; key: PropertyKey; id: number }> = list();

  decode(): unknown {
    const { generic, shapePrototypes, factories, root } = this.tables;
    for (let i = 0; i < generic.length; i++) this.ensure(generic.values[i]!);
    for (let s = 0; s < shapePrototypes.length; s++) {
      const { id } = shapePrototypes[s]!;
      if (id >= 0) this.ensure(id);
    }
    for (let s = 0; s < shapePrototypes.length; s++) factories[s]!.prototype = this.tables.prototypeOf(s);
    this.#buildPlain();
    for (let i = 0; i < this.#blanks.length; i++) this.#fillBlank(this.#blanks.values[i]!);
    for (let i = 0; i < this.#patches.length; i++) {
      const { object, key, id } = this.#patches[i]!;
      reflectDefine(object, key, plainProperty(this.objects[id]));
    }
    for (let i = 0; i < generic.length; i++) this.fill(generic.values[i]!, 'contents');
    for (let i = 0; i < generic.length; i++) this.fill(generic.values[i]!, 'specials');
    const changeBuiltins = () => {
      for (let i = 0; i < generic.length; i++) this.fill(generic.values[i]!, 'built-ins');
    };
    if (this.options.changeLater) this.options.changeLater(changeBuiltins);
    else changeBuiltins();
    return root.id >= 0 ? this.objects[root.id] : root.value;
  }

  protected override makePlain(id: number, form: number, detail: number): number {
    this.objects[id] = form === formPlain ? this.tables.factories[detail]!.blank() : [];
    this.#blanks.push(id);
    return -1;
  }

  protected override made(): void {}

  protected override needWhole(): void {}

  // ---- plain objects and arrays

  #buildPlain(): void {
    const { objects } = this;
    const { factories, readers, pageOf, offsetOf } = this.tables;
    let page = -1;
    let reader: ValueReader | undefined;
    for (let id = this.tables.count - 1; id >= 0; id--) {
      if (objects[id] !== undefined) continue;
      if (pageOf[id] !== page) {
        page = pageOf[id]!;
        reader = readers[page]!;
      }
      reader!.at = offsetOf[id]!;
      reader!.missing = -1;
      const head = reader!.varint();
      const detail = head < 0x80000000 ? head >>> 2 : floor(head / 4);
      if ((head & 3) === formPlain) {
        const factory = factories[detail]!;
        const object = factory.make(reader!);
        if (factory.prototype !== ObjectPrototype) setPrototypeOf(object, factory.prototype);
        if (reader!.missing >= 0) this.#patchPlain(object, factory, reader!, id);
        objects[id] = object;
      } else objects[id] = this.#fillArray([], reader!, detail);
    }
  }

  #patchPlain(object: object, factory: ShapeFactory, reader: ValueReader, id: number): void {
    reader.at = this.tables.offsetOf[id]!;
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
  #fillBlank(id: number): void {
    const reader = this.tables.at(id);
    const head = reader.varint();
    const object = this.objects[id]!;
    if ((head & 3) !== formPlain) {
      this.#fillArray(object as unknown[], reader, floor(head / 4));
      return;
    }
    const factory = this.tables.factories[floor(head / 4)]!;
    factory.fill(object, reader);
    if (factory.prototype !== ObjectPrototype) setPrototypeOf(object, factory.prototype);
  }
}
