/** Processes as arguments of commands: reading PIDs, doing something to each, waiting for an end. */

import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import { InvalidArgumentError } from 'commander';
import { isPid, type Location } from '../process/index.js';
import type { CommandCluster } from './cluster.js';

export function pidArgument(text: string): number {
  const pid = Number(text);
  if (!/^\d+$/.test(text) || !isPid(pid)) throw new InvalidArgumentError('expected a PID (cluster-ps lists them)');
  return pid;
}

export const pidArguments = (text: string, before: number[] | undefined): number[] => [...(before ?? []), pidArgument(text)];

/** Does it to each; every failure is named. Gives the exit code. */
export async function forEach(pids: readonly number[], name: string, action: (pid: number) => Promise<unknown>): Promise<number> {
  let code = 0;
  for (const pid of pids) {
    try {
      await action(pid);
    } catch (error) {
      process.stderr.write(`${name}: ${messageOf(error)}\n`);
      code = 1;
    }
  }
  return code;
}

/** Resolves with the entry of a process that ended or was lost. @throws GODWIT_NO_PROCESS */
export async function waitForEnd({ locations }: CommandCluster, pid: number): Promise<Location> {
  if (!(await locations.read(pid))) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot wait for process ${pid}: there is none`);
  let over: (location: Location) => void = () => {};
  const ended = new Promise<Location>((resolve) => {
    over = resolve;
  });
  const watch = await locations.watch((changed, location) => {
    if (changed === pid && location && location.state !== 'running') over(location);
  });
  const location = await ended;
  watch.stop();
  return location;
}
