/**
 * V8 takes a built-in for a constant until it is changed for the first time, and then gives up all code that it has optimised with it. What changes
 * in a guest's realm (touching.ts, and the guest's library, guest-lib/prelude*.js) is changed here and back, before anything is rehearsed.
 */
import { libraryBuiltIns } from './natives.js';
import { touchedBuiltIns } from './touching.js';

// Taken here: they are among what is loosened.
const { defineProperty, getOwnPropertyDescriptor } = Reflect;
const nothing = (): void => {};

/** Before guest code, before rehearsals. */
export function loosenBuiltIns(): void {
  for (const { holder, keys } of [...touchedBuiltIns, ...libraryBuiltIns, { holder: globalThis, keys: ['Proxy'] }])
    for (const key of keys) loosen(holder, key);
}

function loosen(holder: object, key: string): void {
  const descriptor = getOwnPropertyDescriptor(holder, key);
  if (!descriptor?.configurable || typeof descriptor.value !== 'function') return;
  defineProperty(holder, key, { ...descriptor, value: nothing });
  defineProperty(holder, key, descriptor);
}
