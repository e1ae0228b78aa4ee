/**
 * Guest graph → records, and from these pages (encodeHeap); parcels.ts makes parcels of them. One queue, no recursion: an object gets its id
 * when it is first met, and record i describes object i.
 * What it keeps true: no guest code runs (descriptors only, proxies untouched, primordials only); what cannot be exact
 * throws GODWIT_CANNOT_CAPTURE with a path; the graph is not changed.
 * Classification, in this order: built-in by name, special that claims it, private state (in addition), intrinsic kind.
 * Layouts are drawn in record-forms.ts, own-properties.ts and wire.ts.
 */
import { types } from 'node:util';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import { checkCreationOrder } from './creation-order.js';
import { readStack, stackAccessor, withoutPrepareStackTrace } from './error-stack.js';
import { append, type GraphWriter } from './graph-writer.js';
import type { Example } from './hidden-classes.js';
import { ImageWriter } from './image-writer.js';
import {
  boundFunction,
  hiddenKinds,
  type IntrinsicKind,
  ordinary,
  proxy,
  refusedSlots,
  type SaveContext,
  slotKinds,
} from './kinds.js';
import { viewLength } from './kinds-buffers.js';
import type { ChangedBuiltIn, HeapOptions, HeapStats, SpecialKind } from './options.js';
import { flagAccessor, flagConfigurable, flagWritable, type OwnState, readOwnState } from './own-properties.js';
import { pathTo } from './paths.js';
import { Piece, widthOf } from './pieces.js';
import {
  bytesLength,
  getOwnPropertyDescriptor,
  getOwnPropertyNames,
  getOwnPropertySymbols,
  getPrototypeOf,
  hasOwn,
  isArray,
  isExtensible,
  isView,
  keyFor,
  type List,
  list,
  objectKeys,
  ownKeys,
  SafeMap,
  slice,
  startsWith,
} from './primordials.js';
import { PrototypeTable, type TypeCount } from './prototype-facts.js';
import {
  formArray,
  formGeneric,
  formHoley,
  formPlain,
  genericFill,
  genericOwn,
  genericPrivates,
  tagBuiltinChange,
  tagNamed,
  tagWeakEntries,
} from './record-forms.js';
import type { Shape } from './shapes.js';
import { hasSlots } from './slots.js';
import { WeakCollections } from './weak-collections.js';

const { isMap, isProxy, isSet, isWeakMap, isWeakSet, isNativeError, isTypedArray } = types;
const ArrayPrototype = Array.prototype;
const MapPrototype = Map.prototype;
const SetPrototype = Set.prototype;
const ObjectPrototype = Object.prototype;
const descriptorKeys: readonly string[] = ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'];
/** Sites of one kind: creation parts and contents take them in turn. */
const kindSites = 8;

type PrivateState = { owner: object; values: unknown[] }[] | undefined;

/** A record that carries something about another object. */
interface Carrier {
  tag: string;
  fill: List<unknown>;
  own: OwnState | undefined;
  name: string;
}

export interface EncodedHeap {
  pages: Uint8Array[];
  stats: HeapStats;
  /** Names of the built-ins that the heap refers to. */
  named: List<string>;
}

/** Encodes everything reachable from `root`. Throws GODWIT_CANNOT_CAPTURE (path in the message and in `fields.path`). */
export function encodeHeap(root: unknown, options: HeapOptions): EncodedHeap {
  const writer = new ImageWriter(options);
  const encoder = new Encoder(options, writer);
  encoder.addRoot(root);
  let at = 0;
  do {
    for (; at < writer.objects.length; at++) encoder.record(at);
  } while (encoder.addWeakEntries());
  encoder.checkCreationOrder();
  writer.finish(root, encoder.kinds);
  const { pages } = writer;
  let bytes = 0;
  for (let i = 0; i < pages.length; i++) bytes += bytesLength(pages[i]!);
  return { pages, stats: encoder.stats(bytes), named: encoder.named() };
}

export class Encoder {
  readonly #options: HeapOptions;
  readonly #writer: GraphWriter;
  readonly #prototypes: PrototypeTable;
  readonly #weak: WeakCollections;
  /** Tags of kinds, by the number that records have. */
  readonly kinds: List<string> = list();
  readonly #kindOf = new SafeMap<string, { index: number; site: number }>();
  readonly #carriers = new SafeMap<object, Carrier>();
  readonly #context: SaveContext;
  #viewSite = 0;
  /** Of built-ins that Node makes on first use. */
  readonly #lateNames: List<string> = list();
  /** Kinds that an object may be of which looks like an ordinary one. */
  readonly #unclassed: List<SpecialKind> = list();
  /** An array with more elements, a Map or Set with more keys and items is cut into pieces of so many. */
  readonly #pieceValues: number;
  /** The guest put a descriptor's field on Object.prototype, so that a missing field must be told from an inherited one. */
  #poisoned = false;

  constructor(options: HeapOptions, writer: GraphWriter, pieceValues: number = limits.pieceValues) {
    this.#options = options;
    this.#writer = writer;
    this.#pieceValues = pieceValues;
    this.#prototypes = new PrototypeTable(options.builtins);
    this.#weak = new WeakCollections(options.internals);
    this.#context = { internals: options.internals, refuse: (what) => this.#refuse(what) };
    const { specials } = options;
    for (let i = 0; i < specials.length; i++)
      if (!specials[i]!.hasOwnClass) this.#unclassed[this.#unclassed.length] = specials[i]!;
    for (let i = 0; i < descriptorKeys.length; i++) if (hasOwn(ObjectPrototype, descriptorKeys[i]!)) this.#poisoned = true;
  }

  /** Where everything begins: the root, and what the guest changed about built-ins. */
  addRoot(root: unknown): void {
    if ((typeof root === 'object' && root !== null) || typeof root === 'function') this.#writer.idOf(root, 0);
    this.#addChangedBuiltins();
  }

  /** Writes the record of object `id`. */
  record(id: number): void {
    const writer = this.#writer;
    writer.current = id;
    const start = writer.body.at;
    const characters = writer.strings.characters;
    const object = writer.objects[id]!;
    const count = Piece.is(object) ? this.#piece(object, id) : this.#classify(object, writer.siteOf(id));
    count.objects++;
    count.bytes += writer.strings.characters - characters;
    count.bytes += writer.endRecord(start);
  }

  /** Refuses objects that need each other to exist first, among those written since this was asked. */
  checkCreationOrder(): void {
    const writer = this.#writer;
    checkCreationOrder(writer.edges, writer.edgesFrom, writer.objects.length, (id) => {
      writer.current = id;
      this.#refuse('parts that need each other to exist first');
    });
    writer.edges.length = 0;
  }

  #classify(object: object, site: number): Example['count'] {
    const example = this.#writer.hiddenClasses.match(object, site);
    const { privates } = this.#options;
    const specials = example === undefined ? this.#options.specials : this.#unclassed;
    if (example === undefined) {
      if (this.#carriers.size > 0) {
        const carrier = this.#carriers.get(object);
        if (carrier) return this.#carrier(carrier);
      }
      if (isProxy(object)) return this.#intrinsic(object, proxy, undefined, false);
    }
    // Private fields are part of the hidden class: an example had none.
    const state = example === undefined ? privates?.of(object) : undefined;
    for (let i = 0; i < specials.length; i++) if (specials[i]!.claims(object)) return this.#special(object, specials[i]!, state);
    if (example !== undefined) return this.#like(object, example) ?? this.#unlike(object, site);
    if (typeof object === 'function') return this.#function(object, state);
    if (state !== undefined || isView(object)) return this.#slow(object, state);
    return this.#unlike(object, site);
  }

  #unlike(object: object, site: number): Example['count'] {
    return (isArray(object) ? this.#array(object, site) : this.#plain(object, site)) ?? this.#slow(object, undefined);
  }

  /** An object with the hidden class of one that was checked. Only its indexed properties remain to be looked at. */
  #like(object: object, example: Example): Example['count'] | undefined {
    const { shape, count } = example;
    const writer = this.#writer;
    if (shape === undefined) return this.#likeArray(object as unknown[], example);
    if (objectKeys(object).length !== shape.keys.length) return undefined;
    writer.body.varint(shape.index * 4 + formPlain);
    this.#use(shape);
    shape.writeAll(object);
    if (shape.isRuntimes) this.#needParts(object, shape);
    return count;
  }

  #likeArray(array: readonly unknown[], example: Example): Example['count'] | undefined {
    const writer = this.#writer;
    const start = writer.body.at;
    const { holey, elementSite } = example;
    const { length } = array;
    writer.body.varint(length * 4 + formArray);
    let holes = 0;
    for (let i = 0; i < length; i++) {
      if (!holey || hasOwn(array, i)) writer.value(array[i], elementSite);
      else {
        writer.hole();
        if (tooSparse(++holes, i)) {
          writer.body.at = start;
          return undefined;
        }
      }
    }
    if (holes > 0) this.#markHoley(start);
    return example.count;
  }

  /**
   * How the record of object `id` begins if that can be hollow where it is read: a plain object, an array without holes, a large array,
   * an ordinary Map or Set; -1: all else, which must be written. Writes nothing.
   */
  headOf(id: number): number {
    const object = this.#writer.objects[id]!;
    if (Piece.is(object)) return this.widthOf(id) * 4 + formArray;
    const site = this.#writer.siteOf(id);
    const example = this.#writer.hiddenClasses.match(object, site);
    const { privates } = this.#options;
    if (example === undefined) {
      if (this.#carriers.has(object) || isProxy(object) || typeof object === 'function' || isView(object)) return -1;
      if (privates?.of(object) !== undefined) return -1;
    }
    const specials = example === undefined ? this.#options.specials : this.#unclassed;
    for (let i = 0; i < specials.length; i++) if (specials[i]!.claims(object)) return -1;
    if (isArray(object)) return this.#arrayHead(object, example, site);
    if (!isMap(object) && !isSet(object)) return this.#plainHead(object, example?.shape, site);
    return this.#options.wholeCollections ? -1 : this.#collectionHead(object);
  }

  /** Values that an object holds which can be hollow: how large it is. */
  widthOf(id: number): number {
    const object = this.#writer.objects[id]!;
    if (Piece.is(object)) return object.to - object.from;
    return isArray(object) ? object.length : (widthOf(object) ?? 1);
  }

  /** The contents of a large object from now on have ids of their own, of which the first is returned. */
  cut(id: number, width: number, size: number): number {
    const writer = this.#writer;
    const pieces = Piece.of(writer.objects[id]!, width, size);
    const site = writer.siteOf(id);
    writer.current = id;
    const first = writer.objects.length;
    for (let i = 0; i < pieces.length; i++) writer.idOf(pieces[i]!, site);
    return first;
  }

  #piece(piece: Piece, id: number): TypeCount {
    const writer = this.#writer;
    const start = writer.body.at;
    const elementSite = writer.hiddenClasses.elementsOf(writer.siteOf(id));
    writer.body.varint((piece.to - piece.from) * 4 + formArray);
    let isHoley = false;
    piece.each(
      (value) => writer.value(value, elementSite),
      () => {
        isHoley = true;
        writer.hole();
      },
    );
    if (isHoley) this.#markHoley(start);
    return this.#prototypes.count('Piece');
  }

  #plainHead(object: object, known: Shape | undefined, site: number): number {
    const isKnown = known !== undefined && objectKeys(object).length === known.keys.length;
    const shape = isKnown ? known : this.#shapeOf(object);
    if (shape === undefined) return -1;
    if (!isKnown) {
      for (let i = 0; i < shape.keys.length; i++)
        if (!this.#isPlain(getOwnPropertyDescriptor(object, shape.keys[i]!)!)) return -1;
      this.#writer.hiddenClasses.learn(object, site, shape, this.#prototypes.of(shape.prototype).count);
    }
    this.#use(shape);
    return shape.isRuntimes ? -1 : shape.index * 4 + formPlain;
  }

  #arrayHead(array: readonly unknown[], example: Example | undefined, site: number): number {
    const { length } = array;
    const head = length * 4 + formArray;
    if (example !== undefined && (!example.holey || length > this.#pieceValues)) return head;
    if (example === undefined) {
      if (getPrototypeOf(array) !== ArrayPrototype || !isExtensible(array)) return -1;
      if (!getOwnPropertyDescriptor(array, 'length')!.writable || !this.#onlyElements(array, undefined)) return -1;
    }
    const isPlain = example !== undefined || this.#writer.hiddenClasses.hasPlainElements(array);
    if (length > this.#pieceValues) return isPlain ? head : -1;
    for (let i = 0; i < length; i++) {
      if (isPlain ? hasOwn(array, i) : this.#isPlainElement(array, i)) continue;
      return -1;
    }
    if (isPlain && example === undefined)
      this.#writer.hiddenClasses.learn(array, site, undefined, this.#prototypes.count('Array'));
    return head;
  }

  /** A Map or Set with nothing but its entries. */
  #collectionHead(collection: object): number {
    const prototype = isMap(collection) ? MapPrototype : SetPrototype;
    if (getPrototypeOf(collection) !== prototype || !isExtensible(collection) || ownKeys(collection).length > 0) return -1;
    return this.#kind(isMap(collection) ? 'Map' : 'Set').index * 4 + formGeneric;
  }

  #isPlainElement(array: readonly unknown[], index: number): boolean {
    const descriptor = getOwnPropertyDescriptor(array, index);
    return descriptor !== undefined && this.#isPlain(descriptor);
  }

  /** The shape of an extensible ordinary object with plain string keys; whether they are plain data is for the caller to see. */
  #shapeOf(object: object): Shape | undefined {
    const prototype = getPrototypeOf(object);
    const facts = this.#prototypes.of(prototype);
    if (!facts.clean || facts.opaque || !isExtensible(object)) return undefined;
    const keys = objectKeys(object);
    if (keys.length > limits.shapeKeys || getOwnPropertyNames(object).length !== keys.length) return undefined;
    if (getOwnPropertySymbols(object).length > 0 || hasSlots(object)) return undefined;
    let node = facts.root;
    for (let i = 0; i < keys.length; i++) node = node.step(keys[i]!);
    return this.#writer.shapes.of(node, prototype, keys, facts.isRuntimes);
  }

  /** Extensible ordinary objects with plain string keys and plain data properties. */
  #plain(object: object, site: number): TypeCount | undefined {
    const shape = this.#shapeOf(object);
    if (!shape) return undefined;
    const { keys, prototype } = shape;
    const { count } = this.#prototypes.of(prototype);
    const writer = this.#writer;
    const start = writer.body.at;
    writer.body.varint(shape.index * 4 + formPlain);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = getOwnPropertyDescriptor(object, keys[i]!)!;
      if (!this.#isPlain(descriptor)) {
        writer.body.at = start;
        return undefined;
      }
      writer.value(descriptor.value, shape.site === 0 ? 0 : shape.site + i);
    }
    this.#use(shape);
    if (shape.isRuntimes) this.#needParts(object, shape);
    writer.hiddenClasses.learn(object, site, shape, count);
    return count;
  }

  /** The runtime takes its own objects apart in ways of its own, one level deep. */
  #needParts(object: object, { keys }: Shape): void {
    for (let i = 0; i < keys.length; i++) this.#writer.needWhole((object as Record<string, unknown>)[keys[i]!]);
  }

  #use(shape: Shape): void {
    if (shape.uses++ === 0) this.#writer.useShape(shape);
  }

  /** Arrays with the ordinary prototype and nothing but plain elements. Written while it is checked, taken back if it is not one. */
  #array(array: readonly unknown[], site: number): TypeCount | undefined {
    if (getPrototypeOf(array) !== ArrayPrototype || !isExtensible(array)) return undefined;
    const { length } = array;
    if (!getOwnPropertyDescriptor(array, 'length')!.writable) return undefined;
    const writer = this.#writer;
    if (writer.hiddenClasses.hasPlainElements(array)) {
      const example = this.#onlyElements(array, undefined)
        ? writer.hiddenClasses.learn(array, site, undefined, this.#prototypes.count('Array'))
        : undefined;
      if (example) return this.#likeArray(array, example) as TypeCount | undefined;
    }
    const elementSite = writer.hiddenClasses.elementsOf(site);
    const start = writer.body.at;
    writer.body.varint(length * 4 + formArray);
    let holes = 0;
    let plain = true;
    for (let i = 0; i < length && plain; i++) {
      const descriptor = getOwnPropertyDescriptor(array, i);
      if (descriptor === undefined) {
        writer.hole();
        plain = !tooSparse(++holes, i);
      } else if (this.#isPlain(descriptor)) writer.value(descriptor.value, elementSite);
      else plain = false;
    }
    if (!plain || !this.#onlyElements(array, length - holes)) {
      writer.body.at = start;
      return undefined;
    }
    if (holes > 0) this.#markHoley(start);
    const count = this.#prototypes.count('Array');
    writer.hiddenClasses.learn(array, site, undefined, count);
    return count;
  }

  /** The form is in the low bits of a record's first byte. */
  #markHoley(start: number): void {
    const { bytes } = this.#writer.body;
    bytes[start] = (bytes[start]! & ~3) | formHoley;
  }

  /**
   * Whether an array has no other properties than its elements and its length. Long ones are asked of the inspector, which need
   * not list their indices.
   */
  #onlyElements(array: readonly unknown[], elements: number | undefined): boolean {
    if (array.length > limits.listedElements) return this.#options.internals.namedProperties(array) === 1;
    let count = elements ?? 0;
    for (let i = 0; elements === undefined && i < array.length; i++) if (hasOwn(array, i)) count++;
    return ownKeys(array).length === count + 1;
  }

  #isPlain(descriptor: PropertyDescriptor): boolean {
    return (
      descriptor.writable === true &&
      descriptor.enumerable === true &&
      descriptor.configurable === true &&
      (!this.#poisoned || hasOwn(descriptor, 'value'))
    );
  }

  #slow(object: object, state: PrivateState): TypeCount {
    for (let i = 0; i < refusedSlots.length; i++)
      if (refusedSlots[i]!.is(object)) this.#refuseOrName(object, refusedSlots[i]!.what);
    for (let i = 0; i < slotKinds.length; i++) {
      if (!slotKinds[i]!.claims(object)) continue;
      if (isWeakMap(object) || isWeakSet(object)) this.#weak.add(object);
      return this.#intrinsic(object, slotKinds[i]!, state, true);
    }
    const { builtins } = this.#options;
    const facts = this.#prototypes.of(getPrototypeOf(object));
    if (facts.opaque) {
      for (let i = 0; i < hiddenKinds.length; i++) {
        if (hiddenKinds[i]!.home === facts.named && hiddenKinds[i]!.claims(object))
          return this.#intrinsic(object, hiddenKinds[i]!, state, true);
      }
      const named = builtins.lateNameOf(object);
      if (named !== undefined) return this.#named(named);
      this.#refuse(`a native object (${facts.count.name}) with hidden state`);
    }
    // A symbol that only Node's own code knows would be another one elsewhere: the object would be there and its state not.
    if (facts.named !== undefined && builtins.isHostClass(facts.named)) {
      const symbols = getOwnPropertySymbols(object);
      for (let i = 0; i < symbols.length; i++)
        if (builtins.nameOf(symbols[i]!) === undefined && keyFor(symbols[i]!) === undefined)
          this.#refuse(`a native object (${facts.count.name}) with hidden state`);
    }
    this.#intrinsic(object, ordinary, state, true);
    return facts.count;
  }

  #function(object: object, state: PrivateState): TypeCount {
    const { internals, specials, recognise } = this.#options;
    const slots = internals.of(object);
    if (slots['[[TargetFunction]]'] !== undefined) return this.#intrinsic(object, boundFunction, state, true);
    if (recognise?.(object, slots))
      for (let i = 0; i < specials.length; i++)
        if (specials[i]!.claims(object)) return this.#special(object, specials[i]!, state);
    const name = getOwnPropertyDescriptor(object, 'name');
    const text = name && typeof name.value === 'string' ? name.value : '';
    return this.#refuseOrName(object, text === '' ? 'an anonymous native function' : `a native function "${text}"`);
  }

  #refuseOrName(object: object, what: string): TypeCount {
    const named = this.#options.builtins.lateNameOf(object);
    if (named === undefined) this.#refuse(what);
    return this.#named(named);
  }

  // ---- generic records

  #named(name: string): TypeCount {
    this.#lateNames[this.#lateNames.length] = name;
    this.#head(tagNamed, 0, 1);
    this.#writer.value(name, 0);
    return this.#prototypes.count('built-in');
  }

  #special(object: object, special: SpecialKind, state: PrivateState): TypeCount {
    let saved: { create: unknown[]; fill?: unknown };
    try {
      saved = special.save(object);
    } catch (error) {
      if (error instanceof GodwitError && error.fields.path === undefined) this.#refuse(withoutPrefix(error.message), error);
      throw error;
    }
    const fills = hasOwn(saved, 'fill') && special.fill !== undefined;
    const flags = (special.ownProperties ? genericOwn : 0) | (state ? genericPrivates : 0) | (fills ? genericFill : 0);
    const site = this.#head(`special:${special.tag}`, flags, saved.create.length);
    this.#writer.parts(saved.create, site, site === 0 ? 1 : kindSites);
    const read = special.readsParts?.(saved.create);
    for (let i = 0; read !== undefined && i < read.length; i++) this.#writer.needWhole(read[i]);
    this.#privates(object, state, site);
    if (fills) {
      this.#writer.value(saved.fill, site);
      this.#writer.needWhole(saved.fill);
    }
    if (special.ownProperties) this.#own(this.#ownStateOf(object));
    return this.#prototypes.count(special.tag);
  }

  #intrinsic(object: object, kind: IntrinsicKind, state: PrivateState, own: boolean): TypeCount {
    const saved = kind.save(object, this.#context);
    const flags = (own ? genericOwn : 0) | (state ? genericPrivates : 0) | (saved.fill ? genericFill : 0);
    const site = this.#head(kind.tag, flags, saved.create.length);
    this.#writer.parts(saved.create, site, site === 0 ? 1 : kindSites);
    if (kind === proxy) this.#writer.needWhole(saved.create[0]);
    this.#privates(object, state, site);
    if (saved.fill) this.#writer.list(saved.fill, site, site === 0 ? 1 : kindSites);
    if (own) this.#own(this.#ownStateOf(object));
    return this.#prototypes.count(kind.tag);
  }

  #carrier(carrier: Carrier): TypeCount {
    const site = this.#head(carrier.tag, genericFill | (carrier.own ? genericOwn : 0), 0);
    this.#writer.isOfBuiltin = carrier.tag === tagBuiltinChange;
    this.#writer.list(carrier.fill, site, 1);
    if (carrier.own) this.#own(carrier.own);
    this.#writer.isOfBuiltin = false;
    return this.#prototypes.count(carrier.tag);
  }

  /** Writes the start of a generic record; gives the first site of its kind. */
  #head(tag: string, flags: number, parts: number): number {
    const kind = this.#kind(tag);
    const { body } = this.#writer;
    body.varint(kind.index * 4 + formGeneric);
    body.varint(flags);
    body.varint(parts);
    return kind.site;
  }

  #kind(tag: string): { index: number; site: number } {
    let kind = this.#kindOf.get(tag);
    if (kind === undefined) {
      kind = { index: this.kinds.length, site: this.#writer.hiddenClasses.newSites(kindSites) };
      this.kinds[kind.index] = tag;
      this.#kindOf.set(tag, kind);
    }
    return kind;
  }

  #privates(object: object, state: PrivateState, site: number): void {
    if (!state) return;
    this.#writer.body.varint(state.length);
    for (let i = 0; i < state.length; i++) {
      const { owner } = state[i]!;
      // Static private names belong to the class itself, which need not exist before itself.
      if (owner === object) this.#writer.value(owner, 0);
      else this.#writer.parts([owner], 0, 1);
    }
    for (let i = 0; i < state.length; i++) this.#writer.list(state[i]!.values, site, site === 0 ? 1 : kindSites);
  }

  #own(state: OwnState): void {
    const { properties } = state;
    const writer = this.#writer;
    writer.value(state.prototype, 0);
    writer.needWhole(state.prototype);
    writer.body.varint(properties.length * 2 + (state.extensible ? 1 : 0));
    for (let i = 0; i < properties.length; i++) {
      const property = properties[i]!;
      writer.value(property.key, 0);
      writer.body.varint(property.flags);
      writer.value(property.first, 0);
      if (property.flags & flagAccessor) writer.value(property.second, 0);
    }
  }

  #ownStateOf(object: object): OwnState {
    if (isTypedArray(object)) return this.#viewState(object);
    if (isNativeError(object)) return withoutPrepareStackTrace(() => readOwnState(object));
    const state = readOwnState(object);
    for (let i = 0; stackAccessor !== undefined && i < state.properties.length; i++) {
      const property = state.properties[i]!;
      // Error.captureStackTrace on an ordinary object: its slot cannot be made again, its text can be a property.
      if (property.key === 'stack' && property.first === stackAccessor.get) {
        state.properties[i] = {
          key: 'stack',
          flags: flagWritable | flagConfigurable,
          first: readStack(object),
          second: undefined,
        };
      }
    }
    return state;
  }

  /** Typed arrays: named properties only, and without listing a million indices to learn that there are none. */
  #viewState(view: object): OwnState {
    const { hiddenClasses } = this.#writer;
    this.#viewSite ||= hiddenClasses.newSites(1);
    const length = viewLength(view);
    const like = this.#viewSite > 0 && hiddenClasses.match(view, this.#viewSite) !== undefined;
    if (!like && (length < limits.listedElements || this.#options.internals.namedProperties(view) > 0)) {
      const state = readOwnState(view, length);
      if (state.properties.length > 0 || !state.extensible) return state;
    }
    if (!like && this.#viewSite > 0 && isExtensible(view)) {
      hiddenClasses.learn(view, this.#viewSite, undefined, this.#prototypes.count('View'));
    }
    return { prototype: getPrototypeOf(view), extensible: isExtensible(view), properties: list() };
  }

  // ---- the rest of the world

  #addChangedBuiltins(): void {
    const { builtins, changed = changesOf(this.#options) } = this.#options;
    for (let i = 0; i < changed.length; i++) {
      const { object, own } = changed[i]!;
      this.#addCarrier({ tag: tagBuiltinChange, fill: oneOf(object), own, name: builtins.nameOf(object)! });
    }
  }

  /** Adds entries of weak collections whose keys were met; false when there are no more. */
  addWeakEntries(): boolean {
    return this.#weak.eachReachable(
      (key) => typeof key === 'symbol' || this.#writer.knows(key),
      (fill, name) => this.#addCarrier({ tag: tagWeakEntries, fill, own: undefined, name }),
    );
  }

  #addCarrier(carrier: Carrier): void {
    const standIn = { __proto__: null };
    this.#carriers.set(standIn, carrier);
    this.#writer.idOf(standIn, 0);
  }

  #refuse(what: string, cause?: unknown): never {
    const writer = this.#writer;
    const carrierOf = (id: number): Carrier | undefined => this.#carriers.get(writer.objects[id]!);
    const path = pathTo(
      writer.current,
      (id) => (carrierOf(id)?.fill[0] as object | undefined) ?? writer.objects[id]!,
      (id) => writer.parentOf(id)!,
      (id) => carrierOf(id)?.name ?? (writer.parentOf(id) === undefined ? 'root' : undefined),
    );
    throw new GodwitError('GODWIT_CANNOT_CAPTURE', `Cannot capture "${path}": ${what}`, { cause, fields: { path } });
  }

  /** Names of the built-ins met so far. */
  named(): List<string> {
    const names = this.#writer.namesUsed();
    for (let i = 0; i < this.#lateNames.length; i++) names[names.length] = this.#lateNames[i]!;
    return names;
  }

  stats(bytes: number): HeapStats {
    const stats: HeapStats = { objects: this.#writer.objects.length, bytes, types: [] };
    this.#prototypes.eachCount((count) => append(stats.types, count));
    return stats;
  }
}

function changesOf({ builtins, hiddenClasses }: HeapOptions): List<ChangedBuiltIn> {
  const found = list<ChangedBuiltIn>();
  const objects = builtins.changed(hiddenClasses || undefined);
  for (let i = 0; i < objects.length; i++) found[i] = { object: objects[i]!, own: readOwnState(objects[i]!) };
  return found;
}

/** Sparse arrays are cheaper as keys and values, and a huge length must not be walked. */
function tooSparse(holes: number, at: number): boolean {
  return holes > 64 && holes > at >> 2;
}

function oneOf(value: unknown): List<unknown> {
  const made = list<unknown>();
  made[0] = value;
  return made;
}

function withoutPrefix(message: string): string {
  return startsWith(message, 'Cannot capture ') ? slice(message, 'Cannot capture '.length) : message;
}
