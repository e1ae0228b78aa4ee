/**
 * Property paths for refusals: `root.timers[3].socket`. Nothing is recorded per edge while encoding; the path is found afterwards
 * by looking each object up in its discoverer's own properties and contents.
 */
import { types } from 'node:util';
import { isIndexKey } from './own-properties.js';
import { charCodeAt, getOwnPropertyDescriptor, getPrototypeOf, isArray, ownKeys, symbolDescription } from './primordials.js';

/** Steps shown at most, counted from the object: a million-deep list gives a short text. */
const pathSteps = 24;

/** The path to object `id`, given the objects, each one's discoverer, and names of those that start a path. */
export function pathTo(
  id: number,
  objectOf: (id: number) => object,
  parentOf: (id: number) => number,
  startName: (id: number) => string | undefined,
): string {
  let text = '';
  let at = id;
  for (let steps = 0; ; steps++) {
    const start = startName(at);
    if (start !== undefined) return start + text;
    if (steps === pathSteps) return `…${text}`;
    const parent = parentOf(at);
    text = label(objectOf(parent), objectOf(at)) + text;
    at = parent;
  }
}

function label(parent: object, child: object): string {
  if (types.isProxy(parent)) return '[proxy target or handler]';
  const keys = ownKeys(parent);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = getOwnPropertyDescriptor(parent, keys[i]!);
    if (descriptor === undefined) continue;
    if (descriptor.value === child) return step(keys[i]!);
    if (descriptor.get === child || descriptor.set === child) return `${step(keys[i]!)}[accessor]`;
  }
  if (getPrototypeOf(parent) === child) return '[prototype]';
  if (types.isMap(parent) || types.isSet(parent)) return '[entry]';
  if (typeof parent === 'function') return '[closure]';
  return isArray(parent) ? '[element]' : '[inside]';
}

function step(key: PropertyKey): string {
  if (typeof key === 'symbol') return `[Symbol(${symbolDescription(key) ?? ''})]`;
  const text = String(key);
  if (isIndexKey(text)) return `[${text}]`;
  for (let i = 0; i < text.length; i++) {
    const c = charCodeAt(text, i) | 32;
    const digit = c >= 48 && c <= 57 && i > 0;
    if (!digit && !(c >= 97 && c <= 122) && charCodeAt(text, i) !== 95 && charCodeAt(text, i) !== 36) return `["${text}"]`;
  }
  return `.${text}`;
}
