/**
 * Measurements over time: counters that only grow become rates, and rates become an exponentially weighted moving average, as the
 * load averages of UNIX are. The first rate counts whole, so that a guest is known after one interval.
 * Not a clock: the caller says how much time passed.
 */

import { schedulerLimits } from '../limits.js';

/** The average after one more rate that held for `intervalMs`. */
export function smoothed(average: number | undefined, rate: number, intervalMs: number): number {
  if (average === undefined) return rate;
  const kept = Math.exp(-intervalMs / schedulerLimits.smoothingMs);
  return average * kept + rate * (1 - kept);
}
