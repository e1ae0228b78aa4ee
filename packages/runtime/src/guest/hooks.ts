/**
 * Functions that the node calls in this thread through the inspector, while the guest runs (node/inspector.ts). Found once, before guest
 * code runs, under a name on globalThis that is taken away then; they use nothing a guest can change.
 */
import v8 from 'node:v8';
import { withNatives } from '@godwit/checkpoint/heap';
import { type HeldBytes, type Hooks, hooksName } from './protocol.js';

const { getHeapSpaceStatistics, getHeapStatistics } = v8;
const FunctionOf = Function;
let collect: (() => void) | undefined;

/** What the guest's isolate holds, for the node's memory watch: heap bytes and bytes outside of it, after a full collection if wanted: `heap,external`. */
function memoryUse(isCollected: boolean): string {
  if (isCollected) {
    if (collect) collect();
    else collect = findCollect();
  }
  const { used_heap_size, external_memory } = getHeapStatistics();
  return `${used_heap_size},${external_memory}`;
}

/** The same with little more than a look; `old`: where little of it is garbage. */
export function heldBytes(): HeldBytes {
  const { used_heap_size, external_memory } = getHeapStatistics();
  const spaces = getHeapSpaceStatistics();
  let old = 0;
  for (let i = 0; i < spaces.length; i++) {
    const { space_name, space_used_size } = spaces[i]!;
    if (space_name === 'old_space' || space_name === 'large_object_space') old += space_used_size;
  }
  return { heap: used_heap_size, old, external: external_memory };
}

/** Collects, and gives what does so again. Not `gc`: V8 gives that to every context of the process that is made while the flag for it is on, for good, and a guest may begin there. */
function findCollect(): () => void {
  const found = withNatives(() => {
    const made = new FunctionOf('%CollectGarbage(0);') as () => void;
    made();
    return made;
  });
  // A V8 without that native: what is garbage counts as held, and a guest near its limit may be ended for it.
  return found ?? (() => {});
}

/** `look`: what a capture would come to now. */
export function showHooks(look: Hooks['look']): void {
  const hooks: Hooks = { memory: memoryUse, look };
  Object.defineProperty(globalThis, hooksName, { value: hooks, configurable: true, enumerable: false });
}

export function hideHooks(): void {
  delete (globalThis as Record<string, unknown>)[hooksName];
}
