/**
 * What the flow table holds and the events and commands it speaks in. Data only; the transitions are in transitions.ts.
 *
 *   (public address:port, peer address:port) → flow → guest (pid, epoch, node)
 *   listening port → pool of (pid, weight, load, flows)
 *
 * A flow names its guest and the guest names its node, so that a move re-points all flows of a guest at once.
 */

import type { ErrorCode } from '@godwit/checkpoint/base';
import type { Address, FlowId } from '../flow/state.js';
import type { PortClaim } from '../plane/messages.js';

/**
 * 'here': served by its node. 'held': frozen there, about to move or to be taken back. 'adrift': its node has given it up and
 * another one is to claim it.
 */
export type Presence = 'here' | 'held' | 'adrift';

export interface GuestEntry {
  readonly pid: number;
  epoch: number;
  node: string;
  presence: Presence;
  /** Raised by each hold, so that a timer of an earlier one is recognised. */
  holdTicket: number;
  load: number;
  readonly flows: Set<FlowId>;
  readonly ports: Set<number>;
}

export interface FlowEntry {
  readonly id: FlowId;
  readonly pid: number;
  readonly listenerPort: number | null;
  readonly peer: Address | null;
  readonly local: Address | null;
  /** Key in `tuples`, once both ends are known. */
  tuple: string | null;
}

export interface PoolMember {
  readonly pid: number;
  weight: number;
  flows: number;
  /** When it was last chosen: equals take turns. */
  turn: number;
  /** A LISTEN not answered yet. */
  request: number | null;
}

export interface PortEntry {
  readonly port: number;
  readonly pool: string;
  bound: boolean;
  readonly members: PoolMember[];
}

export interface TableState {
  readonly flows: Map<FlowId, FlowEntry>;
  readonly tuples: Map<string, FlowId>;
  readonly guests: Map<number, GuestEntry>;
  readonly ports: Map<number, PortEntry>;
  nextFlow: FlowId;
  nextTurn: number;
  nextHoldTicket: number;
  readonly maxFlows: number;
  readonly maxPorts: number;
}

/** Who speaks: a guest as a node claims to have it. Fenced off when the table knows better. */
export interface Speaker {
  readonly node: string;
  readonly pid: number;
  readonly epoch: number;
}

export type TableEvent =
  | ({ readonly type: 'listen'; readonly request: number } & PortClaim & Speaker)
  | ({ readonly type: 'unlisten'; readonly port: number } & Speaker)
  /** The shell could (or could not) bind what a bind command asked for; `wanted` is the port that was asked for. */
  | ({ readonly type: 'bound'; readonly request: number; readonly wanted: number } & PortClaim & Speaker)
  | {
      readonly type: 'bind-failed';
      readonly port: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly request: number;
      readonly node: string;
    }
  | { readonly type: 'accepted'; readonly port: number; readonly peer: Address; readonly local: Address }
  | ({ readonly type: 'dial'; readonly flow: FlowId } & Speaker)
  | { readonly type: 'connected'; readonly flow: FlowId; readonly peer: Address; readonly local: Address }
  | { readonly type: 'closed'; readonly flow: FlowId }
  | ({ readonly type: 'hold' } & Speaker)
  | ({ readonly type: 'release' } & Speaker)
  | { readonly type: 'hold-expired'; readonly pid: number; readonly ticket: number }
  | ({ readonly type: 'claim'; readonly flows: readonly FlowId[]; readonly ports: readonly PortClaim[] } & Speaker)
  | ({ readonly type: 'leave' } & Speaker)
  | ({ readonly type: 'load'; readonly load: number } & Speaker)
  | { readonly type: 'node-lost'; readonly node: string };

export type TableCommand =
  | ({ readonly type: 'bind'; readonly request: number } & PortClaim & Speaker)
  | { readonly type: 'unbind'; readonly port: number }
  | { readonly type: 'listened'; readonly node: string; readonly request: number; readonly port: number }
  | {
      readonly type: 'refuse';
      readonly about: 'listen' | 'dial';
      readonly node: string;
      readonly request: number;
      readonly code: ErrorCode;
      readonly message: string;
    }
  /** A new inbound flow: take the peer's socket over under this id; announce it if the guest is there to hear it. */
  | { readonly type: 'admit'; readonly flow: FlowId }
  | { readonly type: 'announce'; readonly flow: FlowId; readonly node: string }
  /** No one to give the connection to, or no room. */
  | { readonly type: 'reject-peer' }
  | { readonly type: 'dial'; readonly flow: FlowId; readonly node: string }
  | { readonly type: 'hold-flows'; readonly pid: number; readonly ticket: number }
  | {
      readonly type: 'claimed';
      readonly node: string;
      readonly pid: number;
      readonly flows: readonly FlowId[];
      readonly lost: readonly FlowId[];
    }
  /** The speaker's epoch is over: it has to let go of the guest. */
  | { readonly type: 'fence'; readonly node: string; readonly pid: number; readonly epoch: number; readonly known: number }
  | { readonly type: 'reset-flow'; readonly flow: FlowId }
  | {
      readonly type: 'port-lost';
      readonly node: string;
      readonly pid: number;
      readonly port: number;
      readonly code: ErrorCode;
      readonly message: string;
    };

/** An empty table. */
export function newTable(maxFlows: number, maxPorts: number): TableState {
  return {
    flows: new Map(),
    tuples: new Map(),
    guests: new Map(),
    ports: new Map(),
    nextFlow: 1,
    nextTurn: 1,
    nextHoldTicket: 1,
    maxFlows,
    maxPorts,
  };
}
