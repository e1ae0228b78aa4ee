/**
 * CPU time of a guest's thread, read from outside, so that a hot loop which answers nothing is measured like any other.
 * Linux tells how long a thread ran and how long it was ready and waited for a core (`/proc/<pid>/task/<tid>/schedstat`); both together are
 * what it wanted. Elsewhere the event loop's active time stands for both: right for a hot loop, too much for a blocked one.
 */

import { readFileSync } from 'node:fs';
import type { EventLoopUtilization } from 'node:perf_hooks';

export interface ThreadTimes {
  readonly cpuMs: number;
  /** Time it ran or was ready to run. */
  readonly wantedMs: number;
  /** Whether it runs or is ready at this moment; undefined where that cannot be told. */
  readonly isRunnable: boolean | undefined;
}

export function threadTimes(osThread: number | undefined, eventLoop: EventLoopUtilization): ThreadTimes {
  const told = osThread === undefined ? undefined : fromKernel(osThread);
  return told ?? { cpuMs: eventLoop.active, wantedMs: eventLoop.active, isRunnable: undefined };
}

function fromKernel(osThread: number): ThreadTimes | undefined {
  try {
    const folder = `/proc/self/task/${osThread}`;
    const [cpuNs, delayNs] = readFileSync(`${folder}/schedstat`, 'latin1').split(' ').map(Number);
    if (!cpuNs) return undefined; // a kernel that does not keep these statistics
    const stat = readFileSync(`${folder}/stat`, 'latin1');
    const state = stat.charAt(stat.lastIndexOf(')') + 2);
    return { cpuMs: cpuNs / 1e6, wantedMs: (cpuNs + delayNs!) / 1e6, isRunnable: state === 'R' };
  } catch {
    return undefined; // the thread has ended, or there is no /proc
  }
}
