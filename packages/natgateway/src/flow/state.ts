/**
 * What travels when a guest moves: its open flows and its listening ports, as plain data (structured-clone safe).
 * A flow's state holds everything the guest wrote that the gateway has not taken over, the pending end included, and the
 * number of the last byte handed to the guest's service. Bytes handed over but not yet read belong to the service.
 */

/** One end of a TCP connection. */
export interface Address {
  readonly address: string;
  readonly port: number;
  readonly family: 'IPv4' | 'IPv6';
}

/** Cluster-wide number of a flow. Up to 2^53; given by the gateway, or by an agent within its session's range. */
export type FlowId = number;

/** 'close': deliver what was written, then close both ways. 'reset': drop everything and reset the peer. */
export type Closing = 'close' | 'reset';

export interface OpenFlowState {
  readonly kind: 'flow';
  readonly id: FlowId;
  /** Where the guest dials, for a flow it opens itself; null for one accepted from a listener. */
  readonly dial: { readonly host: string; readonly port: number } | null;
  /** Null while a dial is under way. */
  readonly local: Address | null;
  readonly peer: Address | null;
  readonly listenerPort: number | null;
  /** Guest to peer: number of the first byte not taken over by the gateway, and the bytes from there. */
  readonly sendBase: number;
  readonly unaccepted: readonly Uint8Array[];
  readonly sendEnd: string | null;
  /** The gateway has the end too; sendBase is one past it then. */
  readonly endAccepted: boolean;
  /** Peer to guest: number of the next byte, of which so many were consumed (the rest is in the service's hands). */
  readonly receiveNext: number;
  readonly consumed: number;
  readonly receiveEnd: string | null;
  readonly closing: Closing | null;
}

export interface ListenerState {
  readonly kind: 'listener';
  readonly port: number;
  readonly pool: string;
  readonly weight: number;
}

/** One flow or listener of a frozen guest. */
export type FlowState = OpenFlowState | ListenerState;
