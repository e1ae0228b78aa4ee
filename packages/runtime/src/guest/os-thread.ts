/** Which of the kernel's threads this is, for whoever measures its CPU time from outside. Linux only; elsewhere undefined. */

import { readlinkSync } from 'node:fs';

export function osThreadId(): number | undefined {
  try {
    // The kernel resolves the link for the thread that asks: `<pid>/task/<tid>`.
    const id = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    return Number.isInteger(id) && id > 0 ? id : undefined;
  } catch {
    return undefined; // no /proc
  }
}
