/**
 * What is fixed when a cluster is created and the same for all its nodes from then on: the stride of its PIDs and the
 * secret with which its nodes know each other on their own connections. Kept in the bucket `godwit`, key `settings`.
 * Not configuration: what users may change while it runs lives elsewhere.
 */

import { randomBytes } from 'node:crypto';
import { GodwitError } from '@godwit/checkpoint/base';
import { clusterLimits } from '../limits.js';
import type { Bus, KeyValue } from './bus.js';
import { decodeJson, encodeJson } from './json.js';

export interface ClusterSettings {
  /** Most nodes the cluster may have; pid mod stride = id of the mother node. */
  readonly stride: number;
  /** For the handshake of links between nodes. Whoever is on the bus may know it. */
  readonly secret: string;
  readonly createdAtMs: number;
}

const settingsKey = 'settings';

/** The bucket for what concerns the cluster as a whole. */
export function clusterBucket(bus: Bus): Promise<KeyValue> {
  return bus.kv('godwit');
}

/**
 * Reads the settings, making them if this is the cluster's first node. Of several that start at once, one's are kept.
 * @throws GODWIT_BAD_STRIDE when `stride` is out of range or differs from what the cluster was created with
 */
export async function openCluster(bus: Bus, nowMs: number, stride?: number): Promise<ClusterSettings> {
  if (stride !== undefined && !(Number.isInteger(stride) && stride >= 1 && stride <= clusterLimits.maxStride)) {
    throw badStride(stride, `it must be a whole number from 1 to ${clusterLimits.maxStride}`);
  }
  const bucket = await clusterBucket(bus);
  const secret = randomBytes(32).toString('base64url');
  const made: ClusterSettings = { stride: stride ?? clusterLimits.defaultStride, secret, createdAtMs: nowMs };
  await bucket.create(settingsKey, encodeJson(made)).catch((error: unknown) => {
    if (!(error instanceof GodwitError) || error.code !== 'GODWIT_CONFLICT') throw error;
  });
  const entry = await bucket.get(settingsKey);
  if (!entry) throw new GodwitError('GODWIT_KEY_VALUE', 'Cannot read the cluster settings: they vanished after being written');
  const settings = parseSettings(entry.value);
  if (stride !== undefined && settings.stride !== stride)
    throw badStride(stride, `this cluster was created with ${settings.stride}`);
  return settings;
}

function parseSettings(value: Uint8Array): ClusterSettings {
  const { stride, secret, createdAtMs } = decodeJson(value, 'cluster settings');
  if (Number.isInteger(stride) && typeof secret === 'string' && typeof createdAtMs === 'number') {
    return { stride: stride as number, secret, createdAtMs };
  }
  throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read the cluster settings: they are malformed');
}

function badStride(stride: number, state: string): GodwitError {
  return new GodwitError('GODWIT_BAD_STRIDE', `Cannot use the stride "${stride}": ${state}`, { fields: { stride } });
}
