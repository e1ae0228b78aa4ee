/**
 * The cluster a command works on: the one named by --cluster or GODWIT_CLUSTER, else the one announced on this machine. The one made for
 * the life of a command is in embedded-cluster.ts.
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { type Bus, connectBus, connectFound, findCluster } from '../cluster/index.js';
import { leasePrefix, parseLease } from '../cluster/lease.js';
import { Locations } from '../process/index.js';

export interface CommandCluster {
  /** Of its bus; a secret. */
  readonly url: string;
  readonly bus: Bus;
  readonly host: Host;
  readonly locations: Locations;
  close(): Promise<void>;
}

export interface NodeEntry {
  readonly id: number;
  readonly name: string;
  readonly osPid: number;
  readonly address: string;
  readonly logFile: string;
}

/** @throws GODWIT_NO_CLUSTER and what connecting throws */
export async function openRunningCluster(host: Host, url: string | undefined): Promise<CommandCluster> {
  const found = await findRunningCluster(host, url);
  if (!found)
    throw new GodwitError(
      'GODWIT_NO_CLUSTER',
      'Cannot find a cluster: none runs here for this user (cluster-node start makes one, --cluster URL names one)',
    );
  return found;
}

/** The same, if there is one. @throws what connecting to the one that was named throws */
export async function findRunningCluster(host: Host, url: string | undefined): Promise<CommandCluster | undefined> {
  const named = url || process.env.GODWIT_CLUSTER;
  const found = named ? { url: named, bus: await connectBus(named, host, 'command') } : await connectAnnounced(host);
  if (!found) return undefined;
  const { bus } = found;
  return { url: found.url, bus, host, locations: await Locations.open(bus, host), close: () => bus.close() };
}

async function connectAnnounced(host: Host): Promise<{ url: string; bus: Bus } | undefined> {
  const found = await connectFound(host, process.env, 'command');
  return found && { url: found.entry.url, bus: found.bus };
}

export async function clusterUrl(host: Host, url: string | undefined): Promise<string | undefined> {
  return url || process.env.GODWIT_CLUSTER || (await findCluster(host, process.env))?.url;
}

/** The nodes that hold a lease now, by id. */
export async function listNodes(bus: Bus): Promise<NodeEntry[]> {
  const bucket = await bus.kv('godwit');
  const keys = await bucket.keys(leasePrefix);
  const nodes: NodeEntry[] = [];
  for (const entry of await Promise.all(keys.map((key) => bucket.get(key)))) {
    if (!entry) continue;
    const { id, info } = parseLease(entry.value);
    nodes.push({
      id,
      name: String(info.name ?? ''),
      osPid: Number(info.osPid ?? 0),
      logFile: String(info.logFile ?? ''),
      address: info.address ? `${info.address}:${info.port}` : '',
    });
  }
  return nodes.sort((a, b) => a.id - b.id);
}

/** A node by id or name. @throws GODWIT_BAD_NODE */
export async function findNode(bus: Bus, text: string): Promise<NodeEntry> {
  const nodes = await listNodes(bus);
  const found = nodes.find(({ id }) => String(id) === text) ?? nodes.find(({ name }) => name === text);
  if (!found)
    throw new GodwitError(
      'GODWIT_BAD_NODE',
      `Cannot find the node "${text}": there are ${nodes.map(({ id }) => id).join(', ') || 'none'}`,
    );
  return found;
}
