/**
 * Parcels → graph, as it is touched. What a guest cannot run without comes in the first parcel: what the runtime holds its state with
 * (HeapOptions.structure), and everything that cannot be hollow on the way. Plain objects and arrays behind it are hollow (hollow.ts) until
 * something looks into them; then the parcels are read on until one describes them.
 * What cannot be hollow (functions, classes, promises, collections, dates, buffers, arrays with holes …) is made when its parcel is read,
 * which may be in the midst of the guest's run. The order of contents is free here as it is in decode.ts: no step runs guest code.
 */
import { types } from 'node:util';
import { GodwitError, messageOf } from '../base/index.js';
import { arrayOf, type Filler, fillElements, fillObject, HollowObjects } from './hollow.js';
import type { HeapOptions } from './options.js';
import { type ParcelContents, ParcelTables } from './parcel-tables.js';
import { type List, list, SafeMap, SafeSet, startsWith } from './primordials.js';
import { RecordDecoder } from './record-decoder.js';
import { formArray, formPlain, tagBuiltinChange } from './record-forms.js';
import { malformed } from './value-reader.js';
import { Numbers } from './wire.js';

const { floor, min } = Math;
const { isMap, isSet } = types;

/** Objects that fillSome makes whole in one batch. */
const batchObjects = 256;

const stateHollow = 1;
/** To be filled in this batch. */
const stateDue = 2;
const stateWhole = 3;

export interface PagedHeapOptions extends HeapOptions {
  /** The next parcel, if possible with object `wanted`; waits for it. It has more as long as none said that it is the last. */
  next(wanted: number | undefined): Uint8Array;
  /** What later parcels are read in: the guest may have changed the built-ins by then. */
  later?<T>(work: () => T): T;
  /** What a later parcel describes is there, with its contents. */
  finish?(): void;
  /** Is the guest to be made whole when it holds a built-in of this name? */
  takesApart?(name: string): boolean;
  /** Objects that come with one that is touched: what is described next to it. */
  neighbours?: number;
  /** A hollow object was asked for something that cannot be told of it: the guest must end. Without it an error is thrown. */
  lost?(reason: string): never;
  /** The last hollow object is whole. */
  drained?(): void;
}

export class PagedHeap extends RecordDecoder<ParcelTables> implements Filler {
  /** Hollow objects, with their ids. */
  readonly #hollow = new SafeMap<object, number>();
  readonly #hollows = new HollowObjects(this);
  /** By id; undefined: not made yet. */
  readonly #states: List<number> = list();
  readonly #paged: PagedHeapOptions;
  /** Plain objects and arrays, and generic ones, whose contents this batch still has to give. */
  readonly #duePlain = new Numbers();
  #dueGeneric: List<number> = list();
  /** Parcels that were read in the midst of a batch: what they describe is made after it. */
  #unmade: List<ParcelContents> = list();
  #inBatch = false;
  #creating = false;
  #isReading = false;
  /** Ids of plain objects and arrays that are described, in the order of parcels. */
  readonly #described = new Numbers();
  /** Behind which place there each id is. */
  readonly #placeOf: List<number> = list();
  /** Those before this place are whole. */
  #wholeUpTo = 0;
  #mustBeWhole = false;
  #isLoaded = false;
  /** Maps and Sets of the parcels that are being read. */
  readonly #madeNow = new SafeSet<object>();
  #isDrained = false;

  constructor(options: PagedHeapOptions) {
    super(new ParcelTables(options), options);
    this.#paged = options;
    this.tables.demand = (id) => this.#demand(id);
  }

  /** What the guest needs to run, from the first parcel. Gives the root, whole. */
  load(first: Uint8Array): unknown {
    const contents = this.#read(first);
    const { root } = this.tables;
    this.#make(contents);
    if (root.id >= 0) this.#batch(() => this.#dueNow(root.id));
    const changeBuiltins = () => {
      this.#batch(() => {
        for (let i = 0; i < contents.generic.length; i++) {
          const id = contents.generic.values[i]!;
          if (this.tables.makers[floor(this.tables.headOf(id) / 4)]!.tag === tagBuiltinChange) this.fill(id, 'built-ins');
        }
      });
    };
    if (this.options.changeLater) this.options.changeLater(changeBuiltins);
    else changeBuiltins();
    if (this.#mustBeWhole) this.fillAll();
    this.#isLoaded = true;
    return root.id >= 0 ? this.objects[root.id] : root.value;
  }

  /** Objects that are known and hollow. */
  get hollow(): number {
    return this.#hollow.size;
  }

  /** Gives a hollow object its content. False of every other object. */
  touch(object: object): boolean {
    const id = this.#hollow.get(object);
    if (id === undefined) return false;
    if (this.#inBatch) this.#fillPlain(id);
    else this.#orLost(() => this.#touch(id));
    return true;
  }

  #touch(id: number): void {
    while (!this.tables.describes(id)) this.#readOn(id);
    // What a parcel brought may have needed it whole.
    if (this.#states[id] !== stateWhole) this.#batch(() => this.#fillAround(id));
    if (this.#mustBeWhole) this.fillAll();
  }

  /** Whoever looks at one object will look at others, and a batch costs more than an object. */
  #fillAround(id: number): void {
    this.#fillPlain(id);
    const from = this.#placeOf[id]!;
    const end = min(from + (this.#paged.neighbours ?? 0), this.#described.length);
    for (let at = from; at < end; at++) this.#dueNow(this.#described.values[at]!);
  }

  /** Reads the next parcel, which nobody waits for. */
  add(parcel: Uint8Array): void {
    this.#orLost(() => {
      this.#take(parcel);
      if (this.#mustBeWhole) this.fillAll();
    });
  }

  /** Whether the guest may have used this collection, in the midst of whose run more objects are made. */
  isUsed(collection: object): boolean {
    return this.#isLoaded && !this.#madeNow.has(collection);
  }

  /** Makes about `count` more of the objects whole that are described; false when none of these are left. */
  fillSome(count: number): boolean {
    for (let due = 0; this.#wholeUpTo < this.#described.length && due < count; ) {
      this.#batch(() => {
        for (let inBatch = 0; this.#wholeUpTo < this.#described.length && inBatch < batchObjects; this.#wholeUpTo++) {
          const id = this.#described.values[this.#wholeUpTo]!;
          if (this.#states[id] === stateWhole) continue;
          this.#dueNow(id);
          inBatch++;
          due++;
        }
      });
    }
    const isLeft = this.#wholeUpTo < this.#described.length;
    if (!isLeft && this.tables.isComplete && !this.#isDrained) {
      this.#isDrained = true;
      this.#paged.drained?.();
    }
    return isLeft;
  }

  /** Makes everything whole. */
  fillAll(): void {
    this.#mustBeWhole = false;
    while (!this.tables.isComplete) this.#readOn(undefined);
    while (this.fillSome(Number.MAX_SAFE_INTEGER));
  }

  lost(what: string): never {
    return this.#lose(`A hollow object was asked for ${what}, and it cannot be told which`);
  }

  #lose(reason: string): never {
    if (this.#paged.lost) return this.#paged.lost(reason);
    throw new GodwitError('GODWIT_INTERNAL', reason);
  }

  /** The guest is in the midst of its code: it must not catch what it cannot have thrown. */
  #orLost(work: () => void): void {
    if (!this.#paged.lost) work();
    else {
      try {
        work();
      } catch (error) {
        this.#lose(messageOf(error));
      }
    }
  }

  protected override makePlain(id: number, form: number, detail: number): number {
    if (form === formPlain) {
      const shape = this.tables.shapePrototypes[detail]!;
      const factory = this.tables.factories[detail]!;
      const isMissing = shape.id >= 0 && this.objects[shape.id] === undefined;
      if (isMissing && !this.creating.has(shape.id)) return shape.id;
      if (isMissing) {
        // Its prototype needs it to be made: an ordinary object meanwhile.
        this.objects[id] = factory.blank();
        this.#due(id);
        return -1;
      }
      const prototype = this.tables.prototypeOf(detail);
      if (prototype !== null) this.needWhole(prototype);
      this.objects[id] = this.#hollows.object(factory, prototype);
    } else this.objects[id] = form === formArray ? this.#hollows.array(detail) : arrayOf(detail);
    if (form === formPlain || form === formArray) {
      this.#states[id] = stateHollow;
      this.#hollow.set(this.objects[id]!, id);
      if (form === formPlain && this.#isRuntimes(detail)) this.#due(id);
    } else this.#due(id);
    return -1;
  }

  protected override made(id: number): void {
    this.#dueGeneric[this.#dueGeneric.length] = id;
    this.#states[id] = stateDue;
    const object = this.objects[id]!;
    if (this.#isLoaded && (isMap(object) || isSet(object))) this.#madeNow.add(object);
  }

  protected override needWhole(object: unknown): void {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return;
    const id = this.#hollow.get(object);
    if (id !== undefined && this.#states[id] === stateHollow) this.#due(id);
  }

  // ---- parcels

  #readOn(wanted: number | undefined): void {
    if (this.tables.isComplete) malformed('an object that no parcel describes');
    this.#take(this.#paged.next(wanted));
  }

  /** What cannot be hollow is made. */
  #take(parcel: Uint8Array): void {
    this.#later(() => {
      this.#make(this.#read(parcel));
      this.#finish();
    });
  }

  #read(parcel: Uint8Array): ParcelContents {
    this.#isReading = true;
    try {
      const contents = this.tables.add(parcel);
      for (let i = 0; i < contents.plain.length; i++) {
        this.#described.push(contents.plain.values[i]!);
        this.#placeOf[contents.plain.values[i]!] = this.#described.length;
      }
      const { builtinNames } = this.tables;
      for (let i = contents.namesFrom; i < builtinNames.length; i++)
        if (this.#paged.takesApart?.(builtinNames[i]!)) this.#mustBeWhole = true;
      return contents;
    } finally {
      this.#isReading = false;
    }
  }

  #later<T>(work: () => T): T {
    return this.#paged.later ? this.#paged.later(work) : work();
  }

  #finish(): void {
    this.#paged.finish?.();
    this.#madeNow.clear();
  }

  #make({ generic, whole }: ParcelContents): void {
    this.#batch(() => {
      for (let i = 0; i < generic.length; i++) this.#ensure(generic.values[i]!);
      for (let i = 0; i < whole.length; i++) this.#dueNow(whole[i]!);
    });
  }

  // ---- batches

  /** Asked for while contents are read; what creation needs is made by ensure(), which has a stack of its own. */
  #demand(id: number): object | undefined {
    if (this.#creating || this.#isReading) return undefined;
    this.#ensure(id);
    return this.objects[id];
  }

  #ensure(id: number): void {
    const outer = this.#creating;
    this.#creating = true;
    try {
      this.ensure(id);
    } finally {
      this.#creating = outer;
    }
  }

  #dueNow(id: number): void {
    if (this.objects[id] === undefined) this.#ensure(id);
    if (this.#states[id] === stateHollow) this.#due(id);
  }

  #due(id: number): void {
    this.#states[id] = stateDue;
    this.#duePlain.push(id);
  }

  #batch(begin: () => void): void {
    if (this.#inBatch) malformed('a batch within a batch');
    this.#inBatch = true;
    try {
      begin();
      const generic = list<number>();
      while (this.#duePlain.length > 0 || this.#dueGeneric.length > 0) {
        while (this.#duePlain.length > 0) this.#fillPlain(this.#duePlain.values[--this.#duePlain.length]!);
        const due = this.#dueGeneric;
        this.#dueGeneric = list();
        for (let i = 0; i < due.length; i++) {
          this.fill(due[i]!, 'contents');
          generic[generic.length] = due[i]!;
        }
      }
      for (let i = 0; i < generic.length; i++) {
        this.fill(generic[i]!, 'specials');
        this.#states[generic[i]!] = stateWhole;
      }
    } finally {
      this.#inBatch = false;
    }
    // What specials read may have been new.
    if (this.#duePlain.length > 0 || this.#dueGeneric.length > 0) this.#batch(() => undefined);
    if (this.#unmade.length === 0) return;
    const unmade = this.#unmade;
    this.#unmade = list();
    this.#later(() => {
      for (let i = 0; i < unmade.length; i++) this.#make(unmade[i]!);
      this.#finish();
    });
  }

  #fillPlain(id: number): void {
    if (this.#states[id] === stateWhole) return;
    while (!this.tables.describes(id)) this.#unmade[this.#unmade.length] = this.#later(() => this.#read(this.#paged.next(id)));
    this.#states[id] = stateWhole;
    const object = this.objects[id]!;
    this.#hollow.delete(object);
    let reader = this.tables.at(id);
    const head = reader.varint();
    const detail = floor(head / 4);
    if ((head & 3) === formPlain) {
      const { id: prototype } = this.tables.shapePrototypes[detail]!;
      if (prototype >= 0 && this.objects[prototype] === undefined) {
        this.#ensure(prototype);
        reader = this.tables.at(id);
        reader.varint();
      }
      fillObject(object, this.tables.factories[detail]!, this.tables.prototypeOf(detail), reader);
      if (this.#isRuntimes(detail)) this.#wholeParts(id);
    } else fillElements(object as unknown[], detail, reader);
  }

  /** The runtime takes its own objects apart in ways of its own, one level deep. */
  #wholeParts(id: number): void {
    const reader = this.tables.at(id);
    const { keys } = this.tables.factories[floor(reader.varint() / 4)]!;
    for (let i = 0; i < keys.length; i++) this.needWhole(reader.value());
  }

  #isRuntimes(shape: number): boolean {
    const { value } = this.tables.shapePrototypes[shape]!;
    if (typeof value !== 'object' || value === null) return false;
    const name = this.options.builtins.nameOf(value);
    return name !== undefined && startsWith(name, 'godwit:');
  }
}
