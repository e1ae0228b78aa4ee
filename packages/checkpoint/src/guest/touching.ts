/**
 * What asks an object for something without reading a property, with a look first whether the object is hollow (heap/hollow.ts): the helper
 * of compiled code (compile/touch-first.ts), and own-key built-ins in the place of V8's. The latter are put into realms that restore
 * a guest by pages, and nowhere else; compiled code and the runtime's own helpers ask everywhere, which is one comparison.
 */
import { types } from 'node:util';
import type { PagedHeap } from '../heap/index.js';
import { list, SafeSet, SafeWeakMap, uncurry } from '../heap/primordials.js';
import { noteHeir } from './cleanness.js';
import { printAsNative } from './printing.js';

const { isProxy, isMap, isSet } = types;
const { isView } = ArrayBuffer;
const { apply, construct, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { getPrototypeOf, hasOwn } = Object;

let heap: PagedHeap | undefined;

/** Whose objects may be hollow; undefined when all are whole. */
export function setPagedHeap(paged: PagedHeap | undefined): void {
  heap = paged;
}

/** The value itself; an object, and what it inherits from, with its content. */
export function whole<T>(value: T): T {
  if (heap !== undefined && isObject(value)) touchChain(value);
  return value;
}

function touchChain(object: object): void {
  for (let at: object | null = object; at !== null && !isProxy(at); at = getPrototypeOf(at)) heap!.touch(at);
}

/** Makes whole what can be reached from a value through properties and collections: for what goes through it natively. */
function wholeDeep(value: unknown): void {
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
    if (isMap(object) || isSet(object)) eachItem(object, meet);
    if (isView(object)) continue;
    const keys = ownKeys(object);
    for (let i = 0; i < keys.length; i++) {
      const descriptor = getOwnPropertyDescriptor(object, keys[i]!)!;
      if (hasOwn(descriptor, 'value')) meet(descriptor.value);
    }
  }
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const mapForEach = uncurry(Map.prototype.forEach) as (self: object, visit: (item: unknown, key: unknown) => void) => void;
const setForEach = uncurry(Set.prototype.forEach) as (self: object, visit: (item: unknown) => void) => void;

function eachItem(collection: object, visit: (item: unknown) => void): void {
  if (isSet(collection)) setForEach(collection, (item) => visit(item));
  else
    mapForEach(collection, (item, key) => {
      visit(key);
      visit(item);
    });
}

type AnyFunction = (...given: never[]) => unknown;

/** What of a call must be whole: what it is given, its receiver too, what the second of them holds as well, or all that can be reached. */
type Reach = 'given' | 'self' | 'descriptors' | 'deep';

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
    if (reach === 'deep') wholeDeep(given[i]);
    else whole(given[i]);
  }
  if (reach !== 'descriptors') return;
  const all = given[1];
  if (typeof all !== 'object' || all === null || isProxy(all)) return;
  const keys = ownKeys(all);
  for (let i = 0; i < keys.length; i++) whole(getOwnPropertyDescriptor(all, keys[i]!)!.value);
}

const prototypeSetter = getOwnPropertyDescriptor(Object.prototype, '__proto__')!.set as AnyFunction;
const replacements = new SafeWeakMap<object, object>();

/** As the native function, a moment later. */
function touching(native: AnyFunction, reach: Reach): AnyFunction {
  const known = replacements.get(native);
  if (known !== undefined) return known as AnyFunction;
  const setsPrototype = native === prototypeSetter || native === Object.setPrototypeOf || native === Reflect.setPrototypeOf;
  const { made } = {
    made(this: unknown, ...given: unknown[]): unknown {
      if (setsPrototype) noteHeir(native === prototypeSetter ? this : given[0]);
      if (heap !== undefined) touch(reach, this, given);
      return apply(native, this, given);
    },
  };
  replacements.set(native, made);
  const keys = ownKeys(native);
  for (let i = 0; i < keys.length; i++)
    if (keys[i] !== 'prototype') defineProperty(made, keys[i]!, getOwnPropertyDescriptor(native, keys[i]!)!);
  printAsNative(made, native.name);
  return made;
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
  const made = touchingProxy.bind(undefined) as AnyFunction;
  for (const key of ownKeys(native)) defineProperty(made, key, getOwnPropertyDescriptor(native, key)!);
  printAsNative(made, native.name);
  defineProperty(globalThis, 'Proxy', { ...getOwnPropertyDescriptor(globalThis, 'Proxy'), value: made });
}

/**
 * A module of Node's whose functions take objects apart with built-ins that nobody can replace: a copy, whose functions are given whole
 * arguments. Classes are left alone: what they are given they read property by property. `except`: functions to be left alone too.
 */
export function touchingModule(module: object, except: readonly string[]): object {
  const known = replacements.get(module);
  if (known !== undefined) return known;
  // Bound, a function has no frame of its own: what it says of its caller stays true.
  const copy = typeof module === 'function' ? module.bind(undefined) : { __proto__: getPrototypeOf(module) };
  replacements.set(module, copy);
  const keys = ownKeys(module);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const descriptor = getOwnPropertyDescriptor(module, key)!;
    if (key !== 'prototype') defineProperty(copy, key, { ...descriptor, ...part(key, descriptor.value, except) });
  }
  if (typeof module === 'function') printAsNative(copy as AnyFunction, module.name);
  return copy;
}

function part(key: PropertyKey, value: unknown, except: readonly string[]): { value?: unknown } {
  if (typeof key !== 'string' || !isObject(value) || except.includes(key) || !isFunctionName(key)) return {};
  // What is one thing there is one here: `assert.strict.strict === assert.strict`.
  if (ownKeys(value).length > 3) return { value: touchingModule(value, except) };
  return typeof value === 'function' ? { value: touching(value as AnyFunction, 'deep') } : {};
}

const isFunctionName = (key: string): boolean => key[0]! >= 'a' && key[0]! <= 'z';

/** Functions of an object of the runtime's own, in place. */
export function touchArguments(object: object, keys: readonly string[]): void {
  for (const key of keys) replace(object, 'deep', key);
}

/** Before something that nobody can tell of comes into the guest's hands. */
export function wholeEverything(): void {
  heap?.fillAll();
}

let installed = false;

/** Puts the built-ins into the realm. Before they are named, and before guest code runs. */
export function installTouching(): void {
  if (installed) return;
  installed = true;
  for (const { holder, reach, keys } of replaced) for (const key of keys) replace(holder, reach, key);
  replaceProxy();
}
