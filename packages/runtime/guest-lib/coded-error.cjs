/**
 * Errors with a code, as Node's own modules throw them: message, `code`, and a stack that begins with `TypeError [CODE]: message`.
 * Wording follows Node's lib/internal/errors.js, so that a program that prints them prints the same.
 */
'use strict';

/** Asked for late: the guest's `node:util` needs this file itself. */
const inspect = (value, options) => require('node:util').inspect(value, options);

/** An error of class `Base` with a code. */
function codedError(Base, code, message) {
  const error = new Base(message);
  const { name } = error;
  error.name = `${name} [${code}]`;
  void error.stack; // written down now, with the code; the name goes back afterwards
  delete error.name;
  Object.defineProperty(error, 'toString', {
    value: toStringWithCode,
    writable: true,
    enumerable: false,
    configurable: true,
  });
  error.code = code;
  return error;
}

function toStringWithCode() {
  return `${this.name} [${this.code}]: ${this.message}`;
}

/** ERR_INVALID_ARG_TYPE; `expected` as Node words it, such as 'of type function'. */
function invalidType(name, expected, actual) {
  const what = name.includes('.') ? 'property' : 'argument';
  const shown = name.endsWith(' argument') ? name : `"${name}" ${what}`;
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE', `The ${shown} must be ${expected}. Received ${specificType(actual)}`);
}

/** ERR_OUT_OF_RANGE. */
function outOfRange(name, range, actual) {
  const shown =
    typeof actual === 'number' && Number.isInteger(actual) && Math.abs(actual) > 2 ** 32 ? grouped(actual) : inspect(actual);
  return codedError(
    RangeError,
    'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`,
  );
}

/** 12345678901 → 12_345_678_901 */
function grouped(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '_');
}

function specificType(value) {
  if (value === null || value === undefined) return String(value);
  switch (typeof value) {
    case 'function':
      return `function ${value.name}`;
    case 'object':
      if (value.constructor && 'name' in value.constructor) return `an instance of ${value.constructor.name}`;
      return inspect(value, { depth: -1 });
    case 'string': {
      const text = value.length > 28 ? `${value.slice(0, 25)}...` : value;
      return text.includes("'") ? `type string (${JSON.stringify(text)})` : `type string ('${text}')`;
    }
    case 'bigint':
      return `type bigint (${value}n)`;
    case 'number':
      return `type number (${Object.is(value, -0) ? '-0' : value})`;
    default:
      return `type ${typeof value} (${String(value)})`;
  }
}

/** What a signal rejects with. */
class AbortError extends Error {
  constructor(message = 'The operation was aborted', options = undefined) {
    if (options !== undefined && typeof options !== 'object') throw invalidType('options', 'of type object', options);
    super(message, options);
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

function checkFunction(value, name) {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

function checkBoolean(value, name) {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

function checkNumber(value, name, lowest) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (lowest !== undefined && (value < lowest || Number.isNaN(value))) throw outOfRange(name, `>= ${lowest}`, value);
}

function checkInteger(value, name, lowest, highest = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < lowest || value > highest) throw outOfRange(name, `>= ${lowest} && <= ${highest}`, value);
}

function checkSignal(value, name) {
  if (value !== undefined && (value === null || typeof value !== 'object' || !('aborted' in value)))
    throw invalidType(name, 'an instance of AbortSignal', value);
}

module.exports = {
  AbortError,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNumber,
  checkSignal,
  codedError,
  invalidType,
  outOfRange,
};
