/**
 * Parcels → graph, as it is touched. What a guest cannot run without comes in the first parcel: what the runtime holds its state with
 * (HeapOptions.structure), and everything that cannot be hollow on the way. Plain objects, arrays, Maps and Sets behind it are hollow
 * (hollow.ts) until something looks into them; then the parcels are read on until one describes them, or the piece that is looked at.
 * When there is time, what is described is made whole in the order of parcels (fillSome). What the guest asks for and cannot have ends it
 * with a reason: it catches nothing of this.
 * What cannot be hollow (functions, classes, promises, dates, buffers, small arrays with holes …) is made when its parcel is read,
 * which may be in the midst of the guest's run. The order of contents is free here as it is in decode.ts: no step runs guest code.
 */
import { types } from 'node:util';
import { GodwitError, messageOf } from '../base/index.js';
import { literalElements } from './array-factories.js';
import { addEntries, arrayOf, type Filler, fillElements, fillObject, fillPiece, HollowObjects, reveal } from './hollow.js';
import { LateCollection, type LateHeap } from './late-collection.js';
import { ObjectNumbers } from './object-numbers.js';
import type { HeapOptions } from './options.js';
import { type ParcelContents, ParcelTables, type Pieces } from './parcel-tables.js';
import { Places } from './places.js';
import { type List, list, SafeMap, startsWith } from './primordials.js';
import { RecordDecoder } from './record-decoder.js';
import { formArray, formGeneric, formPlain, tagBuiltinChange } from './record-forms.js';
import { malformed } from './value-reader.js';
import { WholeObjects } from './whole-objects.js';
import { Numbers } from './wire.js';
import type { QuestionKey, Wish } from './wish.js';

const { isArray } = Array;
const { floor } = Math;
const { isMap, isSet } = types;

/** Objects that fillSome makes whole in one batch. */
const batchObjects = 256;

const stateHollow = 1;
/** To be filled in this batch. */
const stateDue = 2;
const stateWhole = 3;

/**
 * Calls that must fit on the stack before an object gets its content: reading parcels, making functions and classes takes some. Where they
 * do not, the guest gets V8's own error now, which it would have got a little later.
 */
const room = 1_000;
const depth = (calls: number): number => (calls === 0 ? 0 : 1 + depth(calls - 1));

export interface PagedHeapOptions extends HeapOptions {
  /** The next parcel, if possible with what is wanted; waits for it. It has more as long as none said that it is the last. */
  next(wanted: Wish | undefined): Uint8Array;
  /**
   * What a hollow Map or Set with this prototype answers to the look-up of a method, which asks late() or touch() first, or of `size` with a
   * getter; undefined: it must be whole.
   */
  methodOf?(prototype: object, key: PropertyKey): ((this: object, ...given: unknown[]) => unknown) | undefined;
  /** What later parcels are read in: the guest may have changed the built-ins by then. */
  later?<T>(work: () => T): T;
  /** What a later parcel describes is there, with its contents. */
  finish?(): void;
  /** Objects that come with one that is touched: what it refers to, and what is described next to it. */
  neighbours?: number;
  /** A hollow object was asked for something that cannot be told of it: the guest must end. Without it an error is thrown. */
  lost?(reason: string): never;
  /** A hollow object was touched, and is whole. */
  touched?(): void;
  /** The last hollow object is whole; `functions` are those that came. */
  drained?(functions: List<object>): void;
}

export class PagedHeap extends RecordDecoder<ParcelTables> implements Filler {
  /** Hollow objects, with their ids. */
  readonly #hollow = new ObjectNumbers();
  readonly #hollows = new HollowObjects(this);
  /** By id; undefined: not made yet. */
  readonly #states: List<number> = list();
  readonly #paged: PagedHeapOptions;
  /** Plain objects and arrays, and generic ones, whose contents this batch still has to give. */
  readonly #duePlain = new Numbers();
  #dueGeneric: List<number> = list();
  /** Parcels that were read in the midst of a batch: what they describe is made after it. */
  #unmade: List<ParcelContents> = list();
  readonly #whole: WholeObjects;
  /** How many more objects get their contents in this batch that nobody asked for. */
  #budget = 0;
  #inBatch = false;
  #creating = false;
  #isReading = false;
  /** Ids of what is described and was hollow when that was read, in the order of parcels. */
  readonly #described = new Numbers();
  /** Behind which place there each id is. */
  readonly #placeOf: List<number> = list();
  /** Those before this place are whole. */
  #wholeUpTo = 0;
  #mustBeWhole = false;
  /** By id of what comes in pieces: how many of these are in their place. */
  readonly #piecesIn: List<number> = list();
  #isDrained = false;
  readonly #functions: List<object> = list();
  /** Maps and Sets that were used before they were whole. */
  readonly #lates = new SafeMap<object, LateCollection>();
  /** Numbered; and the answer to the last, one more than a place. */
  #questions = 0;
  #answer: number | undefined;
  /** Where iterators stand in collections that the guest uses already. */
  readonly places = new Places();

  constructor(options: PagedHeapOptions) {
    super(new ParcelTables(options), options);
    this.#paged = options;
    this.#whole = new WholeObjects(this.tables);
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
    return root.id >= 0 ? this.objects[root.id] : root.value;
  }

  /** The guest is about to run, with what load() gave: makes everything whole if that is what it needs. */
  begin(): void {
    this.#orLost(() => this.#heed());
  }

  /** Objects that are known and hollow. */
  get hollow(): number {
    return this.#hollow.size;
  }

  /** Gives a hollow object its content. False of every other object. */
  touch(object: object): boolean {
    const id = this.#hollow.get(object);
    if (id === undefined) return false;
    const pieces = this.tables.piecesOf.get(id);
    if (this.#inBatch) this.#fillPlain(id);
    else if (pieces === undefined) this.#forGuest(() => this.#touch(id));
    else
      this.#forGuest(() => {
        for (let i = 0; i < pieces.count; i++) this.#touch(pieces.first + i);
      });
    return true;
  }

  /** The same of the piece of a large array in which this element is. */
  touchAt(array: object, index: number): void {
    const id = this.#hollow.get(array);
    const pieces = id === undefined ? undefined : this.tables.piecesOf.get(id);
    if (pieces === undefined || index >= pieces.values) return;
    const piece = pieces.first + floor(index / pieces.each);
    if (this.#states[piece] === stateWhole) return;
    if (this.#inBatch) this.#fillPlain(piece);
    else this.#forGuest(() => this.#touch(piece));
  }

  /** The same of everything that there is. */
  touchAll(): void {
    this.#forGuest(() => this.fillAll());
  }

  /** Of a Map or Set that comes in pieces and is not whole: what answers in its place. */
  late(collection: object): LateCollection | undefined {
    const id = this.#inBatch ? undefined : this.#hollow.get(collection);
    const pieces = id === undefined ? undefined : this.tables.piecesOf.get(id);
    if (pieces === undefined || isArray(collection)) return undefined;
    let late = this.#lates.get(collection);
    if (late === undefined) {
      late = new LateCollection(collection, id!, pieces, this.#forLate());
      this.#lates.set(collection, late);
    }
    if (!late.isWorn) return late;
    this.touch(collection);
    return undefined;
  }

  /** The same, when it has learned of a key. */
  learned(collection: object, key: unknown): LateCollection | undefined {
    const late = this.late(collection);
    if (late === undefined) return undefined;
    this.#forGuest(() => late.learn(key));
    return late.isOver ? undefined : late;
  }

  methodOf(prototype: object, key: PropertyKey): ((this: object) => unknown) | undefined {
    return this.#paged.methodOf?.(prototype, key);
  }

  #forLate(): LateHeap {
    return {
      open: (piece) => {
        if (!this.tables.describes(piece)) return undefined;
        const reader = this.tables.at(piece);
        return { count: floor(reader.varint() / 4), reader };
      },
      reading: (work) => this.#orLost(() => this.#batch(work)),
      bring: (piece) => {
        while (!this.tables.describes(piece)) this.#readOn(piece);
      },
      ask: (collection, key) => this.#ask(collection, key),
    };
  }

  #ask(collection: number, key: QuestionKey): number | undefined {
    const number = ++this.#questions;
    this.#answer = undefined;
    while (this.#answer === undefined && !this.tables.isComplete) this.#readOn({ number, collection, key });
    return this.#answer;
  }

  #touch(id: number): void {
    while (!this.tables.describes(id)) this.#readOn(id);
    // What a parcel brought may have needed it whole.
    if (this.#states[id] !== stateWhole) this.#batch(() => this.#fillAround(id));
    this.#paged.touched?.();
  }

  /** Whoever looks at one object will look at others, and a batch costs more than an object. */
  #fillAround(id: number): void {
    this.#fillPlain(id);
    for (let at = this.#placeOf[id]!; at < this.#described.length && this.#budget > 0; at++)
      this.#fillDescribed(this.#described.values[at]!);
  }

  /** Reads the next parcel, which nobody waits for. */
  add(parcel: Uint8Array): void {
    this.#orLost(() => {
      this.#take(parcel);
      this.#heed();
    });
  }

  /** Whether a prototype is what hollow objects inherit from in the place of theirs. */
  isStandIn(prototype: unknown): boolean {
    return this.#hollows.isStandIn(prototype);
  }

  /** Makes about `count` more of the objects whole that are described; false when none of these are left. */
  fillSome(count: number): boolean {
    if (this.#wholeUpTo < this.#described.length) this.#later(() => this.#fillNext(count));
    const isLeft = this.#wholeUpTo < this.#described.length;
    if (!isLeft && this.tables.isComplete && !this.#isDrained) {
      this.#isDrained = true;
      this.#paged.drained?.(this.#functions);
    }
    return isLeft;
  }

  #fillNext(count: number): void {
    for (let filled = 0; this.#wholeUpTo < this.#described.length && filled < count; filled += batchObjects - this.#budget) {
      this.#batch(() => {
        for (; this.#wholeUpTo < this.#described.length && this.#budget > 0; this.#wholeUpTo++) {
          this.#fillDescribed(this.#described.values[this.#wholeUpTo]!);
        }
      }, batchObjects);
    }
  }

  #fillDescribed(id: number): void {
    if (this.#states[id] === stateWhole) return;
    this.#exist(id);
    if (this.#states[id] === stateWhole) return;
    this.#budget--;
    this.#fillPlain(id);
  }

  /** Makes everything whole, for the runtime. */
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

  /** What the guest asks for in the midst of its code. */
  #forGuest(work: () => void): void {
    depth(room);
    this.#orLost(() => {
      work();
      this.#heed();
    });
  }

  /** A parcel may have said that the guest cannot run on with anything hollow. */
  #heed(): void {
    if (this.#mustBeWhole) this.fillAll();
  }

  /** The guest must not catch what it cannot have thrown. */
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
    if (form === formGeneric) return this.#makeCollection(id, this.tables.makers[detail]!.tag === 'Map');
    if (form === formPlain) {
      const shape = this.tables.shapePrototypes[detail]!;
      const factory = this.tables.factories[detail]!;
      const isMissing = !this.#hasPrototype(detail);
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
    } else if (this.tables.piecesOf.has(id)) this.objects[id] = this.#hollows.largeArray(detail);
    else this.objects[id] = form === formArray ? this.#hollows.array(detail) : arrayOf(detail);
    if (form === formPlain || form === formArray) {
      this.#states[id] = stateHollow;
      this.#hollow.add(this.objects[id]!, id);
      if (form === formPlain && this.#isRuntimes(detail)) this.#due(id);
    } else this.#due(id);
    return -1;
  }

  #makeCollection(id: number, isOfPairs: boolean): number {
    const collection = this.#hollows.collection(isOfPairs);
    this.objects[id] = collection;
    this.#states[id] = stateHollow;
    this.#hollow.add(collection, id);
    this.places.add(collection);
    return -1;
  }

  protected override made(id: number): void {
    if (typeof this.objects[id] === 'function') this.#functions[this.#functions.length] = this.objects[id]!;
    this.#dueGeneric[this.#dueGeneric.length] = id;
    this.#states[id] = stateDue;
    const object = this.objects[id]!;
    if (isMap(object) || isSet(object)) this.places.add(object);
  }

  protected override needWhole(object: unknown): void {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return;
    const id = this.#hollow.get(object);
    if (id !== undefined && this.#states[id] === stateHollow) this.#due(id);
  }

  // ---- parcels

  #readOn(wanted: Wish | undefined): void {
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
      for (let i = 0; i < contents.plain.length; i++) this.#describe(contents.plain.values[i]!);
      // Made before its record came: a Map or Set.
      for (let i = 0; i < contents.generic.length; i++)
        if (this.#states[contents.generic.values[i]!] === stateHollow) this.#describe(contents.generic.values[i]!);
      for (let i = 0; i < contents.answers.length; i += 2)
        if (contents.answers[i] === this.#questions) this.#answer = contents.answers[i + 1];
      if (contents.mustBeWhole) this.#mustBeWhole = true;
      return contents;
    } finally {
      this.#isReading = false;
    }
  }

  #describe(id: number): void {
    this.#described.push(id);
    this.#placeOf[id] = this.#described.length;
  }

  #later<T>(work: () => T): T {
    return this.#paged.later ? this.#paged.later(work) : work();
  }

  #finish(): void {
    this.#paged.finish?.();
  }

  #make({ generic, whole }: ParcelContents): void {
    this.#batch(() => {
      for (let i = 0; i < generic.length; i++) this.#ensure(generic.values[i]!);
      for (let i = 0; i < whole.length; i++) this.#dueNow(whole[i]!);
    });
  }

  // ---- batches

  /**
   * Asked for while contents are read: made whole if that can be, else hollow. What creation needs is made by ensure(), which has a stack
   * of its own; where that might need an object which is being made whole, and does not exist, it waits.
   */
  #demand(id: number): object | undefined {
    if (this.#creating || this.#isReading || this.#whole.isBegun(id)) return undefined;
    if (this.#canMakeWhole(id)) return this.#makeWhole(id);
    if (this.#whole.isMaking && !this.#needsNothing(id)) return undefined;
    this.#ensure(id);
    return this.objects[id];
  }

  /** A small object that does not exist yet. */
  #canMakeWhole(id: number): boolean {
    if (this.#budget <= 0 || this.#whole.isDeep || !this.tables.describes(id)) return false;
    const head = this.tables.headOf(id);
    const form = head & 3;
    const detail = floor(head / 4);
    if (form === formArray) return detail <= literalElements && this.tables.wholeOf(id) === undefined;
    return form === formPlain && this.#hasPrototype(detail) && !this.#isRuntimes(detail);
  }

  #makeWhole(id: number): object {
    this.#budget--;
    const head = this.tables.headOf(id);
    // What inherits from something hollow cannot say for whom it asks.
    if ((head & 3) === formPlain) this.needWhole(this.tables.prototypeOf(floor(head / 4)));
    const object = this.#whole.make(id);
    this.#states[id] = stateWhole;
    return object;
  }

  /** Whether an object can be made hollow right away. */
  #needsNothing(id: number): boolean {
    const head = this.tables.headOf(id);
    if ((head & 3) === formGeneric) return !this.tables.describes(id);
    return (head & 3) !== formPlain || this.#hasPrototype(floor(head / 4));
  }

  #hasPrototype(shape: number): boolean {
    const { id } = this.tables.shapePrototypes[shape]!;
    return id < 0 || this.objects[id] !== undefined;
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
    this.#exist(id);
    // Pieces of what is hollow have no state.
    if (this.#states[id] === stateHollow || (this.#states[id] === undefined && this.tables.wholeOf(id) !== undefined))
      this.#due(id);
  }

  /** The object is there, or what it is a piece of; whole if that can be. */
  #exist(id: number): void {
    const object = this.tables.wholeOf(id) ?? id;
    if (this.objects[object] !== undefined) return;
    if (this.#canMakeWhole(object)) this.#makeWhole(object);
    else this.#ensure(object);
  }

  #due(id: number): void {
    this.#states[id] = stateDue;
    this.#duePlain.push(id);
  }

  /** `budget`: objects that get their contents with those that are due, about. */
  #batch(begin: () => void, budget = this.#paged.neighbours ?? 0): void {
    if (this.#inBatch) malformed('a batch within a batch');
    this.#inBatch = true;
    this.#budget = budget;
    try {
      begin();
      const generic = list<number>();
      while (this.#isLeft()) {
        while (this.#duePlain.length > 0) this.#fillPlain(this.#duePlain.values[--this.#duePlain.length]!);
        this.#whole.patch((id) => {
          this.#exist(id);
          return this.objects[id]!;
        });
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
    if (this.#isLeft()) this.#batch(() => undefined);
    if (this.#unmade.length === 0) return;
    const unmade = this.#unmade;
    this.#unmade = list();
    this.#later(() => {
      for (let i = 0; i < unmade.length; i++) this.#make(unmade[i]!);
      this.#finish();
    });
  }

  #isLeft(): boolean {
    return this.#duePlain.length > 0 || this.#dueGeneric.length > 0 || this.#whole.isLeft;
  }

  #fillPlain(id: number): void {
    if (this.#states[id] === stateWhole) return;
    const pieces = this.tables.piecesOf.get(id);
    if (pieces !== undefined) {
      for (let i = 0; i < pieces.count; i++) this.#fillPlain(pieces.first + i);
      return;
    }
    while (!this.tables.describes(id)) this.#unmade[this.#unmade.length] = this.#later(() => this.#read(this.#paged.next(id)));
    const whole = this.tables.wholeOf(id);
    if (whole !== undefined) {
      this.#fillPiece(whole, id);
      return;
    }
    this.#states[id] = stateWhole;
    const object = this.objects[id]!;
    this.#hollow.delete(object);
    let reader = this.tables.at(id);
    const head = reader.varint();
    const detail = floor(head / 4);
    if ((head & 3) === formGeneric) {
      reveal(object);
      this.adopt(id);
      this.fill(id, 'contents');
    } else if ((head & 3) === formPlain) {
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

  #fillPiece(whole: number, id: number): void {
    const pieces = this.tables.piecesOf.get(whole)!;
    if (this.objects[whole] === undefined) this.#ensure(whole);
    const object = this.objects[whole]!;
    const before = this.#piecesIn[whole] ?? 0;
    if (isArray(object)) {
      this.#states[id] = stateWhole;
      const reader = this.tables.at(id);
      fillPiece(object, (id - pieces.first) * pieces.each, floor(reader.varint() / 4), reader);
      this.#piecesIn[whole] = before + 1;
    } else this.#fillEntries(object, whole, id, pieces, before);
    if (this.#piecesIn[whole] !== pieces.count) return;
    this.#states[whole] = stateWhole;
    this.#hollow.delete(object);
    reveal(object);
    this.#lates.get(object)?.end(object, this.places);
    this.#lates.delete(object);
  }

  /** Entries are in order: a piece that is too early waits, and those that waited follow the one that was missing. */
  #fillEntries(collection: object, whole: number, from: number, pieces: Pieces, before: number): void {
    let next = pieces.first + before;
    if (from !== next) {
      this.#states[from] = stateHollow;
      return;
    }
    do {
      this.#states[next] = stateWhole;
      const reader = this.tables.at(next);
      addEntries(collection, floor(reader.varint() / 4), reader);
      next++;
    } while (next < pieces.first + pieces.count && this.tables.describes(next) && this.#placeOf[next]! <= this.#wholeUpTo);
    this.#piecesIn[whole] = next - pieces.first;
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
