/**
 * What V8 noted of the types that a function meets. Loads and calls that met hollow objects stay slow, in optimised code for good: a sum over a
 * million numbers took 7.9 ms instead of 1.1, over half a million fractions 6.5 instead of 2.5 (test/bench/after-move.mjs without this).
 */
import { types } from 'node:util';
import { endsWith, sourceOf } from '../heap/primordials.js';
import { withNatives } from '../heap/v8-natives.js';

const FunctionOf = Function;
const { isProxy } = types;

/**
 * V8 forgets it, and learns anew as it did when the program began: when nothing is hollow any more. Functions that never ran cost nothing.
 * Where V8 refuses they stay as they are.
 */
export function forgetTypes(...lists: ArrayLike<unknown>[]): void {
  const forget = withNatives(() => {
    const made = new FunctionOf('f', '%ClearFunctionFeedback(f); %DeoptimizeFunction(f);') as (fn: unknown) => void;
    made(made);
    return made;
  });
  if (forget === undefined) return;
  for (let l = 0; l < lists.length; l++) {
    const functions = lists[l]!;
    for (let i = 0; i < functions.length; i++) if (hasText(functions[i])) forget(functions[i]);
  }
}

/** V8 takes what it is given here for a function of its own kind: a proxy or a bound function would end the process. */
const hasText = (value: unknown): boolean =>
  typeof value === 'function' && !isProxy(value) && !endsWith(sourceOf(value), '{ [native code] }');
