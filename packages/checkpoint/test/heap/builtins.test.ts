/** Which built-ins a program has changed: told by hidden class where that says everything, and the same as property by property. */
import { describe, expect, it } from 'vitest';
import { hiddenClassOracle, nameBuiltins } from '../../src/heap/index.js';

const { prototype } = Array;
const changes: Record<string, { fn: object; change(fn: object): void }> = {
  'another name': { fn: prototype.copyWithin, change: (fn) => Object.defineProperty(fn, 'name', { value: 'other' }) },
  'another name that can be written': {
    fn: prototype.entries,
    change: (fn) => Object.defineProperty(fn, 'name', { value: 'entries', writable: true }),
  },
  'a getter for its length': { fn: prototype.flat, change: (fn) => Object.defineProperty(fn, 'length', { get: () => 1 }) },
  'a deleted length': { fn: prototype.flatMap, change: (fn) => Reflect.deleteProperty(fn, 'length') },
  'a property': { fn: prototype.lastIndexOf, change: (fn) => Object.assign(fn, { added: 1 }) },
  'another prototype': { fn: prototype.reduceRight, change: (fn) => Object.setPrototypeOf(fn, null) },
  'no extensions': { fn: prototype.toLocaleString, change: (fn) => Object.preventExtensions(fn) },
  frozen: { fn: prototype.findLastIndex, change: (fn) => Object.freeze(fn) },
};

describe('changed()', () => {
  const builtins = nameBuiltins({});

  it('finds the same by hidden class as property by property', () => {
    expect(hiddenClassOracle()).toBeDefined();
    const found = new Set(builtins.changed(hiddenClassOracle()));
    expect(found).toEqual(new Set(builtins.changed()));
    for (const { fn } of Object.values(changes)) expect(found).not.toContain(fn);
  });

  for (const [what, { fn, change }] of Object.entries(changes)) {
    it(`finds a native function with ${what}`, () => {
      change(fn);
      expect(builtins.changed()).toContain(fn);
      expect(builtins.changed(hiddenClassOracle())).toContain(fn);
    });
  }

  it('takes a name that was defined anew, as it was, for no change', () => {
    Object.defineProperty(prototype.fill, 'name', { value: 'fill', writable: false, configurable: true });
    expect(builtins.changed(hiddenClassOracle())).not.toContain(prototype.fill);
  });
});
