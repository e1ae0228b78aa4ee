/**
 * The built-ins whose methods the runtime's own code calls, or Node's code that it uses (the inspector's session, ports), and what they were
 * before guest code ran. Found by wrapping all of them and looking which calls a capture makes (docs/adr/0014); their likes are
 * here too. What the runtime holds by reference (heap/primordials.ts) needs no watch.
 * What it keeps true: to look whether one has changed calls nothing of the guest's, and takes some ten microseconds for all of them.
 */
import {
  bare,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  type List,
  list,
  ownKeys,
  SafeMap,
  SafeSet,
  sameValue,
} from '../heap/primordials.js';

/** One object, as it was before guest code ran. */
export interface Watched {
  readonly object: object;
  readonly prototype: object | null;
  /** Whether each key that the guest adds is in the way. */
  readonly isClosed: boolean;
  readonly keys: SafeSet<PropertyKey>;
  readonly keyCount: number;
  readonly properties: List<WatchedProperty>;
}

export interface WatchedProperty {
  readonly key: PropertyKey;
  /** Without a prototype. Undefined: it was not there. */
  readonly descriptor: PropertyDescriptor | undefined;
  /** The getter is what is compared, or the value. */
  readonly isAccessor: boolean;
  readonly first: unknown;
  /** What the guest's library (guest-lib/) put in its place, which is as good. */
  stand: unknown;
}

/** Is a function, found under a key of a built-in, the one that the guest's library has for it? */
export type IsLibrarys = (fn: object, key: PropertyKey) => boolean;

const ErrorConstructor = Error;
const iteratorOf = (collection: Iterable<unknown>): object => collection[Symbol.iterator]();
const prototypeOf = (object: object): object => getPrototypeOf(object) as object;
const generator = prototypeOf((function* () {})());

/**
 * Added keys are in the way here: the runtime looks for keys that may be missing (`get` of a descriptor, an option), and stores by index.
 * Object.prototype comes first: what can be asked of a descriptor hangs on it.
 */
const closed: readonly object[] = [Object.prototype, Array.prototype, Function.prototype, String.prototype];

const open: readonly object[] = [
  ...[Object, Array, String, Number, Number.prototype, Symbol.prototype, BigInt.prototype, Error, Error.prototype],
  ...[Map.prototype, Set.prototype, WeakMap.prototype, WeakSet.prototype, WeakRef.prototype, Math, Reflect, JSON],
  ...[ArrayBuffer, ArrayBuffer.prototype, prototypeOf(Uint8Array), prototypeOf(Uint8Array.prototype), Uint8Array.prototype],
  ...[prototypeOf(iteratorOf([])), prototypeOf(iteratorOf(new Map())), prototypeOf(iteratorOf(new Set()))],
  ...[prototypeOf(iteratorOf('')), prototypeOf(prototypeOf(iteratorOf([]))), prototypeOf(generator)],
];

const globals: readonly string[] = [
  ...['Object', 'Array', 'String', 'Number', 'Symbol', 'BigInt', 'Math', 'Reflect', 'JSON', 'Atomics', 'Proxy', 'Date'],
  ...['Error', 'TypeError', 'RangeError', 'Promise', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'ArrayBuffer'],
  ...['DataView', 'Uint8Array', 'Int32Array', 'Float64Array', 'Buffer', 'globalThis', 'performance'],
];

/** V8 asks for it when it formats an error. */
const formatter = 'prepareStackTrace';

/** All of them, as they are now, in the order in which they are looked at. Before guest code runs. */
export function watchedBuiltIns(): List<Watched> {
  const all = list<Watched>();
  for (let i = 0; i < closed.length; i++) all[all.length] = watchedOf(closed[i]!, ownKeys(closed[i]!), true);
  for (let i = 0; i < open.length; i++) all[all.length] = watchedOf(open[i]!, ownKeys(open[i]!), false);
  all[all.length] = watchedOf(globalThis, globals, false);
  return all;
}

/** What cannot be changed is not looked at, nor what functions are called, how many parameters they have and how long traces may be. */
function watchedOf(object: object, names: readonly PropertyKey[], isClosed: boolean): Watched {
  const properties = list<WatchedProperty>();
  const keys = new SafeSet<PropertyKey>();
  for (let k = 0; k < names.length; k++) {
    const key = names[k]!;
    const descriptor = getOwnPropertyDescriptor(object, key);
    keys.add(key);
    const isData = !isClosed && typeof object === 'function' && (key === 'name' || key === 'length' || key === 'stackTraceLimit');
    if (descriptor?.configurable && !isData) properties[properties.length] = propertyOf(key, bare(descriptor));
  }
  if (object === ErrorConstructor && !keys.has(formatter)) properties[properties.length] = propertyOf(formatter, undefined);
  return { object, prototype: getPrototypeOf(object), isClosed, keys, keyCount: names.length, properties };
}

function propertyOf(key: PropertyKey, descriptor: PropertyDescriptor | undefined): WatchedProperty {
  const isAccessor = descriptor !== undefined && (descriptor.get !== undefined || descriptor.set !== undefined);
  return { key, descriptor, isAccessor, first: isAccessor ? descriptor.get : descriptor?.value, stand: undefined };
}

/** Whether a key is one that the guest added and that is in the way. */
export const isUnwanted = ({ object, isClosed, keys }: Watched, key: PropertyKey): boolean =>
  !keys.has(key) && (isClosed || (object === ErrorConstructor && key === formatter));

/** Tells what the guest has changed. */
export class Changes {
  readonly #isLibrarys: IsLibrarys;
  /** Each stands for one built-in: copied to another it is the guest's doing. */
  readonly #stands = new SafeMap<object, WatchedProperty>();

  constructor(isLibrarys: IsLibrarys) {
    this.#isLibrarys = isLibrarys;
  }

  /** Whether any of them is no longer as it was. Behind the first, Object.prototype is known to be: a descriptor has its own fields only. */
  any(all: List<Watched>): boolean {
    for (let i = 0; i < all.length; i++) if (this.in(all[i]!, i === 0)) return true;
    return false;
  }

  /** Whether one of them is no longer as it was. `isBare`: descriptors may inherit something. */
  in({ object, prototype, isClosed, keyCount, properties }: Watched, isBare = true): boolean {
    if (getPrototypeOf(object) !== prototype) return true;
    if (isClosed && ownKeys(object).length !== keyCount) return true;
    for (let i = 0; i < properties.length; i++) {
      const property = properties[i]!;
      const now = getOwnPropertyDescriptor(object, property.key);
      if (now === undefined ? property.descriptor !== undefined : !this.isAsGood(isBare ? bare(now) : now, property)) return true;
    }
    return false;
  }

  /** `now` inherits nothing. */
  isAsGood(now: PropertyDescriptor, property: WatchedProperty): boolean {
    const { first, isAccessor, stand } = property;
    const value: unknown = isAccessor ? now.get : now.value;
    if (value === first ? value !== undefined : sameValue(value, first)) return true;
    return value !== undefined && (value === stand || this.#isStand(value, property));
  }

  #isStand(value: unknown, property: WatchedProperty): boolean {
    if (typeof value !== 'function' || property.isAccessor || !this.#isLibrarys(value, property.key)) return false;
    const known = this.#stands.get(value);
    if (known !== undefined && known !== property) return false;
    this.#stands.set(value, property);
    property.stand = value;
    return true;
  }
}
