/**
 * Errors of `process`. What would act on the whole node and every guest on it is refused as Node refuses it in its worker threads; wrong
 * arguments are described by Node's own functions, so that the texts are Node's.
 */
import { isAbsolute } from 'node:path';

const { nextTick } = process;

/** `what`: a function of process, as a guest writes it. */
export function refused(what: string, why: string): Error {
  const error = new TypeError(`process.${what}() is not supported in guests: ${why}`);
  return Object.assign(error, { code: 'ERR_WORKER_UNSUPPORTED_OPERATION' });
}

/** Node's ERR_INVALID_ARG_TYPE. `expected`: "of type string", say. */
export function wrongType(name: string, expected: string, value: unknown): Error {
  let received = '';
  try {
    // Each refuses what the other takes, before it does anything.
    if (typeof value === 'function') isAbsolute(value as never);
    else nextTick(value as never);
  } catch (error) {
    received = (error as Error).message.replace(/^.*? Received /s, '');
  }
  const error = new TypeError(`The "${name}" argument must be ${expected}. Received ${received}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}
