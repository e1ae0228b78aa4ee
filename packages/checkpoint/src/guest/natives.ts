/**
 * The native built-ins that call back, for the guest-side ones in their place (guest-lib/prelude.js) to use where the callback is a leaf
 * (compile/leaf.ts): V8 inlines these as it does for plain node. A pause inside of one is put off, as in any native function; from then
 * on `on` is false and the guest-side versions run, which can be captured anywhere, until the guest has been captured.
 *
 * Bound calls, so that no lookup stands between the call and the native function.
 */
const { call, bind } = Function.prototype;
const unbound = (method: unknown): unknown => Reflect.apply(bind, call, [method]);

const arrays = ['map', 'filter', 'forEach', 'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex', 'reduce', 'reduceRight', 'flatMap'] as const; // biome-ignore format: one list

/** Taken when the realm is made, before any code of the guest runs. */
export function nativeCallbacks(): { on: boolean } & Record<string, unknown> {
  const natives: { on: boolean } & Record<string, unknown> = { on: true };
  for (const name of arrays) natives[name] = unbound(Array.prototype[name]);
  natives.mapForEach = unbound(Map.prototype.forEach);
  natives.setForEach = unbound(Set.prototype.forEach);
  return natives;
}
