/** Processes as the runtime's other parts see them: PIDs, the mother's table, the cluster's location table. */

export { PidAllocator } from './allocator.js';
export type { Exit, Location, NewLocation } from './location.js';
export { Locations } from './locations.js';
export { firstGuestPid, homeOf, isPid, isSystemPid, lastSystemPid, type SystemRole, systemPid } from './pid.js';
export {
  emptyTable,
  type Outcome,
  type ProcessCommand,
  type ProcessEntry,
  type ProcessEvent,
  type ProcessState,
  type ProcessStep,
  type ProcessTable,
  processStep,
  type Tombstone,
  tombstones,
} from './table.js';
