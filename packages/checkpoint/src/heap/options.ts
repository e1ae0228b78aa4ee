/**
 * What the codec is told by the realm it runs in: which objects have names, which kinds only the realm understands,
 * how private fields are read and written. These are interfaces only; the guest runtime implements them.
 */
import type { HiddenClassOracle } from './hidden-classes.js';
import type { InternalSlots, Internals } from './internals.js';
import type { OwnState } from './own-properties.js';
import type { List } from './primordials.js';

/** Objects and symbols that exist in every realm and travel as a name. Made by nameBuiltins. */
export interface NamedBuiltins {
  /** The name of a built-in, or undefined for anything the guest made. */
  nameOf(value: object | symbol): string | undefined;
  /** The inverse. Throws GODWIT_CANNOT_RESTORE when this realm has nothing of that name. */
  resolve(name: string): object | symbol;
  /** Like nameOf, but also tries what Node makes on first use (fetch, crypto …). Slow; asked before a refusal. */
  lateNameOf(value: object | symbol): string | undefined;
  /** Named objects whose own properties, prototype or extensibility differ from what they were before guest code ran. `oracle` makes it faster. */
  changed(oracle?: HiddenClassOracle): object[];
  /** The number of a named object; undefined for anything the guest made. Numbers are dense and grow. */
  numberOf(object: object): number | undefined;
  /** Gives what stands for a named object for a while its name too; the name stands for the object itself. */
  alias(standIn: object, named: object): void;
  /** The name of the object with this number. */
  nameAt(number: number): string;
  /** Whether this named prototype is of a class that Node wrote in JavaScript: symbols may be the keys of what it hides. */
  isHostClass(prototype: object): boolean;
  /** Whether objects that inherit from this named prototype may have state that no script can see. */
  isOpaque(prototype: object): boolean;
}

/** A built-in that is not as it was before guest code ran, with what the guest has made of it. */
export interface ChangedBuiltIn {
  readonly object: object;
  readonly own: OwnState;
}

/** An object kind that only the realm can save and make again. */
export interface SpecialKind {
  /** Stable name: part of the image format. */
  tag: string;
  /** Must be cheap (asked for every object) and must not run guest code. Proxies are never offered. */
  claims(value: object): boolean;
  /** No object of this kind has the hidden class of an ordinary object: one that has is not offered. */
  hasOwnClass?: true;
  /** `create`: parts whose identities exist (perhaps not filled yet) when `create` runs. `fill`: any graph value. */
  save(value: object): { create: unknown[]; fill?: unknown };
  create(parts: unknown[]): object;
  /** Runs when every object exists and everything but specials is filled. */
  fill?(value: object, state: unknown): void;
  /** Of what save() gave to create: the parts of which the object needs what they hold (properties, not identities). In paged heaps they come with it. */
  readsParts?(created: readonly unknown[]): readonly unknown[];
  /** Also save prototype, own properties and extensibility generically. */
  ownProperties: boolean;
}

/** Private fields, brand by brand. */
export interface Privates {
  /** One entry for each class whose private fields the object has. */
  of(value: object): { owner: object; values: unknown[] }[] | undefined;
  /** A new object made by a base class with its private fields installed; undefined: derived, use install. */
  allocate(owner: object): object | undefined;
  install(value: object, owner: object): void;
  fill(value: object, owner: object, values: unknown[]): void;
}

export interface HeapOptions {
  builtins: NamedBuiltins;
  specials: SpecialKind[];
  privates?: Privates;
  internals: Internals;
  /** Of a function that no kind claims and that is not bound, with its slots: does one claim it from now on? */
  recognise?(fn: object, slots: InternalSlots): boolean;
  /** Encoding: the built-ins that the guest has changed; without it they are looked for. For a realm that has put changes aside. */
  changed?: List<ChangedBuiltIn>;
  /**
   * Decoding: is given what changes built-ins as the program had changed them, to be run when the runtime has done its own work with them.
   * Without it they are changed at once.
   */
  changeLater?(change: () => void): void;
  /** Decoding: is told each built-in that was changed. */
  noteChanged?(builtIn: object): void;
  /** Parcels: must a guest that holds a built-in of this name be whole before it runs on? */
  takesApart?(name: string): boolean;
  /** Parcels: Maps and Sets come with what holds them. For a program that calls their methods as functions, which tell nobody. */
  wholeCollections?: boolean;
  /** What the runtime made to hold the guest's state: paged heaps begin behind it. */
  structure?: readonly object[];
  /** Encoding: V8's word on hidden classes, if the capture has asked for it already; false: every object is checked property by property. */
  hiddenClasses?: HiddenClassOracle | false | undefined;
}

/** What an image holds, by kind of object; `bytes` before compression. */
export interface HeapStats {
  objects: number;
  bytes: number;
  types: { name: string; objects: number; bytes: number }[];
}
