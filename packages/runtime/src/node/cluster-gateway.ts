/**
 * Where the cluster's gateway is, and starting it. Its address stands in the cluster's bucket under `gateway`; whoever runs the embedded
 * hub runs the gateway too, and on a bus of others' the first node that needs one does.
 * Keeps true: at most one entry; a gateway that nobody can reach any more is replaced by compare-and-swap, by one of those who noticed.
 */

import { randomUUID } from 'node:crypto';
import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { Gateway } from '@godwit/natgateway';
import type { Bus } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { clusterBucket } from '../cluster/settings.js';

const entryKey = 'gateway';

export interface GatewayEntry {
  readonly host: string;
  /** The port nodes connect to. */
  readonly port: number;
  /** Where those of its machine connect, if it has that. */
  readonly path: string | undefined;
  /** The address of the guests' public ports. */
  readonly publicHost: string;
  readonly revision: number;
}

/** Where guests' ports are opened: this machine only, unless it is told otherwise. */
const publicHostOf = (environment: NodeJS.ProcessEnv): string => environment.GODWIT_PUBLIC_HOST || '127.0.0.1';

/** A name in Linux's abstract namespace: no file that could stay behind. Who knows it still has to prove the cluster's secret. */
const nodePath = (): string | undefined => (process.platform === 'linux' ? `\0godwit-gateway-${randomUUID()}` : undefined);

/** Starts a gateway and enters it, in place of the entry with `replaces`. Undefined: somebody else was first. */
export async function startClusterGateway(bus: Bus, host: Host, secret: string, replaces?: number): Promise<Gateway | undefined> {
  const publicHost = publicHostOf(process.env);
  const path = nodePath();
  const gateway = await Gateway.start({ host, secret, publicHost, ...(path === undefined ? {} : { nodePath: path }) });
  const entry = encodeJson({ host: '127.0.0.1', port: gateway.nodePort, path, publicHost });
  const bucket = await clusterBucket(bus);
  try {
    await (replaces === undefined ? bucket.create(entryKey, entry) : bucket.update(entryKey, entry, replaces));
    return gateway;
  } catch (error) {
    await gateway.stop();
    if (error instanceof GodwitError && error.code === 'GODWIT_CONFLICT') return undefined;
    throw error;
  }
}

/** The gateway the cluster has now. @throws GODWIT_PROTOCOL */
export async function findClusterGateway(bus: Bus): Promise<GatewayEntry | undefined> {
  const found = await (await clusterBucket(bus)).get(entryKey);
  if (!found) return undefined;
  const { host, port, path, publicHost } = decodeJson(found.value, 'address of the gateway');
  const isPath = path === undefined || typeof path === 'string';
  if (typeof host !== 'string' || typeof port !== 'number' || !isPath || typeof publicHost !== 'string')
    throw new GodwitError('GODWIT_PROTOCOL', 'Cannot find the gateway: its entry is malformed');
  return { host, port, path, publicHost, revision: found.revision };
}
