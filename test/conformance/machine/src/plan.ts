/**
 * The words that a mover shares with all workers of one run, so that safepoints are counted across moves.
 *   HITS  safepoints reached so far
 *   NEXT  the hit at which (or at the first one after it) the guest is captured; NEVER when none is wanted any more
 *   LAST  after so many hits nothing is captured any more
 *   AGAIN the guest was captured at a loop: where it goes on, the first breakpoint it meets is this very safepoint
 *   BEGUN the program's own code has been reached: what the built-ins written in JavaScript do before it is not counted
 */
export const HITS = 0;
export const NEXT = 1;
export const LAST = 2;
export const AGAIN = 3;
export const BEGUN = 4;
export const PLAN_WORDS = 5;
export const NEVER = 0x7fffffff;
/** Number under which captures are asked for and answered. */
export const CAPTURE_ID = 1;
