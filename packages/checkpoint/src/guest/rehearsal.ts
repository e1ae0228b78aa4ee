/**
 * Captures and restores a small program again and again, so that V8 has compiled everything a capture and a restore run through before
 * a real pause depends on it. (In a pause V8 installs no newly optimised code at all, so cold code stays slow for the whole capture.)
 * The program is a realm of its own: nothing of it is reachable from the guest that comes after it.
 */
import type { Bundle } from '../compile/index.js';
import {
  decodeHeap,
  encodeHeap,
  type HeapOptions,
  hiddenClassOracle,
  Internals,
  type NamedBuiltins,
  nameBuiltins,
  PagedHeap,
  ParcelSource,
} from '../heap/index.js';
import { Finishing } from './finishing.js';
import { jobClasses } from './guest.js';
import { JobState } from './jobs.js';
import { IteratorSources } from './native-iterators.js';
import { changedBuiltIns, watchBuiltIns, withOriginals } from './original-built-ins.js';
import { type Frame, Realm, type RealmHost } from './realm.js';
import { privateFields, specialKinds } from './specials.js';

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

/** A look at all built-ins takes a third of the time when V8 has optimised it, which it does after a dozen or so. */
const looks = 4;
const nothingToDo = (): void => {};

export interface RehearsalOptions {
  bundle: Bundle;
  /** As in GuestOptions. */
  named: Record<string, unknown>;
  /** A services' state as a guest has one. */
  services(): unknown;
  /** Guests move in parcels here. */
  inParcels: boolean;
}

/** So few that there are several. */
const rehearsedParcelBytes = 4096;

export class Rehearsal {
  readonly #realm: Realm;
  readonly #internals = new Internals();
  readonly #builtins: NamedBuiltins;
  readonly #services: () => unknown;
  readonly #inParcels: boolean;
  /** In every guest's realm built-ins are changed; here, these. */
  readonly #stage: Record<string, Record<string, unknown>> = { first: { round: 0, call() {} }, second: { round: 0 } };

  constructor({ bundle, named, services, inParcels }: RehearsalOptions) {
    this.#inParcels = inParcels;
    this.#realm = new Realm(bundle, nothing);
    this.#builtins = nameBuiltins({ 'godwit:jobs': jobClasses, 'godwit:stage': this.#stage, ...named });
    watchBuiltIns();
    this.#services = services;
    this.#realm.load();
    this.#realm.runMain();
  }

  /** One capture and one restore of the program's variables, in a root like a guest's; each a slice. */
  *round(): Generator<void> {
    const finishing = new Finishing();
    const variables = this.#realm.readVariables();
    for (const part of Object.values(this.#stage)) part.round = (part.round as number) + 1;
    const frame: Omit<Frame, 'self'> = {
      ...{ fid: 0, statement: 0, kind: 'call', vars: { variables }, construct: false },
      ...{ late: undefined, generator: undefined, coroutine: undefined, result: undefined },
    };
    const root = { frames: [frame], variables, jobs: new JobState(), services: this.#services(), exports: {} };
    const oracle = hiddenClassOracle();
    for (let i = 0; i < looks; i++) {
      withOriginals(nothingToDo);
      changedBuiltIns(this.#builtins.changed(oracle));
    }
    const restored = this.#inParcels ? yield* this.#byParcels(root, finishing) : yield* this.#byPages(root, finishing);
    finishing.run();
    this.#realm.writeVariables(restored.variables);
    yield;
  }

  *#byPages<Root>(root: Root, finishing: Finishing): Generator<void, Root> {
    const { pages } = encodeHeap(root, this.#options(finishing));
    yield;
    return decodeHeap(pages, this.#options(finishing)) as Root;
  }

  *#byParcels<Root>(root: Root, finishing: Finishing): Generator<void, Root> {
    const options = this.#options(finishing);
    const source = new ParcelSource(root, options, rehearsedParcelBytes);
    const parcels = [source.first()];
    for (let parcel = source.next(); parcel !== undefined; parcel = source.next()) parcels[parcels.length] = parcel;
    yield;
    let at = 1;
    const heap = new PagedHeap({ ...options, next: () => parcels[at++]! });
    const restored = heap.load(parcels[0]!) as Root;
    heap.fillAll();
    return restored;
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
      specials: specialKinds(this.#realm, this.#internals, [], finishing, new IteratorSources(this.#internals)),
      privates: privateFields(this.#realm),
    };
  }
}
