/**
 * Guest graph → pages. One queue, no recursion: an object gets its id when it is first met, and record i describes object i.
 *
 *   pages[0]      the meta page: root, kinds, names, symbols, shapes, blobs, and the page index (first id of each record page)
 *   record        varint(detail*4 + form)
 *     form 0      plain object: detail = shape, then one value a key
 *     form 1      plain array: detail = length, then its values (holes included)
 *     form 2      anything else: detail = kind, flags, create parts, private owners | private values, fill, own section
 *
 * What it keeps true: no guest code runs (descriptors only, proxies untouched, primordials only); what cannot be exact
 * throws GODWIT_CANNOT_CAPTURE with a path; the graph is not changed.
 * Classification, in this order: built-in by name, special that claims it, private state (in addition), intrinsic kind.
 */
import { types } from 'node:util';
import { assert, GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import { checkCreationOrder } from './creation-order.js';
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
import { BytesPart } from './kinds-buffers.js';
import type { HeapOptions, HeapStats, SpecialKind } from './options.js';
import { flagAccessor, type OwnState, readOwnState } from './own-properties.js';
import { pathTo } from './paths.js';
import {
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
  reflectApply,
  reflectDefine,
  SafeMap,
  slice,
  startsWith,
  symbolDescription,
  tagOf,
} from './primordials.js';
import { setAside } from './set-aside.js';
import { ShapeNode, ShapeTable } from './shapes.js';
import * as wire from './wire.js';

const { isProxy, isMap, isSet, isWeakMap, isWeakSet, isPromise, isAnyArrayBuffer, isBoxedPrimitive } = types;
const { isGeneratorObject, isMapIterator, isSetIterator, isNativeError } = types;
const ArrayPrototype = Array.prototype;
const ObjectPrototype = Object.prototype;
const ErrorConstructor = Error;
const { toStringTag } = Symbol;
const Bytes = Uint8Array;
const bigText = BigInt.prototype.toString;

export const formPlain = 0;
export const formArray = 1;
export const formGeneric = 2;
export const genericOwn = 1;
export const genericPrivates = 2;
export const genericFill = 4;
/** Kinds of records that are not objects of their own. */
export const tagWeakEntries = 'weak entries';
export const tagBuiltinChange = 'built-in change';
export const tagNamed = 'named';

/** What is known about all objects with one prototype. */
interface PrototypeFacts {
  /** No toStringTag and no proxy on the chain: Object.prototype.toString tells the slots without running guest code. */
  clean: boolean;
  /** The nearest named prototype may hide state. */
  opaque: boolean;
  root: ShapeNode;
  count: TypeCount;
}
interface TypeCount {
  name: string;
  objects: number;
  bytes: number;
}
/** A record that carries something about another object. */
interface Carrier {
  tag: string;
  fill: List<unknown>;
  own: OwnState | undefined;
  name: string;
}

/** Encodes everything reachable from `root`. Throws GODWIT_CANNOT_CAPTURE (path in the message and in `fields.path`). */
export function encodeHeap(root: unknown, options: HeapOptions): { pages: Uint8Array[]; stats: HeapStats } {
  return new Encoder(options).encode(root);
}

class Encoder {
  readonly #options: HeapOptions;
  readonly #ids = new SafeMap<object, number>();
  readonly #objects: List<object> = list();
  readonly #parents = new wire.Numbers();
  readonly #facts = new SafeMap<object | null, PrototypeFacts>();
  readonly #shapes = new ShapeTable();
  readonly #builtins: List<string> = list();
  readonly #symbols: List<symbol> = list();
  readonly #symbolIds = new SafeMap<symbol, number>();
  readonly #kinds: List<string> = list();
  readonly #kindIds = new SafeMap<string, number>();
  readonly #counts = new SafeMap<string, TypeCount>();
  readonly #carriers = new SafeMap<object, Carrier>();
  readonly #weak: List<object> = list();
  readonly #edges = new wire.Numbers();
  readonly #context: SaveContext;

  readonly #body = new wire.ByteWriter();
  readonly #lengths = new wire.Numbers();
  readonly #strings = new wire.StringTable();
  readonly #pages: Uint8Array[] = [new Bytes(0)];
  readonly #pageFirstIds = new wire.Numbers();
  readonly #pageNumbers = new wire.Numbers();
  readonly #blobPages = new wire.Numbers();
  readonly #blobIds = new SafeMap<string, number>();
  #out: { body: wire.ByteWriter; strings: wire.StringTable };
  #firstId = 0;
  #current = -1;
  #creating = false;
  #poisoned = false;

  constructor(options: HeapOptions) {
    this.#options = options;
    this.#out = { body: this.#body, strings: this.#strings };
    this.#context = { internals: options.internals, refuse: (what) => this.#refuse(what) };
    for (const key of ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'] as const) {
      if (hasOwn(ObjectPrototype, key)) this.#poisoned = true;
    }
  }

  encode(root: unknown): { pages: Uint8Array[]; stats: HeapStats } {
    if ((typeof root === 'object' && root !== null) || typeof root === 'function') this.#idOf(root);
    this.#addChangedBuiltins();
    let at = 0;
    do {
      for (; at < this.#objects.length; at++) this.#record(at);
    } while (this.#addWeakEntries());
    this.#cutPage();
    checkCreationOrder(this.#edges, this.#objects.length, (id) => {
      this.#current = id;
      this.#refuse('parts that need each other to exist first');
    });
    this.#pages[0] = this.#metaPage(root);
    return { pages: this.#pages, stats: this.#stats() };
  }

  // ---- records

  #record(id: number): void {
    const object = this.#objects[id]!;
    this.#current = id;
    const before = this.#body.at;
    const characters = this.#strings.characters;
    const count = this.#classify(object);
    const size = this.#body.at - before;
    this.#lengths.push(size);
    count.objects++;
    count.bytes += size + this.#strings.characters - characters;
    if (this.#body.at + this.#strings.characters >= limits.heapPageBytes) this.#cutPage();
  }

  #classify(object: object): TypeCount {
    if (this.#carriers.size > 0) {
      const carrier = this.#carriers.get(object);
      if (carrier) return this.#carrier(carrier);
    }
    if (isProxy(object)) return this.#intrinsic(object, proxy, undefined, false);
    const { specials, privates } = this.#options;
    const state = privates?.of(object);
    for (let i = 0; i < specials.length; i++) if (specials[i]!.claims(object)) return this.#special(object, specials[i]!, state);
    if (typeof object === 'function') return this.#function(object, state);
    if (state !== undefined) return this.#slow(object, state);
    if (isArray(object)) return this.#array(object) ?? this.#slow(object, undefined);
    if (isView(object)) return this.#slow(object, undefined);
    return this.#plain(object) ?? this.#slow(object, undefined);
  }

  /** Extensible ordinary objects with plain string keys and plain data properties. */
  #plain(object: object): TypeCount | undefined {
    const prototype = getPrototypeOf(object);
    const facts = this.#factsOf(prototype);
    if (!facts.clean || facts.opaque || !isExtensible(object)) return undefined;
    const keys = objectKeys(object);
    if (keys.length > limits.shapeKeys || getOwnPropertyNames(object).length !== keys.length) return undefined;
    if (getOwnPropertySymbols(object).length > 0 || hasSlots(object)) return undefined;
    let node = facts.root;
    for (let i = 0; i < keys.length; i++) node = node.step(keys[i]!);
    const shape = this.#shapes.of(node, prototype, keys);
    if (!shape) return undefined;
    const body = this.#body;
    const start = body.at;
    body.varint(shape.index * 4 + formPlain);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = getOwnPropertyDescriptor(object, keys[i]!)!;
      if (!this.#isPlain(descriptor)) {
        body.at = start;
        return undefined;
      }
      this.#value(descriptor.value);
    }
    if (shape.uses++ === 0 && prototype !== null && prototype !== ObjectPrototype) this.#idOf(prototype);
    return facts.count;
  }

  /** Arrays with the ordinary prototype and nothing but plain elements. Written while it is checked, taken back if it is not one. */
  #array(array: readonly unknown[]): TypeCount | undefined {
    if (getPrototypeOf(array) !== ArrayPrototype || !isExtensible(array)) return undefined;
    const { length } = array;
    if (!getOwnPropertyDescriptor(array, 'length')!.writable || getOwnPropertySymbols(array).length > 0) return undefined;
    const start = this.#body.at;
    this.#body.varint(length * 4 + formArray);
    let holes = 0;
    for (let i = 0; i < length; i++) {
      const descriptor = getOwnPropertyDescriptor(array, i);
      if (descriptor === undefined) {
        this.#body.varint(wire.constantHole * 8 + wire.valueConstant);
        holes++;
        // Sparse arrays are cheaper as keys and values, and a huge length must not be walked.
        if (holes <= 64 || holes <= i >> 2) continue;
      } else if (this.#isPlain(descriptor)) {
        this.#value(descriptor.value);
        continue;
      }
      this.#body.at = start;
      return undefined;
    }
    if (this.#onlyElements(array, length - holes)) return this.#count('Array');
    this.#body.at = start;
    return undefined;
  }

  /** Whether an array has no named properties but its length. Long ones are asked of the inspector, which need not list their indices. */
  #onlyElements(array: readonly unknown[], elements: number): boolean {
    if (array.length > limits.arrayNamesElements) return this.#options.internals.namedProperties(array) === 1;
    return getOwnPropertyNames(array).length === elements + 1;
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
      if (isWeakMap(object) || isWeakSet(object)) this.#weak[this.#weak.length] = object;
      return this.#intrinsic(object, slotKinds[i]!, state, true);
    }
    const facts = this.#factsOf(getPrototypeOf(object));
    if (facts.opaque) {
      for (let i = 0; i < hiddenKinds.length; i++) {
        if (hiddenKinds[i]!.claims(object)) return this.#intrinsic(object, hiddenKinds[i]!, state, true);
      }
      const named = this.#options.builtins.lateNameOf(object);
      if (named !== undefined) return this.#named(named);
      this.#refuse(`a native object (${facts.count.name}) with hidden state`);
    }
    this.#intrinsic(object, ordinary, state, true);
    return facts.count;
  }

  #function(object: object, state: PrivateState): TypeCount {
    const slots = this.#options.internals.of(object);
    if (slots['[[TargetFunction]]'] !== undefined) return this.#intrinsic(object, boundFunction, state, true);
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
    this.#head(tagNamed, 0, 1);
    this.#value(name);
    return this.#count('built-in');
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
    this.#head(`special:${special.tag}`, flags, saved.create.length);
    this.#parts(saved.create, saved.create.length);
    this.#privates(state);
    if (fills) this.#value(saved.fill);
    if (special.ownProperties) this.#own(this.#ownStateOf(object));
    return this.#count(special.tag);
  }

  #intrinsic(object: object, kind: IntrinsicKind, state: PrivateState, own: boolean): TypeCount {
    const saved = kind.save(object, this.#context);
    const flags = (own ? genericOwn : 0) | (state ? genericPrivates : 0) | (saved.fill ? genericFill : 0);
    this.#head(kind.tag, flags, saved.create.length);
    this.#parts(saved.create, saved.create.length);
    this.#privates(state);
    if (saved.fill) this.#list(saved.fill);
    if (own) this.#own(this.#ownStateOf(object));
    return this.#count(kind.tag);
  }

  #carrier(carrier: Carrier): TypeCount {
    this.#head(carrier.tag, genericFill | (carrier.own ? genericOwn : 0), 0);
    this.#list(carrier.fill);
    if (carrier.own) this.#own(carrier.own);
    return this.#count(carrier.tag);
  }

  #head(tag: string, flags: number, parts: number): void {
    let kind = this.#kindIds.get(tag);
    if (kind === undefined) {
      kind = this.#kinds.length;
      this.#kinds[kind] = tag;
      this.#kindIds.set(tag, kind);
    }
    this.#body.varint(kind * 4 + formGeneric);
    this.#body.varint(flags);
    this.#body.varint(parts);
  }

  /** Parts must exist before this object: each edge is remembered and checked for cycles at the end. */
  #parts(parts: ArrayLike<unknown>, length: number): void {
    this.#creating = true;
    for (let i = 0; i < length; i++) this.#value(parts[i]);
    this.#creating = false;
  }

  #privates(state: PrivateState): void {
    if (!state) return;
    this.#body.varint(state.length);
    this.#creating = true;
    for (let i = 0; i < state.length; i++) this.#value(state[i]!.owner);
    this.#creating = false;
    for (let i = 0; i < state.length; i++) this.#list(state[i]!.values);
  }

  #list(values: ArrayLike<unknown>): void {
    this.#body.varint(values.length);
    for (let i = 0; i < values.length; i++) this.#value(values[i]);
  }

  #own(state: OwnState): void {
    const { properties } = state;
    this.#value(state.prototype);
    this.#body.varint(properties.length * 2 + (state.extensible ? 1 : 0));
    for (let i = 0; i < properties.length; i++) {
      const property = properties[i]!;
      this.#value(property.key);
      this.#body.varint(property.flags);
      this.#value(property.first);
      if (property.flags & flagAccessor) this.#value(property.second);
    }
  }

  /** Reading `stack` formats it, which would call the guest's prepareStackTrace: that is set aside meanwhile. */
  #ownStateOf(object: object): OwnState {
    if (!isNativeError(object)) return readOwnState(object);
    const putBack = setAside(ErrorConstructor, 'prepareStackTrace');
    try {
      return readOwnState(object);
    } finally {
      putBack?.();
    }
  }

  // ---- values

  #value(value: unknown): void {
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
      case 'function': {
        if (value === null) return body.varint(wire.constantNull * 8 + wire.valueConstant);
        if (value instanceof BytesPart) return this.#bytes(value.bytes);
        const id = this.#idOf(value);
        if (id < 0) return body.varint((-id - 1) * 8 + wire.valueBuiltin);
        if (this.#creating) {
          this.#edges.push(this.#current);
          this.#edges.push(id);
        }
        return body.varint(id * 8 + wire.valueReference);
      }
      case 'undefined':
        return body.varint(wire.constantUndefined * 8 + wire.valueConstant);
      case 'boolean':
        return body.varint((value ? wire.constantTrue : wire.constantFalse) * 8 + wire.valueConstant);
      case 'symbol':
        return body.varint(this.#symbolId(value) * 8 + wire.valueSymbol);
      case 'bigint':
        return body.varint(strings.indexOf(reflectApply(bigText, value, [16]) as string) * 8 + wire.valueBigInteger);
    }
  }

  /** The id of an object, given on first sight; built-ins have negative ones. */
  #idOf(object: object): number {
    const known = this.#ids.get(object);
    if (known !== undefined) return known;
    const name = this.#options.builtins.nameOf(object);
    if (name !== undefined) {
      const index = this.#builtins.length;
      this.#builtins[index] = name;
      this.#ids.set(object, -index - 1);
      return -index - 1;
    }
    const id = this.#objects.length;
    this.#objects[id] = object;
    this.#parents.push(this.#current + 1);
    this.#ids.set(object, id);
    return id;
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
      writer.varint(wide ? 1 : 0);
      writer.text(text, wide);
      id = this.#blob(writer.take());
      this.#blobIds.set(text, id);
    }
    return id;
  }

  #bytes(bytes: Uint8Array): void {
    const { body } = this.#out;
    if (bytes.length < limits.largeBlobBytes) {
      body.varint(wire.constantBytes * 8 + wire.valueConstant);
      body.varint(bytes.length);
      body.raw(bytes);
      return;
    }
    const page = new Bytes(bytes.length + 2);
    page[0] = wire.pageBlob;
    page[1] = 2;
    wire.copyBytes(page, bytes, 2);
    body.varint(this.#blob(page) * 8 + wire.valueLargeString);
  }

  #blob(page: Uint8Array): number {
    const id = this.#blobPages.length;
    this.#blobPages.push(this.#pages.length);
    define(this.#pages, page);
    return id;
  }

  // ---- the rest of the world

  #addChangedBuiltins(): void {
    const changed = this.#options.builtins.changed();
    for (let i = 0; i < changed.length; i++) {
      const object = changed[i]!;
      const name = this.#options.builtins.nameOf(object)!;
      this.#addCarrier({ tag: tagBuiltinChange, fill: oneOf(object), own: readOwnState(object), name });
    }
  }

  #addCarrier(carrier: Carrier): void {
    const standIn = { __proto__: null };
    this.#carriers.set(standIn, carrier);
    this.#idOf(standIn);
  }

  /** An entry of a weak collection counts when its key is reachable otherwise; each round may reach more keys. */
  #addWeakEntries(): boolean {
    let added = false;
    for (let i = 0; i < this.#weak.length; i++) {
      const collection = this.#weak[i]!;
      const entries = this.#weakEntries(collection);
      const fill = oneOf(collection);
      const rest = list<WeakEntry>();
      for (let e = 0; e < entries.length; e++) {
        const { key, value } = entries[e]!;
        if (typeof key === 'symbol' || this.#ids.has(key) || this.#options.builtins.nameOf(key) !== undefined) {
          fill[fill.length] = key;
          if (isWeakMap(collection)) fill[fill.length] = value;
        } else rest[rest.length] = entries[e]!;
      }
      this.#pendingWeak.set(collection, rest);
      if (fill.length === 1) continue;
      added = true;
      this.#addCarrier({ tag: tagWeakEntries, fill, own: undefined, name: isWeakMap(collection) ? 'a WeakMap' : 'a WeakSet' });
    }
    return added;
  }

  readonly #pendingWeak = new SafeMap<object, List<WeakEntry>>();

  #weakEntries(collection: object): List<WeakEntry> {
    const pending = this.#pendingWeak.get(collection);
    if (pending) return pending;
    const entries = list<WeakEntry>();
    const raw = this.#options.internals.of(collection)['[[Entries]]'] as List<{ key?: WeakKey; value: unknown }>;
    const isMapLike = isWeakMap(collection);
    for (let i = 0; i < raw.length; i++)
      entries[i] = { key: (isMapLike ? raw[i]!.key : raw[i]!.value) as WeakKey, value: raw[i]!.value };
    return entries;
  }

  #factsOf(prototype: object | null): PrototypeFacts {
    let facts = this.#facts.get(prototype);
    if (facts) return facts;
    let clean = true;
    let opaque: boolean | undefined;
    for (let at = prototype; at !== null; at = getPrototypeOf(at)) {
      if (isProxy(at)) {
        clean = false;
        break;
      }
      if (hasOwn(at, toStringTag)) clean = false;
      if (opaque === undefined && this.#options.builtins.nameOf(at) !== undefined) opaque = this.#options.builtins.isOpaque(at);
    }
    facts = { clean, opaque: opaque === true, root: new ShapeNode(), count: this.#count(constructorName(prototype)) };
    this.#facts.set(prototype, facts);
    return facts;
  }

  #refuse(what: string, cause?: unknown): never {
    const path = pathTo(
      this.#current,
      (id) => {
        const carrier = this.#carriers.get(this.#objects[id]!);
        return carrier ? (carrier.fill[0] as object) : this.#objects[id]!;
      },
      (id) => this.#parents.values[id]! - 1,
      (id) => this.#carriers.get(this.#objects[id]!)?.name ?? (this.#parents.values[id] === 0 ? 'root' : undefined),
    );
    throw new GodwitError('GODWIT_CANNOT_CAPTURE', `Cannot capture "${path}": ${what}`, { cause, fields: { path } });
  }

  // ---- pages

  #cutPage(): void {
    const count = this.#lengths.length;
    if (count === 0) return;
    const out = new wire.ByteWriter();
    out.varint(wire.pageRecords);
    out.varint(this.#firstId);
    out.varint(count);
    out.varint(this.#body.at);
    for (let i = 0; i < count; i++) out.varint(this.#lengths.values[i]!);
    out.raw(this.#body.written());
    this.#strings.write(out);
    this.#pageFirstIds.push(this.#firstId);
    this.#pageNumbers.push(this.#pages.length);
    define(this.#pages, out.take());
    this.#firstId += count;
    this.#body.at = 0;
    this.#lengths.length = 0;
  }

  #metaPage(root: unknown): Uint8Array {
    const body = new wire.ByteWriter();
    const strings = new wire.StringTable();
    assert(this.#firstId === this.#objects.length, 'every object has a record');
    this.#out = { body, strings };
    body.varint(this.#objects.length);
    this.#value(root);
    this.#names(this.#kinds);
    this.#writeShapes(body, strings);
    this.#writeSymbols(body, strings);
    this.#names(this.#builtins);
    this.#numbers(this.#blobPages);
    this.#numbers(this.#pageFirstIds);
    this.#numbers(this.#pageNumbers);
    const out = new wire.ByteWriter();
    out.varint(wire.pageMeta);
    out.varint(body.at);
    out.raw(body.written());
    strings.write(out);
    return out.take();
  }

  #writeShapes(body: wire.ByteWriter, strings: wire.StringTable): void {
    const { shapes } = this.#shapes;
    body.varint(shapes.length);
    for (let i = 0; i < shapes.length; i++) {
      const { prototype, keys, uses } = shapes[i]!;
      body.varint(uses);
      this.#value(uses === 0 ? null : prototype);
      body.varint(keys.length);
      for (let k = 0; k < keys.length; k++) body.varint(strings.indexOf(keys[k]!));
    }
  }

  #writeSymbols(body: wire.ByteWriter, strings: wire.StringTable): void {
    body.varint(this.#symbols.length);
    for (let i = 0; i < this.#symbols.length; i++) {
      const symbol = this.#symbols[i]!;
      const name = this.#options.builtins.nameOf(symbol);
      const registered = keyFor(symbol);
      const description = symbolDescription(symbol);
      body.varint(
        name !== undefined
          ? symbolNamed
          : registered !== undefined
            ? symbolRegistered
            : description !== undefined
              ? symbolUnique
              : symbolBare,
      );
      body.varint(strings.indexOf(name ?? registered ?? description ?? ''));
    }
  }

  #names(names: List<string>): void {
    this.#out.body.varint(names.length);
    for (let i = 0; i < names.length; i++) this.#out.body.varint(this.#out.strings.indexOf(names[i]!));
  }

  #numbers(numbers: wire.Numbers): void {
    this.#out.body.varint(numbers.length);
    for (let i = 0; i < numbers.length; i++) this.#out.body.varint(numbers.values[i]!);
  }

  // ---- statistics

  #count(name: string): TypeCount {
    let count = this.#counts.get(name);
    if (!count) {
      count = { name, objects: 0, bytes: 0 };
      this.#counts.set(name, count);
    }
    return count;
  }

  #stats(): HeapStats {
    const stats: HeapStats = { objects: this.#objects.length, bytes: 0, types: [] };
    for (let i = 0; i < this.#pages.length; i++) stats.bytes += this.#pages[i]!.length;
    this.#counts.forEach((count) => {
      if (count.objects > 0) define(stats.types, count);
    });
    return stats;
  }
}

export const symbolNamed = 0;
export const symbolRegistered = 1;
export const symbolUnique = 2;
export const symbolBare = 3;

type PrivateState = { owner: object; values: unknown[] }[] | undefined;
interface WeakEntry {
  key: WeakKey;
  value: unknown;
}

function define<T>(array: T[], value: T): void {
  reflectDefine(array, array.length, {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor);
}

function oneOf(value: unknown): List<unknown> {
  const made = list<unknown>();
  made[0] = value;
  return made;
}

function withoutPrefix(message: string): string {
  return startsWith(message, 'Cannot capture ') ? slice(message, 'Cannot capture '.length) : message;
}

/** Slots other than an ordinary object's, told without running guest code: the prototype chain has no toStringTag. */
function hasSlots(object: object): boolean {
  return (
    tagOf(object) !== '[object Object]' ||
    isMap(object) ||
    isSet(object) ||
    isPromise(object) ||
    isWeakMap(object) ||
    isWeakSet(object) ||
    isAnyArrayBuffer(object) ||
    isBoxedPrimitive(object) ||
    isGeneratorObject(object) ||
    isMapIterator(object) ||
    isSetIterator(object)
  );
}

function constructorName(prototype: object | null): string {
  if (prototype === null || isProxy(prototype)) return 'Object';
  const Class: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  if (typeof Class !== 'function' || isProxy(Class)) return 'Object';
  const name: unknown = getOwnPropertyDescriptor(Class, 'name')?.value;
  return typeof name === 'string' && name !== '' ? name : 'Object';
}
