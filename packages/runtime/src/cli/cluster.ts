/**
 * The cluster a command works on: the one named by --cluster or GODWIT_CLUSTER, the one announced on this machine, or one made for the
 * life of the command (hub in this process, nodes as children).
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import { type Bus, connectBus, EmbeddedHub, findCluster } from '../cluster/index.js';
import { leasePrefix, parseLease } from '../cluster/lease.js';
import { openCluster } from '../cluster/settings.js';
import { startClusterGateway } from '../node/cluster-gateway.js';
import { nodeLimits } from '../node/limits.js';
import { type SpawnedNode, spawnNode } from '../node/spawn.js';
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
  const found = await clusterUrl(host, url);
  if (!found)
    throw new GodwitError(
      'GODWIT_NO_CLUSTER',
      'Cannot find a cluster: none runs here for this user (cluster-node start makes one, --cluster URL names one)',
    );
  const bus = await connectBus(found, host, 'command');
  return { url: found, bus, host, locations: await Locations.open(bus, host), close: () => bus.close() };
}

export async function clusterUrl(host: Host, url: string | undefined): Promise<string | undefined> {
  return url || process.env.GODWIT_CLUSTER || (await findCluster(host, process.env))?.url;
}

/** A cluster of `size` nodes that ends with close(), or with this process. */
export async function openEmbeddedCluster(host: Host, size: number): Promise<CommandCluster> {
  const hub = new EmbeddedHub();
  const { url } = await hub.start(host);
  const gateway = await startGateway(url, host);
  const nodes: SpawnedNode[] = await Promise.all(
    Array.from({ length: size }, (_, index) => spawnNode({ url, name: `embedded-${index}`, isTied: true })),
  );
  const bus = await connectBus(url, host, 'cluster-run');
  const locations = await Locations.open(bus, host);
  let isClosing = false;
  // The last node has no other that would find out; this process knows at once anyway.
  for (const { child, node } of nodes) {
    const died = () => {
      if (!isClosing) locations.markLost(node, `node ${node} died`).catch((error: Error) => host.log('error', error.message));
    };
    if (child.exitCode !== null || child.signalCode !== null) died();
    else child.once('exit', died);
  }
  const close = async () => {
    isClosing = true;
    await bus.close();
    for (const { child } of nodes) child.kill('SIGKILL');
    await gateway?.finish(nodeLimits.lastBytesMs);
    await gateway?.stop();
    await hub.stop();
  };
  return { url, bus, host, locations, close };
}

/** The gateway of an embedded cluster lives in this process, as the hub does: no node's end takes the guests' connections with it. */
async function startGateway(url: string, host: Host) {
  const bus = await connectBus(url, host, 'gateway');
  const { secret } = await openCluster(bus, host.nowMs());
  const gateway = await startClusterGateway(bus, host, secret);
  await bus.close();
  return gateway;
}

/** The nodes that hold a lease now, by id. */
export async function listNodes(bus: Bus): Promise<NodeEntry[]> {
  const bucket = await bus.kv('godwit');
  const nodes: NodeEntry[] = [];
  for (const key of await bucket.keys(leasePrefix)) {
    const entry = await bucket.get(key);
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
