/** Numbers of the conformance machine: what the suite takes, and its bounds. */

/** Which safepoints the ordinary suite moves each program at: the same in each run, and few. */
export const suiteOptions = { seed: 3, forks: 2, moves: 5, paged: 2, mostHits: 400 } as const;

/** Bounds of the conformance machine. */
export const machineLimits = {
  /** A program from its start, or from a move, to its next move or its end: one that takes longer hangs. */
  runMs: 15_000,
  /** A restore that takes longer hangs. */
  restoreMs: 15_000,
  /** Objects that come with one that is touched, by turns from move to move. */
  neighbours: [0, 3],
  /** The capture of a guest that waits. */
  captureMs: 60_000,
  /** The same on plain node. */
  oracleMs: 10_000,
  /** Safepoints of one run that are counted; each costs some 0.1 to 1 ms. */
  mostHits: 4_000,
  /** Captures of one run that may be put off before the rest of it runs freely. */
  mostPutOff: 200,
  /** Bytes of a parcel of a guest that moves by pages: so few that most objects come late. */
  parcelBytes: 200,
  /** Of one that nobody waits for. */
  drainBytes: 65_536,
  /** Programs that one child process runs before another takes over. */
  batch: 40,
  /** A program that has ended so many processes is the cause. */
  crashes: 3,
  /** A batch that says nothing for so long is ended. */
  silenceMs: 90_000,
} as const;
