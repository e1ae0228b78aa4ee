/**
 * The cluster as its other parts see it: the bus, where to find it, who is in it.
 * Nothing from @nats-io leaves this folder.
 */

export type { Bus, BusMessage, KeyValue, KeyValueChange, KeyValueEntry, Subscription } from './bus.js';
export { connectBus, withoutSecret } from './connect.js';
export {
  announceCluster,
  type ClusterEntry,
  clusterFile,
  connectFound,
  type Environment,
  findCluster,
  withdrawCluster,
} from './discovery.js';
export { EmbeddedHub, type HubOptions } from './hub/hub.js';
export { ClusterMembership, type JoinOptions } from './join.js';
export type { Member, MembershipChange, NodeInfo, NodeRef } from './membership.js';
export { type ClusterSettings, openCluster } from './settings.js';
export { subjectMatches } from './subject.js';
