/**
 * What a node says of itself to others, and what is known of a guest where it runs.
 * Demand is the time a thread ran or was ready to run, as a share of the time that passed: what it would use if it were alone. A load built
 * from it keeps growing on a node that is full, which CPU use does not (run-queue length as load index: Ferrari and Zhou 1987).
 * Keeps true: what came from another node is verified before it is believed.
 */

import { schedulerLimits } from '../limits.js';

/** One node at one moment. Values are smoothed by the node that measured them. */
export interface NodeReport {
  readonly node: number;
  /** The node's life: ids are used again. */
  readonly incarnation: string;
  /** Grows with each report of this life. */
  readonly sequence: number;
  /** Nodes with the same name share a machine and its cores. */
  readonly machine: string;
  /** Cores of the machine. */
  readonly cores: number;
  /** CPU in use on the machine, by anybody, in cores. */
  readonly machineBusyCores: number;
  /** CPU in use by this node's own process, guests included, in cores. */
  readonly usedCores: number;
  /** What its measured guests want, in cores. */
  readonly demandCores: number;
  /** Weight of its guests that have not been measured yet, in cores. */
  readonly unmeasuredCores: number;
  /** What it keeps places for, in cores. */
  readonly reservedCores: number;
  readonly guests: number;
  readonly freeMemoryBytes: number;
  readonly totalMemoryBytes: number;
  /** Guests that name a pool run on its nodes only; guests that name none run anywhere. */
  readonly pools: readonly string[];
  /** It is being emptied and takes nobody. */
  readonly isDraining: boolean;
}

/** A report and its age, on the clock of the node that holds it. */
export interface KnownReport {
  readonly report: NodeReport;
  /** When it was true, as far as is known: never earlier than it was made, by the transit times only. */
  readonly atMs: number;
}

/** One of a node's own guests, as the policy sees it. */
export interface GuestLoad {
  readonly pid: number;
  /** Undefined until it was measured. */
  readonly demandCores: number | undefined;
  /** CPU time it used in its whole life, on all nodes. */
  readonly cpuMs: number;
  /** Since it started or arrived here. */
  readonly hereForMs: number;
  /** Whether it came here by a move: then it has its minimum stay. */
  readonly hasMoved: boolean;
  readonly memoryBytes: number;
  readonly pool?: string | undefined;
  /** Pinned, on its way already, or moved by somebody else alone. */
  readonly isFixed: boolean;
  /** After a move that failed: not before this time. */
  readonly retryAtMs: number;
}

const counts = [
  'node',
  'sequence',
  'cores',
  'machineBusyCores',
  'usedCores',
  'demandCores',
  'unmeasuredCores',
  'reservedCores',
  'guests',
  'freeMemoryBytes',
  'totalMemoryBytes',
] as const satisfies readonly (keyof NodeReport)[];

/** A report from the wire, or undefined when it is none. */
export function parseReport(value: unknown): NodeReport | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  if (!counts.every((name) => isAmount(fields[name])) || (fields.cores as number) <= 0) return undefined;
  if (!isPoolList(fields.pools)) return undefined;
  if (!isName(fields.incarnation) || !isName(fields.machine) || typeof fields.isDraining !== 'boolean') return undefined;
  return value as NodeReport; // each field was looked at above
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

export function isPool(value: unknown): value is string {
  return typeof value === 'string' && value.length <= schedulerLimits.maxPoolChars && /^[-\w.]+$/.test(value);
}

function isPoolList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= schedulerLimits.maxPools && value.every(isPool);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 256;
}
