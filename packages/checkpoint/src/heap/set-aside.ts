/**
 * Takes a property the guest planted (a `toJSON`, a `prepareStackTrace`) out of the way while Node's own code runs,
 * and puts it back in its place in key order, so that the guest cannot tell.
 */
import { GodwitError } from '../base/index.js';
import { bare, getOwnPropertyDescriptor, hasOwn, list, ownKeys, reflectDefine, reflectDelete } from './primordials.js';

/** Removes `target[key]` and gives back the way to restore it; undefined when there is no such own property. */
export function setAside(target: object, key: string): (() => void) | undefined {
  if (!hasOwn(target, key)) return undefined;
  const keys = ownKeys(target);
  const kept = list<{ key: PropertyKey; descriptor: PropertyDescriptor }>();
  let after = false;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] === key) after = true;
    if (after) kept[kept.length] = { key: keys[i]!, descriptor: bare(getOwnPropertyDescriptor(target, keys[i]!)!) };
  }
  if (!reflectDelete(target, key)) {
    throw new GodwitError(
      'GODWIT_CANNOT_CAPTURE',
      `Cannot capture "${key}" on a built-in: it is not configurable and runs during capture`,
    );
  }
  return () => {
    for (let i = 0; i < kept.length; i++) {
      // Deleting and adding again keeps the order; a key that cannot be deleted stays where it is.
      if (i > 0) reflectDelete(target, kept[i]!.key);
      reflectDefine(target, kept[i]!.key, kept[i]!.descriptor);
    }
  };
}
