/**
 * The control messages inside frames, and the checks that make unknown bytes into one of them.
 * Exported so that the runtime can show and log them. Each `parse*` returns null for anything that is not such a message.
 */

import type { ErrorCode } from '@godwit/checkpoint/base';
import type { Address } from '../flow/state.js';

export interface OpenMessage {
  readonly pid: number;
  readonly listenerPort: number;
  readonly peer: Address;
  readonly local: Address;
}

export interface DialMessage {
  readonly pid: number;
  readonly epoch: number;
  readonly host: string;
  readonly port: number;
}

export interface ConnectedMessage {
  readonly peer: Address;
  readonly local: Address;
}

export interface ListenMessage {
  readonly pid: number;
  readonly epoch: number;
  /** 0: any. */
  readonly port: number;
  /** Guests that name the same pool (not empty) share a port. */
  readonly pool: string;
  readonly weight: number;
}

export interface ListenedMessage {
  readonly port: number;
}

export interface RefusedMessage {
  readonly code: ErrorCode;
  readonly message: string;
}

export interface PortClaim {
  readonly port: number;
  readonly pool: string;
  readonly weight: number;
}

export interface ClaimMessage {
  readonly pid: number;
  readonly epoch: number;
  readonly ports: readonly PortClaim[];
}

export interface ClaimedMessage {
  /** Which claim is answered: a guest may have been frozen and claimed again meanwhile. */
  readonly claim: number;
  /** Flows of the claim that the gateway no longer knows: their peers are gone. */
  readonly lost: readonly number[];
}

export interface PortLostMessage extends RefusedMessage {
  readonly port: number;
}

type Fields = Record<string, unknown>;

/** The payload as an object, or null. */
function fieldsOf(payload: Uint8Array): Fields | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null; // not JSON: the caller ends the session with a typed error
  }
}

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isPort = (value: unknown): value is number => isCount(value) && value <= 65_535;
const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most;
const isWeight = (value: unknown): value is number => typeof value === 'number' && value > 0 && Number.isFinite(value);

function isAddress(value: unknown): value is Address {
  if (typeof value !== 'object' || value === null) return false;
  const { address, port, family } = value as Fields;
  return isText(address, 100) && isPort(port) && (family === 'IPv4' || family === 'IPv6');
}

function isPortClaim(value: unknown): value is PortClaim {
  if (typeof value !== 'object' || value === null) return false;
  const { port, pool, weight } = value as Fields;
  return isPort(port) && isText(pool, 200) && isWeight(weight);
}

export function parseOpen(payload: Uint8Array): OpenMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { pid, listenerPort, peer, local } = fields;
  return isCount(pid) && isPort(listenerPort) && isAddress(peer) && isAddress(local) ? { pid, listenerPort, peer, local } : null;
}

export function parseDial(payload: Uint8Array): DialMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { pid, epoch, host, port } = fields;
  return isCount(pid) && isCount(epoch) && isText(host, 255) && isPort(port) ? { pid, epoch, host, port } : null;
}

export function parseConnected(payload: Uint8Array): ConnectedMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { peer, local } = fields;
  return isAddress(peer) && isAddress(local) ? { peer, local } : null;
}

export function parseListen(payload: Uint8Array): ListenMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { pid, epoch, port, pool, weight } = fields;
  return isCount(pid) && isCount(epoch) && isPort(port) && isText(pool, 200) && isWeight(weight)
    ? { pid, epoch, port, pool, weight }
    : null;
}

export function parseListened(payload: Uint8Array): ListenedMessage | null {
  const fields = fieldsOf(payload);
  return fields !== null && isPort(fields.port) ? { port: fields.port } : null;
}

export function parseRefused(payload: Uint8Array): RefusedMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { code, message } = fields;
  if (!isText(code, 100) || !code.startsWith('GODWIT_') || !isText(message, 2000)) return null;
  return { code: code as ErrorCode, message };
}

export function parseClaim(payload: Uint8Array): ClaimMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null) return null;
  const { pid, epoch, ports } = fields;
  if (!isCount(pid) || !isCount(epoch) || !Array.isArray(ports) || !ports.every(isPortClaim)) return null;
  return { pid, epoch, ports };
}

export function parseClaimed(payload: Uint8Array): ClaimedMessage | null {
  const fields = fieldsOf(payload);
  if (fields === null || !isCount(fields.claim) || !Array.isArray(fields.lost) || !fields.lost.every(isCount)) return null;
  return { claim: fields.claim, lost: fields.lost as number[] };
}

export function parsePortLost(payload: Uint8Array): PortLostMessage | null {
  const refused = parseRefused(payload);
  const fields = fieldsOf(payload);
  return refused !== null && fields !== null && isPort(fields.port) ? { ...refused, port: fields.port } : null;
}
