/**
 * The built-ins this folder may use, captured when the module loads, which is before any guest code runs.
 * What it keeps true: nothing in heap/ looks a method up on a prototype the guest can reach, so a guest that
 * patches every built-in changes neither what is captured nor whether capturing works.
 * Rules for the code beside it: no for-of over arrays, no array destructuring or spread, no method calls on arrays
 * (`list[list.length] = x` on a `List` instead), descriptors and records without a prototype.
 */

// `uncurry(f)(self, ...args)` is `f.call(self, ...args)` without looking `call` up at the time of the call.
const { bind, call } = Function.prototype;
type Uncurried<F> = F extends (this: infer S, ...args: infer A) => infer R ? (self: S, ...args: A) => R : never;
// The checker types neither `this` of library methods nor bound `call`; callers below state the receiver.
// biome-ignore lint/suspicious/noExplicitAny: see above
const uncurry = bind.bind(call) as unknown as <F extends (...args: any[]) => any>(fn: F) => Uncurried<F>;

export const {
  apply: reflectApply,
  construct: reflectConstruct,
  ownKeys,
  defineProperty: reflectDefine,
  deleteProperty: reflectDelete,
  setPrototypeOf,
} = Reflect;
export const {
  getPrototypeOf,
  getOwnPropertyDescriptor,
  getOwnPropertyNames,
  getOwnPropertySymbols,
  keys: objectKeys,
  isExtensible,
  isFrozen,
  isSealed,
  preventExtensions,
  freeze,
  seal,
  is: sameValue,
  create: objectCreate,
} = Object;
export const { isArray } = Array;
export const { isView, prototype: ArrayBufferPrototype } = ArrayBuffer;
export const hasOwn = uncurry(Object.prototype.hasOwnProperty) as (self: object, key: PropertyKey) => boolean;
export const tagOf = uncurry(Object.prototype.toString) as (self: unknown) => string;
export const sourceOf = uncurry(Function.prototype.toString) as (self: unknown) => string;
export const join = uncurry(Array.prototype.join) as (self: ArrayLike<unknown>, separator: string) => string;
/** A copy with no room to grow. Asks the array for its constructor: not for what the guest can see. */
export const sliceArray = uncurry(Array.prototype.slice) as (self: unknown[]) => unknown[];
export const charCodeAt = uncurry(String.prototype.charCodeAt) as (self: string, index: number) => number;
export const slice = uncurry(String.prototype.slice) as (self: string, from: number, to?: number) => string;
export const startsWith = uncurry(String.prototype.startsWith) as (self: string, what: string) => boolean;
export const indexOf = uncurry(String.prototype.indexOf) as (self: string, what: string, from: number) => number;
export const endsWith = uncurry(String.prototype.endsWith) as (self: string, what: string) => boolean;
export const includes = uncurry(String.prototype.includes) as (self: string, what: string) => boolean;
export const bytesSet = uncurry(Uint8Array.prototype.set) as (self: Uint8Array, from: Uint8Array, at?: number) => void;
export const bytesPart = uncurry(Uint8Array.prototype.subarray) as (self: Uint8Array, from: number, to: number) => Uint8Array;
/** The length of a byte array, asked of its slot: `length` is a getter the guest may replace. */
export const bytesLength = uncurry(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get!,
) as unknown as (self: Uint8Array) => number;
export const symbolDescription = uncurry(
  // The accessor exists in every engine this runs on.
  Object.getOwnPropertyDescriptor(Symbol.prototype, 'description')!.get!,
) as (self: symbol) => string | undefined;
export const { keyFor, for: symbolFor } = Symbol;
export { uncurry };

/** An object with no prototype, for records whose missing fields must read as undefined. */
export function bare<T extends object>(fields: T): T {
  return setPrototypeOf(fields, null) ? fields : fields;
}

function seals<C extends { prototype: object }>(Class: C, Base: { prototype: object }): C {
  const names = ownKeys(Base.prototype);
  for (let i = 0; i < names.length; i++) {
    const key = names[i]!;
    if (!hasOwn(Class.prototype, key)) reflectDefine(Class.prototype, key, getOwnPropertyDescriptor(Base.prototype, key)!);
  }
  setPrototypeOf(Class.prototype, null);
  return freeze(Class);
}

/** A Map whose methods are its own copies: `map.get(x)` cannot reach a patched Map.prototype. */
export const SafeMap = seals(
  class SafeMap<K, V> extends Map<K, V> {
    // Explicit: a default constructor spreads its arguments through the array iterator, which may be patched.
    // biome-ignore lint/complexity/noUselessConstructor: see above
    constructor() {
      super();
    }
  },
  Map,
);
export type SafeMap<K, V> = Map<K, V>;
/** A Set whose methods are its own copies. */
export const SafeSet = seals(
  class SafeSet<T> extends Set<T> {
    // Explicit: a default constructor spreads its arguments through the array iterator, which may be patched.
    // biome-ignore lint/complexity/noUselessConstructor: see above
    constructor() {
      super();
    }
  },
  Set,
);
export type SafeSet<T> = Set<T>;
/** A SafeSet of these. */
export function setOf<T>(...values: T[]): SafeSet<T> {
  const made = new SafeSet<T>();
  for (let i = 0; i < values.length; i++) made.add(values[i]!);
  return made;
}
/** A WeakMap whose methods are its own copies. */
export const SafeWeakMap = seals(
  class SafeWeakMap<K extends WeakKey, V> extends WeakMap<K, V> {
    // Explicit: a default constructor spreads its arguments through the array iterator, which may be patched.
    // biome-ignore lint/complexity/noUselessConstructor: see above
    constructor() {
      super();
    }
  },
  WeakMap,
);
export type SafeWeakMap<K extends WeakKey, V> = WeakMap<K, V>;

/** An array without a prototype: an index setter on Array.prototype cannot see what is stored. */
export type List<T> = { [index: number]: T; length: number };

/** An empty List. */
export function list<T>(): List<T> {
  const made: T[] = [];
  setPrototypeOf(made, null);
  return made;
}
