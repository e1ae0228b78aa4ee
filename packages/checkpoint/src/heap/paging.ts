/**
 * Pages → graph, as it is touched. At first only what a guest cannot run without is made: what the runtime holds its state with
 * (HeapOptions.structure), and everything that only the realm can make (functions, classes, promises, generators, private fields: that
 * code may use built-ins which the program, once it runs, can change). Plain objects and arrays behind it are hollow (hollow.ts) until
 * something looks into them.
 * What an object needs to exist comes with it in one batch: its own references, hollow again, and what cannot be hollow (collections, dates,
 * buffers, arrays with holes …), with its contents. The order of contents is free here as it is in decode.ts: no step runs guest code.
 */
import { GodwitError } from '../base/index.js';
import { arrayOf, type Filler, fillElements, fillObject, HollowObjects } from './hollow.js';
import type { HeapOptions } from './options.js';
import { type List, list, SafeMap, startsWith } from './primordials.js';
import { RecordDecoder } from './record-decoder.js';
import { formArray, formPlain, genericPrivates, tagBuiltinChange, tagWeakEntries } from './record-forms.js';
import { malformed } from './value-reader.js';
import { Numbers } from './wire.js';

const { floor } = Math;
const Marks = Uint8Array;

/** Objects that fillSome makes whole in one batch. */
const batchObjects = 256;

const stateHollow = 1;
/** To be filled in this batch. */
const stateDue = 2;
const stateWhole = 3;

export interface PagedHeapOptions extends HeapOptions {
  /** A hollow object was asked for something that cannot be told of it: the guest must end. Without it an error is thrown. */
  lost?(reason: string): never;
  /** The last hollow object is whole. */
  drained?(): void;
}

export class PagedHeap extends RecordDecoder implements Filler {
  /** Hollow objects, with their ids. */
  readonly #hollow = new SafeMap<object, number>();
  readonly #hollows = new HollowObjects(this);
  readonly #states: Uint8Array;
  readonly #paged: PagedHeapOptions;
  /** Plain objects and arrays, and generic ones, whose contents this batch still has to give. */
  readonly #duePlain = new Numbers();
  #dueGeneric: List<number> = list();
  #inBatch = false;
  #creating = false;
  /** Everything with a lower id is whole. */
  #wholeUpTo = 0;
  #isDrained = false;

  constructor(pages: readonly Uint8Array[], options: PagedHeapOptions) {
    super(pages, options);
    this.#paged = options;
    this.#states = new Marks(this.tables.count);
    this.tables.demand = (id) => this.#demand(id);
  }

  /** What the guest needs to run. Gives the root, whole. */
  load(): unknown {
    const { root, structure, generic, makers } = this.tables;
    this.#batch(() => {
      if (root.id >= 0) this.#dueNow(root.id);
      for (let i = 0; i < structure.length; i++) this.#dueNow(structure[i]!);
      for (let i = 0; i < generic.length; i++) if (this.#isOfRealm(generic.values[i]!)) this.#make(generic.values[i]!);
    });
    const changeBuiltins = () => {
      this.#batch(() => {
        for (let i = 0; i < generic.length; i++) {
          const id = generic.values[i]!;
          if (makers[floor(this.tables.at(id).varint() / 4)]!.tag === tagBuiltinChange) this.fill(id, 'built-ins');
        }
      });
    };
    if (this.options.changeLater) this.options.changeLater(changeBuiltins);
    else changeBuiltins();
    return root.id >= 0 ? this.objects[root.id] : root.value;
  }

  /** Does the image name a built-in that matches? */
  namesAny(matches: (name: string) => boolean): boolean {
    const { builtinNames } = this.tables;
    for (let i = 0; i < builtinNames.length; i++) if (matches(builtinNames[i]!)) return true;
    return false;
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
    else this.#batch(() => this.#fillPlain(id));
    return true;
  }

  /** Makes about `count` more objects whole; false when there are none left. */
  fillSome(count: number): boolean {
    const end = this.tables.count;
    for (let due = 0; this.#wholeUpTo < end && due < count; ) {
      this.#batch(() => {
        for (let inBatch = 0; this.#wholeUpTo < end && inBatch < batchObjects; this.#wholeUpTo++) {
          if (this.#states[this.#wholeUpTo] === stateWhole) continue;
          this.#dueNow(this.#wholeUpTo);
          inBatch++;
          due++;
        }
      });
    }
    const isLeft = this.#wholeUpTo < end;
    if (!isLeft && !this.#isDrained) {
      this.#isDrained = true;
      this.#paged.drained?.();
    }
    return isLeft;
  }

  /** Makes everything whole. */
  fillAll(): void {
    while (this.fillSome(Number.MAX_SAFE_INTEGER));
  }

  lost(what: string): never {
    const reason = `A hollow object was asked for ${what}, and it cannot be told which`;
    if (this.#paged.lost) return this.#paged.lost(reason);
    throw new GodwitError('GODWIT_INTERNAL', reason);
  }

  /** Is it for the realm to make, or no object but something that hangs on one? */
  #isOfRealm(id: number): boolean {
    const reader = this.tables.at(id);
    const { special, tag } = this.tables.makers[floor(reader.varint() / 4)]!;
    if (special !== undefined || tag === tagWeakEntries || tag === tagBuiltinChange) return true;
    return (reader.varint() & genericPrivates) !== 0;
  }

  protected override makePlain(id: number, form: number, detail: number): number {
    if (form === formPlain) {
      const shape = this.tables.shapePrototypes[detail]!;
      const factory = this.tables.factories[detail]!;
      if (shape.id >= 0 && this.objects[shape.id] === undefined && this.marks[shape.id] === 0) return shape.id;
      if (shape.id >= 0 && this.objects[shape.id] === undefined) {
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
  }

  protected override needWhole(object: unknown): void {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) return;
    const id = this.#hollow.get(object);
    if (id !== undefined && this.#states[id] === stateHollow) this.#due(id);
  }

  // ---- batches

  /** Asked for while contents are read; what creation needs is made by ensure(), which has a stack of its own. */
  #demand(id: number): object | undefined {
    if (this.#creating) return undefined;
    this.#make(id);
    return this.objects[id];
  }

  #make(id: number): void {
    const outer = this.#creating;
    this.#creating = true;
    try {
      this.ensure(id);
    } finally {
      this.#creating = outer;
    }
  }

  #dueNow(id: number): void {
    this.#make(id);
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
  }

  #fillPlain(id: number): void {
    if (this.#states[id] === stateWhole) return;
    this.#states[id] = stateWhole;
    const object = this.objects[id]!;
    this.#hollow.delete(object);
    let reader = this.tables.at(id);
    const head = reader.varint();
    const detail = floor(head / 4);
    if ((head & 3) === formPlain) {
      const { id: prototype } = this.tables.shapePrototypes[detail]!;
      if (prototype >= 0 && this.objects[prototype] === undefined) {
        this.#make(prototype);
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
