/**
 * Signals to a guest: its listeners if it has any, else the default action, also when it is busy and reads no messages.
 * SIGSTOP and SIGCONT are not there: a guest is stopped for moments only.
 */

import { constants } from 'node:os';
import { GodwitError } from '@godwit/checkpoint/base';
import type { Guests, HostedGuest } from './guests.js';
import { nodeLimits } from './limits.js';

const ignoredByDefault = new Set(['SIGCHLD', 'SIGURG', 'SIGWINCH', 'SIGCONT', 'SIGIO']);

/** `15`, `TERM` and `SIGTERM` are `SIGTERM`; `0` stays. @throws GODWIT_BAD_SIGNAL */
export function signalName(text: string): string {
  if (text === '0') return text;
  const numbers = constants.signals as Record<string, number>;
  const upper = text.toUpperCase();
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const found = name in numbers ? name : Object.keys(numbers).find((key) => String(numbers[key]) === text);
  if (!found)
    throw new GodwitError('GODWIT_BAD_SIGNAL', `Cannot send the signal "${text}": there is none (cluster-kill -l lists them)`);
  return found;
}

/** As a shell reports an end by this signal: 128 + its number. */
export function signalExitCode(name: string): number {
  return 128 + ((constants.signals as Record<string, number>)[name] ?? 0);
}

export async function signalGuest(guests: Guests, guest: HostedGuest, signal: string): Promise<void> {
  if (signal === '0') return;
  if (signal === 'SIGSTOP')
    throw new GodwitError('GODWIT_BAD_SIGNAL', `Cannot stop process ${guest.pid}: SIGSTOP is not supported`);
  if (signal === 'SIGKILL') return guests.kill(guest, signal);
  const look = `process.listenerCount(${JSON.stringify(signal)})`;
  const listeners = await guests.inspector.evaluate(guest.worker.threadId, look, nodeLimits.signalLookMs);
  if (guest.moving || guests.hosted.get(guest.pid) !== guest) throw notHere(guest.pid);
  if (listeners !== 0) guest.worker.signal(signal);
  else if (!ignoredByDefault.has(signal)) await guests.kill(guest, signal);
}

/** The asker looks again where it is. */
export function notHere(pid: number): GodwitError {
  return new GodwitError('GODWIT_NOT_HERE', `Cannot reach process ${pid}: it is not on this node now`, { fields: { pid } });
}
