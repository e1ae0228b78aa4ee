/**
 * Closures that the runtime hands to the guest (promise resolvers, combinators' element functions, revokers) and that a guest may keep:
 * each kind is a maker from a plain record, registered under a negative function id, so that it can be captured like any closure.
 */
import { assert } from '../base/index.js';
import { brand } from './brand.js';

// biome-ignore lint/suspicious/noExplicitAny: records and arguments belong to each kind, which declares them at its maker.
type Maker = (record: any) => (...args: any[]) => unknown;

const makers: Maker[] = [];
const names: string[] = [];

/**
 * Registers a kind. A maker reads nothing of its record: in a restore it runs before the record has its contents. Order of registration is part of the image format: it happens at module load, in import order.
 */
export function hostClosureKind<R extends object>(
  name: string,
  maker: (record: R) => (...args: never[]) => unknown,
): (record: R) => (...args: never[]) => unknown {
  const index = makers.push(maker as Maker) - 1;
  names.push(name);
  const fid = -1 - index;
  return (record) => brand(maker(record), fid, record);
}

/** Makes a host closure again from its id and record. */
export function remakeHostClosure(fid: number, record: object): (...args: never[]) => unknown {
  const maker = makers[-1 - fid];
  assert(maker, `unknown host closure ${fid}`);
  return brand(maker(record), fid, record) as (...args: never[]) => unknown;
}

export const hostClosureName = (fid: number): string => names[-1 - fid] ?? `host closure ${fid}`;
