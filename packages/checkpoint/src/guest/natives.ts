/**
 * The native built-ins that call back, for the guest-side ones in their place (guest-lib/prelude.js) to use where the callback is a leaf
 * (compile/leaf.ts): V8 inlines these as it does for plain node. A pause inside of one is put off, as in any native function; from then
 * on `on` is false and the guest-side versions run, which can be captured anywhere, until the guest has been captured.
 */
import { brandArrow } from './brand.js';

const { call, bind } = Function.prototype;
// Bound, so that V8 finds the native function behind the call whatever the guest does to Function.prototype.
const unbound = (method: unknown): unknown => Reflect.apply(bind, call, [method]);

const names = ['map', 'filter', 'forEach', 'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'flatMap'] as const; // biome-ignore format: one list

export class NativeCallbacks {
  on = true;
  /** The leaf made last. It is made right before the call that it is an argument of, so the built-in knows it by identity. */
  leaf: unknown = undefined;
  [name: string]: unknown;

  /** Native functions are taken here, before any code of the guest runs. */
  constructor() {
    for (const name of names) this[name] = unbound(Array.prototype[name]);
    this.mapForEach = unbound(Map.prototype.forEach);
    this.setForEach = unbound(Set.prototype.forEach);
  }

  /** Brands a leaf as any arrow function. */
  // biome-ignore lint/complexity/noBannedTypes: any callable may be branded.
  readonly brandLeaf = <F extends Function>(fn: F, fid: number, env: object | undefined): F => {
    brandArrow(fn, fid, env);
    this.leaf = fn;
    return fn;
  };
}
