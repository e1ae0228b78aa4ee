/**
 * What the guest's `net` module and the node say to each other. Ordered both ways, one at a time or several as a list. Messages to the guest carry serial numbers:
 * they are kept until the guest has seen them and sent again after a move, and the guest ignores what it saw before.
 * Socket ids are odd when the guest chose them (dials) and even when the node did (accepted connections).
 */

import type { Address } from '@godwit/natgateway';

export type FromGuest =
  | { readonly op: 'listen'; readonly server: number; readonly port: number; readonly host: string }
  | { readonly op: 'unlisten'; readonly server: number }
  | { readonly op: 'connect'; readonly socket: number; readonly host: string; readonly port: number }
  /** `isLast`: an `end` right behind it. */
  | { readonly op: 'write'; readonly socket: number; readonly bytes: Uint8Array; readonly isLast: boolean }
  | { readonly op: 'end'; readonly socket: number }
  | { readonly op: 'destroy'; readonly socket: number; readonly reset: boolean }
  | { readonly op: 'consumed'; readonly socket: number; readonly count: number }
  | { readonly op: 'seen'; readonly serial: number };

export type ToGuest = { readonly serial: number } & (
  | {
      readonly op: 'listening';
      readonly server: number;
      readonly address: string;
      readonly family: string;
      readonly port: number;
    }
  | { readonly op: 'listenFailed'; readonly server: number; readonly errno: string }
  | {
      readonly op: 'connection';
      readonly server: number;
      readonly socket: number;
      readonly peer: Address;
      readonly local: Address;
    }
  | { readonly op: 'connect'; readonly socket: number; readonly peer: Address; readonly local: Address }
  | { readonly op: 'data'; readonly socket: number; readonly bytes: Uint8Array }
  | { readonly op: 'end'; readonly socket: number }
  | { readonly op: 'close'; readonly socket: number; readonly errno: string }
  /** The gateway has so many of the socket's bytes, from its start. */
  | { readonly op: 'drain'; readonly socket: number; readonly accepted: number }
);

/** A message without its serial number. Written out by distribution, so that each form keeps its own fields. */
export type Unnumbered<T = ToGuest> = T extends ToGuest ? Omit<T, 'serial'> : never;

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isPort = (value: unknown): value is number => isCount(value) && value <= 65_535;
const isHost = (value: unknown): value is string => typeof value === 'string' && value.length <= 255;

/** Checks a message from the guest, which is not trusted. Null: it is none. */
export function parseFromGuest(message: unknown): FromGuest | null {
  if (typeof message !== 'object' || message === null) return null;
  const { op, server, socket, port, host, bytes, isLast, reset, count, serial } = message as Record<string, unknown>;
  if (op === 'seen') return isCount(serial) ? { op, serial } : null;
  if (op === 'listen') return isCount(server) && isPort(port) && isHost(host) ? { op, server, port, host } : null;
  if (op === 'unlisten') return isCount(server) ? { op, server } : null;
  if (!isCount(socket)) return null;
  if (op === 'connect') return isPort(port) && isHost(host) && socket % 2 === 1 ? { op, socket, host, port } : null;
  if (op === 'write') return bytes instanceof Uint8Array ? { op, socket, bytes, isLast: isLast === true } : null;
  if (op === 'end') return { op, socket };
  if (op === 'destroy') return { op, socket, reset: reset === true };
  if (op === 'consumed') return isCount(count) ? { op, socket, count } : null;
  return null;
}
