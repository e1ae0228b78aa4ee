/**
 * Who wants which subject: subscriptions of the embedded hub indexed as a tree of subject tokens.
 * Agrees with subjectMatches (subject.ts), which the tests hold it to; empty branches are removed.
 * Not a queue and not a policy: picking one member of each queue group is all it decides.
 */

/** Anything that can be subscribed: pattern and group are all the index looks at. */
export interface Interest {
  readonly subject: string;
  readonly queue: string | undefined;
}

interface Branch<T> {
  readonly below: Map<string, Branch<T>>;
  readonly here: Set<T>;
}

export class InterestIndex<T extends Interest> {
  readonly #root: Branch<T> = newBranch();

  add(interest: T): void {
    let branch = this.#root;
    for (const token of interest.subject.split('.')) {
      let next = branch.below.get(token);
      if (!next) branch.below.set(token, (next = newBranch()));
      branch = next;
    }
    branch.here.add(interest);
  }

  remove(interest: T): void {
    const path: [Branch<T>, string][] = [];
    let branch = this.#root;
    for (const token of interest.subject.split('.')) {
      const next = branch.below.get(token);
      if (!next) return;
      path.push([branch, token]);
      branch = next;
    }
    branch.here.delete(interest);
    for (const [parent, token] of path.reverse()) {
      if (branch.here.size > 0 || branch.below.size > 0) return;
      parent.below.delete(token);
      branch = parent;
    }
  }

  /** All subscriptions that match, each once. */
  matches(subject: string): T[] {
    const found: T[] = [];
    collect(this.#root, subject.split('.'), 0, found);
    return found;
  }

  /** The receivers of one message: every plain subscription, and one member of each queue group. */
  receivers(subject: string, random: () => number): T[] {
    const found = this.matches(subject);
    if (!found.some((interest) => interest.queue !== undefined)) return found;
    const groups = new Map<string, T[]>();
    for (const interest of found) {
      if (interest.queue === undefined) continue;
      const members = groups.get(interest.queue);
      if (members) members.push(interest);
      else groups.set(interest.queue, [interest]);
    }
    const chosen = [...groups.values()].map((members) => members[Math.floor(random() * members.length)]!);
    return [...found.filter((interest) => interest.queue === undefined), ...chosen];
  }
}

/** Depth is bounded by the number of tokens in a subject, which maxSubjectBytes bounds. */
function collect<T>(branch: Branch<T>, tokens: string[], depth: number, found: T[]): void {
  if (depth === tokens.length) {
    found.push(...branch.here);
    return;
  }
  const rest = branch.below.get('>');
  if (rest) found.push(...rest.here);
  const exact = branch.below.get(tokens[depth]!);
  if (exact) collect(exact, tokens, depth + 1, found);
  const any = branch.below.get('*');
  if (any) collect(any, tokens, depth + 1, found);
}

function newBranch<T>(): Branch<T> {
  return { below: new Map(), here: new Set() };
}
