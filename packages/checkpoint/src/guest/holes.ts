/** What a variable of the guest holds that was not initialised yet (compile/dead-zones.ts), and what happens to those who ask. */

/** One object of the realm, which images name. */
export const hole = Object.freeze({ __proto__: null });

/** Reading one. */
export function unset(name: string): never {
  throw new ReferenceError(`Cannot access '${name}' before initialization`);
}

/** Reading a name that nobody has declared, where the global object is asked for it. */
export function undeclared(name: string): never {
  throw new ReferenceError(`${name} is not defined`);
}

/** `value`, unless the variable that it is to be assigned to is `current`ly not initialised. */
export function written(value: unknown, current: unknown, name: string): unknown {
  return current === hole ? unset(name) : value;
}
