/**
 * What of the net service moves with its guest. Each field is declared saved, rebuilt or dropped; a field that is added to
 * NetFields without a fate, or saved without a place in NetServiceState, does not compile.
 */

import type { FlowId, FlowState } from '@godwit/natgateway';
import type { FromGuest, ToGuest } from './messages.js';

/** A server of the guest: `port` is null until the gateway has answered. */
export interface NetServer {
  readonly id: number;
  readonly wanted: number;
  readonly host: string;
  port: number | null;
}

/** Everything the service holds about its guest. */
export interface NetFields {
  /** Number of the last message to the guest. */
  serial: number;
  /** Messages the guest has not confirmed; it may or may not have seen them. */
  outbox: ToGuest[];
  servers: Map<number, NetServer>;
  /** Socket id of the guest → flow. */
  sockets: Map<number, FlowId>;
  nextAccepted: number;
  /** What the guest said while it was frozen. */
  late: FromGuest[];
  /** Flow → socket id. */
  socketOf: Map<FlowId, number>;
  /** Listens that the gateway has not answered. */
  pendingListens: number;
  /** Connections whose listen() was answered in this very turn: the promise has not told us yet. */
  unplaced: Map<FlowId, { readonly port: number; readonly events: (() => void)[] }>;
  frozen: boolean;
}

type Fate = 'saved' | 'rebuilt' | 'dropped';

export const netFates = {
  serial: 'saved',
  outbox: 'saved',
  servers: 'saved',
  sockets: 'saved',
  nextAccepted: 'saved',
  late: 'saved',
  socketOf: 'rebuilt', // the inverse of sockets
  pendingListens: 'dropped', // listens without an answer are asked again
  unplaced: 'dropped', // empty whenever a turn of the event loop ends, so at every freeze
  frozen: 'dropped',
} as const satisfies Record<keyof NetFields, Fate>;

type SavedField = { [K in keyof NetFields]: (typeof netFates)[K] extends 'saved' ? K : never }[keyof NetFields];

/** A guest's net service as data (structured-clone safe). */
export type NetServiceState = Pick<NetFields, SavedField> & { readonly flows: FlowState[] };

/** Fields for a guest that has not used the network yet. */
export function newNetFields(): NetFields {
  return {
    serial: 0,
    outbox: [],
    servers: new Map(),
    sockets: new Map(),
    nextAccepted: 2,
    late: [],
    socketOf: new Map(),
    pendingListens: 0,
    unplaced: new Map(),
    frozen: false,
  };
}

export function saveNet(fields: NetFields, flows: FlowState[]): NetServiceState {
  const { serial, outbox, servers, sockets, nextAccepted, late } = fields;
  return { serial, outbox, servers, sockets, nextAccepted, late, flows };
}

export function restoreNet(state: NetServiceState): NetFields {
  const { serial, outbox, servers, sockets, nextAccepted, late } = state;
  const socketOf = new Map([...sockets].map(([socket, flow]) => [flow, socket]));
  const saved = {
    serial,
    outbox: [...outbox],
    servers: new Map(servers),
    sockets: new Map(sockets),
    nextAccepted,
    late: [...late],
  };
  return { ...newNetFields(), ...saved, socketOf };
}
