/**
 * V8's stack traces, as data. They are taken in a context of their own, because in the guest's its own `Error.prepareStackTrace` and
 * `Error.stackTraceLimit` would be asked; without regular expressions, since they are taken in interrupts (docs/adr/0006).
 */
import { runInNewContext } from 'node:vm';
import type { Realm } from '../guest/realm.js';

/** Node's typings leave the offset out. */
export type Site = NodeJS.CallSite & { getPosition(): number };

/** The call sites below a function that is running (all without one), innermost first, and no more than `most`. */
export const sitesBelow = runInNewContext(`(() => {
  const { captureStackTrace } = Error;
  Error.prepareStackTrace = (_error, sites) => sites;
  return (above, most) => {
    const holder = {};
    Error.stackTraceLimit = most;
    captureStackTrace(holder, above);
    return holder.stack;
  };
})()`) as (above: unknown, most: number) => Site[];

/** Empty of native code. */
export const urlOf = (site: Site): string => site.getScriptNameOrSourceURL() ?? '';

/** The index of the next frame of the guest's, from one on. */
export function nextOfGuest(sites: readonly Site[], from: number, realm: Realm): number {
  let index = from;
  while (index < sites.length && !realm.scriptTable(urlOf(sites[index]!))) index++;
  return index;
}
