/**
 * Iteration as the compiled loops use it: arrays by index, snapshots of keys for for-in, cursors for Map and Set whose position is
 * data, and the closing protocol (ECMAScript 7.4). Only primordials taken at load are used.
 */
import { types } from 'node:util';
import { mapSize, setSize } from '../heap/collections.js';
import { uncurry } from '../heap/primordials.js';
import { noteMethod } from './cleanness.js';
import { hostClosureKind } from './host-closures.js';
import { Cursor, finished, ListCursor, matchCursorOf, StringCursor, TypedCursor } from './list-cursors.js';
import { isObject } from './promises.js';
import { isStandIn, whole } from './touching.js';

const isArray = Array.isArray;
const arrayProto = Array.prototype as unknown as Record<symbol, unknown>;
const arrayValues = arrayProto[Symbol.iterator];
const arrayIteratorProto = Object.getPrototypeOf([][Symbol.iterator]()) as { next: unknown };
const arrayNext = arrayIteratorProto.next;
const getPrototypeOf = Object.getPrototypeOf;
const ownDescriptor = Object.getOwnPropertyDescriptor;
const mapEntries = Map.prototype.entries;
const mapProto = Map.prototype as unknown as Record<symbol, unknown>;
const setProto = Set.prototype as unknown as Record<symbol, unknown>;
const mapIterator = mapProto[Symbol.iterator];
const setIterator = setProto[Symbol.iterator];
const setValues = Set.prototype.values;
const mapIteratorNext = getPrototypeOf(new Map().entries()).next as () => IteratorResult<unknown>;
const setIteratorNext = getPrototypeOf(new Set().values()).next as () => IteratorResult<unknown>;
type Step = (iterator: Iterator<unknown>) => IteratorResult<unknown>;
const stepMap = Function.prototype.call.bind(mapIteratorNext) as Step;
const stepSet = Function.prototype.call.bind(setIteratorNext) as Step;
const iteratorPrototype = getPrototypeOf(arrayIteratorProto);
const apply = Reflect.apply;
const ownKeys = Reflect.ownKeys;

/** The array itself when iterating it is unobservable from index access, else undefined. */
export function plainArray(value: unknown): unknown[] | undefined {
  return isArray(value) &&
    (value as unknown as Record<symbol, unknown>)[Symbol.iterator] === arrayValues &&
    arrayIteratorProto.next === arrayNext
    ? value
    : undefined;
}

const stringIterator = (String.prototype as unknown as Record<symbol, unknown>)[Symbol.iterator];
const stringIteratorProto = getPrototypeOf(''[Symbol.iterator]()) as { next: unknown };
const stringNext = stringIteratorProto.next;
const mapIteratorProto = getPrototypeOf(new Map().entries()) as { next: unknown };
const setIteratorProto = getPrototypeOf(new Set().values()) as { next: unknown };
const typedArrayValues = getPrototypeOf(Uint8Array.prototype)[Symbol.iterator] as unknown;
const typedArrayBuffer = ownDescriptor(getPrototypeOf(Uint8Array.prototype), 'buffer')!.get!;
const typedArrayLength = ownDescriptor(getPrototypeOf(Uint8Array.prototype), 'length')!.get!;
const iteratorSelf = (iteratorPrototype as Record<symbol, unknown>)[Symbol.iterator];
const { isMap, isSet, isTypedArray, isMapIterator, isSetIterator, isArgumentsObject, isProxy } = types;
const { defineProperty } = Object;
const { push, slice } = Array.prototype;

/**
 * An array of what spreading `value` gives, made without running code of the guest; undefined where its iterator may be the guest's.
 * A plain array is given as it is unless a `fresh` one is wanted.
 */
export function spreadable(value: unknown, fresh: boolean): unknown[] | undefined {
  const plain = plainArray(value);
  if (plain) return fresh ? copyOf(plain) : plain;
  if (typeof value === 'string') {
    const isPristine = (String.prototype as unknown as Record<symbol, unknown>)[Symbol.iterator] === stringIterator;
    return isPristine && stringIteratorProto.next === stringNext ? [...value] : undefined;
  }
  if (typeof value !== 'object' || value === null || isProxy(value)) return undefined;
  return isIteratedNatively(value) ? [...(value as Iterable<unknown>)] : undefined;
}

export function isIteratedNatively(value: object): boolean {
  if (isMap(value) || isSet(value)) whole(value);
  const method = methodOf(value, Symbol.iterator);
  if (isMap(value)) return method === mapIterator && mapIteratorProto.next === mapIteratorNext;
  if (isSet(value)) return method === setIterator && setIteratorProto.next === setIteratorNext;
  if (isMapIterator(value)) return method === iteratorSelf && methodOf(value, 'next') === mapIteratorNext;
  if (isSetIterator(value)) return method === iteratorSelf && methodOf(value, 'next') === setIteratorNext;
  if (arrayIteratorProto.next !== arrayNext) return false;
  if (isTypedArray(value)) return method === typedArrayValues;
  return isArgumentsObject(value) && method === arrayValues;
}

/** A data property along the prototype chain; undefined where a getter or proxy stands in the way. */
function methodOf(object: object, key: PropertyKey): unknown {
  for (let holder: object | null = object; holder; holder = getPrototypeOf(holder)) {
    if (isProxy(holder)) {
      if (isStandIn(holder)) continue;
      return undefined;
    }
    const descriptor = ownDescriptor(holder, key);
    if (descriptor) return descriptor.value;
  }
  return undefined;
}

const pieceLength = 4096;

/** Holes become undefined, as iterating makes them. */
function copyOf(list: readonly unknown[]): unknown[] {
  if (
    isArray(list) &&
    (list as unknown as Record<symbol, unknown>)[Symbol.iterator] === arrayValues &&
    arrayIteratorProto.next === arrayNext
  )
    return [...list];
  return elementsFrom(list, 0);
}

/** One array of several, holes becoming undefined. */
export function listOf(...parts: unknown[][]): unknown[] {
  const all = copyOf(parts[0]!);
  for (let p = 1; p < parts.length; p++) {
    const part = parts[p]!;
    // In pieces: arguments live on the stack.
    for (let at = 0; at < part.length; at += pieceLength)
      apply(push, all, part.length <= pieceLength ? part : apply(slice, part, [at, at + pieceLength]));
  }
  return all;
}

/** Adds an element whatever setters Array.prototype may have. */
export function append(list: unknown[], value: unknown): void {
  defineProperty(list, list.length, { value, writable: true, enumerable: true, configurable: true });
}

/** What a cursor gives: a Map's entries, keys or values, a Set's values or entries. */
export type CollectionKind = 'map' | 'mapKeys' | 'mapValues' | 'set' | 'setEntries';
const isOfSet = (kind: CollectionKind): boolean => kind === 'set' || kind === 'setEntries';

const makers: Record<CollectionKind, () => Iterator<unknown>> = {
  map: mapEntries,
  mapKeys: Map.prototype.keys,
  mapValues: Map.prototype.values,
  set: setValues,
  setEntries: Set.prototype.entries,
};
/** A fresh native iterator over a collection. */
export const nativeIteratorOf = (source: object, kind: CollectionKind): Iterator<unknown> =>
  apply(makers[kind], source, []) as Iterator<unknown>;
const nativeIterator = (cursor: CollectionCursor): Iterator<unknown> => nativeIteratorOf(cursor.source, cursor.kind);

/** One step of a native iterator, whatever the guest did to its prototype. */
export const stepOf = (iterator: Iterator<unknown>, kind: CollectionKind): IteratorResult<unknown> =>
  apply(isOfSet(kind) ? setIteratorNext : mapIteratorNext, iterator, []) as IteratorResult<unknown>;
export const sizeOf = (source: object, kind: CollectionKind): number => (isOfSet(kind) ? setSize(source) : mapSize(source));

/** An iterator over a Map or Set that knows how many live entries lie before its position. */
export abstract class CollectionCursor extends Cursor {
  finished = false;
  constructor(
    readonly source: Map<unknown, unknown> | Set<unknown>,
    readonly kind: CollectionKind,
    public iterator: Iterator<unknown> | undefined = undefined,
  ) {
    super();
  }
}

const begun = (cursor: CollectionCursor): Iterator<unknown> => (cursor.iterator ??= nativeIterator(cursor));
function noted(cursor: CollectionCursor, result: IteratorResult<unknown>): IteratorResult<unknown> {
  if (result.done) cursor.finished = true;
  return result;
}

// A class for each kind, each with the same few lines: V8 inlines the native step where it has seen one kind of iterator, which it learns
// from the reading of `next`.

class MapCursor extends CollectionCursor {
  advance(): IteratorResult<unknown> {
    if (this.finished) return finished();
    const iterator = begun(this);
    void iterator.next;
    return noted(this, stepMap(iterator));
  }
}
class MapKeysCursor extends CollectionCursor {
  advance(): IteratorResult<unknown> {
    if (this.finished) return finished();
    const iterator = begun(this);
    void iterator.next;
    return noted(this, stepMap(iterator));
  }
}
class MapValuesCursor extends CollectionCursor {
  advance(): IteratorResult<unknown> {
    if (this.finished) return finished();
    const iterator = begun(this);
    void iterator.next;
    return noted(this, stepMap(iterator));
  }
}
class SetCursor extends CollectionCursor {
  advance(): IteratorResult<unknown> {
    if (this.finished) return finished();
    const iterator = begun(this);
    void iterator.next;
    return noted(this, stepSet(iterator));
  }
}
class SetEntriesCursor extends CollectionCursor {
  advance(): IteratorResult<unknown> {
    if (this.finished) return finished();
    const iterator = begun(this);
    void iterator.next;
    return noted(this, stepSet(iterator));
  }
}

const cursorClasses = {
  map: MapCursor,
  mapKeys: MapKeysCursor,
  mapValues: MapValuesCursor,
  set: SetCursor,
  setEntries: SetEntriesCursor,
};

export const collectionCursor = (source: Map<unknown, unknown> | Set<unknown>, kind: CollectionKind): CollectionCursor =>
  new cursorClasses[kind](source, kind);

/** Live entries that lie before the cursor; the cursor is left at the same place. */
export function cursorPosition(cursor: CollectionCursor): number {
  if (!cursor.iterator || cursor.finished) return 0;
  let remaining = 0;
  while (!stepOf(cursor.iterator, cursor.kind).done) remaining++;
  const position = sizeOf(cursor.source, cursor.kind) - remaining;
  placeCursor(cursor, position);
  return position;
}

/** Puts a cursor behind the first `position` entries. */
export function placeCursor(cursor: CollectionCursor, position: number): void {
  cursor.iterator = nativeIterator(cursor);
  for (let i = 0; i < position; i++) stepOf(cursor.iterator, cursor.kind);
}

const entriesOf = uncurry(mapEntries) as (map: unknown) => Iterator<unknown>;
const valuesOf = uncurry(setValues) as (set: unknown) => Iterator<unknown>;

/** GetIterator for a for-of head; `text` is how the author wrote it, for V8's message. */
export function iteratorOf(value: unknown, text: string): object {
  const method = value === undefined || value === null ? undefined : (value as Record<symbol, unknown>)[Symbol.iterator];
  // V8's methods refuse what is none of theirs.
  if (method === setIterator && setIteratorProto.next === setIteratorNext)
    return new SetCursor(value as Set<unknown>, 'set', valuesOf(value));
  if (method === mapIterator && mapIteratorProto.next === mapIteratorNext)
    return new MapCursor(value as Map<unknown, unknown>, 'map', entriesOf(value));
  const cursor = listCursorOf(value);
  if (cursor) return cursor;
  if (typeof method !== 'function')
    throw new TypeError(`${value === undefined || value === null ? String(value) : text} is not iterable`);
  noteMethod(method);
  const iterator = apply(method, value, []) as object;
  if (!isObject(iterator)) throw new TypeError(`Result of the Symbol.iterator method is not an object`);
  return iterator;
}

/** A cursor for what is iterated natively by index: arrays, strings, typed arrays, arguments; undefined for everything else. */
function listCursorOf(value: unknown): object | undefined {
  const list = plainArray(value);
  if (list) return new ListCursor(list, 'values');
  if (typeof value === 'string') {
    const isPristine = (String.prototype as unknown as Record<symbol, unknown>)[Symbol.iterator] === stringIterator;
    return isPristine && stringIteratorProto.next === stringNext ? new StringCursor(value) : undefined;
  }
  if (value instanceof Cursor) return value;
  if (!isObject(value) || arrayIteratorProto.next !== arrayNext) return undefined;
  if (isTypedArray(value)) return methodOf(value, Symbol.iterator) === typedArrayValues ? typedCursorOf(value) : undefined;
  return isArgumentsObject(value) && methodOf(value, Symbol.iterator) === arrayValues
    ? new ListCursor(value as never, 'values')
    : undefined;
}

/** A typed array out of its buffer's bounds is refused by its own method, with its text. */
function typedCursorOf(value: object): object | undefined {
  const buffer = (apply(typedArrayBuffer, value, []) ?? {}) as { resizable?: boolean };
  return buffer.resizable || apply(typedArrayLength, value, []) === 0 ? undefined : new TypedCursor(value as never);
}

const listMethods = { keys: Array.prototype.keys, values: arrayValues, entries: Array.prototype.entries };
const mapMethods = { keys: Map.prototype.keys, values: Map.prototype.values, entries: mapEntries };
const setMethods = { keys: Set.prototype.keys, values: setValues, entries: Set.prototype.entries };
const stringMatchAll = String.prototype.matchAll;

/**
 * The head of `for (… of value.entries())` and its like (keys, values, matchAll): the iterator is seen by the loop alone, so a cursor
 * stands in its place. Undefined where the method may be the guest's.
 */
export function loopOver(value: unknown, name: LoopName, pattern: unknown): object | undefined {
  const cursor = cursorOver(value, name, pattern);
  if (cursor === undefined) noteLoop(value, name);
  return cursor;
}

type LoopName = 'keys' | 'values' | 'entries' | 'matchAll';

/** The loop calls the method itself. */
function noteLoop(value: unknown, name: LoopName): void {
  if (typeof value === 'string') noteMethod((String.prototype as never)[name]);
  else if (isObject(value)) noteMethod(isProxy(value) ? stringMatchAll : methodOf(value, name));
}

function cursorOver(value: unknown, name: LoopName, pattern: unknown): object | undefined {
  if (name === 'matchAll')
    return typeof value === 'string' && (String.prototype as { matchAll: unknown }).matchAll === stringMatchAll
      ? matchCursorOf(value, pattern)
      : undefined;
  if (typeof value !== 'object' || value === null || isProxy(value)) return undefined;
  if (isArray(value))
    return arrayIteratorProto.next === arrayNext && methodOf(value, name) === listMethods[name]
      ? new ListCursor(value, name)
      : undefined;
  if (isMap(value) || isSet(value)) whole(value);
  if (isMap(value))
    return mapIteratorProto.next === mapIteratorNext && methodOf(value, name) === mapMethods[name]
      ? collectionCursor(value, name === 'keys' ? 'mapKeys' : name === 'values' ? 'mapValues' : 'map')
      : undefined;
  if (isSet(value))
    return setIteratorProto.next === setIteratorNext && methodOf(value, name) === setMethods[name]
      ? collectionCursor(value, name === 'entries' ? 'setEntries' : 'set')
      : undefined;
  return undefined;
}

const adders = new Map<unknown, () => boolean>();
for (const C of [Map, Set, WeakMap, WeakSet]) {
  const proto = C.prototype as unknown as Record<string, unknown>;
  const name = 'set' in proto ? 'set' : 'add';
  const adder = proto[name];
  adders.set(C, () => ownDescriptor(proto, name)?.value === adder);
}

/**
 * May a constructor of collections go through its argument natively? It may unless the argument has an iterator of the guest's, and then
 * nothing else in the construction is the guest's, so that it may come after the iteration.
 */
export function isReady(C: unknown, items: unknown): boolean {
  if (typeof items !== 'object' || items === null || plainArray(items)) return true;
  const isPristine = adders.get(C);
  if (!isPristine?.() || isProxy(items) || isIteratedNatively(items)) return true;
  return typeof methodOf(items, Symbol.iterator) !== 'function';
}

/** One item for such a constructor; of a Map's its parts are read at once. */
export function gather(list: unknown[], item: unknown, isEntry: boolean): void {
  if (isEntry && !isObject(item)) throw new TypeError(`Iterator value ${String(item)} is not an entry object`);
  list[list.length] = isEntry ? [(item as unknown[])[0], (item as unknown[])[1]] : item;
}

export function asyncIteratorOf(value: unknown): object {
  const method = value === undefined || value === null ? undefined : (value as Record<symbol, unknown>)[Symbol.asyncIterator];
  if (method === undefined || method === null) return new SyncToAsync(iteratorOf(value, 'object') as Iterator<unknown>);
  if (typeof method !== 'function') throw new TypeError('object is not async iterable');
  const iterator = apply(method, value, []) as object;
  if (!isObject(iterator)) throw new TypeError('Result of the Symbol.asyncIterator method is not an object');
  return iterator;
}

/** CreateAsyncFromSyncIterator: the value of each result is awaited by the loop's own await of the result's promise. */
export class SyncToAsync {
  readonly step: Iterator<unknown>['next'];
  constructor(readonly iterator: Iterator<unknown>) {
    this.step = iterator.next;
  }
  next(...given: [value?: unknown]): object {
    return settleResult(apply(this.step, this.iterator, given) as IteratorResult<unknown>);
  }
  return(...given: [value?: unknown]): object {
    const method = this.iterator.return;
    if (isMissing(method)) return globalThis.Promise.resolve({ value: given[0], done: true });
    return settleResult(apply(method, this.iterator, given) as IteratorResult<unknown>);
  }
  throw(error?: unknown): object {
    const method = this.iterator.throw;
    if (!isMissing(method)) return settleResult(apply(method, this.iterator, [error]) as IteratorResult<unknown>);
    if (!closesWithoutThrow) throw error;
    closeIterator(this.iterator);
    throw new TypeError("The iterator does not provide a 'throw' method.");
  }
}
const isMissing = (method: unknown): method is undefined => method === undefined || method === null;

/** Until ECMAScript 2025 an iterator without `throw` had the error thrown to the delegating generator, and was not closed. */
let closesWithoutThrow = true;
const probe = (async function* () {
  yield* { [Symbol.iterator]: () => ({ next: () => ({ value: undefined, done: false }) }) };
})();
void probe.next();
probe.throw('probe').catch((error: unknown) => {
  closesWithoutThrow = error !== 'probe';
});

const makeWrap = hostClosureKind('wrap result', (record: { done: boolean }) => (value: unknown) => ({
  value,
  done: record.done,
}));
/** AsyncFromSyncIteratorContinuation (ECMAScript 27.1.4.4): `done` is asked first. */
function settleResult(result: IteratorResult<unknown>): object {
  const done = isDone(result);
  return globalThis.Promise.resolve(result.value).then(makeWrap({ done }) as (value: unknown) => unknown);
}

export function isDone(result: unknown): boolean {
  if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`);
  return Boolean((result as IteratorResult<unknown>).done);
}

/** IteratorClose with a normal completion. */
export function closeIterator(iterator: object): void {
  const method = (iterator as Iterator<unknown>).return;
  if (method === undefined || method === null) return;
  if (!isObject(apply(method, iterator, []))) throw new TypeError('iterator.return() did not return an object');
}

/** IteratorClose with a throw completion: errors of closing are dropped. */
export function closeQuietly(iterator: object): void {
  try {
    const method = (iterator as Iterator<unknown>).return;
    if (method !== undefined && method !== null) apply(method, iterator, []);
  } catch {}
}

export const closeAsync = (iterator: object): unknown => {
  const method = (iterator as Iterator<unknown>).return;
  return method === undefined || method === null ? undefined : apply(method, iterator, []);
};

export function closeAsyncQuietly(iterator: object): unknown {
  try {
    const result = closeAsync(iterator);
    return globalThis.Promise.resolve(result).then(undefined, makeIgnore({}) as () => void);
  } catch {
    return undefined;
  }
}
const makeIgnore = hostClosureKind('ignore', () => () => {});

/** The keys a for-in visits, as V8 lists them at its start. */
export function forInKeys(value: unknown): string[] {
  const keys: string[] = [];
  if (value === undefined || value === null) return keys;
  for (const key in whole(value) as object) keys[keys.length] = key;
  return keys;
}

export const stillThere = (value: object, key: string): boolean => (isObject(value) ? key in whole(value) : true);

/** What a generator's yield* goes through, made once so that the delegation can go on elsewhere. */
export function delegateOf(value: unknown): Iterable<unknown> {
  const iterator = iteratorOf(value, 'value');
  return (methodOf(iterator, Symbol.iterator) === iteratorSelf ? iterator : new Delegate(iterator as never)) as Iterable<unknown>;
}

/** An iterator as something that can be iterated: authors' iterators often cannot. Its `next` is read once (ECMAScript 14.4.14). */
export class Delegate {
  readonly step: Iterator<unknown>['next'];
  constructor(readonly inner: Iterator<unknown>) {
    this.step = inner.next;
  }
  next(value?: unknown): unknown {
    return apply(this.step, this.inner, [value]);
  }
  throw(error?: unknown): unknown {
    const method = this.inner.throw;
    if (method !== undefined && method !== null) return apply(method, this.inner, [error]);
    closeIterator(this.inner);
    throw new TypeError("The iterator does not provide a 'throw' method.");
  }
  return(value?: unknown): unknown {
    const method = this.inner.return;
    return method === undefined || method === null ? { value, done: true } : apply(method, this.inner, [value]);
  }
  [Symbol.iterator](): this {
    return this;
  }
}

/** Continues a delegation: the first next() primes the outer generator, later ones go to the inner iterator. */
export class DelegateResume extends Delegate {
  primed = false;
  constructor(
    inner: Iterator<unknown>,
    readonly first: (() => IteratorResult<unknown>) | undefined,
  ) {
    super(inner);
  }
  override next(value?: unknown): unknown {
    if (this.primed) return delegateNext(this.step, this.inner, value);
    this.primed = true;
    return this.first ? this.first() : { value: undefined, done: false };
  }
}

/** The name of this function is how captures recognise a continued delegation on the stack. */
function delegateNext(step: Delegate['step'], inner: Iterator<unknown>, value: unknown): unknown {
  return apply(step, inner, [value]);
}

/** The elements of an array from an index on, holes becoming undefined, whatever its class is. */
export function elementsFrom(list: readonly unknown[], from: number): unknown[] {
  const rest: unknown[] = [];
  for (let i = from; i < list.length; i++) append(rest, list[i]);
  return rest;
}

/** `{ ...source }` without the keys already taken. */
export function restOf(source: object, taken: PropertyKey[]): object {
  const rest: Record<PropertyKey, unknown> = {};
  const skip = { __proto__: null } as unknown as Record<PropertyKey, boolean>;
  for (let i = 0; i < taken.length; i++) skip[taken[i]!] = true;
  const keys = ownKeys(Object(whole(source)));
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (skip[key]) continue;
    const descriptor = ownDescriptor(source, key);
    if (descriptor?.enumerable)
      defineProperty(rest, key, {
        value: (source as Record<PropertyKey, unknown>)[key],
        writable: true,
        enumerable: true,
        configurable: true,
      });
  }
  return rest;
}
