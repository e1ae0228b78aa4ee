/**
 * What stands in the place of a native function or class and is not told from it: own keys, prototype and text are the native's. Who puts one
 * into a realm does so before built-ins are named, or names it as an alias (heap/options.ts).
 */
import { standsFor } from '../heap/stand-ins.js';
import { printAsNative } from './printing.js';

const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;

type AnyFunction = (...given: never[]) => unknown;

/** Makes `made` look like `native`, but for its `prototype`. Gives it. */
export function likeNative<F extends AnyFunction>(made: F, native: AnyFunction): F {
  const keys = ownKeys(native);
  // By index: the guest may have changed how lists are iterated.
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key !== 'prototype' && key !== 'arguments' && key !== 'caller')
      defineProperty(made, key, getOwnPropertyDescriptor(native, key)!);
  }
  setPrototypeOf(made, getPrototypeOf(native));
  standsFor(made, native);
  printAsNative(made, native.name);
  return made;
}

/** A class in the place of another, which does something before it makes an instance. Its instances are what they were. */
export function standInClass<F extends AnyFunction>(native: F, before: (given: readonly unknown[]) => void): F {
  const made = function made(this: unknown, ...given: unknown[]): unknown {
    before(given);
    if (new.target === undefined) return apply(native, this, given as never);
    return construct(native, given, new.target === (made as unknown) ? native : new.target);
  } as unknown as F;
  likeNative(made, native);
  const own = getOwnPropertyDescriptor(native, 'prototype');
  if (own === undefined) return made;
  defineProperty(made, 'prototype', own);
  const itself = getOwnPropertyDescriptor(own.value as object, 'constructor');
  if (itself?.configurable && itself.value === native)
    defineProperty(own.value as object, 'constructor', { ...itself, value: made });
  return made;
}
