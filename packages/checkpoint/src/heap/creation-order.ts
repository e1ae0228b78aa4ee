/**
 * Refuse at capture, never at restore: objects whose `create` parts need each other in a circle could not be made again.
 * Edges come grouped by their first id, in order; a depth-first walk with its own stack looks for a way back.
 */
import type { Numbers } from './wire.js';

const unseen = 0;
const open = 1;
const done = 2;
const Starts = Uint32Array;
const States = Uint8Array;

/** Calls `onCycle` with an object of the first circle found. `edges` holds pairs (object, part it needs). */
export function checkCreationOrder(edges: Numbers, objects: number, onCycle: (id: number) => never): void {
  if (edges.length === 0) return;
  const first = new Starts(objects + 1);
  const state = new States(objects);
  for (let e = 0; e < edges.length; e += 2) first[edges.values[e]! + 1]! += 1;
  for (let i = 0; i < objects; i++) first[i + 1]! += first[i]!;
  const next = new Starts(first);
  const stack = new Starts(objects);
  for (let e = 0; e < edges.length; e += 2) {
    let depth = 0;
    if (state[edges.values[e]!] !== unseen) continue;
    stack[depth++] = edges.values[e]!;
    state[edges.values[e]!] = open;
    while (depth > 0) {
      const at = stack[depth - 1]!;
      if (next[at]! === first[at + 1]!) {
        state[at] = done;
        depth--;
        continue;
      }
      const part = edges.values[next[at]!++ * 2 + 1]!;
      if (state[part] === open) onCycle(part);
      if (state[part] === unseen) {
        state[part] = open;
        stack[depth++] = part;
      }
    }
  }
}
