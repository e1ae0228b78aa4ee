/** Bounds and thresholds of the scheduler: value, unit in the name, reason beside it. Loads are demand divided by capacity. */

export const schedulerLimits = {
  /** A node measures itself and tells others this often: soon enough to react within seconds, too seldom to cost anything. */
  gossipIntervalMs: 1_000,
  /** Nodes told in each round. News reaches n nodes in about log3(n) rounds. */
  gossipFanout: 2,
  /** Reports of other nodes passed on in each round, newest first (MOSIX's window of fresh information). */
  gossipWindow: 24,
  /** A report older than this is nobody's target: five rounds of news, and one that was lost. */
  staleAfterMs: 6_000,
  /** A node that nobody speaks of for this long is forgotten. */
  forgetAfterMs: 60_000,
  /** Reports held: the largest cluster there may be. */
  maxReports: 4_096,
  /** Time in which a measurement counts for the most part: a burst of a second moves nobody. */
  smoothingMs: 3_000,
  /** A node up to this load keeps what it has: the rest is for its daemon and for collecting garbage. */
  busyAboveLoad: 0.6,
  /** Hysteresis: a target must stay below the source's load by this much, and by this share of it. */
  marginLoad: 0.1,
  marginShare: 0.2,
  /** A guest stays this long where it arrived, whatever the loads. */
  minimumStayMs: 10_000,
  /** A guest is measured for this long before it is moved: many end before (Harchol-Balter and Downey 1997). */
  historyMs: 3_000,
  /** A guest that wants less than this is not worth a move. */
  minimumDemandCores: 0.1,
  /** What a guest nobody has measured yet is taken to want unless its user gave it a weight: all that one thread can. */
  unmeasuredDemandCores: 1,
  /** Largest weight, and most pools of one node and characters of a pool's name. */
  maxWeightCores: 1_024,
  maxPools: 16,
  maxPoolChars: 64,
  /** A node with less free memory than this share is short of it; a guest goes to a machine that keeps more than the other share. */
  shortMemoryShare: 0.06,
  ampleMemoryShare: 0.25,
  /** What a move costs whatever the guest is, and what its memory adds. */
  moveCostMs: 200,
  moveBytesPerMs: 100_000,
  /** Free memory a target must have, as a multiple of what the guest holds: the image and the guest exist side by side. */
  memoryHeadroom: 2,
  /** A place kept for a guest that does not come is free again after this. */
  reservationMs: 15_000,
  /** Places kept at once by one node. */
  maxReservations: 16,
  /** A guest that could not be moved is tried again after this, doubled each time. */
  retryMinMs: 5_000,
  retryMaxMs: 80_000,
} as const;
