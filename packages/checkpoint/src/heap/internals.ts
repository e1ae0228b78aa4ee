/**
 * What only a debugger may read: internal slots of bound functions, proxies, weak collections, iterators,
 * promises and suspended generators, handed over by reference.
 * An inspector session connected to its own thread answers synchronously, so that nothing of the guest runs in between:
 * no microtask, no getter, no proxy trap. Object ids live in one group that is released after each question.
 * It is not a debugger: it never pauses, never enables a domain, and changes no object.
 */
import inspector from 'node:inspector';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import {
  bare,
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  type List,
  list,
  ownKeys,
  reflectApply,
  reflectDefine,
  reflectDelete,
} from './primordials.js';

/** One scope of a suspended generator: V8's description (`Local (name)`, `Closure (name)` …) and its variables. */
export interface InternalScope {
  readonly description: string;
  readonly variables: object;
}

/** Internal slots by V8's names, brackets included: `'[[PromiseState]]'`. */
export type InternalSlots = { [internalName: string]: unknown };

interface RemoteObject {
  type: string;
  subtype?: string;
  value?: unknown;
  unserializableValue?: string;
  objectId?: string;
}
interface PropertyAnswer {
  result: { name: string; value?: RemoteObject }[];
  internalProperties?: { name: string; value?: RemoteObject }[];
}

const sessionPost = inspector.Session.prototype.post;
const parseBigInt = BigInt;
const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype;
const objectGroup = 'godwit.internals';

/** Reads internal slots by reference. One instance a thread, made before guest code runs. */
export class Internals {
  readonly #session: inspector.Session;
  readonly #holder: { asked: unknown; taken: unknown; take(values: unknown): void };
  readonly #holderId: string;

  constructor() {
    this.#session = new inspector.Session();
    this.#session.connect();
    const holder = bare({
      asked: undefined as unknown,
      taken: undefined as unknown,
      take(values: unknown): void {
        holder.taken = values;
      },
    });
    this.#holder = holder;
    // The name is gone before this constructor returns; from then on the holder is reached by its object id only.
    const name = 'godwit internals holder';
    reflectDefine(globalThis, name, bare({ value: holder, configurable: true, enumerable: false, writable: false }));
    const answer = this.#post('Runtime.evaluate', { expression: `globalThis['${name}']` }) as { result: RemoteObject };
    reflectDelete(globalThis, name);
    this.#holderId = answer.result.objectId!;
  }

  /**
   * The internal slots of one object, by reference. `[[Scopes]]` is an array of InternalScope, `[[Entries]]` of weak
   * collections an array of `{ key, value }` (sets: `{ value }`), `[[GeneratorLocation]]` `{ scriptId, lineNumber, columnNumber }`.
   */
  of(object: object): InternalSlots {
    return this.ofAll([object])[0]!;
  }

  /** The batch form of `of`, in the same order. */
  ofAll(objects: readonly object[]): InternalSlots[] {
    const found: InternalSlots[] = [];
    const withToJson = hideToJson();
    try {
      for (let from = 0; from < objects.length; from += limits.internalsBatchObjects) {
        const batch = list<object>();
        const end = from + limits.internalsBatchObjects < objects.length ? from + limits.internalsBatchObjects : objects.length;
        for (let i = from; i < end; i++) batch[batch.length] = objects[i]!;
        const slots = this.#readBatch(batch);
        for (let i = 0; i < slots.length; i++) define(found, from + i, slots[i]);
      }
    } finally {
      if (withToJson) withToJson();
    }
    return found;
  }

  /** Ends the session. */
  dispose(): void {
    this.#session.disconnect();
  }

  #readBatch(batch: List<object>): List<InternalSlots> {
    const slots = list<InternalSlots>();
    const byReference = list<{ slots: InternalSlots; name: string }>();
    const references: { objectId: string }[] = [];
    this.#holder.asked = batch;
    try {
      const handle = this.#call('function () { return this.asked; }', []);
      const elements = this.#properties(handle.objectId!).result;
      for (let i = 0; i < elements.length; i++) {
        const element = elements[i]!;
        if (element.name === 'length') continue;
        const into: InternalSlots = bare({});
        slots[slots.length] = into;
        const properties = this.#properties(element.value!.objectId!).internalProperties;
        for (let p = 0; properties !== undefined && p < properties.length; p++) {
          const { name, value } = properties[p]!;
          if (value === undefined || name === '[[Prototype]]') continue;
          if (value.objectId === undefined) into[name] = primitive(value);
          else {
            byReference[byReference.length] = { slots: into, name };
            define(references, references.length, { objectId: value.objectId });
          }
        }
      }
      if (references.length > 0) this.#call('function () { this.take(arguments); }', references);
      const taken = this.#holder.taken as List<unknown>;
      for (let i = 0; i < byReference.length; i++) {
        const { slots: into, name } = byReference[i]!;
        into[name] = name === '[[Scopes]]' ? scopesOf(taken[i] as List<unknown>) : taken[i];
      }
    } finally {
      this.#holder.asked = undefined;
      this.#holder.taken = undefined;
      this.#post('Runtime.releaseObjectGroup', { objectGroup });
    }
    return slots;
  }

  #properties(objectId: string): PropertyAnswer {
    return this.#post('Runtime.getProperties', { objectId, ownProperties: true }) as PropertyAnswer;
  }

  #call(functionDeclaration: string, args: { objectId: string }[]): RemoteObject {
    const params = { objectId: this.#holderId, functionDeclaration, arguments: args, objectGroup };
    return (this.#post('Runtime.callFunctionOn', params) as { result: RemoteObject }).result;
  }

  #post(method: string, params: object): unknown {
    let answer: unknown;
    let failure: unknown = 'no answer';
    reflectApply(sessionPost, this.#session, [
      method,
      params,
      (error: unknown, result: unknown) => {
        failure = error;
        answer = result;
      },
    ]);
    if (failure)
      throw new GodwitError('GODWIT_INSPECTOR_FAILED', `Cannot read internal slots: ${method} failed`, { cause: failure });
    return answer;
  }
}

function define(array: unknown[], index: number, value: unknown): void {
  reflectDefine(array, index, bare({ value, writable: true, enumerable: true, configurable: true }));
}

function primitive(value: RemoteObject): unknown {
  const { unserializableValue } = value;
  if (value.type === 'undefined') return undefined;
  if (unserializableValue === undefined) return value.value;
  if (value.type === 'bigint') {
    let digits = '';
    for (let i = 0; i < unserializableValue.length - 1; i++) digits += unserializableValue[i];
    return parseBigInt(digits);
  }
  if (unserializableValue === '-0') return -0;
  if (unserializableValue === 'NaN') return Number.NaN;
  return unserializableValue === 'Infinity' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

function scopesOf(raw: List<unknown>): InternalScope[] {
  const scopes: InternalScope[] = [];
  for (let i = 0; i < raw.length; i++) {
    const scope = raw[i] as { description: string; object: object };
    define(scopes, i, { description: scope.description, variables: scope.object });
  }
  return scopes;
}

/**
 * node:inspector serialises its messages with JSON.stringify, which would call a `toJSON` that the guest put on
 * Object.prototype or Array.prototype. It is taken away for the time of the question, and put back in its place in key order.
 */
function hideToJson(): (() => void) | undefined {
  const hides = list<() => void>();
  if (hasOwn(objectPrototype, 'toJSON')) hides[hides.length] = hideKey(objectPrototype);
  if (isArray(arrayPrototype) && hasOwn(arrayPrototype, 'toJSON')) hides[hides.length] = hideKey(arrayPrototype);
  if (hides.length === 0) return undefined;
  return () => {
    for (let i = 0; i < hides.length; i++) hides[i]!();
  };
}

function hideKey(target: object): () => void {
  const keys = ownKeys(target);
  const kept = list<{ key: PropertyKey; descriptor: PropertyDescriptor }>();
  let after = false;
  for (let i = 0; i < keys.length; i++) {
    if (keys[i] === 'toJSON') after = true;
    if (after) kept[kept.length] = { key: keys[i]!, descriptor: bare(getOwnPropertyDescriptor(target, keys[i]!)!) };
  }
  if (!reflectDelete(target, 'toJSON')) {
    throw new GodwitError(
      'GODWIT_CANNOT_CAPTURE',
      'Cannot capture "Object.prototype.toJSON": it cannot be set aside (not configurable)',
    );
  }
  return () => {
    for (let i = 0; i < kept.length; i++) {
      const { key, descriptor } = kept[i]!;
      // Deleting and adding again is what keeps the order; a key that cannot be deleted stays where it is.
      if (i > 0) reflectDelete(target, key);
      reflectDefine(target, key, descriptor);
    }
  };
}
