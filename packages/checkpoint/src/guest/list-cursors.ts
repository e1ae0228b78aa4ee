/**
 * Iterators for loops over lists, strings and matches, in place of native ones that nobody but the loop could see: their position is data.
 * Each does what the native one does, step by step (ECMAScript 23.1.5, 22.1.5, 22.2.9). No code of a guest sees a cursor.
 */
import { types } from 'node:util';

const getPrototypeOf = Object.getPrototypeOf;
const ownDescriptor = Object.getOwnPropertyDescriptor;
const ownKeys = Reflect.ownKeys;
const iteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]())) as object;
export const finished = (): IteratorResult<unknown> => ({ value: undefined, done: true });

export type ListKind = 'keys' | 'values' | 'entries';

/**
 * An iterator of the runtime. All share one `next`, by which loops know them; they then call `advance`, which is a function for each kind,
 * so that V8 learns at each loop what it goes over.
 */
export abstract class Cursor {
  abstract advance(): IteratorResult<unknown>;
  next(): IteratorResult<unknown> {
    return this.advance();
  }
  [Symbol.iterator](): this {
    return this;
  }
}
Object.setPrototypeOf(Cursor.prototype, iteratorPrototype);

/** For loops: who has this one may advance it, no code of a guest sees a cursor. */
export const cursorNext = Cursor.prototype.next;

/** Over an array or `arguments`, whose length is read at each step. */
export class ListCursor extends Cursor {
  index = 0;
  constructor(
    public list: ArrayLike<unknown> | undefined,
    readonly kind: ListKind,
  ) {
    super();
  }
  advance(): IteratorResult<unknown> {
    const { list, index } = this;
    if (list === undefined) return finished();
    if (!(index < list.length)) {
      this.list = undefined;
      return finished();
    }
    this.index = index + 1;
    if (this.kind === 'keys') return { value: index, done: false };
    return { value: this.kind === 'values' ? list[index] : [index, list[index]], done: false };
  }
}

const typedArrayLength = Function.prototype.call.bind(ownDescriptor(getPrototypeOf(Uint8Array.prototype), 'length')!.get!) as (
  list: object,
) => number;

/** Over a typed array that is not empty and of fixed length: no elements means that its buffer is gone. */
export class TypedCursor extends Cursor {
  index = 0;
  constructor(public list: ArrayLike<unknown> | undefined) {
    super();
  }
  advance(): IteratorResult<unknown> {
    const { list, index } = this;
    if (list === undefined) return finished();
    const length = typedArrayLength(list);
    if (length === 0) throw new TypeError('Cannot perform %ArrayIteratorPrototype%.next on a detached ArrayBuffer');
    if (index >= length) {
      this.list = undefined;
      return finished();
    }
    this.index = index + 1;
    return { value: list[index], done: false };
  }
}

/** Over the code points of a string. */
export class StringCursor extends Cursor {
  index = 0;
  constructor(readonly text: string) {
    super();
  }
  advance(): IteratorResult<unknown> {
    const { text, index } = this;
    if (index >= text.length) return finished();
    const first = text[index]!;
    const second = text[index + 1];
    const isPair = first >= '\ud800' && first <= '\udbff' && second !== undefined && second >= '\udc00' && second <= '\udfff';
    this.index = index + (isPair ? 2 : 1);
    return { value: isPair ? first + second : first, done: false };
  }
}

const regExpPrototype = RegExp.prototype;
const PlainRegExp = RegExp;
const pristineRegExp = ownKeys(regExpPrototype).map((key) => [key, ownDescriptor(regExpPrototype, key)!] as const);
const exec = Function.prototype.call.bind(regExpPrototype.exec) as (pattern: RegExp, text: string) => RegExpExecArray | null;
const flagsOf = Function.prototype.call.bind(ownDescriptor(regExpPrototype, 'flags')!.get!) as (pattern: RegExp) => string;
const sourceOf = Function.prototype.call.bind(ownDescriptor(regExpPrototype, 'source')!.get!) as (pattern: RegExp) => string;
const includes = Function.prototype.call.bind(String.prototype.includes) as (text: string, part: string) => boolean;
const species = ownDescriptor(RegExp, Symbol.species)!.get;

/** A regular expression of which the guest changed nothing: what its methods do cannot be told from what they do natively. */
const isPlainRegExp = (value: unknown): value is RegExp => hasNativeParts(value, pristineRegExp);

/** The same as far as replacing matches asks. */
export const replacesNatively = (value: unknown): value is RegExp => hasNativeParts(value, pristineForReplace);
const asked: readonly PropertyKey[] = ['exec', 'flags', 'global', 'unicode', 'unicodeSets', Symbol.replace];
const pristineForReplace = pristineRegExp.filter(([key]) => asked.includes(key));

function hasNativeParts(value: unknown, parts: typeof pristineRegExp): boolean {
  if (!types.isRegExp(value) || getPrototypeOf(value) !== regExpPrototype || ownKeys(value).length !== 1) return false;
  for (let i = 0; i < parts.length; i++) {
    const [key, before] = parts[i]!;
    const now = ownDescriptor(regExpPrototype, key);
    if (now === undefined || now.value !== before.value || now.get !== before.get) return false;
  }
  return true;
}

/** Over the matches of a global expression, whose clone only the cursor knows. */
export class MatchCursor extends Cursor {
  constructor(
    public pattern: RegExp | undefined,
    readonly text: string,
    readonly isUnicode: boolean,
  ) {
    super();
  }
  advance(): IteratorResult<unknown> {
    const { pattern, text } = this;
    if (pattern === undefined) return finished();
    const match = exec(pattern, text);
    if (match === null) {
      this.pattern = undefined;
      return finished();
    }
    if (match[0] === '') pattern.lastIndex = advanced(text, pattern.lastIndex, this.isUnicode);
    return { value: match, done: false };
  }
}

function advanced(text: string, index: number, isUnicode: boolean): number {
  const first = text[index];
  const second = text[index + 1];
  if (!isUnicode || first === undefined || second === undefined) return index + 1;
  return first >= '\ud800' && first <= '\udbff' && second >= '\udc00' && second <= '\udfff' ? index + 2 : index + 1;
}

/** A cursor for `text.matchAll(pattern)`; undefined where code of the guest could run or the call is refused. */
export function matchCursorOf(text: string, pattern: unknown): object | undefined {
  if (!isPlainRegExp(pattern) || typeof pattern.lastIndex !== 'number' || !includes(flagsOf(pattern), 'g')) return undefined;
  if (ownDescriptor(PlainRegExp, Symbol.species)?.get !== species) return undefined;
  const flags = flagsOf(pattern);
  const clone = new PlainRegExp(sourceOf(pattern), flags);
  clone.lastIndex = pattern.lastIndex;
  return new MatchCursor(clone, text, includes(flags, 'u') || includes(flags, 'v'));
}
