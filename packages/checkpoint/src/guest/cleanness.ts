/**
 * Is it known of everything that the guest holds that it can be captured? Only of a clean guest may the heap come in parcels, since what is in
 * the later ones is looked at when the guest runs elsewhere already (docs/adr/0018).
 *
 *   mark      the guest has met a source of what cannot be captured, or has one in its hands: a reason, of which there are few
 *   proven    a heap was encoded whole: nothing in it is of that kind. What is left are the sources that it holds by name.
 *   lasting   what the program's text says of itself, or what cannot be told from what every heap holds; goes with the guest
 *
 * Marks are not part of images: who encodes a heap whole, or reads one, knows which sources are in it.
 */
import { types } from 'node:util';
import { plainProperty } from '../heap/own-properties.js';
import { getOwnPropertyDescriptor, getPrototypeOf, reflectDefine, SafeSet, setOf } from '../heap/primordials.js';

const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;
const ErrorOf = Error;
const { isProxy, isMapIterator, isNativeError, isSetIterator } = types;

const marks = new SafeSet<string>();
const lasting = new SafeSet<string>();
let isAside = false;

/** The guest may hold what cannot be captured from now on. */
export function mark(reason: string): void {
  if (!isAside) marks.add(reason);
}

/** It may as long as it has this text. */
export function markForGood(reason: string): void {
  lasting.add(reason);
}

/** Built-ins whose mere presence in a heap is a reason: what they give is not asked about. */
const sources = new SafeSet<unknown>();

export function addSource(value: unknown): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') sources.add(value);
}

export const isSource = (value: unknown): boolean => sources.has(value);

/** Runs work of the runtime's that touches sources and gives the guest nothing of them. */
export function unmarked<T>(work: () => T): T {
  if (isAside) return work();
  isAside = true;
  try {
    return work();
  } finally {
    isAside = false;
  }
}

/** The heap was encoded or read whole; for these reasons it is not clean. */
export function proven(reasons: readonly string[]): void {
  marks.clear();
  for (let i = 0; i < reasons.length; i++) marks.add(reasons[i]!);
}

/** The reasons that go with the guest. */
export function lastingReasons(): string[] {
  const found: string[] = [];
  lasting.forEach((reason) => {
    reflectDefine(found, found.length, plainProperty(reason));
  });
  return found;
}

/** Can a property be put aside while something is captured, if it is there? (heap/set-aside.ts) */
const isMovable = (object: object, key: string): boolean => getOwnPropertyDescriptor(object, key)?.configurable !== false;

/** Why the guest is not clean; nothing if it is. */
export function whyNotClean(): string[] {
  const found = lastingReasons();
  if (!isMovable(ObjectPrototype, 'toJSON') || !isMovable(ArrayPrototype, 'toJSON') || !isMovable(ErrorOf, 'prepareStackTrace'))
    reflectDefine(found, found.length, plainProperty('has a built-in that cannot be put aside'));
  marks.forEach((reason) => {
    reflectDefine(found, found.length, plainProperty(reason));
  });
  return found;
}

// Iterators of lists -----------------------------------------------------------------------------------------------

const typedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as Record<PropertyKey, unknown>;
const hiddenIterators = setOf<unknown>(
  getPrototypeOf([][Symbol.iterator]()),
  getPrototypeOf(''[Symbol.iterator]()),
  getPrototypeOf(''.matchAll(/./g)),
);

/** Functions that give them. */
const listFunctions = setOf<unknown>(
  String.prototype[Symbol.iterator],
  String.prototype.matchAll,
  RegExp.prototype[Symbol.matchAll],
);
const listKeys = [Symbol.iterator, 'keys', 'values', 'entries'] as const;
for (const holder of [Array.prototype, typedArrayPrototype] as Record<PropertyKey, unknown>[])
  for (const key of listKeys) listFunctions.add(holder[key]);

export const anIterator = 'holds an iterator of a built-in';
const aListFunction = 'holds a function that gives iterators of lists';

/** Of the compiler: what a call answered whose name is that of a method that gives iterators, where it is more than gone through. */
export function held<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !isProxy(value)) {
    if (hiddenIterators.has(getPrototypeOf(value)) || isMapIterator(value) || isSetIterator(value)) mark(anIterator);
  }
  return value;
}

/** Of the compiler: what was read under such a name, where it is more than looked at. */
export function taken<T>(value: T): T {
  if (typeof value === 'function' && listFunctions.has(value)) markForGood(aListFunction);
  return value;
}

/** Of the compiler: the guest is about to do what the reason says. */
export function marked<T>(value: T, reason: string, isLasting = false): T {
  if (isLasting) markForGood(reason);
  else mark(reason);
  return value;
}

/** Classes that are given what they extend when they are there already: the two may need each other to be made again. */
export function noteHeir(heir: unknown): void {
  if (typeof heir === 'function' && facts.isHeir(heir)) mark('has changed what a class extends');
}

// Errors -----------------------------------------------------------------------------------------------------------

/** What the realm knows of the objects of its guest. */
interface RealmFacts {
  /** Is a prototype named, or the guest's own? */
  isKnownPrototype(prototype: object): boolean;
  /** Is it a class that extends another? */
  isHeir(fn: object): boolean;
}

let facts: RealmFacts = { isKnownPrototype: () => true, isHeir: () => false };

export function setRealmFacts(known: RealmFacts): void {
  facts = known;
}

/** What was thrown or given as an error: Node's own are of classes that have no names. Of the compiler too, in catch clauses. */
export function noteError(error: unknown): void {
  if (isNativeError(error)) noteObject(error);
}

/** What a function of Node's gave. */
export function noteObject(object: unknown): void {
  if (typeof object !== 'object' || object === null || isProxy(object)) return;
  const prototype = getPrototypeOf(object) as object | null;
  if (prototype !== null && !facts.isKnownPrototype(prototype)) mark("holds an object of a class of Node's own");
}

/** A method that the guest's iteration is about to call natively: a proxy may have handed it out. */
export function noteMethod(method: unknown): void {
  if (listFunctions.has(method)) mark(anIterator);
}

/** Reasons that lie in the built-ins which a heap refers to. */
export function sourcesAmong(names: ArrayLike<string>, objectOf: (name: string) => unknown): string[] {
  const found: string[] = [];
  for (let i = 0, n = 0; i < names.length; i++)
    if (isSource(objectOf(names[i]!))) reflectDefine(found, n++, plainProperty(`holds ${names[i]!}`));
  return found;
}
