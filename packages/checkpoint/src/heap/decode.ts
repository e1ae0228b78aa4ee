/**
 * Pages → graph, in this order: everything that others need before they can be made (generic records, prototypes, creation parts),
 * then plain objects and arrays (whole-objects.ts), then references in circles, then contents and own properties of the rest,
 * then what specials fill, then the guest's changes to built-ins.
 * It runs in a realm where no guest code has run yet. Pages were verified before they came here (image/): a malformed page is
 * still refused, with GODWIT_CANNOT_RESTORE, but is not searched for.
 */
import { ImageTables } from './image-tables.js';
import type { HeapOptions } from './options.js';
import { setPrototypeOf } from './primordials.js';
import { RecordDecoder } from './record-decoder.js';
import { formPlain } from './record-forms.js';
import { fillArray, WholeObjects } from './whole-objects.js';
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
  readonly #whole: WholeObjects;

  constructor(tables: ImageTables, options: HeapOptions) {
    super(tables, options);
    this.#whole = new WholeObjects(tables);
  }

  decode(): unknown {
    const { generic, shapePrototypes, root } = this.tables;
    for (let i = 0; i < generic.length; i++) this.ensure(generic.values[i]!);
    for (let s = 0; s < shapePrototypes.length; s++) {
      const { id } = shapePrototypes[s]!;
      if (id >= 0) this.ensure(id);
    }
    this.#makeRest();
    for (let i = 0; i < this.#blanks.length; i++) this.#fillBlank(this.#blanks.values[i]!);
    this.#whole.patch((id) => this.objects[id]!);
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

  /** Plain objects and arrays. */
  #makeRest(): void {
    const whole = this.#whole;
    const { objects, count } = this.tables;
    this.tables.demand = (id) => (whole.isDeep || whole.isBegun(id) ? undefined : whole.make(id));
    for (let id = 0; id < count; id++) if (objects[id] === undefined) whole.make(id);
    this.tables.demand = undefined;
  }

  /** Fills an object that something needed before its turn. Every object exists now. */
  #fillBlank(id: number): void {
    const reader = this.tables.at(id);
    const head = reader.varint();
    const object = this.objects[id]!;
    if ((head & 3) !== formPlain) {
      fillArray(object as unknown[], reader, floor(head / 4));
      return;
    }
    const shape = floor(head / 4);
    this.tables.factories[shape]!.fill(object, reader);
    const prototype = this.tables.prototypeOf(shape);
    if (prototype !== ObjectPrototype) setPrototypeOf(object, prototype);
  }
}
