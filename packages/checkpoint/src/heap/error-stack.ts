/**
 * `error.stack`. Reading it formats it, which calls a prepareStackTrace of the guest's: that is set aside meanwhile.
 * From V8 12 on, `stack` is an own accessor whose value sits in a hidden slot, also on objects given to Error.captureStackTrace.
 */
import { getOwnPropertyDescriptor, reflectApply } from './primordials.js';
import { setAside } from './set-aside.js';

const ErrorConstructor = Error;
const ofNewError = Object.getOwnPropertyDescriptor(new Error('sample'), 'stack');

/** The accessor shared by all errors of the realm; undefined where `stack` is a data property. */
export const stackAccessor = ofNewError?.get ? ofNewError : undefined;

/** Whether the object has the engine's own `stack` accessor. */
export function hasStackSlot(object: object): boolean {
  return stackAccessor !== undefined && getOwnPropertyDescriptor(object, 'stack')?.get === stackAccessor.get;
}

/** The value of the hidden slot. */
export function readStack(object: object): unknown {
  return withoutPrepareStackTrace(() => reflectApply(stackAccessor!.get!, object, []));
}

/** Runs `read` while the guest's prepareStackTrace is out of the way. */
export function withoutPrepareStackTrace<T>(read: () => T): T {
  const putBack = setAside(ErrorConstructor, 'prepareStackTrace');
  try {
    return read();
  } finally {
    putBack?.();
  }
}
