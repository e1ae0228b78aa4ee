/**
 * PIDs as arithmetic: pid mod stride is the id of the node that made it, its mother (home).
 * 1–100 are system processes (daemon, scheduler, gateway of each node), listed but never moved; guests begin above.
 * Not an allocator: allocator.ts remembers which are used.
 */

import { assert } from '@godwit/checkpoint/base';
import { processLimits } from '../limits.js';

/** The last PID kept for system processes. */
export const lastSystemPid = 100;

export type SystemRole = 'daemon' | 'scheduler' | 'gateway';
const roles: readonly SystemRole[] = ['daemon', 'scheduler', 'gateway'];

/** The node that made a PID. */
export function homeOf(pid: number, stride: number): number {
  assert(isPid(pid), `${pid} is a PID`);
  return pid % stride;
}

export function isPid(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= processLimits.maxPid;
}

export function isSystemPid(pid: number): boolean {
  return pid >= 1 && pid <= lastSystemPid;
}

/** The first PID a node may give to a guest. */
export function firstGuestPid(home: number, stride: number): number {
  assert(home >= 0 && home < stride, `node ${home} is below the stride ${stride}`);
  const above = lastSystemPid + 1;
  return above + ((home - (above % stride) + stride) % stride);
}

/**
 * The PID of a node's system process, or undefined where the cluster is too large for it to have one
 * (beyond a stride of 33 not all fit below 101).
 */
export function systemPid(role: SystemRole, home: number, stride: number): number | undefined {
  assert(home >= 0 && home < stride, `node ${home} is below the stride ${stride}`);
  const first = home === 0 ? stride : home;
  const pid = first + roles.indexOf(role) * stride;
  return pid <= lastSystemPid ? pid : undefined;
}
