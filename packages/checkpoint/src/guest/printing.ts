/**
 * Function.prototype.toString of the guest: its functions print as their authors wrote them, and what stands in the place of built-ins prints
 * like them. The author's text is found by the compiler in its own context (late-compiler.ts), when it is first asked for.
 */
import type { Internals } from '../heap/internals.js';
import { SafeWeakMap, slice, sourceOf } from '../heap/primordials.js';
import { fidOf } from './brand.js';
import { authorText } from './late-compiler.js';
import type { Realm } from './realm.js';
import { brandLate } from './unbranded.js';

const { defineProperty, ownKeys } = Reflect;
const { getOwnPropertyDescriptor } = Object;

type AnyFunction = (...args: never[]) => unknown;

/** What functions of the runtime print that stand in the place of built-ins. */
const nativeTexts = new SafeWeakMap<object, string>();

export function printAsNative(fn: AnyFunction, name: string): void {
  nativeTexts.set(fn, nativeText(name));
}

const nativeText = (name: string): string => `function ${name}() { [native code] }`;

/** Of all methods and accessors of an object whose own code is not V8's. */
export function printMethodsAsNative(object: object): void {
  for (const key of ownKeys(object)) {
    const { value, get, set } = getOwnPropertyDescriptor(object, key)!;
    for (const fn of [value, get, set]) {
      if (typeof fn !== 'function' || isNative(sourceOf(fn))) continue;
      printAsNative(fn, fn.name || String(key));
    }
  }
}

const isNative = (text: string): boolean => slice(text, -15) === '[native code] }';

let realm: Realm | undefined;
let internals: Internals | undefined;
export function setPrintedRealm(owner: Realm, itsInternals: Internals): void {
  realm = owner;
  internals = itsInternals;
}

/** The function id, also of one that bears no brand yet. */
function fidOfAny(fn: unknown, source: string): number | undefined {
  const known = fidOf(fn);
  if (known !== undefined || realm === undefined || isNative(source)) return known;
  return brandLate(fn as object, internals!.of(fn as object), realm) ? fidOf(fn) : undefined;
}

const printing = {
  toString(this: unknown): string {
    const native = typeof this === 'function' ? nativeTexts.get(this) : undefined;
    if (native !== undefined) return native;
    const text = sourceOf(this);
    const fid = fidOfAny(this, text);
    if (fid === undefined || fid < 0 || realm === undefined) return text;
    const { source, name } = realm.metaOf(fid);
    const late = realm.lateUnitOf(fid);
    return late ? slice(late.source, source[0], source[1]) : authorText(realm.bundle, source[0], source[1]) || nativeText(name);
  },
};

/** Puts it in place of V8's. Once, before built-ins are named. */
export function installPrinting(): void {
  printAsNative(printing.toString, 'toString');
  defineProperty(Function.prototype, 'toString', {
    ...{ value: printing.toString, writable: true, enumerable: false, configurable: true },
  });
}
