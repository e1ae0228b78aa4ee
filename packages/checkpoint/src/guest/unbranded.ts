/**
 * Closures that are given where they are written to methods named like built-ins that call back (compile/leaf.ts: isPassing) bear no brand:
 * they are gone when the call is over, and branding them took longer than making them. A capture that meets one all the same asks the
 * inspector where its code is and which environments it sees, and brands it then.
 */
import type { InternalSlots } from '../heap/index.js';
import { brand } from './brand.js';
import type { Realm } from './realm.js';

type Scopes = readonly { variables: Record<string, unknown> }[];

/** Brands a function of the guest's own code; false for every other function. `slots` are those that the inspector shows of it. */
export function brandLate(fn: object, slots: InternalSlots, realm: Realm): boolean {
  const location = slots['[[FunctionLocation]]'] as { scriptId: string; lineNumber: number; columnNumber: number } | undefined;
  const url = location && realm.urlOf(location.scriptId);
  const table = url === undefined ? undefined : realm.scriptTable(url);
  if (!location || !table) return false;
  const fid = realm.functionAt(url!, table.lineStarts[location.lineNumber]! + location.columnNumber);
  const meta = fid === undefined ? undefined : realm.metaOf(fid);
  if (meta?.kind !== 'function') return false;
  const [innermost] = meta.envs;
  if (innermost === undefined) {
    brand(fn as () => void, meta.fid, undefined);
    return true;
  }
  const name = `$e${innermost}`;
  const scopes = slots['[[Scopes]]'] as Scopes;
  for (let i = 0; i < scopes.length; i++) {
    const env = Object.getOwnPropertyDescriptor(scopes[i]!.variables, name)?.value;
    if (typeof env !== 'object' || env === null) continue;
    brand(fn as () => void, meta.fid, env);
    return true;
  }
  return false;
}
