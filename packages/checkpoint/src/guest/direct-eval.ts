/**
 * Direct evals at run time: the code is compiled for the place where the eval stands (compile/direct-eval.ts) and called with the
 * environments of that place. Variables that sloppy code adds to a function are properties of its variable object.
 */
import type { EvalSite } from '../compile/direct-eval.js';
import { includes, objectCreate, slice, uncurry } from '../heap/primordials.js';
import { atOnce } from './code-unit.js';
import { declareGlobals, syntaxErrorOf, unitFor } from './late-code.js';
import type { Realm, RealmHost } from './realm.js';
import { whole } from './touching.js';

const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys, setPrototypeOf, getPrototypeOf } = Reflect;
const { parse } = JSON;
const indexOf = uncurry(String.prototype.indexOf);

/** The names of this function and of evalText are how captures recognise their frames. */
export function directEval(realm: Realm, host: RealmHost, site: string, env: object | undefined, text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const unit = unitFor(text, 'direct', realm, site);
  if (typeof unit === 'string') return refuse(unit, text, parse(site) as EvalSite, host);
  declareGlobals(unit.declarations);
  const { envs } = parse(site) as EvalSite;
  const own = realm.metaOf(unit.fid).envs;
  const chain: object[] = [];
  let at = env;
  for (let i = 0; i < envs.length; i++) {
    // The environments that the code names, and all around them, are the last ones of those that are visible.
    if (i >= envs.length - own.length) defineProperty(chain, chain.length, { value: at, enumerable: true });
    at = (at as { $p?: object } | undefined)?.$p;
  }
  const fn = realm.remakeClosure(unit.fid, chain, realm.scopeClass(unit.fid, chain), atOnce);
  return apply(fn as () => unknown, undefined, []);
}

/** A syntax error, in V8's words where V8 has some; code that cannot be compiled ends the program. */
function refuse(verdict: string, text: string, site: EvalSite, host: RealmHost): never {
  if (verdict === 'foreign')
    host.refuse(
      'GODWIT_DIRECT_EVAL',
      `Cannot run the direct eval at ${site.where}: its code has a with statement, calls super(), or uses a name of generated code`,
    );
  const words = syntaxErrorOf(site.strict ? `"use strict"; ${text}` : text);
  if (words !== undefined) throw new SyntaxError(words);
  // acorn tells the place behind its words.
  throw new SyntaxError(slice(verdict, 1, includes(verdict, ' (') ? indexOf(verdict, ' (') : undefined));
}

/** The variable object of a function: its prototype has accessors to what names mean that no eval has declared. */
export const makeVariables = (accessors: object): object => objectCreate(setPrototypeOf(accessors, null) ? accessors : null);

/** What the code of an eval adds: variables, and accessors for more names. */
export function addVariables(variables: object, accessors: object, names: ArrayLike<string>): void {
  const known = getPrototypeOf(whole(variables))!;
  const keys = ownKeys(accessors);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (getOwnPropertyDescriptor(known, key) === undefined) defineProperty(known, key, getOwnPropertyDescriptor(accessors, key)!);
  }
  for (let i = 0; i < names.length; i++)
    if (getOwnPropertyDescriptor(variables, names[i]!) === undefined)
      defineProperty(variables, names[i]!, { value: undefined, writable: true, enumerable: true, configurable: true });
}
