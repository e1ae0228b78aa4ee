/**
 * Every bound of the gateway, with its unit and its reason. Nothing else in this package states a number that limits.
 * The defaults suit a node on the same machine or rack; `GatewayLimits` lets a caller (or a test) tighten them.
 */

export interface GatewayLimits {
  /** Bytes one flow may have on the way in one direction without credit. A move carries at most this much per direction. */
  readonly windowBytes: number;
  /** An acknowledgement is sent at once when this many bytes are waiting for one; fewer wait for `lazyAckMs`. */
  readonly eagerAckBytes: number;
  /** Longest a frame that nobody waits for is put off, an acknowledgement of few bytes above all. Bounds what an idle flow keeps for replay. */
  readonly lazyAckMs: number;
  /** Payload of one DATA frame: small enough that flows on one link take turns. */
  readonly dataFrameBytes: number;
  /** Payload of a control frame or a handshake message. Addresses and port lists, nothing bulky. */
  readonly controlFrameBytes: number;
  /** Payloads up to this size are copied behind their header; bigger ones are sent by reference. */
  readonly copyBytes: number;
  /** Bytes a link keeps for replay before flows have to wait. */
  readonly linkReplayBytes: number;
  /** The receiving end of a link acknowledges at least this often. */
  readonly linkAckBytes: number;
  /** Longest time a node or gateway without a connection keeps its session (guests wait, then their flows are reset). */
  readonly linkWaitMs: number;
  /** Shortest and longest wait between two attempts to reconnect. */
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** A heartbeat (a link acknowledgement) goes out this often; three missing ones cut the connection. */
  readonly heartbeatMs: number;
  /** Longest time for the three handshake messages, and for a dial on a guest's behalf to the far end. */
  readonly handshakeMs: number;
  readonly dialMs: number;
  /** Longest time the flows of a guest are held between the source's freeze and a claim. */
  readonly holdMs: number;
  /** Longest time a closed flow's last bytes may take to reach the peer. */
  readonly lingerMs: number;
  /** Flows and listening ports in one table: a bound on memory, far above what one event loop serves. */
  readonly flows: number;
  readonly ports: number;
  /** Connections to the node port that have not authenticated yet. */
  readonly strangers: number;
}

export const defaultLimits: GatewayLimits = {
  windowBytes: 512 * 1024,
  eagerAckBytes: 64 * 1024,
  lazyAckMs: 20,
  dataFrameBytes: 128 * 1024,
  controlFrameBytes: 256 * 1024,
  copyBytes: 2048,
  linkReplayBytes: 8 * 1024 * 1024,
  linkAckBytes: 256 * 1024,
  linkWaitMs: 30_000,
  reconnectMinMs: 5,
  reconnectMaxMs: 500,
  heartbeatMs: 2_000,
  handshakeMs: 5_000,
  dialMs: 30_000,
  holdMs: 30_000,
  lingerMs: 30_000,
  flows: 200_000,
  ports: 10_000,
  strangers: 64,
};

/** The defaults with some of them replaced. */
export function withLimits(changes: Partial<GatewayLimits> = {}): GatewayLimits {
  return { ...defaultLimits, ...changes };
}
