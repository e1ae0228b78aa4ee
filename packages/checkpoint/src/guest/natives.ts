/**
 * The native built-ins that call back, for the guest-side ones in their place (guest-lib/prelude*.js) to use where the callback is a leaf
 * (compile/leaf.ts): V8 inlines these as it does for plain node. A pause inside of one is put off, as in any native function; from then
 * on `on` is false and the guest-side versions run, which can be captured anywhere, until the guest has been captured.
 * Also what they need of the realm as it was before any code of the guest ran: they use nothing that a guest can change.
 */
import { types } from 'node:util';
import { collectionCursor, isIteratedNatively, plainArray } from './iteration.js';
import { checkCircular, givesSource, unboxed } from './json-steps.js';
import { replacesNatively } from './list-cursors.js';
import { whole } from './touching.js';

const { call, bind } = Function.prototype;
// Bound, so that V8 finds the native function behind the call whatever the guest does to Function.prototype.
const unbound = (method: unknown): unknown => Reflect.apply(bind, call, [method]);

const names = [
  ...['map', 'filter', 'forEach', 'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'flatMap'],
  ...['sort', 'toSorted'],
]; // biome-ignore format: one list
const typedNames = ['map', 'filter', 'forEach', 'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'sort', 'toSorted']; // biome-ignore format: one list

type Named = Record<string, unknown>;
const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Named;
const getter = (object: object, key: PropertyKey): unknown => unbound(Object.getOwnPropertyDescriptor(object, key)!.get);
const stringReplace = unbound(String.prototype.replace) as (text: unknown, pattern: unknown, by: unknown) => string;
const NativeProxy = Proxy;
const constructsNothing = { construct: () => ({}) };

const apply = Reflect.apply;
const { getOwnPropertyDescriptor: ownDescriptor, keys: ownNames, getPrototypeOf: prototypeOf, defineProperty: define } = Object;
const { defineProperty: defineData, deleteProperty: remove } = Reflect;
const JSON_stringify = JSON.stringify;
const TypedArray = Object.getPrototypeOf(Uint8Array) as object;
const typedTag = ownDescriptor(typedArrayPrototype, Symbol.toStringTag)!.get!;
const typedLength = ownDescriptor(typedArrayPrototype, 'length')!.get!;
const typedSpecies = ownDescriptor(TypedArray, Symbol.species)!.get;
const typedClasses = new Map<string, { prototype: object }>();
for (const name of Object.getOwnPropertyNames(globalThis)) {
  const C = ownDescriptor(globalThis, name)?.value as { prototype: object } | undefined;
  if (typeof C === 'function' && Object.getPrototypeOf(C) === TypedArray) typedClasses.set(name, C);
}

/** What the guest's library may put something in the place of, with its keys. */
export const libraryBuiltIns: readonly { holder: object; keys: readonly string[] }[] = [
  { holder: Array.prototype, keys: names },
  { holder: typedArrayPrototype, keys: typedNames },
  { holder: Array, keys: ['from'] },
  { holder: Object, keys: ['fromEntries'] },
  { holder: Map.prototype, keys: ['forEach'] },
  { holder: Set.prototype, keys: ['forEach'] },
  { holder: String.prototype, keys: ['replace', 'replaceAll'] },
  { holder: JSON, keys: ['parse', 'stringify'] },
];

export class NativeCallbacks {
  on = true;
  /** The leaf made last. It is made right before the call that it is an argument of, so the built-in knows it by identity. */
  leaf: unknown = undefined;
  // biome-ignore lint/suspicious/noExplicitAny: functions by name, for JavaScript only.
  [name: string]: any;

  /** Native functions are taken here, before any code of the guest runs. */
  constructor() {
    for (const name of names) this[name] = unbound((Array.prototype as unknown as Named)[name] ?? call);
    for (const name of typedNames) this[`typed_${name}`] = unbound(typedArrayPrototype[name] ?? call);
    this.mapForEach = unbound(Map.prototype.forEach);
    this.setForEach = unbound(Set.prototype.forEach);
    this.arrayFrom = unbound(Array.from);
    this.typedFrom = unbound((Object.getPrototypeOf(Uint8Array) as Named).from);
    this.fromEntries = Object.fromEntries;
    this.groupBy = (Object as unknown as Named).groupBy;
    this.mapGroupBy = unbound((Map as unknown as Named).groupBy ?? call);
    this.replace = stringReplace;
    this.replaceAll = unbound(String.prototype.replaceAll);
    this.parse = JSON.parse;
    this.stringify = JSON.stringify;
    this.typedLength = getter(typedArrayPrototype, 'length');
    this.typedTag = getter(typedArrayPrototype, Symbol.toStringTag);
    this.indexOf = unbound(String.prototype.indexOf);
    this.slice = unbound(String.prototype.slice);
    this.listSlice = unbound(Array.prototype.slice);
  }

  /** For what V8's messages name: of a hollow object it would not say the class. */
  readonly whole = whole;
  readonly call = unbound(call);
  readonly apply = Reflect.apply;
  readonly construct = Reflect.construct;
  readonly isArray = Array.isArray;
  readonly isProxy = types.isProxy;
  readonly Array = Array;
  readonly Object = Object;
  readonly String = String;
  readonly keys = (object: object): string[] => ownNames(whole(object));
  readonly getPrototypeOf = (object: object): object | null => prototypeOf(whole(object));
  readonly getOwnPropertyDescriptor = (object: object, key: PropertyKey): PropertyDescriptor | undefined =>
    ownDescriptor(whole(object), key);
  readonly defineProperty = (object: object, key: PropertyKey, descriptor: PropertyDescriptor): object =>
    define(whole(object), key, whole(descriptor));
  readonly createDataProperty = (object: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean =>
    defineData(whole(object), key, descriptor);
  readonly deleteProperty = (object: object, key: PropertyKey): boolean => remove(whole(object), key);
  readonly iterator: symbol = Symbol.iterator;
  readonly species: symbol = Symbol.species;
  readonly mapPrototype = Map.prototype;
  readonly setPrototype = Set.prototype;
  readonly isMap = types.isMap;
  readonly isSet = types.isSet;
  readonly isPlainArray = (value: object): boolean =>
    Array.isArray(value) && !types.isProxy(value) && Object.getPrototypeOf(value) === Array.prototype;
  readonly cursor = (source: Map<unknown, unknown> | Set<unknown>, kind: 'map' | 'set'): object => collectionCursor(source, kind);

  /**
   * Puts guest-side built-ins in the place of native ones, with the same length and attributes, where this Node has them. A call that cannot
   * be theirs (no callback, a receiver that is none) they pass on to the native function, which throws what it throws in node.
   */
  readonly define = (target: object, methods: Record<string, (...args: never[]) => unknown>): void => {
    for (const key of Object.keys(methods)) {
      const native = ownDescriptor(target, key);
      if (typeof native?.value !== 'function') continue;
      const value = methods[key]!;
      Object.defineProperty(value, 'length', { value: native.value.length, configurable: true });
      Object.defineProperty(target, key, { ...native, value });
    }
  };

  /** Called with each leaf when it is made. */
  readonly takeLeaf = <F>(fn: F): F => {
    this.leaf = fn;
    return fn;
  };

  /** Does iterating `value` run no code of the guest? */
  readonly isNativelyIterated = (value: unknown): boolean =>
    typeof value === 'string' ||
    (typeof value === 'object' &&
      value !== null &&
      (plainArray(value) !== undefined || (!types.isProxy(value) && isIteratedNatively(value))));

  /** The class of a typed array, where making another needs no code of the guest. */
  readonly plainClassOf = (list: object): unknown => {
    const C = typedClasses.get(apply(typedTag, list, []) as string);
    if (!C || Object.getPrototypeOf(list) !== C.prototype || ownDescriptor(list, 'constructor')) return undefined;
    const isOwn = ownDescriptor(C.prototype, 'constructor')?.value === C && !ownDescriptor(C, Symbol.species);
    return isOwn && ownDescriptor(TypedArray, Symbol.species)?.get === typedSpecies ? C : undefined;
  };
  /** A typed array that has elements. */
  readonly isAttached = (list: unknown): boolean => types.isTypedArray(list) && (apply(typedLength, list, []) as number) > 0;

  /** The indentation that JSON.stringify makes of its third argument. */
  readonly gapOf = (space: unknown): string => {
    const text = JSON_stringify({ __proto__: null, a: 0 }, null, space as string);
    const quote = text.indexOf('"');
    return quote < 2 ? '' : text.slice(2, quote);
  };
  readonly unboxed = unboxed;
  readonly checkCircular = checkCircular;
  readonly givesSource: boolean = givesSource();

  /** IsConstructor, without running anything. */
  readonly isConstructor = (value: unknown): boolean => {
    if (typeof value !== 'function') return false;
    try {
      new (new NativeProxy(value, constructsNothing) as unknown as new () => object)();
      return true;
    } catch {
      return false;
    }
  };

  /**
   * What `text.replace(pattern, callback)` gives its callback, match by match: all of them are found before the first call (ECMAScript
   * 22.2.6.11). Undefined where the guest could tell.
   */
  readonly matches = (text: string, pattern: unknown, mustBeGlobal: boolean): unknown[][] | undefined => {
    if (!replacesNatively(pattern) || (mustBeGlobal && !pattern.global)) return undefined;
    const found: unknown[][] = [];
    stringReplace(text, pattern, (...given: unknown[]) => {
      found[found.length] = given;
      return '';
    });
    return found;
  };
}
