/**
 * Code that guests make at run time: the realm's `eval` (called indirectly) and its constructors of functions (ECMAScript 19.2.1, 20.2.1.1),
 * in place of V8's. What they make is compiled like the rest of the guest (late-compiler.ts), so that its frames, closures and generators
 * move. Errors in the text are V8's own: it parses first, and runs what the compiler does not take.
 *
 * Keeps true: texts without functions, calls and loops are run by V8 as they are; a function made of such a text is saved by its text.
 */
import vm from 'node:vm';
import type { LateForm } from '../compile/late.js';
import { includes, SafeMap, SafeWeakMap, uncurry } from '../heap/primordials.js';
import { limits } from '../limits.js';
import { testerOf } from './apart.js';
import { mark } from './cleanness.js';
import { atOnce, type LateUnit } from './code-unit.js';
import { keepingLastMatch } from './last-match.js';
import { compileLateText } from './late-compiler.js';
import type { Realm } from './realm.js';

type AnyFunction = (...args: unknown[]) => unknown;
/** The words in front of a function made by each of the constructors. */
export type Prefix = 'function' | 'function*' | 'async function' | 'async function*';

// biome-ignore lint/security/noGlobalEval: V8's own, which the realm's new one calls
const nativeEval = eval as (code: unknown) => unknown;
const { apply, construct, defineProperty, setPrototypeOf } = Reflect;
const { getPrototypeOf } = Object;
const { Script } = vm;
const join = uncurry(Array.prototype.join);
const bind = uncurry(Function.prototype.bind);
const sourceOf = uncurry(Function.prototype.toString);

const prototypes: Record<Prefix, object> = {
  function: Function.prototype,
  'function*': getPrototypeOf(function* () {}),
  'async function': getPrototypeOf(async () => {}),
  'async function*': getPrototypeOf(async function* () {}),
};
const natives: Record<Prefix, AnyFunction> = {
  function: Function as unknown as AnyFunction,
  'function*': prototypes['function*'].constructor as AnyFunction,
  'async function': prototypes['async function'].constructor as AnyFunction,
  'async function*': prototypes['async function*'].constructor as AnyFunction,
};

/** How a function was made that V8 made from a text; it has nothing but that text. */
export interface PlainFunction {
  readonly prefix: Prefix;
  readonly params: string;
  readonly body: string;
}
const plainFunctions = new SafeWeakMap<object, PlainFunction>();
export const plainFunctionOf = (value: object): PlainFunction | undefined => plainFunctions.get(value);

/** Makes a plain function again. */
export function remakePlainFunction({ prefix, params, body }: PlainFunction): object {
  const made = construct(natives[prefix], [params, body]) as object;
  plainFunctions.set(made, { prefix, params, body });
  return made;
}

/** V8's words about a text that is no script; undefined when it is one. */
export function syntaxErrorOf(text: string): string | undefined {
  try {
    new Script(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Declares globals as an indirect eval of V8's does. */
export const declareGlobals = (text: string): unknown => (text === '' ? undefined : nativeEval(text));

let realm: Realm | undefined;

/** The realm whose guest runs in this thread. */
export function setLateRealm(owner: Realm): void {
  realm = owner;
}

/** Compiled texts: programs make the same function again and again. Null: not to be compiled. */
const compiled = new SafeMap<string, LateUnit | string>();
let compiledCharacters = 0;

const aForeignText = 'has made functions of a text that cannot be compiled';

/** The unit, or what the compiler says instead of one: 'plain', 'foreign', or behind an `!` why the text is refused. */
export function unitFor(source: string, form: LateForm, owner: Realm, site = ''): LateUnit | string {
  const key = `${form} ${site} ${source}`;
  const known = compiled.get(key);
  if (known === 'foreign') mark(aForeignText);
  if (known !== undefined) return known;
  const text = keepingLastMatch(() => compileLateText(source, form, owner.freeFid, site, site === '' ? '' : owner.moduleNames));
  if (text === '-') mark(aForeignText);
  const made = text === '' ? 'plain' : text === '-' ? 'foreign' : text[0] === '!' ? text : owner.addLateUnit(text);
  // A tagged template has one object for each time that its text was compiled.
  if (typeof made !== 'string' && includes(text, '$$templateOf(')) return made;
  compiledCharacters += key.length;
  if (compiledCharacters > limits.lateTextCharacters) {
    compiled.clear();
    compiledCharacters = key.length;
  }
  compiled.set(key, made);
  return made;
}

/** Without these a text can neither call, loop, nor make functions: V8 runs it as it is, and nothing has to be compiled. */
const mayDoMore = testerOf(/[(`]|=>|\b(?:new|class)\b/);
const isTrivial = (text: string): boolean => text.length < limits.trivialTextCharacters && !mayDoMore(text);

/** The name of this function is how captures recognise its frame: what it runs answers for it (capture/frames.ts). */
function evalText(text: unknown): unknown {
  if (typeof text !== 'string' || realm === undefined || isTrivial(text)) return nativeEval(text);
  const unit = unitFor(text, 'eval', realm);
  if (typeof unit === 'string') return nativeEval(text);
  declareGlobals(unit.declarations);
  return apply(realm.remakeClosure(unit.fid, [], undefined, atOnce) as AnyFunction, globalThis, []);
}

/** Is `value` the realm's eval? */
export const isIndirectEval = (value: unknown): boolean => value === guestEval;

// Bound, because bound functions print as native code.
export const guestEval = bind({ eval: (text: unknown) => evalText(text) }.eval, undefined) as AnyFunction;

function makeFunction(prefix: Prefix, given: ArrayLike<unknown>, newTarget: object): object {
  const texts: string[] = [];
  for (let i = 0; i < given.length; i++) defineProperty(texts, i, { value: `${given[i] as string}`, enumerable: true });
  const body = texts.length === 0 ? '' : texts[texts.length - 1]!;
  const last = texts.length - 1;
  const list: string[] = [];
  for (let i = 0; i < last; i++) defineProperty(list, i, { value: texts[i], enumerable: true });
  const params = join(list, ',');
  const native = construct(natives[prefix], [params, body]) as object;
  let made = native;
  if (realm !== undefined) {
    const simple = prefix === 'function' && isTrivial(params) && isTrivial(body);
    const unit = simple ? 'plain' : unitFor(`(${sourceOf(native)})`, 'function', realm);
    if (unit === 'plain') plainFunctions.set(native, { prefix, params, body });
    else if (typeof unit !== 'string') made = realm.remakeClosure(unit.fid, [], undefined, atOnce);
  }
  const own = (newTarget as { prototype?: unknown }).prototype;
  if (own !== prototypes[prefix] && ((typeof own === 'object' && own !== null) || typeof own === 'function'))
    setPrototypeOf(made, own as object);
  return made;
}

function constructorOf(prefix: Prefix): AnyFunction {
  const native = natives[prefix];
  const target = function (this: unknown): object {
    const isSubclass = new.target !== undefined && new.target !== target;
    // biome-ignore lint/complexity/noArguments: a rest parameter would go through what the guest may have changed
    return makeFunction(prefix, arguments, isSubclass ? new.target : made);
  };
  const made = bind(target, undefined) as AnyFunction;
  // `instanceof` asks the target of a bound function.
  defineProperty(target, 'prototype', { value: prototypes[prefix], writable: false });
  const isMain = prefix === 'function';
  defineProperty(made, 'name', { value: native.name, configurable: true });
  defineProperty(made, 'length', { value: 1, configurable: true });
  defineProperty(made, 'prototype', { value: prototypes[prefix], writable: false, enumerable: false, configurable: false });
  defineProperty(prototypes[prefix], 'constructor', {
    ...{ value: made, writable: isMain, enumerable: false, configurable: true },
  });
  return made;
}

/** Puts the realm's `eval` and constructors of functions in place of V8's. Once, before built-ins are named. */
export function installLateCode(): void {
  const make = constructorOf('function');
  for (const prefix of ['function*', 'async function', 'async function*'] as const) setPrototypeOf(constructorOf(prefix), make);
  const hidden = { writable: true, enumerable: false, configurable: true };
  defineProperty(guestEval, 'name', { value: 'eval', configurable: true });
  defineProperty(globalThis, 'Function', { value: make, ...hidden });
  defineProperty(globalThis, 'eval', { value: guestEval, ...hidden });
}
