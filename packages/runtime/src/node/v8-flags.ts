/**
 * Flags of V8 that every process with guests needs; set before its first worker starts.
 *
 * - No concurrent optimisation: a pause marks the function it stops in as being debugged, and a compiler thread that is inlining that
 *   function at this moment ends the whole process (Node 20: "Check failed: inlineability == kHasOptimizationDisabled" in
 *   JSInliner::ReduceJSCall). Guests wait for the compiler instead, some milliseconds in all.
 * - No escape analysis: an object that V8 has replaced by registers is shown to a debugger as undefined, with nothing to tell it from a
 *   variable that is undefined (docs/adr/0005).
 * - No flushing of bytecode: code of the codec that a spare worker has rehearsed must still be there after an hour of the guest's.
 */
import { setFlagsFromString } from 'node:v8';

export const guestFlags = ['--no-concurrent-recompilation', '--no-turbo-escape', '--no-flush-bytecode'] as const;

export function setGuestFlags(): void {
  for (const flag of guestFlags) setFlagsFromString(flag);
}
