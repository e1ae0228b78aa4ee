/**
 * A built-in module that holds what only this machine has (node:http, node:child_process …), as a guest sees it. Packages load such modules
 * and then use a constant of them, or nothing: data may be read, and what pins is the first call of a function, or the first look at an
 * object of Node's own (http.globalAgent).
 */

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Use = () => void;
type Call = (native: AnyFunction, self: unknown, args: unknown[]) => unknown;

const { getPrototypeOf, setPrototypeOf, getOwnPropertyDescriptor, defineProperty } = Object;
const { ownKeys } = Reflect;

/** What a module is seen as: `use` is called before anything of it runs, and what is one thing there is one here (`test.test === test`). */
interface Sight {
  use: Use;
  call: Call;
  copies: WeakMap<object, object>;
}

const directly: Call = (native, self, args) => native.apply(self, args);

/** A module that is an object of a class (node:cluster is an emitter) is used at once. `call`: how its functions are called. */
export function pinningModule(native: object, use: Use, call = directly): object {
  const sight: Sight = { use, call, copies: new WeakMap() };
  if (typeof native === 'function') return pinningFunction(native as AnyFunction, sight);
  if (isData(native)) return copied(native, sight);
  use();
  return native;
}

/** Copies own properties; accessors stay accessors, so that looking at the module's keys asks nothing of it. */
function copied(native: object, sight: Sight): object {
  const known = sight.copies.get(native);
  if (known) return known;
  const copy = Object.create(getPrototypeOf(native)) as object;
  sight.copies.set(native, copy);
  for (const key of ownKeys(native))
    defineProperty(copy, key, pinningProperty(native, key, getOwnPropertyDescriptor(native, key)!, sight));
  return copy;
}

let isNaming = false;

/** What an image does to modules, asking them for all they have to find names for it, is no use of them. */
export function naming<T>(action: () => T): T {
  isNaming = true;
  try {
    return action();
  } finally {
    isNaming = false;
  }
}

function pinningProperty(native: object, key: PropertyKey, descriptor: PropertyDescriptor, sight: Sight): PropertyDescriptor {
  const { enumerable = false } = descriptor;
  const value: unknown = descriptor.value;
  if (typeof value === 'function')
    return { value: pinningFunction(value as AnyFunction, sight), writable: true, enumerable, configurable: true };
  if ('value' in descriptor && isData(value))
    return { value: dataOf(value, sight), writable: true, enumerable, configurable: true };
  return {
    get: () => {
      const answer = (native as Record<PropertyKey, unknown>)[key];
      if (!isPrimitive(answer) && !isNaming) sight.use(); // `http.maxHeaderSize` is a number like any other
      return answer;
    },
    set: (next: unknown) => {
      sight.use();
      (native as Record<PropertyKey, unknown>)[key] = next;
    },
    enumerable,
    configurable: true,
  };
}

const isPrimitive = (value: unknown): boolean => (typeof value !== 'object' && typeof value !== 'function') || value === null;

const isData = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Array.isArray(value) ||
  getPrototypeOf(value) === Object.prototype ||
  getPrototypeOf(value) === null;

/** Tables of constants, and modules in modules (`readline.promises`). */
const dataOf = (value: unknown, sight: Sight): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? copied(value, sight) : value;

function pinningFunction(native: AnyFunction, sight: Sight): AnyFunction {
  const known = sight.copies.get(native);
  if (known) return known as AnyFunction;
  const pinning = 'prototype' in native ? pinningClass(native, sight) : pinningMethod(native, sight);
  sight.copies.set(native, pinning);
  setPrototypeOf(pinning, getPrototypeOf(native) as object);
  for (const key of ownKeys(native)) {
    if (key === 'prototype' || key === 'arguments' || key === 'caller') continue;
    const descriptor = getOwnPropertyDescriptor(native, key)!;
    defineProperty(
      pinning,
      key,
      key === 'name' || key === 'length' ? descriptor : pinningProperty(native, key, descriptor, sight),
    );
  }
  return pinning;
}

function pinningClass(native: AnyFunction, sight: Sight): AnyFunction {
  const pinning: AnyFunction = function pinning(this: unknown, ...args) {
    sight.use();
    if (new.target === undefined) return sight.call(native, this, args);
    return Reflect.construct(native, args, new.target === (pinning as unknown) ? native : new.target);
  };
  // Its instances are those of the native class: `instanceof` holds for both.
  pinning.prototype = native.prototype;
  return pinning;
}

/** What is no constructor is none here. */
function pinningMethod(native: AnyFunction, sight: Sight): AnyFunction {
  return {
    pinning(this: unknown, ...args: unknown[]): unknown {
      sight.use();
      return sight.call(native, this, args);
    },
  }.pinning;
}
