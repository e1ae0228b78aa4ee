/**
 * Refuse at capture, never at restore: objects whose `create` parts need each other in a circle could not be made again.
 * A depth-first walk with its own stack looks for a way back.
 */
import type { Numbers } from './wire.js';

const unseen = 0;
const open = 1;
const done = 2;
const Starts = Uint32Array;
const States = Uint8Array;

/**
 * Calls `onCycle` with an object of the first circle found. `edges` holds pairs (object, part it needs), with ids from `from` (included)
 * to `end`.
 */
export function checkCreationOrder(edges: Numbers, from: number, end: number, onCycle: (id: number) => never): void {
  if (edges.length === 0) return;
  const count = end - from;
  const first = new Starts(count + 1);
  const state = new States(count);
  for (let e = 0; e < edges.length; e += 2) first[edges.values[e]! - from + 1]! += 1;
  for (let i = 0; i < count; i++) first[i + 1]! += first[i]!;
  const next = new Starts(first);
  const parts = new Starts(edges.length / 2);
  for (let e = 0; e < edges.length; e += 2) parts[next[edges.values[e]! - from]!++] = edges.values[e + 1]! - from;
  for (let i = 0; i < count; i++) next[i] = first[i]!;
  const stack = new Starts(count);
  for (let e = 0; e < edges.length; e += 2) {
    let depth = 0;
    const start = edges.values[e]! - from;
    if (state[start] !== unseen) continue;
    stack[depth++] = start;
    state[start] = open;
    while (depth > 0) {
      const at = stack[depth - 1]!;
      if (next[at]! === first[at + 1]!) {
        state[at] = done;
        depth--;
        continue;
      }
      const part = parts[next[at]!++]!;
      if (state[part] === open) onCycle(part + from);
      if (state[part] === unseen) {
        state[part] = open;
        stack[depth++] = part;
      }
    }
  }
}
