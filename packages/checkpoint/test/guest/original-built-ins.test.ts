import { describe, expect, it } from 'vitest';
import { inThread } from '../in-thread.js';

/** Runs a scenario in a thread of its own: built-ins that are frozen stay so. */
const inRealm = (workerData: string) => inThread<unknown>(new URL('./realms/originals.mjs', import.meta.url), { workerData });

const titles: Record<string, string> = {
  replaced: 'puts back what was replaced: values, accessors, globals, and their attributes',
  deleted: 'has what was deleted, and deletes it again',
  reordered: 'keeps the order of keys, whatever was added, deleted and added again before',
  added: 'takes away what was added where it is in the way',
  moved: 'has the prototypes that were, and asks no proxy',
  circle: 'never closes a circle of prototypes on its way back',
  fixed: 'leaves alone what is frozen, sealed or not configurable, and runs nevertheless',
  failing: 'puts everything back when the work throws, and is one with work inside of it',
  overflowing: 'leaves everything as it was at the end of the stack',
  told: 'tells what the guest has while it is put aside',
  silent: 'calls nothing of the guest’s',
  stand: 'takes what the guest’s library has put there for as good, each in its place',
};

describe('withOriginals()', () => {
  for (const [name, title] of Object.entries(titles)) {
    it(title, async () => {
      expect(await inRealm(name)).toBe(true);
    });
  }
});
