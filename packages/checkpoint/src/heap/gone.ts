/**
 * A WeakRef whose target was collected before a move must answer undefined ever after, and no program can make V8's WeakRef do that at will.
 * One that is made again refers to a thing of its own, which the guest's `deref` (guest/weak.ts) takes for nothing.
 */
import { uncurry } from './primordials.js';

const nobody = {};
const WeakRefOf = WeakRef;
const nativeDeref = uncurry(WeakRef.prototype.deref) as (ref: unknown) => WeakKey | undefined;

export const goneRef = (): WeakRef<WeakKey> => new WeakRefOf<WeakKey>(nobody);

/** What WeakRef.prototype.deref answers. Throws what it throws. */
export function deref(ref: unknown): WeakKey | undefined {
  const target = nativeDeref(ref);
  return target === nobody ? undefined : target;
}
