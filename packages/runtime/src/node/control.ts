/**
 * What commands and nodes ask of a node, one bus subject each: `node.<id>.control`, JSON both ways.
 * Delivery is at most once. A request about a process goes to its owner, found in the location table; while it moves the
 * wrong node answers GODWIT_NOT_HERE and the asker looks again. Not for bulk: output has its own subject, pages their links.
 */

import { GodwitError, type Host } from '@godwit/checkpoint/base';
import type { NodeReport, ReserveRequest } from '@godwit/scheduler';
import type { Bus } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import type { GuestSettings } from '../guest/protocol.js';
import type { Locations } from '../process/index.js';
import type { PutOffReason } from './capture-record.js';
import type { DrainReport } from './drain-record.js';
import type { GuestTerms } from './guests.js';
import { nodeLimits } from './limits.js';
import type { OfferedBytes } from './pieces.js';

export interface StartRequest extends GuestTerms {
  readonly op: 'start';
  /** Name of the bundle in the store. */
  readonly bundle: string;
  readonly settings: Omit<GuestSettings, 'pid'>;
  readonly name: string;
  readonly detached: boolean;
  /** The place that was kept for it. */
  readonly reservation?: string | undefined;
}

/** Runs a process out of an image that the asker offers (pieces.ts). */
export interface RestoreRequest {
  readonly op: 'restore';
  readonly image: OfferedBytes;
  readonly samePid: boolean;
  /** The place that was kept for it. */
  readonly reservation?: string | undefined;
  readonly detached: boolean;
}

export interface PlaceRequest {
  readonly memoryBytes: number;
  readonly pool?: string | undefined;
  readonly weight?: number | undefined;
}

export type ControlRequest =
  | StartRequest
  | RestoreRequest
  /** Answers a CheckpointReport; with `stop` the guest is held until `settle`. */
  | { readonly op: 'checkpoint'; readonly pid: number; readonly stop: boolean }
  | { readonly op: 'settle'; readonly image: string; readonly isSafe: boolean }
  | { readonly op: 'keepLog'; readonly pid: number; readonly firstSeq: number }
  /** Answers when it runs there, or, not waited for, when the move has begun. */
  | { readonly op: 'migrate'; readonly pid: number; readonly to: number; readonly isWaited?: boolean }
  | { readonly op: 'signal'; readonly pid: number; readonly signal: string }
  | { readonly op: 'arrival'; readonly pid: number; readonly epoch: number }
  /** How far the rest of a process is that arrived there in parcels: a DrainReport. */
  | { readonly op: 'progress'; readonly pid: number; readonly epoch: number }
  | { readonly op: 'list' }
  | { readonly op: 'logs'; readonly pid: number; readonly from: number }
  /** Begins to empty the node, or answers how far it is. */
  | { readonly op: 'drain' }
  | { readonly op: 'load' }
  /** Where a new process should start. */
  | ({ readonly op: 'place' } & PlaceRequest)
  /** Where a process should go. */
  | { readonly op: 'best'; readonly pid: number }
  | { readonly op: 'reserve'; readonly request: ReserveRequest }
  | { readonly op: 'unreserve'; readonly id: string }
  | { readonly op: 'stop' };

export interface MoveReport {
  /** When it was decided, by the clock of the node it left. */
  readonly atMs: number;
  /** The new one. */
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  readonly pauseMs: number;
  readonly essenceBytes: number;
  readonly pages: number;
  /** More of it follows while it runs. */
  readonly isPartial: boolean;
  readonly putOff: readonly PutOffReason[];
}

export interface CheckpointReport {
  readonly image: OfferedBytes;
  readonly pid: number;
  /** Who answers `settle`. */
  readonly node: number;
  /** Absent for a guest that was held. */
  readonly pauseMs: number | null;
  readonly frames: number;
  readonly putOff: readonly PutOffReason[];
}

export interface GuestReport {
  readonly pid: number;
  readonly memoryBytes: number;
  /** At the node that it came from, about. */
  readonly remoteBytes: number;
  readonly pinned: readonly string[];
  readonly moving: boolean;
  readonly isRunning: boolean;
  readonly cpuCores: number;
  /** CPU time of its whole life. */
  readonly cpuMs: number;
}

/** What a node says of itself now. */
export interface NodeLoadReport extends NodeReport {
  /** Demand by capacity, as the policy sees it. */
  readonly load: number;
  /** Of the daemon's process, guests included. */
  readonly processCpuMs: number;
  readonly residentBytes: number;
  readonly upForMs: number;
  readonly platform: string;
}

export const controlSubject = (node: number) => `node.${node}.control`;
export const outputSubject = (pid: number) => `proc.${pid}.out`;
/** Each move of a process that happened, as a MoveReport, whoever asked for it. */
export const movedSubject = (pid: number) => `proc.${pid}.moved`;
/** Each drain of a process that is over, as a DrainReport of the node that it came to. */
export const drainedSubject = (pid: number) => `proc.${pid}.drained`;
/** Each capture of a process, taken or given up, as CaptureNews. */
export const capturedSubject = (pid: number) => `proc.${pid}.captured`;
export const bundleSubject = (name: string) => `bundle.${name}`;

/** How a drain stands. @throws GODWIT_NOT_HERE when the node does not remember it, and what askNode throws */
export function askProgress(bus: Bus, { to, pid, epoch }: { to: number; pid: number; epoch: number }): Promise<DrainReport> {
  return askNode<DrainReport>(bus, to, { op: 'progress', pid, epoch }, nodeLimits.listTimeoutMs);
}

/** Asks a node. @throws what the node answered, GODWIT_NO_RESPONDERS, GODWIT_TIMEOUT */
export async function askNode<T>(
  bus: Bus,
  node: number,
  request: ControlRequest,
  timeoutMs: number = nodeLimits.controlTimeoutMs,
): Promise<T> {
  const answer = decodeJson(await bus.request(controlSubject(node), encodeJson(request), timeoutMs), 'answer of a node');
  if (answer.error) throw GodwitError.fromJSON(answer.error as Parameters<typeof GodwitError.fromJSON>[0]);
  return answer.value as T; // both ends of this subject are this file's types
}

/** Asks the node that owns a process now. @throws GODWIT_NO_PROCESS, GODWIT_ENDED and what askNode throws */
export async function askOwner<T>(
  bus: Bus,
  host: Host,
  locations: Locations,
  pid: number,
  request: ControlRequest,
  timeoutMs?: number,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const location = await locations.read(pid);
    if (!location) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot reach process ${pid}: there is none`, { fields: { pid } });
    if (location.state !== 'running')
      throw new GodwitError(
        'GODWIT_ENDED',
        `Cannot reach process ${pid}: it ${location.state === 'lost' ? 'was lost' : 'has ended'}`,
      );
    try {
      return await askNode<T>(bus, location.node, request, timeoutMs);
    } catch (error) {
      const code = error instanceof GodwitError ? error.code : undefined;
      const isPassing = code === 'GODWIT_NOT_HERE' || code === 'GODWIT_NO_RESPONDERS';
      if (!isPassing || attempt >= nodeLimits.ownerTries) throw error;
    }
    await pause(host, nodeLimits.ownerRetryMs);
  }
}

/** Resolves after `delayMs`. */
export function pause(host: Host, delayMs: number): Promise<void> {
  return new Promise((resolve) => host.after(delayMs, resolve));
}
