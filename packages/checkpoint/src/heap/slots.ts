/** Telling ordinary objects from those with internal slots, without running guest code. */
import { types } from 'node:util';
import { tagOf } from './primordials.js';

const { isMap, isSet, isWeakMap, isWeakSet, isPromise, isAnyArrayBuffer, isBoxedPrimitive } = types;
const { isGeneratorObject, isMapIterator, isSetIterator } = types;

/** Whether an object has slots other than an ordinary object's. Its prototype chain must have no toStringTag and no proxy. */
export function hasSlots(object: object): boolean {
  return (
    tagOf(object) !== '[object Object]' ||
    isMap(object) ||
    isSet(object) ||
    isPromise(object) ||
    isWeakMap(object) ||
    isWeakSet(object) ||
    isAnyArrayBuffer(object) ||
    isBoxedPrimitive(object) ||
    isGeneratorObject(object) ||
    isMapIterator(object) ||
    isSetIterator(object)
  );
}
