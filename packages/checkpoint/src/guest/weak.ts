/**
 * The guest's FinalizationRegistry (ECMAScript 26.2) and WeakRef.prototype.deref. Who is registered for what is data; one registry of V8's in
 * each thread only tells when a target is gone. An image holds what weak references refer to as if they held it: nobody can tell when a
 * collector would have come, and what is gone stays gone.
 */
import { setAdd, setForEach, setSize } from '../heap/collections.js';
import { deref } from '../heap/gone.js';
import { uncurry } from '../heap/primordials.js';
import { Stamp } from './brand.js';
import { printAsNative, printMethodsAsNative } from './printing.js';
import { isObject } from './promises.js';
import { whole } from './touching.js';

const { construct } = Reflect;
const { defineProperty } = Object;
const PlainObject = Object;
const [SetOf, WeakMapOf, WeakRefOf] = [Set, WeakMap, WeakRef];
const deleteFrom = uncurry(Set.prototype.delete) as (set: object, value: unknown) => boolean;
const eachCell = setForEach as (set: object, visit: (value: RegistryCell) => void) => void;
const entryOf = uncurry(WeakMap.prototype.get) as (map: object, key: unknown) => unknown;
const setEntry = uncurry(WeakMap.prototype.set) as (map: object, key: unknown, value: unknown) => void;
const deleteEntry = uncurry(WeakMap.prototype.delete) as (map: object, key: unknown) => boolean;

const NativeRegistry = FinalizationRegistry;
const prototype = NativeRegistry.prototype as unknown as Record<PropertyKey, unknown>;
const register = uncurry(prototype.register as () => void) as (
  registry: unknown,
  target: unknown,
  held: unknown,
  token?: unknown,
) => void;
const unregister = uncurry(prototype.unregister as () => boolean) as (registry: unknown, token: unknown) => boolean;

type Cleanup = (held: unknown) => unknown;

/** What one registration is about. */
export class RegistryCell {
  readonly target: WeakRef<WeakKey>;
  constructor(
    readonly registry: RegistryState,
    target: WeakKey,
    readonly held: unknown,
  ) {
    this.target = new WeakRefOf(target);
  }
}

export class RegistryState {
  readonly cells = new SetOf<RegistryCell>();
  /** The cells of each token; there from the first token on. */
  byToken: WeakMap<WeakKey, Set<RegistryCell>> | undefined = undefined;
  constructor(readonly cleanup: Cleanup) {}
}

class RegistryBrand extends Stamp {
  #state: RegistryState;
  constructor(target: object, state: RegistryState) {
    super(target);
    this.#state = state;
  }
  static has(value: object): boolean {
    return #state in value;
  }
  static state(value: object): RegistryState {
    return (value as RegistryBrand).#state;
  }
}

export const isRegistry = (value: object): boolean => RegistryBrand.has(value);
export const registryState = (registry: object): RegistryState => RegistryBrand.state(registry);
export function stampRegistry(target: object, state: RegistryState): object {
  new RegistryBrand(target, state);
  return target;
}

/** Calls `finalize` with a cell later, as a task of its own that keeps nothing alive. Set by the runtime. */
let finalizeLater: (cell: RegistryCell) => void = () => {};
export const setFinalizeLater = (later: typeof finalizeLater): void => {
  finalizeLater = later;
};

const watching = new NativeRegistry((cell: RegistryCell) => finalizeLater(cell));
/** Asked for the errors that V8 has for what it is given. */
const asked = new NativeRegistry(() => {});
const askedToken = {};

function watch(cell: RegistryCell): void {
  const target = deref(cell.target);
  if (target === undefined) finalizeLater(cell);
  else register(watching, target, cell, cell);
}

/** After a restore: V8 tells of the targets in this thread. */
export const watchAll = ({ cells }: RegistryState): void => eachCell(cells, watch);

/** Tells the guest that a target is gone, unless it has unregistered it meanwhile. */
export function finalize(cell: RegistryCell): void {
  const { cells, cleanup } = cell.registry;
  if (deleteFrom(cells, cell)) cleanup(cell.held);
}

function stateOf(value: unknown, method: string): RegistryState {
  if (isObject(value) && isRegistry(value)) return registryState(value);
  throw new TypeError(`Method FinalizationRegistry.prototype.${method} called on incompatible receiver ${receiverText(value)}`);
}

const receiverText = (value: unknown): string => {
  try {
    register(value, {}, 0);
  } catch (error) {
    const { message } = error as Error;
    return message.slice(message.indexOf('receiver ') + 'receiver '.length);
  }
  return '#<FinalizationRegistry>';
};

function GuestRegistry(this: unknown, cleanup: Cleanup): object {
  if (new.target === undefined) throw new TypeError("Constructor FinalizationRegistry requires 'new'");
  if (typeof cleanup !== 'function') throw new TypeError('FinalizationRegistry: cleanup must be callable');
  return stampRegistry(construct(PlainObject, [], new.target) as object, new RegistryState(cleanup));
}

const methods = {
  register(this: unknown, target: WeakKey, held: unknown, ...[token]: [WeakKey?]): void {
    const state = stateOf(this, 'register');
    register(asked, target, held, token);
    unregister(asked, token ?? askedToken);
    const cell = new RegistryCell(state, target, held);
    setAdd(state.cells, cell);
    if (token !== undefined) {
      state.byToken ??= new WeakMapOf();
      let cells = whole(entryOf(state.byToken, token) as Set<RegistryCell> | undefined);
      if (!cells) setEntry(state.byToken, token, (cells = new SetOf()));
      setAdd(cells, cell);
    }
    watch(cell);
  },
  unregister(this: unknown, token: WeakKey): boolean {
    const { cells, byToken } = stateOf(this, 'unregister');
    unregister(asked, token);
    const found = byToken && whole(entryOf(byToken, token) as Set<RegistryCell> | undefined);
    if (!found) return false;
    const before = setSize(cells);
    eachCell(found, (cell: RegistryCell) => {
      deleteFrom(cells, cell);
      unregister(watching, cell);
    });
    deleteEntry(byToken, token);
    return setSize(cells) < before;
  },
};

const weakRefMethods = {
  deref(this: unknown): WeakKey | undefined {
    return deref(this);
  },
};

/** Puts both into the realm. Before anything names built-ins. */
export function installWeak(): void {
  const define = (target: object, key: PropertyKey, value: unknown) =>
    defineProperty(target, key, { value, writable: true, enumerable: false, configurable: true });
  for (const key of ['register', 'unregister'] as const) define(prototype, key, methods[key]);
  defineProperty(methods.register, 'length', { value: 2, configurable: true });
  defineProperty(GuestRegistry, 'name', { value: 'FinalizationRegistry', configurable: true });
  defineProperty(GuestRegistry, 'prototype', { value: prototype, writable: false, enumerable: false, configurable: false });
  define(prototype, 'constructor', GuestRegistry);
  define(globalThis, 'FinalizationRegistry', GuestRegistry);
  define(WeakRef.prototype, 'deref', weakRefMethods.deref);
  printAsNative(GuestRegistry as never, 'FinalizationRegistry');
  printMethodsAsNative(prototype);
  printMethodsAsNative(WeakRef.prototype);
}

/** Classes whose instances appear in images, and what they wait for. */
export const weakClasses = { RegistryCell, RegistryState, finalize };
