/** What Node keeps open in a guest's thread: for the thread itself, which was there at the start, and for the guest. */
import { rememberHandles } from '../services/process/functions.js';
import { timerState } from '../services/timers/timers.js';

const activeResources = process.getActiveResourcesInfo.bind(process);
/** By kind. */
const openAtStart = new Map<string, number>();

/** What is open now is the thread's own. */
export function rememberOpen(): void {
  rememberHandles();
  openAtStart.clear();
  for (const name of activeResources()) openAtStart.set(name, (openAtStart.get(name) ?? 0) + 1);
}

/** By Node's names. The runtime's own timers keep nothing open. */
function nodesResources(): string[] {
  const own = new Map(openAtStart);
  return activeResources().filter((name) => {
    const left = own.get(name) ?? 0;
    if (left > 0) own.set(name, left - 1);
    return left === 0;
  });
}

/** What reads a blob of a file is listed by Node for good; a guest that waits for it waits for a promise. */
export const nodeKeepsOpen = (): boolean => nodesResources().some((name) => name !== 'FileHandleReadWrap');

/** `process.getActiveResourcesInfo`. */
export function openResources(): string[] {
  const { timers, immediates } = timerState();
  const waiting = timers.filter((timer) => timer.hasRef());
  const nodes = nodesResources().filter((name) => name !== 'Immediate'); // the runtime's among them
  return [...nodes, ...waiting.map(() => 'Timeout'), ...immediates.map(() => 'Immediate')];
}
