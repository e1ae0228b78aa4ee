/**
 * What asks an object for something without reading a property, with a look first whether the object is hollow (heap/hollow.ts): compiled code
 * (compile/touch-first.ts) and the runtime's own helpers, built-ins that look at own keys, and what of Node's modules takes objects apart and is
 * given whole arguments. Where nothing is hollow each look is one comparison.
 * The built-ins have stand-ins in realms to which guests come in parcels. Where guests begin nothing is hollow: there only what changes a prototype
 * has one, which tells cleanness.ts. Modules have theirs in both.
 */
import { types } from 'node:util';
import { eachValue } from '../heap/collections.js';
import type { PagedHeap } from '../heap/index.js';
import { list, SafeSet, SafeWeakMap, uncurry } from '../heap/primordials.js';
import { noteHeir } from './cleanness.js';
import { printAsNative } from './printing.js';
import { likeNative, standInClass } from './stand-ins.js';

const { isProxy, isMap, isMapIterator, isSet, isSetIterator, isWeakMap, isWeakSet } = types;
const { isArray } = Array;
const { isView } = ArrayBuffer;
const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { getPrototypeOf, hasOwn } = Object;

const MapPrototype = Map.prototype;
const SetPrototype = Set.prototype;

let heap: PagedHeap | undefined;

/** Whose objects may be hollow; undefined when all are whole. */
export function setPagedHeap(paged: PagedHeap | undefined): void {
  heap = paged;
}

/** The value itself; an object, and what it inherits from, with its content. Of a large array with a `key` the piece that has it will do. */
export function whole<T>(value: T, key?: unknown): T {
  if (heap !== undefined && isObject(value)) {
    if (typeof key === 'number' && isArray(value)) heap.touchAt(value, key);
    else touchChain(value);
  }
  return value;
}

/** Whether hollow objects inherit from it in the place of their prototype, which is the prototype that it says it has. */
export const isStandIn = (prototype: object): boolean => heap?.isStandIn(prototype) ?? false;

let areMethodsTaken = false;

/** Whether the program may call methods of Maps and Sets as functions: its collections are never hollow. */
export const hasTakenMethods = (): boolean => areMethodsTaken;
export function setTakenMethods(areTaken: boolean): void {
  areMethodsTaken = areTaken;
}

/** `Map.prototype` or `Set.prototype`, which the program names. */
export function methodsOf<T>(prototype: T): T {
  if (!areMethodsTaken && ((prototype as unknown) === MapPrototype || (prototype as unknown) === SetPrototype)) {
    areMethodsTaken = true;
    heap?.touchAll();
  }
  return prototype;
}

function touchChain(object: object): void {
  for (let at: object | null = object; at !== null && !isProxy(at); at = getPrototypeOf(at)) heap!.touch(at);
}

/**
 * Makes whole what can be reached from a value through properties and collections: for what goes through it natively. `isShown`: to show it;
 * what says itself how it is shown may show anything, and what an iterator or a weak collection holds is not seen here: then everything is
 * made whole.
 */
function wholeDeep(value: unknown, isShown: boolean): void {
  if (!isObject(value)) return;
  const seen = new SafeSet<object>();
  const waiting = list<object>();
  const meet = (found: unknown): void => {
    if (!isObject(found) || isProxy(found) || seen.has(found)) return;
    seen.add(found);
    waiting[waiting.length] = found;
  };
  meet(value);
  while (waiting.length > 0) {
    const object = waiting[waiting.length - 1]!;
    waiting.length--;
    whole(object);
    if (isShown && hidesParts(object)) {
      heap?.touchAll();
      return;
    }
    if (isMap(object) || isSet(object)) eachValue(object, meet);
    if (isView(object)) continue;
    const keys = ownKeys(object);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = getOwnPropertyDescriptor(object, keys[i]!)!;
      if (hasOwn(descriptor, 'value')) meet(descriptor.value);
    }
  }
}

const shows = Symbol.for('nodejs.util.inspect.custom');

function hidesParts(object: object): boolean {
  if (isMapIterator(object) || isSetIterator(object) || isWeakMap(object) || isWeakSet(object)) return true;
  if (typeof object === 'function' || isView(object)) return false;
  for (let at: object | null = object; at !== null && !isProxy(at); at = getPrototypeOf(at))
    if (getOwnPropertyDescriptor(at, shows) !== undefined) return true;
  return false;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

type AnyFunction = (...given: never[]) => unknown;

/**
 * What of a call must be whole: what it is given, its receiver too, what the second of them holds as well, or all that can be reached, to be
 * shown perhaps.
 */
type Reach = 'given' | 'self' | 'descriptors' | 'deep' | 'shown';

const replaced: readonly { holder: object; reach: Reach; keys: readonly string[] }[] = [
  {
    holder: Object,
    reach: 'given',
    keys: [
      ...['assign', 'defineProperty', 'entries', 'freeze', 'getOwnPropertyDescriptor', 'getOwnPropertyDescriptors'],
      ...['getOwnPropertyNames', 'getOwnPropertySymbols', 'getPrototypeOf', 'hasOwn', 'isExtensible', 'isFrozen', 'isSealed'],
      ...['keys', 'preventExtensions', 'seal', 'setPrototypeOf', 'values'],
    ],
  },
  { holder: Object, reach: 'descriptors', keys: ['create', 'defineProperties'] },
  {
    holder: Reflect,
    reach: 'given',
    keys: [
      ...['construct', 'defineProperty', 'deleteProperty', 'get', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'has'],
      ...['isExtensible', 'ownKeys', 'preventExtensions', 'set', 'setPrototypeOf'],
    ],
  },
  {
    holder: Object.prototype,
    reach: 'self',
    keys: [
      ...['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', '__proto__'],
      ...['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__'],
    ],
  },
  { holder: globalThis, reach: 'deep', keys: ['structuredClone'] },
];

function touch(reach: Reach, self: unknown, given: readonly unknown[]): void {
  if (reach === 'self') whole(self);
  for (let i = 0; i < given.length; i++) {
    if (reach === 'deep' || reach === 'shown') wholeDeep(given[i], reach === 'shown');
    else whole(given[i]);
  }
  if (reach !== 'descriptors') return;
  const all = given[1];
  if (typeof all !== 'object' || all === null || isProxy(all)) return;
  const keys = ownKeys(all);
  for (let i = 0; i < keys.length; i++) whole(getOwnPropertyDescriptor(all, keys[i]!)!.value);
}

/** What gives objects other prototypes (cleanness.ts wants to know); the first to its receiver. */
const setPrototype: readonly unknown[] = [
  getOwnPropertyDescriptor(Object.prototype, '__proto__')!.set,
  Object.setPrototypeOf,
  Reflect.setPrototypeOf,
];
const replacements = new SafeWeakMap<object, object>();

/** Natives that can tell an argument that is undefined from none, or take any number. */
const takesMore: readonly unknown[] = [Object.assign, Reflect.construct, Reflect.get, Reflect.set];

const ofAnyLength = (native: AnyFunction, reach: Reach): AnyFunction =>
  ({
    made(this: unknown, ...given: unknown[]): unknown {
      if (heap !== undefined) touch(reach, this, given);
      return apply(native, this, given);
    },
  }).made;

/** With parameters, which V8 inlines; a function that gathers its arguments takes up to six times as long. */
function ofLength(native: AnyFunction, reach: Reach): AnyFunction | undefined {
  if (reach !== 'given' && reach !== 'self') return undefined;
  const run = uncurry(native) as unknown as (self: unknown, a?: unknown, b?: unknown, c?: unknown) => unknown;
  if (native.name === 'getPrototypeOf')
    return {
      // What it answers is known of what is hollow too.
      made(this: unknown, a: unknown): unknown {
        const found = run(this, a);
        return heap?.isStandIn(found) ? run(this, found) : found;
      },
    }.made;
  if (native.length === 1 && reach === 'given')
    return {
      made(this: unknown, a: unknown): unknown {
        if (heap !== undefined) whole(a);
        return run(this, a);
      },
    }.made;
  return {
    made(this: unknown, a: unknown, b: unknown, c: unknown): unknown {
      if (heap !== undefined) touch(reach, this, [a, b, c]);
      return run(this, a, b, c);
    },
  }.made;
}

function notingHeirs(set: AnyFunction, isSetter: boolean): AnyFunction {
  const run = uncurry(set) as unknown as (self: unknown, a: unknown, b: unknown) => unknown;
  return {
    made(this: unknown, a: unknown, b: unknown): unknown {
      noteHeir(isSetter ? this : a);
      return run(this, a, b);
    },
  }.made;
}

/** As the native function, a moment later. */
function touching(native: AnyFunction, reach: Reach): AnyFunction {
  const known = replacements.get(native);
  if (known !== undefined) return known as AnyFunction;
  let made = (takesMore.includes(native) ? undefined : ofLength(native, reach)) ?? ofAnyLength(native, reach);
  if (setPrototype.includes(native)) made = notingHeirs(made, native === setPrototype[0]);
  replacements.set(native, made);
  return likeNative(made, native);
}

function replace(holder: object, reach: Reach, key: string): void {
  const descriptor = getOwnPropertyDescriptor(holder, key);
  if (descriptor === undefined) return;
  const { value, get, set } = descriptor;
  if (typeof value === 'function') defineProperty(holder, key, { ...descriptor, value: touching(value, reach) });
  else if (get && set)
    defineProperty(holder, key, { ...descriptor, get: touching(get, reach) as never, set: touching(set, reach) as never });
}

/** The target of a proxy is asked by V8 with the proxy as the receiver, so it and what it inherits from are whole before. */
function replaceProxy(): void {
  const native = Proxy;
  function touchingProxy(...given: unknown[]): unknown {
    if (new.target === undefined) return apply(native as never, undefined, given);
    if (heap !== undefined) touch('given', undefined, given);
    return construct(native, given);
  }
  // Bound: like V8's it has no prototype.
  const made = likeNative(touchingProxy.bind(undefined) as AnyFunction, native as never);
  defineProperty(globalThis, 'Proxy', { ...getOwnPropertyDescriptor(globalThis, 'Proxy'), value: made });
}

/**
 * A module of Node's whose functions take objects apart with built-ins that nobody can replace: a copy, whose functions are given whole
 * arguments. Classes are left alone: what they are given they read property by property. `except`: functions to be left alone too.
 * A function with functions of its own is a module in itself (`assert.strict`), unless it is one of `single`.
 */
export function touchingModule(
  module: object,
  {
    except = [],
    single = [],
    isShowing = false,
  }: { except?: readonly string[]; single?: readonly string[]; isShowing?: boolean },
): object {
  const known = replacements.get(module);
  if (known !== undefined) return known;
  // Bound, a function has no frame of its own: what it says of its caller stays true.
  const copy = typeof module === 'function' ? module.bind(undefined) : { __proto__: getPrototypeOf(module) };
  replacements.set(module, copy);
  const part = (key: PropertyKey, value: unknown): { value?: unknown } => {
    if (typeof key !== 'string' || !isObject(value) || except.includes(key) || !isFunctionName(key)) return {};
    // What is one thing there is one here: `assert.strict.strict === assert.strict`.
    if (ownKeys(value).length > 3 && !single.includes(key))
      return { value: touchingModule(value, { except, single, isShowing }) };
    return typeof value === 'function' ? { value: touching(value as AnyFunction, isShowing ? 'shown' : 'deep') } : {};
  };
  const keys = ownKeys(module);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const descriptor = getOwnPropertyDescriptor(module, key)!;
    if (key !== 'prototype') defineProperty(copy, key, { ...descriptor, ...part(key, descriptor.value) });
  }
  if (typeof module === 'function') printAsNative(copy as AnyFunction, module.name);
  return copy;
}

/** Makes what a function of Node's is given whole, and what can be reached from it. */
export function wholeArguments(given: readonly unknown[]): void {
  if (heap === undefined) return;
  for (let i = 0; i < given.length; i++) wholeDeep(given[i], false);
}

const touchingClasses = new SafeWeakMap<object, object>();

/** A class of Node's whose constructor is given whole arguments; its instances are what they were. */
export function touchingClass(native: AnyFunction): AnyFunction {
  const known = touchingClasses.get(native);
  if (known !== undefined) return known as AnyFunction;
  const made = standInClass(native, wholeArguments);
  touchingClasses.set(native, made);
  return made;
}

const isFunctionName = (key: string): boolean => key[0]! >= 'a' && key[0]! <= 'z';

/** Functions of an object of the runtime's own, in place. */
export function touchArguments(object: object, keys: readonly string[]): void {
  for (const key of keys) replace(object, 'shown', key);
}

/** Before something that nobody can tell of comes into the guest's hands. */
export function wholeEverything(): void {
  heap?.touchAll();
}

/** Known where guests begin, too, by cleanness.ts. */
const isOfHeirs = (key: string): boolean => key === 'setPrototypeOf' || key === '__proto__';

/**
 * Puts those into the realm that tell cleanness.ts of heirs. First of all: when an accessor of Object.prototype changes, V8 gives up most of what
 * it has optimised, and what captures and restores run is rehearsed (runtime/guest/warm-up.ts).
 */
export function installHeirs(): void {
  for (const { holder, reach, keys } of replaced) for (const key of keys) if (isOfHeirs(key)) replace(holder, reach, key);
}

/** The others. */
export const touchedBuiltIns = replaced.map((part) => ({ ...part, keys: part.keys.filter((key) => !isOfHeirs(key)) }));

/** Puts them into a realm to which a guest comes (where guests begin, nothing is hollow). Before built-ins are named, and before guest code runs. */
export function installTouching(): void {
  for (const { holder, reach, keys } of touchedBuiltIns) for (const key of keys) replace(holder, reach, key);
  replaceProxy();
}
