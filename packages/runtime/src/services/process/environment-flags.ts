/**
 * `process.allowedNodeEnvironmentFlags` of a guest: a Set of what Node allows in NODE_OPTIONS that takes nothing more, as Node's, and moves like
 * any Set. Made when it is first looked at; which spellings it has is asked of Node.
 */
const thread = process;

export class NodeEnvironmentFlagsSet extends Set<string> {
  override add(): this {
    return this;
  }
  override delete(): boolean {
    return false;
  }
  override clear(): void {}
  override has(flag: unknown): boolean {
    return thread.allowedNodeEnvironmentFlags.has(flag as string);
  }
}

const { add } = Set.prototype;

export function environmentFlags(): ReadonlySet<string> {
  const flags = new NodeEnvironmentFlagsSet();
  for (const flag of thread.allowedNodeEnvironmentFlags) add.call(flags, flag);
  return Object.freeze(flags);
}
