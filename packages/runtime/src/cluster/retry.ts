/**
 * Trying a key-value operation again while its server is away for a moment: a lost connection, a JetStream leader being
 * elected (5 to 8 s of passing errors). Every wait and the whole are bounded.
 * Only for operations that may be carried out twice without harm: reads, and writes that carry an id.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { ClientBus } from './client-bus.js';

const transientCodes = new Set(['GODWIT_TIMEOUT', 'GODWIT_NO_RESPONDERS', 'GODWIT_DISCONNECTED']);

/** @throws GODWIT_TIMEOUT when the deadline passed, else what `attempt` throws and is not transient */
export async function retryTransient<T>(bus: ClientBus, what: string, attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = bus.host.monotonicMs() + clusterLimits.keyValueDeadlineMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof GodwitError) || !transientCodes.has(error.code) || bus.isClosed) throw error;
      if (bus.host.monotonicMs() >= deadlineMs) {
        throw new GodwitError(
          'GODWIT_TIMEOUT',
          `Cannot ${what}: the bus did not answer in time; whether it was done is unknown`,
          {
            cause: error,
          },
        );
      }
      await new Promise<void>((resolve) => bus.host.after(clusterLimits.keyValueRetryDelayMs, resolve));
    }
  }
}
