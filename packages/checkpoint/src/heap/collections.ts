/**
 * Maps and Sets, walked and filled with the original built-ins: neither what the guest made of these nor the stand-ins of a heap that comes in
 * parcels (guest/hollow-collections.ts) see it. The values of a Map are its keys and items in turn.
 */
import { types } from 'node:util';
import { type List, list, uncurry } from './primordials.js';

const { isMap } = types;
const sizeGetter = (prototype: object): ((self: object) => number) =>
  uncurry(Object.getOwnPropertyDescriptor(prototype, 'size')!.get!) as unknown as (self: object) => number;

export const mapSet = uncurry(Map.prototype.set) as (self: object, key: unknown, value: unknown) => void;
export const setAdd = uncurry(Set.prototype.add) as (self: object, value: unknown) => void;
export const mapDelete = uncurry(Map.prototype.delete) as (self: object, key: unknown) => void;
export const setDelete = uncurry(Set.prototype.delete) as (self: object, key: unknown) => void;
export const mapSize = sizeGetter(Map.prototype);
export const setSize = sizeGetter(Set.prototype);
const mapForEach = uncurry(Map.prototype.forEach) as (self: object, visit: (item: unknown, key: unknown) => void) => void;
export const setForEach = uncurry(Set.prototype.forEach) as (self: object, visit: (item: unknown) => void) => void;

/** The values of a Map or Set, in order. */
export function eachValue(collection: object, visit: (value: unknown) => void): void {
  if (isMap(collection))
    mapForEach(collection, (item, key) => {
      visit(key);
      visit(item);
    });
  else setForEach(collection, visit);
}

export function valuesOf(collection: object): List<unknown> {
  const values = list<unknown>();
  eachValue(collection, (value) => {
    values[values.length] = value;
  });
  return values;
}

/** What one deletes from a Map or Set by, in order. */
export function keysOf(collection: object): List<unknown> {
  const keys = list<unknown>();
  const visit = (key: unknown): void => {
    keys[keys.length] = key;
  };
  if (isMap(collection)) mapForEach(collection, (_, key) => visit(key));
  else setForEach(collection, visit);
  return keys;
}
