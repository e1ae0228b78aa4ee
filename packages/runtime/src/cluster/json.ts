/** JSON values in the key-value store: small, readable with `nats kv get`. Keeps true: what is read is an object. */

import { GodwitError } from '@godwit/checkpoint/base';

export function encodeJson(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** @throws GODWIT_PROTOCOL; the fields are the caller's to verify */
export function decodeJson(bytes: Uint8Array, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (error) {
    throw new GodwitError('GODWIT_PROTOCOL', `Cannot read the ${what}: no JSON`, { cause: error });
  }
  throw new GodwitError('GODWIT_PROTOCOL', `Cannot read the ${what}: no JSON object`);
}
