/** When a guest that could not be moved is tried again: later each time (binary exponential backoff), bounded. Pure. */

import { schedulerLimits } from '../limits.js';

export function retryDelayMs(failures: number): number {
  return Math.min(schedulerLimits.retryMaxMs, schedulerLimits.retryMinMs * 2 ** Math.max(0, failures - 1));
}
