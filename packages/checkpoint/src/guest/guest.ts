/**
 * One guest in its worker: program, queues and services as one heap that can be captured and restored.
 * The runtime drives it: start() or restore(), then perform/drain; snapshot() or parcels() while it is paused or idle, and whole. One that came
 * in parcels is given the others (add) and time to make what is hollow whole (fillSome).
 *
 * A heap has one root, in an image and in parcels: { frames, variables, jobs, services, lastMatch, takenMethods, lasting }.
 */

import { assert } from '../base/index.js';
import { captureFrames, PutOff } from '../capture/frames.js';
import { lookAtStack, type Outlook } from '../capture/look.js';
import { type PausedFrame, ThreadSession } from '../capture/session.js';
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
  type Wish,
} from '../heap/index.js';
import { getOwnPropertyDescriptor, list, SafeSet, startsWith } from '../heap/primordials.js';
import { fidOf } from './brand.js';
import { anIterator, lastingReasons, mark, markForGood, proven, setRealmFacts, sourcesAmong, unmarked } from './cleanness.js';
import { commonJsClasses, setModules } from './commonjs.js';
import { Coroutine, coroutineClasses, installAsyncGenerators, running } from './coroutines.js';
import { forgetTypes } from './feedback.js';
import { Finishing } from './finishing.js';
import { hole } from './holes.js';
import { CollectionMethods, isCollectionMethod } from './hollow-collections.js';
import { append, Delegate, DelegateResume, SyncToAsync } from './iteration.js';
import { type Activity, CallbackJob, finish, JobState, Queue, setJobState, state, UnhandledRejection } from './jobs.js';
import { forgetMatches, keepingLastMatch, type LastMatch, lastMatch, setLastMatch } from './last-match.js';
import { installLateCode, setLateRealm } from './late-code.js';
import { ListCursor, MatchCursor, StringCursor, TypedCursor } from './list-cursors.js';
import { IteratorSources } from './native-iterators.js';
import { changedBuiltIns, watchBuiltIns, withOriginals } from './original-built-ins.js';
import { installPrinting, setPrintedRealm } from './printing.js';
import { installPromise, promiseClasses } from './promises.js';
import { installProxies, proxyClasses } from './proxies.js';
import { type Frame, Realm, type RealmHost } from './realm.js';
import { privateFields, specialKinds } from './specials.js';
import { SuperReference } from './super-reference.js';
import { hasTakenMethods, setPagedHeap, setTakenMethods } from './touching.js';
import { brandLate } from './unbranded.js';
import { installWeak, weakClasses } from './weak.js';

export interface GuestOptions {
  bundle: Bundle;
  host: RealmHost;
  /** Modules and runtime classes that images refer to by name. */
  named: Record<string, unknown>;
  /** Called when V8 has stopped this thread. */
  onPaused(frames: PausedFrame[]): void;
  /** Called when a guest that came by pages cannot go on. */
  onLost(reason: string): never;
  /** Called when all of a guest that came by pages is here and in its place. */
  onWhole?(): void;
  /** It touched something hollow, which is whole now. */
  onTouched?(): void;
  /** Does a built-in of this name take objects apart in ways that tell nobody? A guest that holds one comes whole. */
  takesApart?(name: string): boolean;
  /** Of a guest that comes by pages: objects that come with one that is touched. */
  neighbours?: number;
}

interface Root {
  frames: Frame[];
  variables: Record<string, unknown>;
  jobs: JobState;
  services: unknown;
  lastMatch: LastMatch | undefined;
  /** The program may call methods of Maps and Sets as functions (touching.ts). */
  takenMethods: boolean;
  /** Why it must not come in parcels. */
  lasting: string[];
}

export interface Snapshot {
  pages: Uint8Array[];
  stats: { objects: number; bytes: number; types: { name: string; objects: number; bytes: number }[] };
  /** Innermost last; `statement` is an offset in the bundle's code, -1 at the entry of function `fid`. */
  frames: { name: string; fid: number; statement: number }[];
}

/** Classes of the runtime whose instances are part of every image. */
export const jobClasses = {
  ...promiseClasses,
  ...proxyClasses,
  ...weakClasses,
  ...commonJsClasses,
  ...coroutineClasses,
  Coroutine,
  JobState,
  UnhandledRejection,
  Queue,
  CallbackJob,
  SyncToAsync,
  Delegate,
  DelegateResume,
  SuperReference,
  ListCursor,
  TypedCursor,
  StringCursor,
  MatchCursor,
  hole,
};

let installed = false;

/** Puts the guest's Promise and async generators into the realm. Before anything names built-ins or runs guest code. */
export function prepareRealm(): void {
  if (installed) return;
  installed = true;
  installPromise();
  installAsyncGenerators();
  installLateCode();
  installPrinting();
  installProxies();
  installWeak();
}

export class Guest {
  readonly realm: Realm;
  private readonly session: ThreadSession;
  private readonly internals = new Internals();
  private readonly builtins: NamedBuiltins;
  private restored: Frame[] = [];
  /** Of a restored guest. */
  private isRunning = false;
  /** Names of built-ins in the heap that is being read. */
  private reading: string[] | undefined;
  private paged: PagedHeap | undefined;
  private collectionMethods: CollectionMethods | undefined;
  private readonly onLost: (reason: string) => never;
  private readonly onWhole: () => void;
  private readonly onTouched: () => void;
  private readonly takesApart: (name: string) => boolean;
  private readonly neighbours: number;
  /** What a restore leaves to the moment the guest runs on: what the runtime does until then neither meets the guest's own built-ins nor changes its latest match. */
  private readonly atResumption: (() => void)[] = [];
  /** Built-ins that were changed when all were looked at last; of a restored guest those that came so. */
  private changed: ArrayLike<object> | undefined;
  /** Of a guest that came in parcels: puts iterators where they stood, in collections that may have to come for it. Before everything else at resumption. */
  private readonly places: (() => void)[] = [];

  constructor(options: GuestOptions) {
    this.onLost = options.onLost;
    this.onWhole = options.onWhole ?? (() => {});
    this.onTouched = options.onTouched ?? (() => {});
    this.takesApart = options.takesApart ?? (() => false);
    this.neighbours = options.neighbours ?? 0;
    this.realm = new Realm(options.bundle, options.host);
    this.session = new ThreadSession(options.onPaused, (scriptId, url) => {
      if (startsWith(url, 'godwit-')) this.realm.scriptUrls.set(scriptId, url);
    });
    this.builtins = nameBuiltins(
      {
        'godwit:jobs': jobClasses,
        // The program's own `module`: code refers to it and to its first `exports` by closure, so each realm has its own from the start.
        'godwit:module': this.realm.module,
        'godwit:modules': this.realm.modules,
        ...options.named,
      },
      (value) => fidOf(value) !== undefined,
      (name) => {
        if (this.reading) append(this.reading, name);
      },
    );
    watchBuiltIns((fn, key) => this.realm.isOfLibrary(fn, key) || this.collectionMethods?.isStandIn(fn) === true);
    setModules(this.realm.modules, options.host.requireOf);
    setLateRealm(this.realm);
    setPrintedRealm(this.realm, this.internals);
    this.realm.load();
    setRealmFacts({
      isKnownPrototype: (prototype) => {
        const C: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
        return this.builtins.nameOf(prototype) !== undefined || (typeof C === 'function' && fidOf(C) !== undefined);
      },
      isHeir: (fn) => {
        const fid = fidOf(fn) ?? -1;
        return fid >= 0 && this.realm.metaOf(fid).derived === true;
      },
    });
    proven([]);
    for (const reason of options.bundle.unknowns) markForGood(reason);
  }

  /** Whether V8 may stop the guest; at first it may. */
  acceptPauses(accepts: boolean): void {
    this.session.acceptPauses(accepts);
  }

  /** What a capture would come to below the function `above`, which is running: in the midst of the guest, in an interrupt. A pause is accepted when it is good. */
  look(above: unknown): Outlook {
    const outlook = lookAtStack(this.realm, above, state.activity !== undefined);
    this.acceptPauses(outlook === 'good');
    return outlook;
  }

  /** The stack at this pause. Throws PutOff when this instant cannot be captured. */
  frames(paused: PausedFrame[]): Frame[] {
    let isReleased = false;
    // Not in the midst of a trap: a hollow object that asks for its content must still be one when the trap goes on.
    const atItsPlace = (read: () => Frame[]): Frame[] => {
      const wasPaged = this.paged !== undefined;
      this.makeWhole();
      return withOriginals(() => {
        try {
          if (wasPaged) this.forgetOptimised(paused);
          return read();
        } finally {
          isReleased = true;
          this.session.release();
        }
      });
    };
    try {
      // Outside of an activity it is the runtime that called: it reports an error, say, and would not be there after a move.
      if (state.activity === undefined) throw new PutOff('the runtime is calling the guest');
      return captureFrames(paused, this.realm, this.session, running, this.internals, atItsPlace);
    } catch (error) {
      this.realm.natives.on = false;
      throw error;
    } finally {
      if (!isReleased) this.session.release();
    }
  }

  /**
   * What was made whole in a pause changed behind the back of code that V8 has optimised: it takes a stack check for something that changes
   * nothing (JSStackCheck is kNoWrite), and the guest may go on here. A breakpoint makes V8 go on with unoptimised frames.
   */
  private forgetOptimised(paused: PausedFrame[]): void {
    for (let i = 0; i < paused.length; i++) {
      try {
        const { breakpointId } = this.session.post('Debugger.setBreakpoint', { location: paused[i]!.location });
        this.session.post('Debugger.removeBreakpoint', { breakpointId });
      } catch {
        // No place for one, or one of another frame's there: V8's own code, which it does not optimise.
      }
    }
  }

  /**
   * The guest as data; it is whole (makeWhole). Throws GODWIT_CANNOT_CAPTURE when something in the heap cannot be exact. `isProvenLater`: of
   * the built-ins only those are looked at that were changed before, and it counts when isProven() has looked at the others.
   */
  snapshot(frames: Frame[], services: unknown, isProvenLater = false): Snapshot {
    return withOriginals(() => {
      const { root, options, sources } = this.capturing(frames, services, isProvenLater);
      const { pages, stats, named } = unmarked(() => encodeHeap(root, options));
      this.prove(named, sources);
      return { pages, stats, frames: this.described(frames) };
    });
  }

  /** The same, piece by piece, of a clean guest (cleanness.ts): it must stand still until its last parcel was taken. */
  parcels(
    frames: Frame[],
    services: unknown,
    parcelBytes?: number,
    isProvenLater = false,
  ): { source: ParcelSource; frames: Snapshot['frames'] } {
    return withOriginals(() => {
      const { root, options } = this.capturing(frames, services, isProvenLater);
      return { source: new ParcelSource(root, options, parcelBytes), frames: this.described(frames) };
    });
  }

  /** Whether what was just captured has all built-ins that the guest has changed. If not, the next capture will. */
  isProven(): boolean {
    return withOriginals(() => {
      const known = new SafeSet<object>();
      for (let i = 0; i < this.changed!.length; i++) known.add(this.changed![i]!);
      const now = this.builtins.changed(hiddenClassOracle());
      let isProven = true;
      for (let i = 0; i < now.length && isProven; i++) isProven = known.has(now[i]!);
      if (!isProven) this.changed = now;
      return isProven;
    });
  }

  /** A heap was encoded or read whole that refers to built-ins of these names. */
  private prove(named: ArrayLike<string>, sources: IteratorSources): void {
    proven(sourcesAmong(named, (name) => this.builtins.resolve(name)));
    // They are found once more by a walk through the whole heap, and cannot be placed when their collection was used.
    if (sources.hasMet) mark(anIterator);
  }

  private capturing(
    frames: Frame[],
    services: unknown,
    isProvenLater: boolean,
  ): { root: Root; options: HeapOptions; sources: IteratorSources } {
    assert(this.paged === undefined, 'what is captured is whole');
    this.realm.natives.on = true;
    const root: Root = {
      frames,
      variables: this.realm.readVariables(),
      jobs: state,
      services,
      lastMatch: lastMatch(),
      takenMethods: hasTakenMethods(),
      lasting: lastingReasons(),
    };
    const structure: object[] = [root, root.frames, root.variables];
    for (let i = 0; i < frames.length; i++) {
      append(structure, frames[i]!);
      append(structure, frames[i]!.vars);
      const scope = this.realm.scopeEnvironment(frames[i]!);
      if (scope !== undefined) append(structure, scope);
    }
    const hiddenClasses = hiddenClassOracle();
    if (!isProvenLater || this.changed === undefined) this.changed = this.builtins.changed(hiddenClasses);
    const changed = changedBuiltIns(this.changed);
    // A heap that holds native iterators is walked once more, for the collections that they go through.
    const sources = new IteratorSources(this.internals, () => encodeHeap(root, options));
    const options: HeapOptions = {
      ...this.heapOptions(frames, new Finishing(), sources),
      ...{ structure, changed, hiddenClasses, wholeCollections: root.takenMethods },
      takesApart: (name) => isCollectionMethod(name) || this.takesApart(name),
    };
    return { root, options, sources };
  }

  private described(frames: Frame[]): Snapshot['frames'] {
    return frames.map(({ fid, statement }) => ({ name: this.realm.metaOf(fid).name || '(program)', fid, statement }));
  }

  /**
   * Brings a captured guest back; it stands where it was and runs on with resume(). Returns the services' state. `next` gives the parcel
   * after those that are here, if possible with what is wanted, and waits for it; without it `pages` are an image.
   */
  restore(pages: readonly Uint8Array[], next?: NextParcel): unknown {
    const finishing = new Finishing();
    finishing.whenRunning = (step) => {
      if (this.isRunning) finishing.later(step);
      else this.atResumption.push(step);
    };
    const sources = new IteratorSources(this.internals);
    const changed = list<object>();
    this.changed = changed;
    const options: HeapOptions = {
      ...this.heapOptions([], finishing, sources),
      changeLater: (change) => this.atResumption.push(change),
      // The built-ins are the guest's again by then.
      noteChanged: (builtIn) => {
        changed[changed.length] = builtIn;
      },
    };
    const read = (): unknown => (next ? this.loadPaged(pages[0]!, next, options, finishing) : decodeHeap(pages, options));
    this.reading = [];
    const root = unmarked(read) as Root;
    const named = this.reading;
    this.reading = undefined;
    this.prove(named, sources);
    for (let i = 0; i < root.lasting.length; i++) markForGood(root.lasting[i]!);
    this.realm.writeVariables(root.variables);
    setJobState(root.jobs);
    finishing.run();
    this.restored = root.frames;
    this.atResumption.push(() => setLastMatch(root.lastMatch));
    setTakenMethods(root.takenMethods);
    this.realm.prepareStack(root.frames);
    return root.services;
  }

  private loadPaged(first: Uint8Array, next: NextParcel, options: HeapOptions, finishing: Finishing): unknown {
    const methods = new CollectionMethods(() => heap, this.builtins);
    this.collectionMethods = methods;
    const heap: PagedHeap = new PagedHeap({
      ...options,
      next,
      methodOf: (prototype, key) => methods.of(prototype, key),
      neighbours: this.neighbours,
      lost: this.onLost,
      later: (work) => withOriginals(() => keepingLastMatch(work)),
      finish: () => finishing.run(),
      touched: this.onTouched,
      drained: (functions) => {
        this.paged = undefined;
        setPagedHeap(undefined);
        methods.takeOut();
        forgetTypes(functions, this.realm.resumedFunctions());
        this.onWhole();
      },
    });
    finishing.place = (collection, entries, put) => {
      const step = (): void => {
        heap.touch(collection);
        put(heap.places.now(collection, entries));
      };
      if (this.isRunning) finishing.later(step);
      else append(this.places, step);
    };
    this.paged = heap;
    setPagedHeap(heap);
    const root = heap.load(first);
    // Behind what gives built-ins back as the program has them.
    this.atResumption.push(() => {
      if (this.paged === heap) methods.putIn();
    });
    return root;
  }

  /**
   * Makes everything whole that is hollow still: what captures a heap looks at all of it. At a pause frames() does so; of an idle guest it is the
   * runtime's to ask for, before it asks what the guest holds and whether it is clean. With the guest's own built-ins in their place, which are
   * told that the stand-ins of Maps and Sets go (hollow-collections.ts).
   */
  makeWhole(): void {
    this.paged?.fillAll();
  }

  /** Takes a parcel that nobody waits for. */
  add(parcel: Uint8Array): void {
    this.paged?.add(parcel);
  }

  /** Makes some more of what is hollow whole, of about so many objects; false when nothing is left. */
  fillSome(objects: number): boolean {
    return this.paged?.fillSome(objects) ?? false;
  }

  /** Runs the captured stack to its end, as the activity it belongs to. Does nothing for a guest that was idle. */
  resume(): void {
    this.isRunning = true;
    this.paged?.begin();
    const frames = this.restored;
    this.restored = [];
    const places = this.places.splice(0);
    withOriginals(() => {
      for (let i = 0; i < places.length; i++) places[i]!();
    });
    const steps = this.atResumption.splice(0);
    for (let i = 0; i < steps.length; i++) steps[i]!();
    if (frames.length === 0) return;
    let threw = false;
    let value: unknown;
    try {
      value = this.realm.resumeStack(frames);
    } catch (error) {
      threw = true;
      value = error;
    }
    finish(threw, value);
  }

  private heapOptions(frames: readonly Frame[], finishing: Finishing, sources: IteratorSources): HeapOptions {
    return {
      builtins: this.builtins,
      internals: this.internals,
      specials: specialKinds(this.realm, this.internals, frames, finishing, sources),
      privates: privateFields(this.realm),
      recognise: (fn, slots) => brandLate(fn, slots, this.realm),
    };
  }
}

/** Gives the next parcel, if possible with what is wanted; waits for it. */
export type NextParcel = (wanted: Wish | undefined) => Uint8Array;

/** What the main activity runs and reports to; not part of any image, so not a static of a class that images name. */
const program: { realm: Realm | undefined; ended: (threw: boolean, value: unknown) => void } = {
  realm: undefined,
  ended: () => {},
};

export function setProgram(realm: Realm, ended: (threw: boolean, value: unknown) => void): void {
  program.realm = realm;
  program.ended = ended;
}

/** The program itself, as an activity. */
export class MainActivity implements Activity {
  run(): unknown {
    forgetMatches();
    return program.realm!.runMain();
  }
  complete(threw: boolean, value: unknown): void {
    program.ended(threw, value);
  }
}
