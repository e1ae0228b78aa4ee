/**
 * Captures and restores a small program again and again, so that V8 has compiled everything a capture and a restore run through before
 * a real pause depends on it. (In a pause V8 installs no newly optimised code at all, so cold code stays slow for the whole capture.)
 * The program is a realm of its own: nothing of it is reachable from the guest that comes after it.
 */
import type { Bundle } from '../compile/index.js';
import { decodeHeap, encodeHeap, type HeapOptions, Internals, nameBuiltins } from '../heap/index.js';
import { coroutineClasses } from './coroutines.js';
import { promiseClasses } from './promises.js';
import { Realm, type RealmHost } from './realm.js';
import { Finishing, privateFields, specialKinds } from './specials.js';

const nothing: RealmHost = {
  importModule: () => ({ default: {}, namespace: {} }),
  importDynamic: () => ({}),
  require: () => ({}),
  refuse: (_code, message) => {
    throw new Error(message);
  },
  filename: '',
  dirname: '',
};

export class Rehearsal {
  readonly #realm: Realm;
  readonly #internals = new Internals();
  readonly #builtins = nameBuiltins({ 'godwit:jobs': { ...promiseClasses, ...coroutineClasses } });

  constructor(bundle: Bundle) {
    this.#realm = new Realm(bundle, nothing);
    this.#realm.load();
    this.#realm.runMain();
  }

  /** One capture and one restore of the program's variables. */
  round(): void {
    const finishing = new Finishing();
    const { pages } = encodeHeap({ variables: this.#realm.readVariables() }, this.#options(finishing));
    const restored = decodeHeap(pages, this.#options(finishing)) as { variables: Record<string, unknown> };
    finishing.run();
    this.#realm.writeVariables(restored.variables);
  }

  /** Makes the code that would go on with a frame at the `index`th call or loop of the program; false when there are no more. */
  peel(index: number): boolean {
    const label = this.#realm.bundle.table.labels[index];
    if (!label) return false;
    const meta = this.#realm.metaOf(label.fid);
    if (meta.classEnv !== undefined || label.kind === 'super') return true;
    const vars = Object.fromEntries(meta.envs.map((env) => [`$e${env}`, {}]));
    this.#realm.frameFunction({ fid: label.fid, statement: label.statement, kind: label.kind, vars }, label.kind === 'yield');
    return true;
  }

  #options(finishing: Finishing): HeapOptions {
    return {
      builtins: this.#builtins,
      internals: this.#internals,
      specials: specialKinds(this.#realm, this.#internals, [], finishing),
      privates: privateFields(this.#realm),
    };
  }
}
