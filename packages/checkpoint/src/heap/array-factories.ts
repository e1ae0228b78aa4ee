/**
 * How arrays come to be as large as what they hold: one that grows element by element has room for 16 more, an array of two takes four times
 * the memory then, and whoever goes through many of them waits for it. Small ones are made by literals compiled for their length. V8 remembers
 * with a literal what its arrays came to hold and makes the next ones ready for that: so there is one for small integers, one for numbers and
 * one for all else, as an array of the program's would have become.
 */
import type { List } from './primordials.js';

/** Elements that a literal is compiled for; what grows beyond wastes less. */
export const literalElements = 16;

type Factory = (values: List<unknown>) => unknown[];

const ofIntegers = 0;
const ofNumbers = 1;
const ofAll = 2;
const FunctionOf = Function;
const factories: List<List<Factory>> = { 0: { length: 0 }, 1: { length: 0 }, 2: { length: 0 }, length: 3 };

/** A new array of the first `length` of the values, which are literalElements at most. */
export function arrayFrom(values: List<unknown>, length: number): unknown[] {
  let kind = ofIntegers;
  for (let i = 0; i < length && kind !== ofAll; i++) {
    const value = values[i];
    if (typeof value !== 'number') kind = ofAll;
    else if ((value | 0) !== value || (value === 0 && 1 / value < 0)) kind = ofNumbers;
  }
  const known = factories[kind]!;
  known[length] ??= compile(length, kind);
  return known[length]!(values);
}

function compile(length: number, kind: number): Factory {
  let elements = '';
  for (let i = 0; i < length; i++) elements += `v[${i}], `;
  // The text holds numbers and nothing else. The last is there because V8 may take what has the same text for the same.
  return new FunctionOf('v', `return [${elements}]; // ${kind}`) as Factory;
}
