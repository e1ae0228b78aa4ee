/**
 * The interface between a node's services and a data plane: what a guest's `net` service may ask of its flows, and what it is
 * told. Plane U's FlowAgent implements it; a service knows nothing of links and frames.
 */

import type { GodwitError } from '@godwit/checkpoint/base';
import type { Address, FlowId, FlowState } from '../flow/state.js';

/** What a guest's service is told. In order for each flow; never while the guest is frozen. */
export interface FlowEvents {
  /** A peer opened a connection to a listening port. Its bytes may follow at once. */
  onOpen(flowId: FlowId, peer: Address, local: Address, listenerPort: number): void;
  /** A dialled connection is open. */
  onConnect(flowId: FlowId, peer: Address, local: Address): void;
  /** Bytes from the peer: they are the service's from now on, and have to be reported by consumed() for more to come. */
  onData(flowId: FlowId, bytes: Uint8Array): void;
  /** The peer ended its direction. */
  onEnd(flowId: FlowId): void;
  /** The flow is gone; nothing else follows. With an error (`fields.errno` like ECONNRESET) if it was cut. */
  onClose(flowId: FlowId, error?: GodwitError): void;
  /** The gateway has taken over so many of the guest's bytes, counted from the start of the flow. */
  onDrain(flowId: FlowId, acceptedBytes: number): void;
  /** A listening port was lost (another guest took it while this one moved, or the gateway was lost). */
  onListenerLost(port: number, error: GodwitError): void;
}

export interface ListenOptions {
  /** Guests that name the same pool (not empty) share a port. */
  readonly pool?: string;
  /** Share of the connections relative to the others in the pool; 1 by default. */
  readonly weight?: number;
}

export interface FlowTable {
  /** Says who is told about a guest's flows. Before anything else about that guest, and before thaw. */
  attach(pid: number, epoch: number, events: FlowEvents): void;
  /**
   * Opens a public port (0: any). GODWIT_PORT_IN_USE, GODWIT_PORT_DENIED, GODWIT_TOO_MANY_PORTS, GODWIT_FENCED, GODWIT_GATEWAY_LOST.
   * A guest that is frozen before the answer comes has to ask again where it is thawed; nothing is left behind.
   */
  listen(pid: number, epoch: number, port: number, host?: string, options?: ListenOptions): Promise<{ port: number }>;
  unlisten(pid: number, port: number): void;
  /** Dials out through the gateway. onConnect or onClose follows. */
  connect(pid: number, epoch: number, target: { host: string; port: number }): FlowId;
  /** Takes bytes (by reference: they must not change). False: wait for onDrain before giving many more. */
  write(flowId: FlowId, bytes: Uint8Array): boolean;
  /** No more writes: the peer sees the end after the last byte. */
  end(flowId: FlowId): void;
  /** Done with the flow. What was written is still delivered, unless `reset`. No event follows. */
  destroy(flowId: FlowId, reset?: boolean): void;
  /** So many more bytes given by onData were used: the peer may send as many again. */
  consumed(flowId: FlowId, byteCount: number): void;
  /** Stops all i/o of a guest and gives its flows and listeners as data. Undone by abort, made final by commit. */
  freeze(pid: number): FlowState[];
  /** Takes a frozen guest back: everything goes on here. */
  abort(pid: number): void;
  /** Takes over a guest from the state its former node gave. Resolves when the gateway has re-pointed it; GODWIT_FENCED if it is newer elsewhere. */
  thaw(pid: number, epoch: number, states: readonly FlowState[]): Promise<void>;
  /** Forgets a frozen guest: another node has it. */
  commit(pid: number): void;
  /** The guest has ended: ports are closed, its flows deliver what was written and are closed. */
  leave(pid: number): void;
}
