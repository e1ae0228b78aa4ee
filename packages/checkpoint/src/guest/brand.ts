/**
 * Function identity: a function value knows its function id and environment through private fields put on it by the
 * return-override trick. Invisible to reflection, as fast as a property (1.3 times the cost of making the closure alone).
 */

/** A constructor that returns what it is given, so that `class extends Stamp` puts private fields on any object. */
const Stamp = function Stamp(this: unknown, target: object): object {
  return target;
} as unknown as new (
  target: object,
) => object;

/** What one class of brands can do. */
interface Brand {
  put<F>(fn: F, fid: number, env: object | undefined): F;
  has(value: object): boolean;
  fid(value: object): number;
  env(value: object): object | undefined;
}

/**
 * A class of brands with code of its own. Arrows, functions and generators start from different hidden classes, and V8 makes a branded
 * one in 25 ns where the branding code has met one of them only, in 60 ns where it has met them all.
 */
function brandClass(kind: string): Brand {
  // The comment keeps V8 from sharing the code, and with it what it learned, among the kinds.
  const make = new Function(
    'Stamp',
    `// ${kind}
    class FunctionBrand extends Stamp {
      #fid;
      #env;
      constructor(target, fid, env) { super(target); this.#fid = fid; this.#env = env; }
      static has(value) { return #fid in value; }
      static fid(value) { return value.#fid; }
      static env(value) { return value.#env; }
    }
    const { has, fid, env } = FunctionBrand;
    return { put(fn, fid, env) { new FunctionBrand(fn, fid, env); return fn; }, has, fid, env };`,
  );
  return make(Stamp) as Brand;
}

const arrows = brandClass('arrows and methods');
const functions = brandClass('functions');
const generators = brandClass('generators');
const others = brandClass('everything else');

const brandOf = (value: object): Brand | undefined => {
  if (arrows.has(value)) return arrows;
  if (functions.has(value)) return functions;
  if (others.has(value)) return others;
  return generators.has(value) ? generators : undefined;
};

/** For the code of the guest: the same as `brand`, each for one kind of function. */
export const brandArrow = arrows.put;
export const brandFunction = functions.put;
export const brandGenerator = generators.put;

/** Brands a closure of the guest. `fid` indexes the bundle's metas; negative ones are the runtime's own closures (host-closures.ts). */
// biome-ignore lint/complexity/noBannedTypes: any callable may be branded.
export function brand<F extends Function>(fn: F, fid: number, env: object | undefined): F {
  return others.put(fn, fid, env);
}

export interface FunctionIdentity {
  fid: number;
  env: object | undefined;
}

/** The identity of a branded function; undefined for every other value. */
export function identityOf(value: object): FunctionIdentity | undefined {
  const kind = brandOf(value);
  return kind && { fid: kind.fid(value), env: kind.env(value) };
}

/** The fid alone, for checks on every frame. */
export const fidOf = (value: unknown): number | undefined =>
  typeof value === 'function' || (typeof value === 'object' && value !== null) ? brandOf(value)?.fid(value) : undefined;

export { Stamp };
