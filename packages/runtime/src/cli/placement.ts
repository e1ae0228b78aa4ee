/** Where a new process starts when nobody says: the cluster's choice, asked of the first node that answers. */

import { GodwitError } from '@godwit/checkpoint/base';
import { askNode } from '../node/control.js';
import { type CommandCluster, findNode, listNodes } from './cluster.js';

export interface Placement {
  readonly node: number;
  readonly reservation?: string;
}

export interface GuestWishes {
  readonly memoryMb?: number | undefined;
  readonly pool?: string | undefined;
  readonly weight?: number | undefined;
}

/** On the wanted node, or where the cluster finds best. @throws GODWIT_NO_CLUSTER, GODWIT_BAD_NODE and what the nodes answered */
export async function placeFor(cluster: CommandCluster, wanted: string | undefined, guest: GuestWishes = {}): Promise<Placement> {
  if (wanted !== undefined) return { node: (await findNode(cluster.bus, wanted)).id };
  const { memoryMb = 0, pool, weight } = guest;
  const request = { op: 'place', memoryBytes: memoryMb * 2 ** 20, pool, weight } as const;
  let last: unknown = new GodwitError('GODWIT_NO_CLUSTER', 'Cannot start a process: the cluster has no nodes');
  for (const { id } of await listNodes(cluster.bus)) {
    try {
      return await askNode<Placement>(cluster.bus, id, request);
    } catch (error) {
      last = error; // it dies or is frozen; another may answer
    }
  }
  throw last;
}
