/**
 * Prototype, own properties and extensibility of any object, saved through descriptors only (no getter runs) and restored
 * onto an object that may already have some: afterwards it has exactly the saved set, in the saved order.
 *
 *   own section   prototype:value, count*2+extensible:varint, count × (key:value, flags:varint, value | get, set)
 */
import { types } from 'node:util';
import { GodwitError } from '../base/index.js';
import {
  bare,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isExtensible,
  keyFor,
  type List,
  list,
  ownKeys,
  preventExtensions,
  reflectDefine,
  reflectDelete,
  SafeSet,
  sameValue,
  setPrototypeOf,
  startsWith,
} from './primordials.js';

export const flagWritable = 1;
export const flagEnumerable = 2;
export const flagConfigurable = 4;
export const flagAccessor = 8;

/** One property as data: `first` is the value or the getter, `second` the setter. */
export interface OwnProperty {
  key: PropertyKey;
  flags: number;
  first: unknown;
  second: unknown;
}

export interface OwnState {
  prototype: object | null;
  extensible: boolean;
  properties: List<OwnProperty>;
}

/** Reads one property without calling anything. */
export function readOwn(object: object, key: PropertyKey): OwnProperty | undefined {
  const descriptor = getOwnPropertyDescriptor(object, key);
  return descriptor && ownProperty(key, descriptor);
}

/** One property as data, of its descriptor. */
export function ownProperty(key: PropertyKey, descriptor: PropertyDescriptor): OwnProperty {
  const shared = (descriptor.enumerable ? flagEnumerable : 0) | (descriptor.configurable ? flagConfigurable : 0);
  if (hasOwn(descriptor, 'value')) {
    return { key, flags: shared | (descriptor.writable ? flagWritable : 0), first: descriptor.value, second: undefined };
  }
  return { key, flags: shared | flagAccessor, first: descriptor.get, second: descriptor.set };
}

/** The whole own state of an object that is not a proxy, leaving out its first `skip` keys (the elements of a typed array). */
export function readOwnState(object: object, skip = 0): OwnState {
  const keys = ownKeys(object);
  const properties = list<OwnProperty>();
  for (let i = skip; i < keys.length; i++) {
    const property = readOwn(object, keys[i]!);
    if (property) properties[properties.length] = property;
  }
  if (typeof object === 'function') forgetActiveCall(properties);
  return { prototype: getPrototypeOf(object), extensible: isExtensible(object), properties };
}

/** V8 shows the running call of a sloppy function as two properties of it: they belong to the stack, and are null when it does not run. */
function forgetActiveCall(properties: List<OwnProperty>): void {
  for (let i = 0; i + 1 < properties.length; i++) {
    const first = properties[i]!;
    const second = properties[i + 1]!;
    if (first.key !== 'arguments' || second.key !== 'caller' || first.flags !== 0 || second.flags !== 0) continue;
    first.first = null;
    second.first = null;
  }
}

/** Makes the object's own state exactly `saved`. What is equal already is left alone. */
export function restoreOwnState(object: object, saved: OwnState): void {
  if (getPrototypeOf(object) !== saved.prototype && !setPrototypeOf(object, saved.prototype)) cannot(object, '[prototype]');
  // The elements of a typed array are its buffer's content; they are neither listed nor touched.
  const existing = isTypedArray(object) ? (saved.properties.length === 0 ? noKeys : namedKeys(object)) : ownKeys(object);
  if (existing.length > 0) removeMisplaced(object, existing, saved.properties);
  for (let i = 0; i < saved.properties.length; i++) defineExactly(object, saved.properties[i]!, existing.length > 0);
  if (!saved.extensible && isExtensible(object)) preventExtensions(object);
}

const { isTypedArray } = types;
const noKeys: readonly PropertyKey[] = [];

function namedKeys(object: object): List<PropertyKey> {
  const keys = ownKeys(object);
  const named = list<PropertyKey>();
  for (let i = 0; i < keys.length; i++) if (!isIndexKey(keys[i]!)) named[named.length] = keys[i]!;
  return named;
}

function defineExactly(object: object, property: OwnProperty, mayExist: boolean): void {
  const { key, flags, first, second } = property;
  if (mayExist) {
    const now = readOwn(object, key);
    if (now && now.flags === flags && sameValue(now.first, first) && sameValue(now.second, second)) return;
  }
  const enumerable = (flags & flagEnumerable) !== 0;
  const configurable = (flags & flagConfigurable) !== 0;
  const descriptor =
    flags & flagAccessor
      ? { __proto__: null, get: first as () => unknown, set: second as () => void, enumerable, configurable }
      : { __proto__: null, value: first, writable: (flags & flagWritable) !== 0, enumerable, configurable };
  if (!reflectDefine(object, key, descriptor as PropertyDescriptor)) cannot(object, key);
}

/**
 * Integer keys sort themselves; names and symbols each keep the order in which they were added. From the first key that is not
 * where it belongs everything deletable of that class is taken off, to be added again in order.
 */
function removeMisplaced(object: object, existing: ArrayLike<PropertyKey>, saved: List<OwnProperty>): void {
  const wanted = new SafeSet<PropertyKey>();
  for (let i = 0; i < saved.length; i++) wanted.add(saved[i]!.key);
  let at = 0;
  let misplaced = false;
  let symbols = false;
  for (let i = 0; i < existing.length; i++) {
    const key = existing[i]!;
    if (typeof key === 'symbol' && !symbols) {
      symbols = true;
      misplaced = false;
    }
    if (isIndexKey(key)) {
      if (!wanted.has(key)) remove(object, key);
      continue;
    }
    while (at < saved.length && (isIndexKey(saved[at]!.key) || (symbols && typeof saved[at]!.key !== 'symbol'))) at++;
    if (!misplaced && at < saved.length && saved[at]!.key === key) at++;
    else {
      misplaced = true;
      if (!reflectDelete(object, key) && !wanted.has(key) && !isNodesOwn(key)) cannot(object, key);
    }
  }
}

/** What Node itself leaves on globalThis, for good, when something of it is loaded: it may be here and not where the guest comes from. */
function isNodesOwn(key: PropertyKey): boolean {
  const registered = typeof key === 'symbol' ? keyFor(key) : undefined;
  return registered !== undefined && startsWith(registered, 'undici.');
}

function remove(object: object, key: PropertyKey): void {
  if (!reflectDelete(object, key)) cannot(object, key);
}

/** Whether V8 orders the key as an array index. */
export function isIndexKey(key: PropertyKey): boolean {
  if (typeof key !== 'string' || key.length === 0 || key.length > 10) return false;
  const number = +key;
  return number >>> 0 === number && number !== 0xffffffff && `${number}` === key;
}

function cannot(object: object, key: PropertyKey): never {
  const what = typeof object === 'function' ? 'function' : 'object';
  throw new GodwitError(
    'GODWIT_CANNOT_RESTORE',
    `Cannot restore property "${String(key)}" of a ${what}: it is fixed in this realm`,
  );
}

/** A data property descriptor that no prototype can add to. */
export function plainProperty(value: unknown): PropertyDescriptor {
  return bare({ value, writable: true, enumerable: true, configurable: true });
}
