/**
 * Steps of JSON.stringify that the guest-side version (guest-lib/prelude-json.js) leaves to the runtime: boxed primitives and the error of a
 * structure that contains itself, in V8's words.
 */
import { types } from 'node:util';

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const apply = Reflect.apply;
const booleanValue = Boolean.prototype.valueOf;
const bigintValue = BigInt.prototype.valueOf;
const ToNumber = Number;
const ToText = String;

export function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return ToNumber(value);
  if (types.isStringObject(value)) return ToText(value);
  if (types.isBooleanObject(value)) return apply(booleanValue, value, []);
  return types.isBigIntObject(value) ? apply(bigintValue, value, []) : value;
}

/** Does this V8 tell a reviver the source of a value? */
export function givesSource(): boolean {
  let told = 0;
  JSON.parse('1', (...given) => {
    told = given.length;
  });
  return told > 2;
}

/** The objects being written, outermost first, and their keys. */
interface Writing {
  stack: object[];
  keys: string[];
}

/** V8 lists so many of the objects after the first, and before the last. */
const shownFirst = 1;
const shownLast = 1;

/** Throws when `value` is being written already. */
export function checkCircular({ stack, keys }: Writing, value: object, key: string): void {
  let from = 0;
  while (from < stack.length && stack[from] !== value) from++;
  if (from === stack.length) return;
  let text = `Converting circular structure to JSON\n    --> starting at object with constructor ${nameOf(value)}`;
  const last = stack.length - 1;
  for (let i = from + 1; i <= last; i++) {
    if (i > from + shownFirst && i <= last - shownLast) {
      if (i === from + shownFirst + 1) text += '\n    |     ...';
    } else text += `\n    |     ${keyText(keys[i]!, stack[i - 1]!)} -> object with constructor ${nameOf(stack[i]!)}`;
  }
  throw new TypeError(`${text}\n    --- ${keyText(key, stack[last]!)} closes the circle`);
}

const keyText = (key: string, holder: object): string => (Array.isArray(holder) ? `index ${key}` : `property '${key}'`);

function nameOf(value: object): string {
  for (let holder: object | null = value; holder && !types.isProxy(holder); holder = getPrototypeOf(holder) as object | null) {
    const C = getOwnPropertyDescriptor(holder, 'constructor')?.value as unknown;
    const name = typeof C === 'function' ? (getOwnPropertyDescriptor(C, 'name')?.value as unknown) : undefined;
    if (typeof name === 'string' && name !== '') return `'${name}'`;
  }
  return "'Object'";
}
