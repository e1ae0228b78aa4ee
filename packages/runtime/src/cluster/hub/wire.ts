/**
 * The messages between a client's key-value calls and the embedded hub: requests on one reserved subject, changes on others.
 *
 *   request  → $GODWIT.KV                     { op, bucket, … }   answered by { … } or { error: { code, message, fields } }
 *   change   ← $GODWIT.CHANGE.<bucket>.<key>  { revision, value? }  published by the hub only, in order of revision
 *
 * Keeps true: everything that arrives is verified here before it is used. Encoding is MessagePack without extensions.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { Packr } from 'msgpackr';
import { clusterLimits } from '../../limits.js';
import { isKey } from '../subject.js';

export const requestSubject = '$GODWIT.KV';
export const changeSubject = (bucket: string, keyPattern: string): string => `$GODWIT.CHANGE.${bucket}.${keyPattern}`;
/** Everything under it belongs to the hub; clients may not publish there, except requests. */
export const reservedPattern = '$GODWIT.>';

export type KeyValueRequest =
  | { op: 'open'; bucket: string; ttlMs: number | undefined }
  | { op: 'get'; bucket: string; key: string }
  /** `expected` as in KeyValueStore.write; `id` names the write, so that a second sending gives the first answer. */
  | { op: 'write'; bucket: string; key: string; value: Uint8Array; expected: number | undefined; id: string }
  | { op: 'delete'; bucket: string; key: string; expected: number | undefined; id: string }
  /** One page of the entries whose key matches, keys in order, after `after`. */
  | { op: 'list'; bucket: string; pattern: string; after: string; values: boolean };

/** `revision` of a list is the store's when the page was made. */
export interface KeyValuePage {
  readonly entries: readonly (readonly [key: string, revision: number, value: Uint8Array])[];
  readonly revision: number;
  readonly more: boolean;
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true });

export function encode(value: unknown): Uint8Array {
  return packr.pack(value);
}

/** @throws GODWIT_PROTOCOL */
export function decodeRequest(bytes: Uint8Array): KeyValueRequest {
  const { op, bucket, key, value, expected, id, ttlMs, pattern, after, values } = decodeObject(bytes);
  const isExpected = expected === undefined || expected === null || isRevision(expected);
  if (typeof bucket !== 'string' || !/^[-\w]{1,64}$/.test(bucket)) throw malformed('its bucket');
  if (op === 'open' && (ttlMs == null || isPositive(ttlMs))) return { op, bucket, ttlMs: (ttlMs as number | null) ?? undefined };
  if (op === 'list' && typeof pattern === 'string' && typeof after === 'string') {
    return { op, bucket, pattern, after, values: values === true };
  }
  if (typeof key !== 'string' || !isKey(key)) throw malformed('its key');
  if (op === 'get') return { op, bucket, key };
  if (typeof id !== 'string' || id.length > 64 || !isExpected) throw malformed('its write id or revision');
  const revision = (expected as number | null | undefined) ?? undefined;
  if (op === 'delete') return { op, bucket, key, expected: revision, id };
  if (op === 'write' && value instanceof Uint8Array && value.byteLength <= clusterLimits.maxValueBytes) {
    return { op, bucket, key, value, expected: revision, id };
  }
  throw malformed('its operation');
}

/** The fields of an answer. @throws the GodwitError it carries, GODWIT_PROTOCOL */
export function decodeAnswer(bytes: Uint8Array): Record<string, unknown> {
  const answer = decodeObject(bytes);
  const error = answer.error;
  if (error === undefined) return answer;
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) {
    throw GodwitError.fromJSON(error as Parameters<typeof GodwitError.fromJSON>[0]);
  }
  throw malformed('its error');
}

/** @throws GODWIT_PROTOCOL */
export function decodePage(answer: Record<string, unknown>): KeyValuePage {
  const { entries, revision, more } = answer;
  const good = Array.isArray(entries) && entries.every((e) => Array.isArray(e) && typeof e[0] === 'string' && isRevision(e[1]));
  if (!good || !isRevision(revision)) throw malformed('its page');
  return { entries, revision: revision as number, more: more === true };
}

/** @throws GODWIT_PROTOCOL */
export function decodeChange(bytes: Uint8Array): { revision: number; value: Uint8Array | undefined } {
  const { revision, value } = decodeObject(bytes);
  if (!isRevision(revision) || !(value == null || value instanceof Uint8Array)) throw malformed('its change');
  return { revision: revision as number, value: value instanceof Uint8Array ? value : undefined };
}

export function isRevision(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function decodeObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = packr.unpack(bytes);
  } catch (error) {
    throw new GodwitError('GODWIT_PROTOCOL', 'Cannot read a key-value message: it is no MessagePack', { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('its form');
  return value as Record<string, unknown>;
}

function malformed(what: string): GodwitError {
  return new GodwitError('GODWIT_PROTOCOL', `Cannot read a key-value message: ${what} is wrong`);
}
