/**
 * The error base of all four packages: one class, a code, typed fields, a cause.
 * Text reads `Cannot <do> "<what>": <state>`; callers match on `code`, never on text.
 * A broken assumption is an AssertionFailure (a bug in Godwit); a failing world is a GodwitError.
 */

/** Every code a GodwitError can carry is listed, with its meaning and what to do, in docs/ERRORS.md. */
export type ErrorCode = `GODWIT_${string}`;

/** Values that survive JSON, so that an error can cross threads and nodes. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | null>>;

/** A failure of the world (input, network, another node), as opposed to a bug. */
export class GodwitError extends Error {
  readonly code: ErrorCode;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; fields?: ErrorFields } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GodwitError';
    this.code = code;
    this.fields = options.fields ?? {};
  }

  /** A plain form for the wire; the cause is reduced to its text. */
  toJSON(): { code: ErrorCode; message: string; fields: ErrorFields } {
    return { code: this.code, message: this.message, fields: this.fields };
  }

  /** The inverse of toJSON, for errors that arrive from another thread or node. */
  static fromJSON(value: { code: ErrorCode; message: string; fields?: ErrorFields }): GodwitError {
    return new GodwitError(value.code, value.message, { fields: value.fields ?? {} });
  }
}

/** A broken assumption inside Godwit. Never caught to go on; on in production. */
export class AssertionFailure extends Error {
  constructor(message: string) {
    super(`assertion failed: ${message}`);
    this.name = 'AssertionFailure';
  }
}

/** Throws an AssertionFailure unless the condition holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message);
}

/** Makes the compiler prove that a union was handled whole. */
export function unreachable(value: never, what: string): never {
  throw new AssertionFailure(`unexpected ${what}: ${JSON.stringify(value)}`);
}

// Of this realm as it was: a program may delete or replace its own.
const AnyError = Error;
const textOf = String;

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof AnyError ? error.message : textOf(error);
}
