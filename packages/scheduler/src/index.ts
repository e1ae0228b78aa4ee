/**
 * The scheduler: pure decisions over load reports. It measures nothing, moves nothing and sends nothing; the node daemon does
 * (runtime/src/node/load.ts, balancer.ts), and the simulator in test/ drives the same functions.
 */

export { schedulerLimits } from './limits.js';
export { type GossipEntry, heard, type LoadView, parseGossip, toTell, toWhom } from './load/gossip.js';
export { hasRoom, isInPool, loadWith, type NodeLoad, nodeLoads } from './load/loads.js';
export { type GuestLoad, isPool, type KnownReport, type NodeReport, parseReport } from './load/report.js';
export { smoothed } from './load/smooth.js';
export { type BalanceInput, balance, type PlannedMove } from './policy/balance.js';
export { bestFor, placesForNew, type Wanted } from './policy/place.js';
export {
  current,
  freed,
  parseReserveRequest,
  type Reservation,
  type ReserveAnswer,
  type ReserveRefusal,
  type ReserveRequest,
  reserve,
  reservedCores,
} from './policy/reserve.js';
export { retryDelayMs } from './policy/retry.js';
