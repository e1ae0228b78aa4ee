/**
 * Every bound of the runtime package's cluster, process and migration parts: value, unit in the name, reason beside it.
 * Crossing one is a typed error or backpressure, never silent loss. Other parts of the runtime keep theirs beside these.
 */

export const clusterLimits = {
  /** Largest message on the bus, in bytes. NATS's own default; pages never go through the bus. */
  maxPayloadBytes: 1024 * 1024,
  /** Longest line of the embedded hub's protocol, in bytes. A CONNECT with its options is the longest legitimate one. */
  maxControlLineBytes: 4096,
  /** Longest subject, in bytes, so that a line with two subjects fits the control line. */
  maxSubjectBytes: 1024,
  /** Bytes the hub holds for one client that does not read before it cuts the client off (it reconnects and re-reads). */
  maxPendingBytesPerClient: 32 * 1024 * 1024,
  /** Clients of one embedded hub: daemons and commands of one user on one machine. */
  maxClients: 512,
  /** Subscriptions of one client of the hub. */
  maxSubscriptionsPerClient: 4096,
  /** How long a client of the hub may take from its connection to a CONNECT with the right token. */
  authorizeTimeoutMs: 10_000,
  /** The hub pings a client this often and gives it up when two in a row stay unanswered. */
  hubPingIntervalMs: 10_000,
  /** The client pings its server this often; two unanswered mean reconnect. */
  clientPingIntervalMs: 5_000,
  /** Time to reach a server at the first connect; an overloaded machine may need seconds, a refused connection needs none. */
  connectTimeoutMs: 20_000,
  /** Pause between attempts to reconnect: short, because a node without its bus is blind. */
  reconnectDelayMs: 100,
  /** Attempts to find an embedded hub again before its clients give up: when its process is gone, so is that cluster. */
  hubReconnectAttempts: 25,
  /** Entries in one bucket of the embedded key-value store. */
  maxKeysPerBucket: 100_000,
  /** Buckets in the embedded key-value store. */
  maxBuckets: 64,
  /** Longest key, in bytes. */
  maxKeyBytes: 512,
  /** Largest value, in bytes; the envelope around it must fit maxPayloadBytes. */
  maxValueBytes: 512 * 1024,
  /** Keys in one page of a hub snapshot, so that an answer fits maxPayloadBytes; bytes are bounded besides. */
  snapshotPageKeys: 1024,
  /** Value bytes in one page of a hub snapshot. */
  snapshotPageBytes: 512 * 1024,
  /** Write answers the hub remembers, so that a write sent again after a lost answer gives the first answer. */
  rememberedWrites: 4096,
  /** One try of a key-value operation. */
  keyValueTryMs: 2_000,
  /** All tries of a key-value operation: a JetStream cluster that lost its leader blocks 5 to 8 s. */
  keyValueDeadlineMs: 12_000,
  /** Pause before the next try of a key-value operation. */
  keyValueRetryDelayMs: 150,
  /** A NATS watch writes and expects a heartbeat key this often. */
  watchHeartbeatMs: 500,
  /** Silence of a NATS watch after which it is made anew from the last revision seen. */
  watchSilenceMs: 1_500,
  /** Most nodes a cluster may be made for; PIDs grow by this step. */
  maxStride: 4096,
  /** Nodes a cluster is made for when nobody says: the largest round number for which all system PIDs fit below 101. */
  defaultStride: 32,
  /** A node announces itself and renews its lease this often. */
  announceIntervalMs: 1_000,
  /** Silence after which a node is suspect: two announcements missed. */
  suspectAfterMs: 2_200,
  /** Silence after which a node's lease is revoked; with one tick and one write this is lost within 3.5 s. */
  revokeAfterMs: 3_000,
  /** The membership core looks at its clocks this often. */
  membershipTickMs: 250,
  /** A node that could not renew its lease for this long must expect to have been declared lost. */
  isolatedAfterMs: 2_800,
} as const;

export const processLimits = {
  /** PIDs claimed from the high-water mark at a time; at most this many are skipped by a restart. */
  pidBlockSize: 64,
  /** Largest PID: stays an exact number and fits four bytes. */
  maxPid: 2 ** 31 - 1,
  /** Live and remembered processes of one mother. */
  maxProcessesPerMother: 50_000,
  /** Ended processes nobody waited for that a mother remembers; the oldest go first. */
  maxEndedRemembered: 1_000,
  /** Tries of a compare-and-swap on one location before it is called contended. Each lost try means another's progress. */
  casAttempts: 16,
  /** Longest process name, in characters. */
  maxNameChars: 256,
  /** Most arguments kept in a location, and the longest kept; the rest is for display only and is cut. */
  maxArgs: 64,
  maxArgChars: 512,
} as const;

export const migrateLimits = {
  /** OFFER to ACCEPT: the target reserves memory, fetches the bundle, warms a worker. */
  acceptTimeoutMs: 10_000,
  /** Stop the guest and take its essence; a guest that cannot be stopped in this time is not moved now. */
  captureTimeoutMs: 10_000,
  /** Essence sent and LOADED back. */
  loadedTimeoutMs: 30_000,
  /** One try of the COMMIT or of a read that decides it. */
  decideTimeoutMs: 3_000,
  /** Pause before the next try while the outcome is open. */
  decideRetryMs: 200,
  /** RUN is sent again this often until STARTED; the target decides by itself if none arrives. */
  runResendMs: 500,
  /** RUNs sent before the source leaves it to the target's own decision. */
  runResends: 20,
  /** ACCEPT to the first and between sections, seen from the target. */
  essenceTimeoutMs: 30_000,
  /** LOADED to RUN, seen from the target; then the location table decides. */
  runTimeoutMs: 5_000,
  /** Time a target takes to rebuild and start the guest. */
  startTimeoutMs: 15_000,
  /** Time without any page asked or pushed after which a drain looks at the location table. */
  drainSilenceMs: 15_000,
  /** Silent periods after which the source stops serving pages. */
  drainSilentPeriods: 20,
  /** A parcel of a guest's heap behind one that something waited for, in bytes; others grow from it. */
  parcelMinBytes: 32 * 1024,
  /** The largest of them, unless one object is larger: what is asked for waits for it to be sent, and some 5 ms of the guest's are for reading it. */
  parcelMaxBytes: 128 * 1024,
  /** Of one that somebody waits for: twice as much each time that is near what was waited for before. */
  faultBytes: 8 * 1024,
  /**
   * V8's old generation in the thread of a guest that holds nothing, about, when what is garbage there is gone: the estimate of a drain rather says
   * too much. What a thread had right before its guest (guest/main.ts, by which guests that hold much are told) is 13 to 22 MB, part of it garbage.
   */
  emptyHeapBytes: 15_000_000,
  /** Buffers of such a thread: its program's text. */
  emptyBuffersBytes: 5_000_000,
  /** What is above that is so many times as large in V8 as in parcels, about: 1.2 for text, 2.2 to 2.5 for objects and numbers, 3.8 for a Map. */
  heapToParcels: 2.5,
  /** A parcel that the guest has not read by then is confirmed all the same. */
  unreadMs: 50,
  /** Parcels sent and not confirmed. */
  parcelsUnderWay: 3,
  /** A guest whose source cannot be reached for so long is lost, if it is not whole. */
  pagesLostAfterMs: 60_000,
  /** Largest frame between nodes, in bytes: one chunk of a section or one message. */
  maxFrameBytes: 4 * 1024 * 1024,
  /** Chunk size used when sending a section. */
  chunkBytes: 256 * 1024,
  /** Bytes in flight per direction before the sender waits for credit. */
  creditWindowBytes: 8 * 1024 * 1024,
  /** Largest section, in bytes. */
  maxSectionBytes: 4 * 1024 * 1024 * 1024,
  /** Bytes of all sections a receiver collects for one move before it refuses. */
  maxCollectedBytes: 2 * 1024 * 1024 * 1024,
  /** Longest section name, in bytes. */
  maxSectionNameBytes: 256,
  /** Sections open at once on one link. */
  maxOpenSections: 64,
  /** Guests on their way to one node at once; more are refused as `busy`. */
  maxArrivals: 16,
  /** Arrivals a node remembers, so that a source that missed the last word can ask again. */
  rememberedArrivals: 256,
  /** Links one node accepts. */
  maxLinks: 256,
  /** Handshake of a link. */
  handshakeTimeoutMs: 3_000,
  /** A link pings when idle for this long and is dead after three times that. */
  linkIdleMs: 5_000,
} as const;
