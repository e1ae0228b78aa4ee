/**
 * The cluster as its other parts see it: the bus, where to find it, who is in it.
 * Nothing from @nats-io leaves this folder.
 */

export type { Bus, BusMessage, KeyValue, KeyValueChange, KeyValueEntry, Subscription } from './bus.js';
export { connectBus, withoutSecret } from './connect.js';
export { EmbeddedHub, type HubOptions } from './hub/hub.js';
export { subjectMatches } from './subject.js';
