/**
 * What the guest's isolate holds, for the node's memory watch, which calls this through the inspector while the guest runs (node/inspector.ts).
 * Found once, before guest code runs, under a name on globalThis that is taken away then; uses nothing a guest can change.
 */
import v8 from 'node:v8';
import vm from 'node:vm';
import { memoryHook } from './protocol.js';

const { getHeapStatistics, setFlagsFromString } = v8;
const { runInNewContext } = vm;
let collect: (() => void) | undefined;

/** Heap bytes and bytes outside of it, after a full collection if wanted: `heap,external`. */
function memoryUse(isCollected: boolean): string {
  if (isCollected) {
    collect ??= findCollect();
    collect();
  }
  const { used_heap_size, external_memory } = getHeapStatistics();
  return `${used_heap_size},${external_memory}`;
}

/** V8 gives its collector to contexts that are made while this flag is on; the guest's own has none. */
function findCollect(): () => void {
  setFlagsFromString('--expose-gc');
  const found = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return found;
}

export function showMemoryHook(): void {
  Object.defineProperty(globalThis, memoryHook, { value: memoryUse, configurable: true, enumerable: false });
}

export function hideMemoryHook(): void {
  delete (globalThis as Record<string, unknown>)[memoryHook];
}
