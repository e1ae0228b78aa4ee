/** The bound on values of the key-value store, the same on both implementations. Not a format: values are bytes. */

import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';

/** @throws GODWIT_TOO_LARGE */
export function checkValue(key: string, value: Uint8Array): void {
  const limit = clusterLimits.maxValueBytes;
  if (value.byteLength <= limit) return;
  throw new GodwitError('GODWIT_TOO_LARGE', `Cannot write "${key}": ${value.byteLength} bytes, at most ${limit} are allowed`, {
    fields: { key, bytes: value.byteLength, limit },
  });
}
