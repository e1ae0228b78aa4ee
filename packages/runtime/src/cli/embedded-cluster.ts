/**
 * The cluster made for the life of one command: hub and gateway in this process, nodes as its children.
 * Keeps true: its nodes end with close(), those that are still starting too, or with this process.
 */

import type { Host } from '@godwit/checkpoint/base';
import { type Bus, connectBus, EmbeddedHub } from '../cluster/index.js';
import { openCluster } from '../cluster/settings.js';
import { startClusterGateway } from '../node/cluster-gateway.js';
import { nodeLimits } from '../node/limits.js';
import { type SpawnedNode, spawnNode } from '../node/spawn.js';
import { Locations } from '../process/index.js';
import type { CommandCluster } from './cluster.js';

/**
 * A cluster of `size` nodes. With `isWhole` all are there before this resolves; else the first is, and the others come a little later: until
 * the program has begun the processors are needed for that.
 */
export async function openEmbeddedCluster(host: Host, size: number, isWhole: boolean): Promise<CommandCluster> {
  const hub = new EmbeddedHub();
  const { url } = await hub.start(host);
  const children = new Children(url, host);
  const first = isWhole ? size : 1;
  const spawning = children.spawn(first);
  const [, gateway, { bus, locations }] = await Promise.all([spawning, startGateway(url, host), open(url, host)]);
  children.watch(locations);
  const growing = host.after(nodeLimits.embeddedGrowMs, () => {
    children
      .spawn(size - first)
      .catch((error: Error) => host.log('warn', 'a node of the cluster is missing', { reason: error.message }));
  });
  const close = async () => {
    growing.cancel();
    await bus.close();
    children.close();
    await gateway?.finish(nodeLimits.lastBytesMs);
    await gateway?.stop();
    await hub.stop();
  };
  return { url, bus, host, locations, close };
}

class Children {
  readonly #nodes: SpawnedNode[] = [];
  readonly #closing = new AbortController();
  #named = 0;
  #locations: Locations | undefined;

  constructor(
    private readonly url: string,
    private readonly host: Host,
  ) {}

  async spawn(count: number): Promise<void> {
    const { url } = this;
    const { signal } = this.#closing;
    const options = Array.from({ length: count }, () => ({ url, name: `embedded-${this.#named++}`, isTied: true, signal }));
    await Promise.all(options.map(async (each) => this.#add(await spawnNode(each))));
  }

  /** The last node has no other that would find out that it died; this process knows at once anyway. */
  watch(locations: Locations): void {
    this.#locations = locations;
    for (const node of this.#nodes) this.#watch(node);
  }

  close(): void {
    this.#closing.abort();
    for (const { child } of this.#nodes) child.kill('SIGKILL');
  }

  #add(node: SpawnedNode): void {
    this.#nodes.push(node);
    this.#watch(node);
  }

  #watch({ child, node }: SpawnedNode): void {
    const locations = this.#locations;
    if (!locations) return;
    const died = () => {
      if (this.#closing.signal.aborted) return;
      locations.markLost(node, `node ${node} died`).catch((error: Error) => this.host.log('error', error.message));
    };
    if (child.exitCode !== null || child.signalCode !== null) died();
    else child.once('exit', died);
  }
}

async function open(url: string, host: Host): Promise<{ bus: Bus; locations: Locations }> {
  const bus = await connectBus(url, host, 'cluster-run');
  return { bus, locations: await Locations.open(bus, host) };
}

/** The gateway of an embedded cluster lives in this process, as the hub does: no node's end takes the guests' connections with it. */
async function startGateway(url: string, host: Host) {
  const bus = await connectBus(url, host, 'gateway');
  const { secret } = await openCluster(bus, host.nowMs());
  const gateway = await startClusterGateway(bus, host, secret);
  await bus.close();
  return gateway;
}
