/**
 * Runs work of the runtime's with the built-ins as they were before guest code ran: what the guest has put around them sees no call of the
 * runtime's, and what it has deleted or broken is there. No guest code runs meanwhile; afterwards the guest finds everything as it was, to
 * the order of keys.
 *
 *   look    has any of the watched built-ins changed? mostly not: then the work just runs
 *   aside   of each that has: what is changed is what it was, what is deleted is there; of some of them, what is added is not
 *   work    what the guest has is told by ownOfGuest(), prototypeOfGuest() and changedBuiltIns()
 *   back    every property that was touched; where keys are not in their order, these are deleted and added again
 *
 * What cannot be put aside and back exactly stays as the guest has it (frozen objects, properties that are not configurable).
 */
import type { ChangedBuiltIn } from '../heap/index.js';
import { isIndexKey, type OwnProperty, type OwnState, ownProperty, readOwnState } from '../heap/own-properties.js';
import {
  bare,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  isExtensible,
  type List,
  list,
  ownKeys,
  reflectDefine,
  reflectDelete,
  SafeMap,
  setPrototypeOf,
} from '../heap/primordials.js';
import { mark } from './cleanness.js';
import { Changes, type IsLibrarys, isUnwanted, type Watched, watchedBuiltIns } from './watched-built-ins.js';

/** A built-in as the guest has it, where something of it was put aside. */
interface Aside {
  readonly object: object;
  readonly prototype: object | null;
  readonly keys: readonly PropertyKey[];
  /** By key; undefined: the guest has none. Descriptors inherit nothing. */
  readonly touched: SafeMap<PropertyKey, PropertyDescriptor | undefined>;
}

let watched: List<Watched> = list();
let changes = new Changes(() => false);
let isWorking = false;
/** By the object, while work runs that they were put aside for. */
let asides: SafeMap<object, Aside> | undefined;

/** Takes the built-ins as they are now for the originals. Before guest code runs. */
export function watchBuiltIns(isLibrarys: IsLibrarys = () => false): void {
  watched = watchedBuiltIns();
  changes = new Changes(isLibrarys);
}

/** What captures call may fail at any time then. */
const notAside = 'has changed built-ins so that they cannot be put aside';

/** Runs `work`, in which no guest code runs, with the original built-ins. In the midst of such work it just runs. */
export function withOriginals<T>(work: () => T): T {
  if (isWorking) return work();
  isWorking = true;
  try {
    if (!changes.any(watched)) return work();
    if (hasRoom()) return withoutChanges(work);
    mark(notAside);
    return work();
  } finally {
    isWorking = false;
  }
}

function withoutChanges<T>(work: () => T): T {
  const done = list<Aside>();
  asides = new SafeMap();
  try {
    for (let i = 0; i < watched.length; i++) if (changes.in(watched[i]!)) putAside(watched[i]!, done, asides);
    return work();
  } finally {
    asides = undefined;
    // Backwards, so that each step finds what it left: no prototype is set that would close a circle.
    for (let i = done.length - 1; i >= 0; i--) putBack(done[i]!);
  }
}

/** Calls that must fit on the stack: more than putting things back takes. The work may overflow it, and nothing else. */
const ROOM = 64;

function hasRoom(): boolean {
  try {
    return depth(ROOM) === ROOM;
  } catch {
    return false;
  }
}

const depth = (calls: number): number => (calls === 0 ? 0 : 1 + depth(calls - 1));

// What the guest has ----------------------------------------------------------------------------------------------------

/** An object's own property as the guest has it. */
export function ownOfGuest(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  const touched = asides?.get(object)?.touched;
  return touched?.has(key) ? touched.get(key) : getOwnPropertyDescriptor(object, key);
}

/** An object's prototype as the guest has it. */
export function prototypeOfGuest(object: object): object | null {
  const aside = asides?.get(object);
  return aside === undefined ? getPrototypeOf(object) : aside.prototype;
}

/** Changed built-ins as the guest has them: these, and those of which something was put aside. */
export function changedBuiltIns(changed: ArrayLike<object>): List<ChangedBuiltIn> {
  const found = list<ChangedBuiltIn>();
  for (let i = 0; i < changed.length; i++) {
    const object = changed[i]!;
    if (!asides?.has(object)) found[found.length] = { object, own: readOwnState(object) };
  }
  asides?.forEach((aside, object) => {
    found[found.length] = { object, own: ownStateOf(aside) };
  });
  return found;
}

function ownStateOf({ object, prototype, keys }: Aside): OwnState {
  const properties = list<OwnProperty>();
  for (let k = 0; k < keys.length; k++) {
    const descriptor = ownOfGuest(object, keys[k]!);
    if (descriptor !== undefined) properties[properties.length] = ownProperty(keys[k]!, descriptor);
  }
  return { prototype, extensible: isExtensible(object), properties };
}

// Aside -----------------------------------------------------------------------------------------------------------------

function putAside(before: Watched, done: List<Aside>, byObject: SafeMap<object, Aside>): void {
  const { object } = before;
  const aside: Aside = { object, prototype: getPrototypeOf(object), keys: ownKeys(object), touched: new SafeMap() };
  // Noted before anything is done: what is done is undone, wherever this ends.
  done[done.length] = aside;
  byObject.set(object, aside);
  const isExtended = isExtensible(object);
  putOriginals(before, isExtended, aside.touched);
  if (isExtended) takeAdded(before, aside);
  const isMoved = isExtended && aside.prototype !== before.prototype && setPrototypeOf(object, before.prototype);
  if (isMoved || aside.touched.size > 0) return;
  done.length--;
  byObject.delete(object);
}

function putOriginals({ object, properties }: Watched, mayAdd: boolean, touched: Aside['touched']): void {
  for (let i = 0; i < properties.length; i++) {
    const property = properties[i]!;
    const { key, descriptor } = property;
    const now = descriptorOf(object, key);
    if (descriptor === undefined || (now !== undefined && changes.isAsGood(now, property))) continue;
    if (now === undefined && !mayAdd) {
      mark(notAside);
      continue;
    }
    touched.set(key, now);
    if (putOriginal(object, key, now, descriptor)) continue;
    touched.delete(key);
    mark(notAside);
  }
}

function putOriginal(
  object: object,
  key: PropertyKey,
  now: PropertyDescriptor | undefined,
  original: PropertyDescriptor,
): boolean {
  if (now === undefined || now.configurable) return reflectDefine(object, key, original);
  // It can only be written.
  return now.writable === true && original.get === undefined && reflectDefine(object, key, bare({ value: original.value }));
}

/** From the last key on: those behind one that is taken away must be deletable, since they are added again behind it. */
function takeAdded(before: Watched, { object, keys, touched }: Aside): void {
  const isFixed = bare({ string: false, symbol: false });
  for (let k = keys.length - 1; k >= 0; k--) {
    const key = keys[k]!;
    const kind = typeof key === 'symbol' ? 'symbol' : 'string';
    const now = descriptorOf(object, key);
    if (!now?.configurable) isFixed[kind] = true;
    else if (isUnwanted(before, key) && (!isFixed[kind] || isIndexKey(key))) {
      touched.set(key, now);
      reflectDelete(object, key);
    }
  }
}

/** Inherits nothing. */
function descriptorOf(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  const descriptor = getOwnPropertyDescriptor(object, key);
  return descriptor && bare(descriptor);
}

// Back ------------------------------------------------------------------------------------------------------------------

function putBack({ object, prototype, keys, touched }: Aside): void {
  if (getPrototypeOf(object) !== prototype) setPrototypeOf(object, prototype);
  touched.forEach((descriptor, key) => {
    if (descriptor === undefined) reflectDelete(object, key);
    else reflectDefine(object, key, descriptor);
  });
  order(object, keys, 'string');
  order(object, keys, 'symbol');
}

/** Names and symbols each stand in the order in which they were added; indices sort themselves. */
function order(object: object, keys: readonly PropertyKey[], kind: 'string' | 'symbol'): void {
  const wanted = inOrder(keys, kind);
  const now = inOrder(ownKeys(object), kind);
  let at = 0;
  while (at < wanted.length && wanted[at] === now[at]) at++;
  for (; at < wanted.length; at++) {
    const descriptor = descriptorOf(object, wanted[at]!);
    if (descriptor !== undefined && reflectDelete(object, wanted[at]!)) reflectDefine(object, wanted[at]!, descriptor);
  }
}

function inOrder(keys: readonly PropertyKey[], kind: 'string' | 'symbol'): List<PropertyKey> {
  const found = list<PropertyKey>();
  for (let k = 0; k < keys.length; k++) if (typeof keys[k] === kind && !isIndexKey(keys[k]!)) found[found.length] = keys[k]!;
  return found;
}
