import { describe, expect, it } from 'vitest';
import { inThread } from '../in-thread.js';
// @ts-expect-error: scenarios run in plain workers, so that they are plain JavaScript
import { scenarios } from './realms/scenarios.mjs';

interface Answer {
  pages?: Uint8Array[];
  found?: unknown;
  failed?: string;
  /** How many patched built-ins were called. */
  called?: number;
}

/** Runs one side of a scenario in a realm of its own. */
const inRealm = (workerData: { name: string; hiddenClasses: boolean; pages?: Uint8Array[] }) =>
  inThread<Answer>(new URL('./realms/realm.mjs', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: 2048 },
  });

const titles: Record<string, string> = {
  poisoned: 'captures exactly while every built-in is patched, and calls none of them',
  changedBuiltins: 'carries what the guest did to built-ins: added, deleted, replaced, reordered, frozen',
  untouched: 'sees no change to built-ins where the guest made none',
  deep: 'carries lists, nests, prototype chains and rings a million deep',
};

describe('encodeHeap() in one realm, decodeHeap() in another', () => {
  for (const [name, title] of Object.entries(titles)) {
    // Depth has nothing to do with how objects are recognised.
    for (const hiddenClasses of name === 'deep' ? [true] : [true, false]) {
      it(`${title} (${hiddenClasses ? 'by hidden class' : 'property by property'})`, async () => {
        const source = await inRealm({ name, hiddenClasses });
        expect(source.failed).toBe(undefined);
        expect(source.called).toBe(0);
        const target = await inRealm({ name, hiddenClasses, pages: source.pages! });
        expect(target.found).toStrictEqual(scenarios[name].expected);
        if (name === 'untouched') expect(source.pages!.length).toBe(1);
        // Millions of objects, on a machine that may be busy with other tests.
      }, 120_000);
    }
  }
});
