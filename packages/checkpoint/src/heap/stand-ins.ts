/** Functions and classes of the runtime that stand in the place of native ones, and for which: what is asked of a class's text is asked of these. */
import { SafeWeakMap } from './primordials.js';

const natives = new SafeWeakMap<object, object>();

export function standsFor(standIn: object, native: object): void {
  natives.set(standIn, native);
}

/** The function itself where it stands for none. */
export const nativeOf = (fn: object): object => natives.get(fn) ?? fn;
