/** Which machine this is: the same for all nodes that share its cores, in containers too, and one token of a subject. */

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export const machineName = bootId() ?? hostname().replace(/[^\w-]/g, '-');

/** Of the running kernel. */
function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() || undefined;
  } catch {
    return undefined; // not Linux
  }
}
