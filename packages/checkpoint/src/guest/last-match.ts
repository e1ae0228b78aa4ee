/**
 * What a program reads of the latest match in `RegExp.lastMatch`, `RegExp.$1` and their like (the legacy static properties of the RegExp
 * constructor, github.com/tc39/proposal-regexp-legacy-features). V8 keeps them in the realm; they are set by matching only, so they are put
 * back by a pattern that matches where the program's did. `RegExp.input` can be assigned as well.
 */
import { getOwnPropertyDescriptor, indexOf, slice, uncurry } from '../heap/primordials.js';

const PlainRegExp = RegExp;
const exec = uncurry(RegExp.prototype.exec);
const repeat = uncurry(String.prototype.repeat) as (self: string, times: number) => string;

const GROUPS = 9;

const readerOf = (name: string): (() => string) => {
  const get = uncurry(getOwnPropertyDescriptor(RegExp, name)!.get!) as unknown as (self: unknown) => string;
  return () => get(PlainRegExp);
};
const inputOf = readerOf('input');
const leftOf = readerOf('leftContext');
const matchOf = readerOf('lastMatch');
const rightOf = readerOf('rightContext');
const parenOf = readerOf('lastParen');
const groups: (() => string)[] = [];
for (let i = 1; i <= GROUPS; i++) groups[i - 1] = readerOf(`$${i}`);
const setInput = uncurry(getOwnPropertyDescriptor(RegExp, 'input')!.set!) as unknown as (self: unknown, text: string) => void;

/** The latest match, as plain data. */
export interface LastMatch {
  /** What was searched. */
  readonly subject: string;
  /** `RegExp.input`: the subject, unless the program assigned something else. */
  readonly input: string;
  readonly start: number;
  readonly length: number;
  /** `$1` to `$9`, then `RegExp.lastParen`. */
  readonly groups: readonly string[];
}

/** Undefined of a program that has matched nothing, or nothing in nothing. */
export function lastMatch(): LastMatch | undefined {
  const left = leftOf();
  const match = matchOf();
  const right = rightOf();
  const input = inputOf();
  if (input === '' && match === '' && left === '' && right === '') return undefined;
  const found: string[] = [];
  for (let i = 0; i < GROUPS; i++) found[i] = groups[i]!();
  found[GROUPS] = parenOf();
  const subject = isOf(input, left, match, right) ? input : left + match + right;
  return { subject, input, start: left.length, length: match.length, groups: found };
}

/** Spares large subjects a copy. */
const isOf = (text: string, left: string, match: string, right: string): boolean =>
  text.length === left.length + match.length + right.length &&
  slice(text, 0, left.length) === left &&
  slice(text, left.length, left.length + match.length) === match &&
  slice(text, left.length + match.length) === right;

/** Makes a match the latest one. */
export function setLastMatch(state: LastMatch | undefined): void {
  if (!state) {
    forgetMatches();
    return;
  }
  const { subject, input, start, length } = state;
  let pattern = '';
  for (let i = 0; i <= GROUPS; i++) pattern += groupAt(subject, start, state.groups[i]!);
  const sticky = new PlainRegExp(pattern + any(length), 'y');
  sticky.lastIndex = start;
  exec(sticky, subject);
  if (input !== subject) setInput(PlainRegExp, input);
}

/** As in a program that has matched nothing yet: what the runtime matched before is none of its business. */
export function forgetMatches(): void {
  exec(/(?:)/, '');
}

/** Runs something of the runtime's at the guest's call; the guest does not see what it matches. */
export function keepingLastMatch<T>(run: () => T): T {
  const before = lastMatch();
  try {
    return run();
  } finally {
    setLastMatch(before);
  }
}

/** A group that takes a text where it is in the subject: in the match first, or around it, where only a look takes it. */
function groupAt(subject: string, start: number, text: string): string {
  if (text === '') return '()';
  const group = `(${any(text.length)})`;
  const behind = indexOf(subject, text, start);
  if (behind >= 0) return `(?=${any(behind - start)}${group})`;
  return `(?<=(?=${group})${any(start - indexOf(subject, text, 0))})`;
}

/** So many code units. V8 remembers each round of a loop, and its memory for these has an end: so few rounds of many. */
function any(length: number): string {
  const rest = length % PER_ROUND;
  const rounds = (length - rest) / PER_ROUND;
  return (rounds === 0 ? '' : `(?:${repeat('[^]', PER_ROUND)}){${rounds}}`) + (rest === 0 ? '' : `[^]{${rest}}`);
}

const PER_ROUND = 2048;
