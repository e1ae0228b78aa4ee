/**
 * `super.x` as something to read and write, where super is not native: arrows, async bodies, methods of object literals, resumed code.
 * The compiled code reads and assigns `value` and reads `deleted`; a frame may hold a reference while the right side of an assignment
 * runs, so it is plain data of a class that images name.
 */
import { isObject } from './promises.js';
import { whole } from './touching.js';

const { get, set } = Reflect;
const { getPrototypeOf } = Object;

export class SuperReference {
  constructor(
    /** Where the lookup starts. */
    readonly from: object | null,
    readonly key: PropertyKey,
    readonly self: unknown,
  ) {}

  get value(): unknown {
    return readSuper(this.from, this.key, this.self);
  }
  set value(next: unknown) {
    const { from, key, self } = this;
    if (from === null) throw new TypeError(`Cannot set properties of null (setting '${String(key)}')`);
    if (!set(whole(from), key, next, self) && isObject(self))
      throw new TypeError(`Cannot assign to read only property '${String(key)}' of object`);
  }
  get deleted(): never {
    throw new ReferenceError("Unsupported reference to 'super'");
  }
}

const baseOf = (home: { prototype: object }, isStatic: boolean): object | null =>
  getPrototypeOf(whole(isStatic ? home : home.prototype));

function readSuper(from: object | null, key: PropertyKey, self: unknown): unknown {
  if (from === null) throw new TypeError(`Cannot read properties of null (reading '${String(key)}')`);
  return get(whole(from), key, self);
}

/** `super[key]`; `home` is the class, or with `isStatic` whatever the member is an own property of. */
export const superValue = (home: { prototype: object }, isStatic: boolean, key: PropertyKey, self: unknown): unknown =>
  readSuper(baseOf(home, isStatic), key, self);

/** `super[key]` as a place. */
export const superPlace = (home: { prototype: object }, isStatic: boolean, key: PropertyKey, self: unknown): SuperReference =>
  new SuperReference(baseOf(home, isStatic), key, self);
