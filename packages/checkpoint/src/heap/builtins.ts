/**
 * Names for everything that exists before guest code runs, and a record of what it looked like then.
 * What it keeps true: the same Node version gives the same names in every realm; no getter is called while naming;
 * a built-in the guest changed, extended or froze is found by `changed`.
 * Objects reached only through `process` are named but not watched: they are the machine's, not the guest's.
 */
import { types } from 'node:util';
import { GodwitError } from '../base/index.js';
import { type HiddenClassOracle, hiddenClassOracle } from './hidden-classes.js';
import { hiddenIntrinsics, openConstructors, sampleInstances } from './intrinsics.js';
import type { NamedBuiltins } from './options.js';
import {
  charCodeAt,
  getOwnPropertyDescriptor,
  getOwnPropertySymbols,
  getPrototypeOf,
  hasOwn,
  includes,
  isExtensible,
  isView,
  keyFor,
  type List,
  list,
  ownKeys,
  reflectApply,
  reflectDefine,
  reflectDelete,
  SafeMap,
  SafeSet,
  sameValue,
  sourceOf,
  startsWith,
  symbolDescription,
} from './primordials.js';
import { nativeOf } from './stand-ins.js';

const { isProxy } = types;

/**
 * A native function that no guest can reach. Most built-ins have its hidden class, which says all there is to say of them: nothing but a
 * native function's name and length, which V8 reads from the function itself as long as nobody defined others, that would be fields.
 */
const example: object = exampleFunction();

function exampleFunction(): object {
  let resolve: object = {};
  new Promise<void>((settle) => {
    resolve = settle;
  });
  return resolve;
}

/** What an object looked like before guest code: `parts` holds value/get and set for each key. */
interface Pristine {
  object: object;
  /** Has the hidden class of `example`: one look says that it is what it was. */
  isLikeExample: boolean;
  prototype: object | null;
  extensible: boolean;
  keys: readonly PropertyKey[];
  parts: List<unknown>;
  flags: List<number>;
}

/**
 * Names every object, function and symbol reachable from globalThis, the hidden intrinsics and `extra`.
 * Call it once in a realm, before guest code. `isGuests` tells functions of the guest's from Node's; `onResolved` is told each name that is asked for. Example: `nameBuiltins({ 'node:util': await import('node:util') })`.
 */
export function nameBuiltins(
  extra: Record<string, unknown>,
  isGuests: IsGuests = () => false,
  onResolved: (name: string) => void = () => {},
): NamedBuiltins {
  return new BuiltinTable(extra, isGuests, onResolved);
}

type IsGuests = (value: unknown) => boolean;

class BuiltinTable implements NamedBuiltins {
  readonly #names = new SafeMap<object | symbol, string>();
  readonly #values = new SafeMap<string, object | symbol>();
  readonly #numbers = new SafeMap<object, number>();
  readonly #objectNames: List<string> = list();
  readonly #pristine: List<Pristine> = list();
  /** While everything gets its name. */
  #oracle = hiddenClassOracle();
  readonly #queue: List<{ value: object; watched: boolean }> = list();
  readonly #roots: List<{ object: object; name: string }> = list();
  readonly #opaque = new SafeMap<object, boolean>();
  readonly #hostClasses = new SafeMap<object, boolean>();
  readonly #open = new SafeSet<object>();
  readonly #hadBeforeLate = new SafeSet<PropertyKey>();
  #late: 'not named' | 'naming' | 'named' = 'not named';

  readonly #isGuests: IsGuests;

  readonly #onResolved: (name: string) => void;

  constructor(extra: Record<string, unknown>, isGuests: IsGuests, onResolved: (name: string) => void) {
    this.#isGuests = isGuests;
    this.#onResolved = onResolved;
    // First, because making them replaces some of Node's lazy globals.
    const samples = sampleInstances();
    this.#root(globalThis, 'globalThis', true);
    // A getter on globalThis in current Nodes, and needed by nearly every guest.
    this.#root(Buffer, 'globalThis.Buffer', true);
    const hidden = hiddenIntrinsics();
    for (const name of Object.keys(hidden)) this.#root(hidden[name], name, true);
    for (const name of openConstructors) {
      const Class = (globalThis as Record<string, unknown>)[name] as { prototype?: object } | undefined;
      if (Class?.prototype) this.#open.add(Class.prototype);
    }
    // %GeneratorPrototype% and its kin: their instances are told by V8 itself.
    for (const name of ['%GeneratorFunction%', '%AsyncGeneratorFunction%'])
      this.#open.add((hidden[name] as { prototype: object }).prototype);
    // A signal and its controller come back as a pair, whatever their classes look like in this Node.
    this.#opaque.set(AbortSignal.prototype, true);
    this.#opaque.set(AbortController.prototype, true);
    this.#opaque.set(DOMException.prototype, true);
    this.#walk();
    for (const name of Object.keys(extra)) this.#root(extra[name], name, true);
    for (const name of Object.keys(samples)) this.#root(samples[name], `sample:${name}`, false);
    this.#walk();
    if (typeof process === 'object') this.#add(process, 'process', false);
    this.#walk();
    this.#oracle = undefined;
  }

  nameOf(value: object | symbol): string | undefined {
    return this.#names.get(value);
  }

  resolve(name: string): object | symbol {
    let value = this.#values.get(name);
    if (value === undefined) {
      this.#nameLate();
      value = this.#values.get(name);
    }
    if (value === undefined)
      throw new GodwitError('GODWIT_CANNOT_RESTORE', `Cannot restore "${name}": this Node has no such built-in`);
    this.#onResolved(name);
    return value;
  }

  lateNameOf(value: object | symbol): string | undefined {
    this.#nameLate();
    return this.#names.get(value);
  }

  numberOf(object: object): number | undefined {
    return this.#numbers.get(object);
  }

  alias(standIn: object, named: object): void {
    const number = this.#numbers.get(named);
    if (number === undefined) return;
    this.#numbers.set(standIn, number);
    this.#names.set(standIn, this.#objectNames[number]!);
  }

  nameAt(number: number): string {
    return this.#objectNames[number]!;
  }

  changed(oracle?: HiddenClassOracle): object[] {
    const found: object[] = [];
    const same = oracle?.same;
    for (let i = 0; i < this.#pristine.length; i++) {
      if (same !== undefined && this.#pristine[i]!.isLikeExample && same(this.#pristine[i]!.object, example)) continue;
      if (differs(this.#pristine[i]!)) reflectDefine(found, found.length, dataProperty(this.#pristine[i]!.object));
    }
    return found;
  }

  isOpaque(prototype: object): boolean {
    if (this.#open.has(prototype)) return false;
    let opaque = this.#opaque.get(prototype);
    if (opaque === undefined) {
      const Class = getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
      const name = this.#names.get(prototype) ?? '';
      opaque = typeof Class === 'function' ? hidesState(sourceOf(nativeOf(Class))) : startsWith(name, '%');
      this.#opaque.set(prototype, opaque);
    }
    return opaque;
  }

  isHostClass(prototype: object): boolean {
    let is = this.#hostClasses.get(prototype);
    if (is === undefined) {
      const Class = getOwnPropertyDescriptor(prototype, 'constructor')?.value as unknown;
      const name = this.#names.get(prototype) ?? 'godwit:';
      is = typeof Class === 'function' && !startsWith(name, 'godwit:') && !isNative(sourceOf(nativeOf(Class)));
      this.#hostClasses.set(prototype, is);
    }
    return is;
  }

  #root(value: unknown, name: string, watched: boolean): void {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
    this.#roots[this.#roots.length] = { object: value, name };
    this.#add(value, name, watched);
  }

  #add(value: unknown, name: string, watched: boolean): void {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')) return;
    if (this.#names.has(value)) return;
    // The machine's own state is named last, so that what is reachable elsewhere is watched there.
    if (value === process && name !== 'process') return;
    let unique = name;
    for (let n = 2; this.#values.has(unique); n++) unique = `${name}#${n}`;
    this.#names.set(value, unique);
    this.#values.set(unique, value);
    if (typeof value === 'symbol') return;
    this.#numbers.set(value, this.#objectNames.length);
    this.#objectNames[this.#objectNames.length] = unique;
    if (!isProxy(value)) this.#queue[this.#queue.length] = { value, watched };
  }

  #walk(): void {
    for (let i = 0; i < this.#queue.length; i++) {
      const { value, watched } = this.#queue[i]!;
      this.#visit(value, watched);
    }
    this.#queue.length = 0;
  }

  #visit(object: object, watched: boolean): void {
    const name = this.#names.get(object)!;
    const prototype = getPrototypeOf(object);
    this.#add(prototype, `${name}.[prototype]`, watched);
    if (isView(object)) return;
    const keys = ownKeys(object);
    const parts = list<unknown>();
    const flags = list<number>();
    for (let k = 0; k < keys.length; k++) {
      const key = keys[k]!;
      const descriptor = getOwnPropertyDescriptor(object, key);
      if (descriptor === undefined) continue;
      const label = typeof key === 'symbol' ? `[@${symbolDescription(key) ?? ''}]` : key;
      if (typeof key === 'symbol') this.#add(key, `${name}.key ${label}`, false);
      const accessor = !hasOwn(descriptor, 'value');
      parts[k * 2] = accessor ? descriptor.get : descriptor.value;
      parts[k * 2 + 1] = accessor ? descriptor.set : undefined;
      flags[k] = flagsOf(descriptor, accessor);
      this.#add(parts[k * 2], accessor ? `${name}.get ${label}` : `${name}.${label}`, watched);
      if (accessor) this.#add(parts[k * 2 + 1], `${name}.set ${label}`, watched);
    }
    if (watched)
      this.#pristine[this.#pristine.length] = {
        ...{ object, isLikeExample: this.#oracle?.same(object, example) ?? false },
        ...{ prototype, extensible: isExtensible(object), keys, parts, flags },
      };
  }

  /** Names what Node makes on first use, by calling Node's own getters on the roots; what they replace is put back. */
  #nameLate(): void {
    if (this.#late !== 'not named') return;
    this.#late = 'naming';
    const before = ownKeys(globalThis);
    for (let i = 0; i < before.length; i++) this.#hadBeforeLate.add(before[i]!);
    const pristine = new SafeMap<object, Pristine>();
    for (let i = 0; i < this.#pristine.length; i++) pristine.set(this.#pristine[i]!.object, this.#pristine[i]!);
    for (let r = 0; r < this.#roots.length; r++) {
      const { object, name } = this.#roots[r]!;
      const record = pristine.get(object);
      if (record) this.#nameAccessors(record, name);
      const byDefault = getOwnPropertyDescriptor(object, 'default')?.value as unknown;
      const inner = typeof byDefault === 'object' && byDefault !== null ? pristine.get(byDefault) : undefined;
      if (inner) this.#nameAccessors(inner, `${name}.default`);
    }
    this.#add(globalThis.crypto?.subtle, 'globalThis.crypto.subtle', false);
    this.#nameNodeGlobals(pristine.get(globalThis)!);
    this.#walk();
    this.#late = 'named';
  }

  /** Loading fetch leaves undici's dispatcher on globalThis under a registered symbol; so does the package of that name, but then it is the guest's. */
  #nameNodeGlobals(record: Pristine): void {
    const symbols = getOwnPropertySymbols(globalThis);
    const added: PropertyKey[] = [];
    for (let i = 0; i < record.keys.length; i++) reflectDefine(added, i, dataProperty(record.keys[i]));
    for (let i = 0; i < symbols.length; i++) {
      const registered = keyFor(symbols[i]!);
      if (registered === undefined || !startsWith(registered, 'undici.')) continue;
      const descriptor = getOwnPropertyDescriptor(globalThis, symbols[i]!)!;
      if (!hasOwn(descriptor, 'value') || this.#isGuests(classOf(descriptor.value))) continue;
      this.#add(descriptor.value, `globalThis.[@${registered}]`, false);
      if (this.#hadBeforeLate.has(symbols[i]!)) continue;
      const k = added.length;
      reflectDefine(added, k, dataProperty(symbols[i]));
      record.parts[k * 2] = descriptor.value;
      record.parts[k * 2 + 1] = undefined;
      record.flags[k] = flagsOf(descriptor, false);
    }
    record.keys = added;
  }

  #nameAccessors(record: Pristine, name: string): void {
    for (let k = 0; k < record.keys.length; k++) {
      const getter = record.parts[k * 2];
      const key = record.keys[k]!;
      if ((record.flags[k]! & flagAccessor) === 0 || typeof getter !== 'function' || typeof key === 'symbol') continue;
      if (record.object === globalThis && key === 'process') continue;
      const before = getOwnPropertyDescriptor(record.object, key);
      try {
        this.#add(reflectApply(getter, record.object, []), `${name}.${String(key)}`, false);
      } catch {
        // A getter that fails has nothing to name; whatever it would have given is refused at capture with its path.
      }
      if (before === undefined) reflectDelete(record.object, key);
      else reflectDefine(record.object, key, before);
    }
  }
}

/** The function under `constructor` of an object's prototype, if it is no accessor. */
function classOf(value: unknown): unknown {
  const prototype = typeof value === 'object' && value !== null && !isProxy(value) ? getPrototypeOf(value) : null;
  return prototype === null ? undefined : getOwnPropertyDescriptor(prototype, 'constructor')?.value;
}

/**
 * Native constructors and classes with private members keep state that no reflection shows. A scan, not a regular
 * expression: a match would change what the guest reads in RegExp.lastMatch.
 */
function hidesState(source: string): boolean {
  if (!startsWith(source, 'class')) return isNative(source);
  for (let i = 0; i + 1 < source.length; i++) {
    const next = charCodeAt(source, i + 1) | 32;
    if (charCodeAt(source, i) === 35 && next >= 97 && next <= 122) return true;
  }
  return false;
}

const isNative = (source: string): boolean => source.length > 14 && includes(source, '[native code]');

const flagAccessor = 8;

function flagsOf(descriptor: PropertyDescriptor, accessor: boolean): number {
  const shared = (descriptor.enumerable ? 2 : 0) | (descriptor.configurable ? 4 : 0);
  return accessor ? shared | flagAccessor : shared | (descriptor.writable ? 1 : 0);
}

function dataProperty(value: unknown): PropertyDescriptor {
  // biome-ignore lint/suspicious/noExplicitAny: __proto__ in a literal is not part of the type
  return { __proto__: null, value, writable: true, enumerable: true, configurable: true } as any;
}

function differs(before: Pristine): boolean {
  const { object, keys, parts, flags } = before;
  if (getPrototypeOf(object) !== before.prototype || isExtensible(object) !== before.extensible) return true;
  const now = ownKeys(object);
  if (now.length !== keys.length) return true;
  for (let k = 0; k < keys.length; k++) {
    if (now[k] !== keys[k]) return true;
    const descriptor = getOwnPropertyDescriptor(object, keys[k]!);
    if (descriptor === undefined) return true;
    const accessor = !hasOwn(descriptor, 'value');
    if (flagsOf(descriptor, accessor) !== flags[k]) return true;
    if (!sameValue(accessor ? descriptor.get : descriptor.value, parts[k * 2])) return true;
    if (accessor && descriptor.set !== parts[k * 2 + 1]) return true;
  }
  return false;
}
