/**
 * What a guest can stand still for while its heap drains: an object, by its number, or the answer to a question: at which place of a Map or
 * Set that comes in pieces a key is.
 */
import { limits } from '../limits.js';

/** A key that says the same on both sides. */
export type QuestionKey = string | number | bigint | boolean | null | undefined;

export interface Question {
  /** From 1 in each heap, so that an answer that comes twice is known. */
  readonly number: number;
  /** The number of the Map or Set. */
  readonly collection: number;
  readonly key: QuestionKey;
}

export type Wish = number | Question;

/** Whoever waits for an object goes on, if in order, to one with a number so much greater at most. */
export const nearObjects = 4_096;

export function isAskable(key: unknown): key is QuestionKey {
  if (typeof key === 'string') return key.length <= limits.questionCharacters;
  return key === null || (typeof key !== 'object' && typeof key !== 'function' && typeof key !== 'symbol');
}

/** Whether both stand for the same. */
export function isSameWish(a: Wish | undefined, b: Wish | undefined): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a.number === b.number : a === b;
}
