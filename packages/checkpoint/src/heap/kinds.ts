/**
 * The intrinsic kinds of the language, one entry each: how to tell it by its slots (never by its prototype, which the guest
 * may change), what must exist before it, what fills it.
 * `create` parts exist, perhaps unfilled, when create runs; `fill` runs when everything exists.
 * Prototype, own properties and extensibility are saved beside it by own-properties.ts.
 * It is not complete by trying: what no entry claims and the class table calls opaque is refused by the encoder.
 */
import { types } from 'node:util';
import { mapSet, setAdd, valuesOf } from './collections.js';
import { hasStackSlot, readStack, stackAccessor } from './error-stack.js';
import { deref, goneRef } from './gone.js';
import type { Internals } from './internals.js';
import { bufferKinds } from './kinds-buffers.js';
import { webKinds } from './kinds-web.js';
import { getOwnPropertyDescriptor, hasOwn, isArray, type List, list, reflectApply, uncurry } from './primordials.js';
import { makeRevocable, makeRevoked } from './revocable-proxies.js';

/** What the encoder offers a kind while it saves. */
export interface SaveContext {
  readonly internals: Internals;
  /** Refuses the object being saved: `what` completes `Cannot capture "path": `. */
  refuse(what: string): never;
}

/** One intrinsic kind. */
export interface IntrinsicKind {
  readonly tag: string;
  /** Hidden kinds: the prototype their instances inherit from; nothing else is asked. */
  readonly home?: object;
  claims(value: object): boolean;
  save(value: object, context: SaveContext): { create: List<unknown>; fill?: List<unknown> };
  create(parts: List<unknown>): object;
  fill?(value: object, parts: List<unknown>): void;
}

const MapOf = Map;
const SetOf = Set;
const WeakMapOf = WeakMap;
const WeakSetOf = WeakSet;
const WeakRefOf = WeakRef;
const DateOf = Date;
const RegExpOf = RegExp;
const ErrorOf = Error;
const box = Object;
const bind = Function.prototype.bind;
const timeOf = uncurry(Date.prototype.getTime) as unknown as (self: object) => number;
const sloppyArguments = new Function('return arguments') as (...values: unknown[]) => object;
const strictArguments = new Function("'use strict'; return arguments") as (...values: unknown[]) => object;
const getterOf = (prototype: object, key: string): ((self: object) => unknown) | undefined => {
  const getter = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  return getter && (uncurry(getter) as (self: object) => unknown);
};
const regExpSource = getterOf(RegExp.prototype, 'source')!;
const flagGetters = (
  [
    ['d', 'hasIndices'],
    ['g', 'global'],
    ['i', 'ignoreCase'],
    ['m', 'multiline'],
    ['s', 'dotAll'],
    ['u', 'unicode'],
    ['v', 'unicodeSets'],
    ['y', 'sticky'],
  ] as const
).map(([flag, key]) => ({ flag, read: getterOf(RegExp.prototype, key) }));
const unboxers: readonly { is: (value: unknown) => boolean; read: (self: object) => unknown }[] = [
  { is: types.isNumberObject, read: uncurry(Number.prototype.valueOf) as unknown as (self: object) => unknown },
  { is: types.isStringObject, read: uncurry(String.prototype.valueOf) as unknown as (self: object) => unknown },
  { is: types.isBooleanObject, read: uncurry(Boolean.prototype.valueOf) as unknown as (self: object) => unknown },
  { is: types.isBigIntObject, read: uncurry(BigInt.prototype.valueOf) as unknown as (self: object) => unknown },
  { is: types.isSymbolObject, read: uncurry(Symbol.prototype.valueOf) as unknown as (self: object) => unknown },
];

/** A List of the given values. */
export function listOf(...values: unknown[]): List<unknown> {
  const made = list<unknown>();
  for (let i = 0; i < values.length; i++) made[i] = values[i];
  return made;
}

/** Whether it is a WeakRef, asked of its slot. */
export function isWeakRef(value: object): boolean {
  try {
    deref(value);
    return true;
  } catch {
    return false;
  }
}

const map: IntrinsicKind = {
  tag: 'Map',
  claims: types.isMap,
  save: (value) => ({ create: list(), fill: valuesOf(value) }),
  create: () => new MapOf(),
  fill(value, parts) {
    for (let i = 0; i < parts.length; i += 2) mapSet(value, parts[i], parts[i + 1]);
  },
};

const set: IntrinsicKind = {
  tag: 'Set',
  claims: types.isSet,
  save: (value) => ({ create: list(), fill: valuesOf(value) }),
  create: () => new SetOf(),
  fill(value, parts) {
    for (let i = 0; i < parts.length; i++) setAdd(value, parts[i]);
  },
};

// Entries of weak collections are saved by the encoder once it knows which keys are reachable otherwise.
const weakMap: IntrinsicKind = {
  tag: 'WeakMap',
  claims: types.isWeakMap,
  save: () => ({ create: list() }),
  create: () => new WeakMapOf(),
};
const weakSet: IntrinsicKind = {
  tag: 'WeakSet',
  claims: types.isWeakSet,
  save: () => ({ create: list() }),
  create: () => new WeakSetOf(),
};
const weakRef: IntrinsicKind = {
  tag: 'WeakRef',
  home: WeakRef.prototype,
  claims: isWeakRef,
  save: (value) => ({ create: listOf(deref(value)) }),
  create: (parts) => (parts[0] === undefined ? goneRef() : new WeakRefOf(parts[0] as object)),
};

const date: IntrinsicKind = {
  tag: 'Date',
  claims: types.isDate,
  save: (value) => ({ create: listOf(timeOf(value)) }),
  create: (parts) => new DateOf(parts[0] as number),
};

const regExp: IntrinsicKind = {
  tag: 'RegExp',
  claims: types.isRegExp,
  save(value) {
    let flags = '';
    for (let i = 0; i < flagGetters.length; i++) if (flagGetters[i]!.read?.(value)) flags += flagGetters[i]!.flag;
    return { create: listOf(regExpSource(value), flags) };
  },
  create: (parts) => new RegExpOf(parts[0] as string, parts[1] as string),
};

// In newer V8s `stack` is an own accessor over a hidden slot; in older ones a data property that own-properties.ts carries.
const error: IntrinsicKind = {
  tag: 'Error',
  claims: types.isNativeError,
  save: (value) => (hasStackSlot(value) ? { create: list(), fill: listOf(readStack(value)) } : { create: list() }),
  create: () => new ErrorOf(),
  fill: (value, parts) => reflectApply(stackAccessor!.set!, value, [parts[0]]),
};

const boxed: IntrinsicKind = {
  tag: 'Boxed',
  claims: types.isBoxedPrimitive,
  save(value, context) {
    for (let i = 0; i < unboxers.length; i++) if (unboxers[i]!.is(value)) return { create: listOf(unboxers[i]!.read(value)) };
    return context.refuse('an unknown boxed primitive');
  },
  create: (parts) => box(parts[0]) as object,
};

const argumentsObject: IntrinsicKind = {
  tag: 'Arguments',
  claims: types.isArgumentsObject,
  save(value) {
    // Strict and sloppy arguments differ in `callee`, which strict ones cannot lose.
    const callee = getOwnPropertyDescriptor(value, 'callee');
    return { create: listOf(callee !== undefined && !hasOwn(callee, 'value')) };
  },
  create: (parts) => (parts[0] ? strictArguments() : sloppyArguments()),
};

/** Bound functions; the encoder asks only for functions that nothing else claims. */
export const boundFunction: IntrinsicKind = {
  tag: 'Bound',
  claims: () => false,
  save(value, context) {
    const slots = context.internals.of(value);
    const create = listOf(slots['[[TargetFunction]]'], slots['[[BoundThis]]']);
    const bound = slots['[[BoundArgs]]'] as List<unknown>;
    for (let i = 0; i < bound.length; i++) create[create.length] = bound[i];
    return { create };
  },
  create(parts) {
    const receiverAndArguments: unknown[] = [];
    for (let i = 1; i < parts.length; i++) receiverAndArguments[i - 1] = parts[i];
    return reflectApply(bind, parts[0], receiverAndArguments) as object;
  },
};

/** Proxies; told before anything else is asked, and never touched. */
export const proxy: IntrinsicKind = {
  tag: 'Proxy',
  claims: types.isProxy,
  save(value, context) {
    const slots = context.internals.of(value);
    if (slots['[[IsRevoked]]']) return { create: listOf(typeof value === 'function') };
    return { create: listOf(slots['[[Target]]'], slots['[[Handler]]']) };
  },
  create: (parts) =>
    parts.length === 1 ? makeRevoked(parts[0] as boolean) : makeRevocable(parts[0] as object, parts[1] as object),
};

/** Arrays that are not plain lists of values. */
export const array: IntrinsicKind = {
  tag: 'Array',
  claims: isArray,
  save: () => ({ create: list() }),
  create: () => [],
};

/** Ordinary objects that no shape describes. */
export const ordinary: IntrinsicKind = {
  tag: 'Object',
  claims: () => true,
  save: () => ({ create: list() }),
  create: () => ({}),
};

/** Kinds told by a slot of their own, most frequent first. */
export const slotKinds: readonly IntrinsicKind[] = [
  ...[array, map, set, date, error, regExp, boxed, argumentsObject, weakMap, weakSet],
  ...bufferKinds,
];

/** Kinds asked only for objects that inherit from a prototype with hidden state. */
export const hiddenKinds: readonly IntrinsicKind[] = [weakRef, ...webKinds];

/** Every kind, for the decoder. */
export const allKinds: readonly IntrinsicKind[] = [...slotKinds, ...hiddenKinds, boundFunction, proxy, ordinary];

/** Slots that cannot be saved; the text completes a refusal. */
export const refusedSlots: readonly { is: (value: unknown) => boolean; what: string }[] = [
  { is: types.isPromise, what: 'a native promise' },
  { is: types.isGeneratorObject, what: 'a native generator' },
  { is: types.isMapIterator, what: 'a native Map iterator' },
  { is: types.isSetIterator, what: 'a native Set iterator' },
  { is: types.isModuleNamespaceObject, what: 'a module namespace' },
  { is: types.isExternal, what: 'a native handle' },
];
