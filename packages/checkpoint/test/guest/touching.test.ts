/** What asks for hollow objects on a guest's behalf, where the rest of the heap cannot be read. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GodwitError } from '../../src/base/index.js';
import {
  methodsOf,
  setPagedHeap,
  setTakenMethods,
  touchArguments,
  whole,
  wholeArguments,
  wholeEverything,
} from '../../src/guest/touching.js';
import { PagedHeap, ParcelSource } from '../../src/heap/index.js';
import { options } from '../heap/graph.js';

/** Ends a guest, so that no code of it runs any more. */
class Lost extends Error {}

let root: { list: object[] };
beforeEach(() => {
  const source = new ParcelSource({ list: Array.from({ length: 5_000 }, (_, i) => ({ i })) }, options, 200);
  const heap = new PagedHeap({
    ...options,
    next() {
      throw new GodwitError('GODWIT_INTERNAL', 'a parcel that cannot be read');
    },
    lost(reason) {
      throw new Lost(reason);
    },
  });
  root = heap.load(source.first()) as typeof root;
  setPagedHeap(heap);
});
afterEach(() => {
  setPagedHeap(undefined);
  setTakenMethods(false);
});

const shown = { dir: (_: unknown) => undefined };
touchArguments(shown, ['dir']);

const asks: Record<string, () => unknown> = {
  'an element': () => root.list[4_000],
  '$$whole()': () => whole(root.list),
  'an argument of a function of Node’s': () => wholeArguments([root]),
  'a method of all Maps': () => methodsOf(Map.prototype),
  'what is shown and hides its parts': () => shown.dir(new WeakMap()),
  'a module that takes objects apart': () => wholeEverything(),
};

describe('a guest whose parcels cannot be read', () => {
  it.each(Object.keys(asks))('is lost, and catches nothing of the runtime’s: %s', (name) => {
    expect(asks[name]).toThrow(Lost);
  });
});
