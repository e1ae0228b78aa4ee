/**
 * Places a node keeps for guests that are on their way, so that an idle newcomer is not flooded by all busy nodes at once.
 * A source asks before it moves; the target answers by its own, newest knowledge, with everything it has promised counted in.
 *
 *   asked ──granted──→ kept ──arrived / called off──→ free
 *     └──refused          └──────── expired ─────────→ free
 *
 * Keeps true: at most `maxReservations`; a place nobody came for is free again; asking twice for one guest keeps one place. Pure.
 */

import { schedulerLimits } from '../limits.js';
import { hasRoom, isInPool, loadWith, nodeLoads } from '../load/loads.js';
import { isPool, type KnownReport } from '../load/report.js';
import { isBetter } from './balance.js';

export interface Reservation {
  /** The guest's PID, or any name for one that has none yet. */
  readonly id: string;
  readonly demandCores: number;
  readonly memoryBytes: number;
  readonly expiresAtMs: number;
}

export interface ReserveRequest {
  readonly id: string;
  readonly demandCores: number;
  readonly memoryBytes: number;
  readonly pool?: string | undefined;
  /** The load of the node it leaves; absent for a guest that is taken whatever the load: a new one, or one that leaves for lack of memory. */
  readonly sourceLoad?: number | undefined;
}

export type ReserveRefusal = 'draining' | 'other-pool' | 'unknown-load' | 'no-better' | 'no-memory' | 'full';

export type ReserveAnswer =
  | { readonly reservations: readonly Reservation[]; readonly refused?: undefined }
  | { readonly reservations: readonly Reservation[]; readonly refused: ReserveRefusal };

/**
 * Grants or refuses a place at node `self`. `reports` has this node's own report of now among them; its `reservedCores` is not
 * looked at, the reservations are.
 */
export function reserve(
  reservations: readonly Reservation[],
  request: ReserveRequest,
  self: number,
  reports: Iterable<KnownReport>,
  nowMs: number,
): ReserveAnswer {
  const kept = current(reservations, nowMs).filter(({ id }) => id !== request.id);
  const refused = (reason: ReserveRefusal): ReserveAnswer => ({ reservations: kept, refused: reason });
  const known = [...reports].map((entry) =>
    entry.report.node === self ? { ...entry, report: { ...entry.report, reservedCores: reservedCores(kept) } } : entry,
  );
  const own = nodeLoads(known, nowMs).get(self);
  if (!own) return refused('unknown-load');
  if (own.report.isDraining) return refused('draining');
  if (!isInPool(own, request.pool)) return refused('other-pool');
  if (kept.length >= schedulerLimits.maxReservations) return refused('full');
  const promisedBytes = kept.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  if (!hasRoom(own, promisedBytes + request.memoryBytes)) return refused('no-memory');
  if (request.sourceLoad !== undefined && !isBetter(loadWith(own, request.demandCores), request.sourceLoad))
    return refused('no-better');
  const { id, demandCores, memoryBytes } = request;
  const expiresAtMs = nowMs + schedulerLimits.reservationMs;
  return { reservations: [...kept, { id, demandCores, memoryBytes, expiresAtMs }] };
}

/** The guest came, or will not: its place is free, or counted as its own load. */
export function freed(reservations: readonly Reservation[], id: string, nowMs: number): Reservation[] {
  return current(reservations, nowMs).filter((reservation) => reservation.id !== id);
}

/** Those that have not expired. */
export function current(reservations: readonly Reservation[], nowMs: number): Reservation[] {
  return reservations.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
}

export function reservedCores(reservations: readonly Reservation[]): number {
  return reservations.reduce((sum, { demandCores }) => sum + demandCores, 0);
}

/** A request from the wire, or undefined when it is none. */
export function parseReserveRequest(value: Record<string, unknown>): ReserveRequest | undefined {
  const { id, demandCores, memoryBytes, sourceLoad, pool } = value;
  const amounts = [demandCores, memoryBytes, sourceLoad ?? 0];
  const isGood =
    typeof id === 'string' &&
    id.length > 0 &&
    id.length <= 64 &&
    (pool === undefined || isPool(pool)) &&
    amounts.every((amount) => typeof amount === 'number' && Number.isFinite(amount) && amount >= 0);
  return isGood ? ({ id, demandCores, memoryBytes, sourceLoad, pool } as ReserveRequest) : undefined; // looked at above
}
