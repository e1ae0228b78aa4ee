/**
 * Waits until the rest of a process that was moved in parcels is where the process is, looking now and then how far it is.
 * Keeps true: it ends when the drain does, whichever node dies: the location table says so when no node can.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { askProgress, type MoveReport, pause } from '../node/control.js';
import type { DrainFigures, DrainReport } from '../node/drain-record.js';
import { nodeLimits } from '../node/limits.js';
import type { CommandCluster } from './cluster.js';

export type Arrived = Pick<MoveReport, 'to' | 'epoch'> & { readonly pid: number };

/** Gives what the drain came to; undefined when nobody knows any more. @throws GODWIT_LOST with the process */
export async function followDrain(
  { bus, host, locations }: CommandCluster,
  arrived: Arrived,
  onLook: (report: DrainReport) => void,
): Promise<DrainFigures | undefined> {
  const { pid, to, epoch } = arrived;
  for (;;) {
    let isForgotten = false;
    try {
      const report = await askProgress(bus, arrived);
      const { drain, drainReason } = report.figures;
      if (drain === 'lost') throw lost(pid, to, drainReason ?? 'it was lost');
      if (drain !== 'under way') return report.figures;
      onLook(report);
      await pause(host, nodeLimits.drainLookMs);
      continue;
    } catch (error) {
      const code = error instanceof GodwitError ? error.code : undefined;
      isForgotten = code === 'GODWIT_NOT_HERE';
      if (!isForgotten && code !== 'GODWIT_NO_RESPONDERS' && code !== 'GODWIT_TIMEOUT') throw error;
    }
    const location = await locations.read(pid);
    if (location?.state === 'lost') throw lost(pid, to, location.reason ?? 'its node was lost');
    if (isForgotten || location?.state !== 'running' || location.epoch !== epoch) return undefined;
    await pause(host, nodeLimits.drainAgainMs);
  }
}

export function lost(pid: number, to: number, reason: string): GodwitError {
  return new GodwitError('GODWIT_LOST', `Cannot bring process ${pid} to node ${to}: it was lost: ${reason}`, { fields: { pid } });
}
