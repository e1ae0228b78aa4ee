/**
 * `process.env` of a guest is the environment that Node keeps for its thread: strings only, refused descriptors and all, and what child
 * processes and Node's own code get by default. A guest refers to it by name; an image holds what is in it. Threads begin with an empty one.
 */
export const environment = process.env;
const { keys, hasOwn } = Object;

/** Makes it hold exactly these. */
export function replaceEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const name of keys(environment)) if (!hasOwn(variables, name)) delete environment[name];
  for (const name of keys(variables)) if (environment[name] !== variables[name]) environment[name] = variables[name];
}
