/** Bounds of the node daemon and the commands: value, unit in the name, reason beside it. */

export const nodeLimits = {
  /** The size of the process is looked at this often while guests run; at 2 GB/s of allocation that is 50 MB. */
  memoryPollMs: 25,
  /** Growth of the process below which no guest is asked. */
  memoryStepBytes: 4 * 1024 * 1024,
  /** A guest is asked again when the process grew by this part of what the guest had left. */
  memoryLooksLeft: 4,
  /** V8's limit stands this far above a guest's own: one allocation that misses V8's limit ends the whole process. */
  memoryAboveLimitMb: 4096,
  /** With less than this available on the machine the largest guest must go. */
  memoryReserveBytes: 256 * 1024 * 1024,
  /** An answer of a guest about its memory; one in a long native call answers later and is asked again. */
  memoryAskMs: 10_000,
  /** A worker that was told to end and is still there is told again after this time, growing: V8 may have missed it. */
  terminateAgainMinMs: 5,
  terminateAgainMaxMs: 1_000,
  /** Workers kept ready, so that an arrival or a start does not wait for a thread to load its code. */
  spareWorkers: 2,
  /** A spare worker takes the place of one whose guest is being started after this time: until then the guest goes first. */
  spareRefillMs: 150,
  /** A guest that is to come runs on at its source for so long at most until a worker here has rehearsed: its pause is a third then. */
  warmWaitMs: 1_000,
  /** Spare workers rest while a guest moves, so long at most, and look this often whether they may go on. */
  restMs: 1_000,
  restCheckMs: 5,
  /** Spare workers warm up this long after the daemon started: a guest that is being started meanwhile goes first. */
  rehearsalDelayMs: 500,
  /** Reasons for which one capture was put off that are told apart. */
  putOffReasons: 50,
  /** A guest that could not be captured in this time is not moved now; below migrateLimits.captureTimeoutMs by more than a try takes. */
  captureTimeoutMs: 7_000,
  /** Largest piece of output in one record, so that several fit a bus message. */
  outputPieceBytes: 256 * 1024,
  /** Largest bus message of output records. */
  outputBatchBytes: 640 * 1024,
  /** One try to hand output over. */
  outputTryMs: 10_000,
  /** Output that nobody takes for this long is dropped: its reader is gone. */
  outputGiveUpMs: 60_000,
  /** Pause between tries to hand output over, growing. */
  outputRetryMinMs: 5,
  outputRetryMaxMs: 200,
  /** Output that arrived early, held by a reader until the gap before it is filled. */
  outputEarlyBytes: 32 * 1024 * 1024,
  /** Output of a detached process that its mother keeps. */
  logRingBytes: 1024 * 1024,
  /** Detached processes whose output one mother keeps; the oldest goes first. */
  logsKept: 200,
  /** Piece of a bundle or log in one control answer, before base64. */
  controlPieceBytes: 256 * 1024,
  /** A bundle is read in pieces of this size, each of which holds up the node for a millisecond or two. */
  bundleReadBytes: 1024 * 1024,
  /** Largest bundle fetched from another node. */
  bundleBytes: 256 * 1024 * 1024,
  /** Largest image handed over the bus: one buffer at each end. */
  imageBytes: 2 * 1024 * 1024 * 1024,
  /** Piece of an image in one bus message. */
  imagePieceBytes: 512 * 1024,
  /** Images on their way from one member at once: each is held in memory. */
  imagesOffered: 8,
  /** An image nobody asks for any more is dropped after this time. */
  imageSilenceMs: 30_000,
  /** A guest that is to end with its checkpoint is held this long for the command to say that the image is safe; then it goes on. */
  imageHeldMs: 120_000,
  /** Bundles a node keeps parsed; others are read again when needed. */
  bundlesLoaded: 32,
  /** A guest of which nothing was made whole in so much processor time, all of it being here, has no turns in which that could be done. */
  wholeWaitMs: 500,
  wholeLookMs: 100,
  /** And one that takes longer for all of it is not waited for any more. */
  wholeLimitMs: 10_000,
  /** Arrivals whose pause a node remembers for whoever asked for the move. */
  pausesKept: 1_000,
  /** Times of one drain's faults that are kept for its quantiles. */
  faultTimesKept: 4_096,
  /** A drain that is over is told of when the guest's thread has said what it waited for, or after this time. */
  lastFaultMs: 1_000,
  /** Looks at a drain by whoever waits for it. */
  drainLookMs: 100,
  /** Pause before the next look at a drain whose node did not answer; it is known by its lease whether the guest is lost. */
  drainAgainMs: 500,
  /** cluster-run waits this long for the figures of a drain that was under way when the process ended. */
  lastDrainMs: 2_000,
  /** An ordinary control request. */
  controlTimeoutMs: 5_000,
  /** What a command shows of a node that answers; a frozen one does not hold the list up. */
  listTimeoutMs: 1_500,
  /** A control request that moves a guest: all timeouts of the protocol together, and some. */
  migrateTimeoutMs: 60_000,
  /** Tries to find the owner of a process that is being moved. */
  ownerTries: 100,
  ownerRetryMs: 30,
  /** The end of a process waits so long for its last bytes to reach the gateway, and the gateway's end for theirs to leave it. */
  lastBytesMs: 10_000,
  /** Gateways tried one after the other before a guest's listen fails. */
  gatewayTries: 4,
  /** How long a daemon looks into a busy guest for a signal's listeners. */
  signalLookMs: 1_000,
  /** Shortest time between two samples that says something about a rate. */
  shortestSampleMs: 200,
  /** A guest whose thread uses less than this is idle (S), whatever it does at this instant; above the second it is at work (R). */
  idleBelowCores: 0.1,
  runningAboveCores: 0.5,
  /** A thread that wants more than this does not sleep: it is at work, however little of a core it gets. */
  restlessAboveCores: 0.9,
  /** Heaps are asked for their size this often, and given this long to answer. */
  memorySampleMs: 5_000,
  memoryLookMs: 300,
  /** A target answers at once whether it keeps a place. */
  reserveTimeoutMs: 2_000,
  /** Pause between rounds over the guests of a node that is emptied. */
  drainRoundMs: 200,
  /** Logs of daemons that a user's home keeps; the oldest go first. */
  nodeLogsKept: 50,
  /** cluster-node drain waits this long before it says what for. */
  drainQuietMs: 2_000,
  /** Guests whose owner is gone are looked for this often. */
  sweepIntervalMs: 5_000,
  /** A daemon child of a command must be ready in this time. */
  daemonReadyMs: 20_000,
  /** The further nodes of an embedded cluster start this long after its first: a short program has ended by then. */
  embeddedGrowMs: 500,
  /** Characters of a bundle that are compiled in well under a lease's time, also on a busy machine (1 MB takes some 2 s of processor time). */
  compiledBeside: 400_000,
  /** After a process ended, missing output is waited for this long. */
  lastOutputMs: 15_000,
} as const;
