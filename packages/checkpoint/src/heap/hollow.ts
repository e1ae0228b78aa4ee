/**
 * Hollow objects: real identity, no content. A hollow object inherits from a proxy that stands for its prototype; the first property that
 * is looked up and not found there asks for the content, which is then an ordinary object's for good.
 * All hollow objects with one prototype share one proxy, and those of one shape one constructor: filled, they have one hidden class.
 * (A proxy for each object would give each a hidden class of its own, which stays.) So a trap knows its object only by the receiver, and
 * what comes without a receiver must be asked for before: `in`, `delete`, own keys, another prototype (guest/touching.ts). What gets
 * here nevertheless ends the guest rather than give it a wrong answer. A large array has a proxy of its own and comes piece by piece;
 * a hollow Map or Set is an empty one: who uses it looks up a method, or calls one that looks first (guest/hollow-collections.ts).
 */
import { types } from 'node:util';
import { limits } from '../limits.js';
import { mapSet, setAdd } from './collections.js';
import { isIndexKey } from './own-properties.js';
import {
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  objectCreate,
  reflectApply,
  reflectConstruct,
  SafeMap,
  SafeSet,
  setPrototypeOf,
} from './primordials.js';
import type { ShapeFactory } from './shape-factories.js';
import type { ValueReader } from './value-reader.js';

const { isMap, isProxy } = types;
const { isArray } = Array;
const { min } = Math;
const { iterator, isConcatSpreadable, toStringTag } = Symbol;
const { get: reflectGet, has: reflectHas, set: reflectSet } = Reflect;
const ArrayConstructor = Array;
const MapOf = Map;
const SetOf = Set;
const ProxyOf = Proxy;
const MapPrototype = Map.prototype;
const SetPrototype = Set.prototype;
const FunctionOf = Function;

/** Whose objects they are. */
export interface Filler {
  /** Gives the object its content; false of one that is not hollow. */
  touch(object: object): boolean;
  /** Gives a large array this element, and others with it. */
  touchAt(array: object, index: number): void;
  /** What a hollow Map or Set answers to the look-up of a method that brings itself what it needs, or of `size` with a getter. */
  methodOf(prototype: object, key: PropertyKey): ((this: object) => unknown) | undefined;
  /** A hollow object was asked for something that cannot be told of it. */
  lost(what: string): never;
}

type Constructor = new () => object;

/** Makes hollow objects of each shape, and hollow arrays. */
export class HollowObjects {
  readonly #filler: Filler;
  readonly #plain = new SafeMap<object | null, object>();
  readonly #arrays = new SafeMap<object | null, object>();
  readonly #constructors = new SafeMap<ShapeFactory, Constructor>();

  readonly #standIns = new SafeSet<object>();

  constructor(filler: Filler) {
    this.#filler = filler;
  }

  isStandIn(prototype: unknown): boolean {
    return this.#standIns.has(prototype as object);
  }

  /** An object that will have this shape. Its prototype exists. */
  object(shape: ShapeFactory, prototype: object | null): object {
    let Hollow = this.#constructors.get(shape);
    if (Hollow === undefined) {
      Hollow = constructorFor(shape, this.#standIn(prototype, false), prototype);
      this.#constructors.set(shape, Hollow);
    }
    return reflectConstruct(Hollow, none) as object;
  }

  /** An array without holes that will have this length. */
  array(length: number): unknown[] {
    const array = arrayOf(length);
    setPrototypeOf(array, this.#standIn(ArrayPrototype, true));
    return array;
  }

  /** An array that will have this length and comes piece by piece. It may have holes. */
  largeArray(length: number): unknown[] {
    const array = arrayOf(length);
    const proxy = standInOfOne(array, this.#filler);
    this.#standIns.add(proxy);
    setPrototypeOf(array, proxy);
    return array;
  }

  /** A Map or Set. */
  collection(isOfPairs: boolean): object {
    const collection = isOfPairs ? new MapOf() : new SetOf();
    setPrototypeOf(collection, this.#standIn(isOfPairs ? MapPrototype : SetPrototype, false));
    return collection;
  }

  #standIn(prototype: object | null, isArray: boolean): object {
    const known = isArray ? this.#arrays : this.#plain;
    let proxy = known.get(prototype);
    if (proxy === undefined) {
      proxy = standIn(prototype, isArray, this.#filler);
      this.#standIns.add(proxy);
      known.set(prototype, proxy);
    }
    return proxy;
  }
}

const none: readonly unknown[] = [];
const ArrayPrototype = Array.prototype;

/** An array of holes, with room for as many elements and no more. Constructed so because V8 would remember with `new` what the others came to hold. */
export function arrayOf(length: number): unknown[] {
  return reflectConstruct(ArrayConstructor, [length]) as unknown[];
}

/** The content of a hollow object, from its record: without a prototype meanwhile, so that no setter sees it. */
export function fillObject(object: object, shape: ShapeFactory, prototype: object | null, reader: ValueReader): void {
  setPrototypeOf(object, null);
  shape.fill(object, reader);
  setPrototypeOf(object, prototype);
}

/** The same of an array that has its length. A length that the guest gave it meanwhile stays: it cuts off elements, or adds holes. */
export function fillElements(array: unknown[], length: number, reader: ValueReader): void {
  const current = array.length;
  setPrototypeOf(array, null);
  if (current < length) array.length = length;
  for (let i = 0; i < length; i++) if (!reader.hole()) array[i] = reader.value();
  if (array.length !== current) array.length = current;
  setPrototypeOf(array, ArrayPrototype);
}

/** Elements from `from` on. What the guest cut off by a length meanwhile stays away, and what it put there stays. */
export function fillPiece(array: unknown[], from: number, count: number, reader: ValueReader): void {
  const standIn = getPrototypeOf(array);
  const end = min(from + count, array.length);
  setPrototypeOf(array, null);
  for (let i = from; i < end; i++) if (!reader.hole()) array[i] = reader.value();
  setPrototypeOf(array, standIn);
}

/** The next values of a Map (keys and items in turn) or Set. A piece of a Map's ends with an item. */
export function addEntries(collection: object, count: number, reader: ValueReader): void {
  if (isMap(collection)) for (let i = 0; i < count; i += 2) mapSet(collection, reader.value(), reader.value());
  else for (let i = 0; i < count; i++) setAdd(collection, reader.value());
}

/** What has its content has its prototype. */
export function reveal(object: object): void {
  const prototype = isArray(object) ? ArrayPrototype : isMap(object) ? MapPrototype : SetPrototype;
  setPrototypeOf(object, prototype);
}

/**
 * The stores in its text are never run: V8 counts them to leave room for as many properties, and gives up what the first objects do not use.
 * So some are made and filled ahead.
 */
function constructorFor(shape: ShapeFactory, proxy: object, prototype: object | null): Constructor {
  let stores = '';
  for (let i = 0; i < shape.keys.length; i++) stores += `this.p${i} = 0; `;
  // The text holds numbers and nothing else.
  const Hollow = new FunctionOf(`if (false) { ${stores}}`) as unknown as Constructor;
  Hollow.prototype = proxy;
  if (shape.uses >= limits.shapeFactoryUses)
    for (let i = 0; i < objectsOfTrial; i++) fillObject(reflectConstruct(Hollow, none) as object, shape, prototype, nothing);
  return Hollow;
}

/** V8 (11.3) settles the size of a constructor's objects after seven. */
const objectsOfTrial = 8;
const nothing = { value: () => undefined } as unknown as ValueReader;

const nameOf = (key: PropertyKey): string => (typeof key === 'symbol' ? 'a symbol' : `"${key}"`);

/** What V8 asks of a prototype without saying for whom. */
function untold(prototype: object | null, filler: Filler): ProxyHandler<object> {
  const refuse = (what: string) => () => filler.lost(what);
  return {
    getPrototypeOf: () => prototype,
    ownKeys: refuse('its keys'),
    getOwnPropertyDescriptor: refuse('a descriptor'),
    defineProperty: refuse('a definition'),
    deleteProperty: refuse('a deletion'),
    setPrototypeOf: refuse('another prototype'),
    isExtensible: refuse('whether it can be extended'),
    preventExtensions: refuse('not to be extended'),
  };
}

function standIn(prototype: object | null, isArray: boolean, filler: Filler): object {
  /** The hollow object on whose behalf V8 asks: the receiver, or what it inherits from. */
  const owner = (receiver: unknown, what: string): object => {
    for (let at = receiver; typeof at === 'object' || typeof at === 'function'; at = getPrototypeOf(at as object)) {
      if (at === null || isProxy(at)) break;
      if (filler.touch(at)) return at;
    }
    return filler.lost(what);
  };
  const isOfCollections = prototype === MapPrototype || prototype === SetPrototype;
  // V8's Object.prototype.toString takes the proxy for the object: an array where that is one.
  const proxy: object = new ProxyOf(isArray ? [] : (objectCreate(null) as object), {
    get(_, key, receiver) {
      if (receiver === proxy && typeof key === 'symbol') return inherited(prototype, key, filler);
      // A collection that can be hollow has no properties of its own.
      const method = prototype !== null && isOfCollections ? filler.methodOf(prototype, key) : undefined;
      if (method !== undefined) return key === 'size' ? reflectApply(method, receiver, none) : method;
      return reflectGet(owner(receiver, nameOf(key)), key, receiver);
    },
    set(_, key, value, receiver) {
      return reflectSet(owner(receiver, nameOf(key)), key, value, receiver);
    },
    // Built-ins that go through arrays ask for each element first; hollow ones have no holes, and then the element is read.
    has: (_, key) => (isArray && isIndexKey(key) ? true : filler.lost(`whether it has ${nameOf(key)}`)),
    ...untold(prototype, filler),
  });
  return proxy;
}

/** Of one large array, which it knows: no other property than its elements is behind it. */
function standInOfOne(array: unknown[], filler: Filler): object {
  /** Whether the key is an element's, which is there then unless it is a hole. */
  const isElement = (key: PropertyKey): boolean => {
    if (!isIndexKey(key)) return false;
    filler.touchAt(array, +(key as string));
    return hasOwn(array, key);
  };
  const proxy: object = new ProxyOf([], {
    get(_, key, receiver) {
      const asker = receiver === proxy ? array : receiver;
      // Node's inspect asks how to show it, and then which elements are its own.
      if (typeof key === 'symbol' && key !== iterator && key !== isConcatSpreadable && key !== toStringTag) filler.touch(array);
      return reflectGet(isElement(key) ? array : ArrayPrototype, key, asker);
    },
    set(_, key, value, receiver) {
      return reflectSet(isElement(key) ? array : ArrayPrototype, key, value, receiver);
    },
    has: (_, key) => isElement(key) || reflectHas(ArrayPrototype, key),
    ...untold(ArrayPrototype, filler),
  });
  return proxy;
}

/**
 * What V8's Object.prototype.toString asks of the proxy itself, not on behalf of the object: its tag. No object that can be hollow has
 * a symbol for a key, so it is what its prototype has; only a getter would have to know the object.
 */
function inherited(prototype: object | null, key: symbol, filler: Filler): unknown {
  for (let at = prototype; at !== null; at = getPrototypeOf(at)) {
    const descriptor = isProxy(at) ? filler.lost(nameOf(key)) : getOwnPropertyDescriptor(at, key);
    if (descriptor !== undefined) return hasOwn(descriptor, 'value') ? descriptor.value : filler.lost(nameOf(key));
  }
  return undefined;
}
