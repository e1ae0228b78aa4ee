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
import { bare, type List, list, reflectApply, reflectDefine, reflectDelete } from './primordials.js';
import { setAside } from './set-aside.js';

/** One scope of a suspended generator: V8's description (`Local (name)`, `Closure (name)` …) and its variables. */
export interface InternalScope {
  readonly description: string;
  readonly variables: object;
}

/** Internal slots by V8's names, brackets included: `'[[PromiseState]]'`; private fields as `'#name'`. */
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
  privateProperties?: { name: string; value?: RemoteObject }[];
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
        // biome-ignore lint/complexity/useMathMinMax: Math.min is the guest's
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

  /** How many own properties an array has besides its elements, `length` included. Does not list the elements. */
  namedProperties(array: object): number {
    const withToJson = hideToJson();
    const batch = list<object>();
    batch[0] = array;
    this.#holder.asked = batch;
    try {
      const { objectId } = this.#call('function () { return this.asked[0]; }', []);
      const params = { objectId, ownProperties: true, nonIndexedPropertiesOnly: true };
      return (this.#post('Runtime.getProperties', params) as PropertyAnswer).result.length;
    } finally {
      this.#holder.asked = undefined;
      this.#post('Runtime.releaseObjectGroup', { objectGroup });
      if (withToJson) withToJson();
    }
  }

  /** Ends the session. */
  dispose(): void {
    this.#session.disconnect();
  }

  #readBatch(batch: List<object>): List<InternalSlots> {
    const slots = list<InternalSlots>();
    const byReference: References = list();
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
        const answer = this.#properties(element.value!.objectId!);
        collect(answer.internalProperties, into, byReference, references);
        collect(answer.privateProperties, into, byReference, references);
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

type References = List<{ slots: InternalSlots; name: string }>;

/** Takes primitives over at once and notes what is to be fetched by reference. */
function collect(
  from: PropertyAnswer['internalProperties'],
  into: InternalSlots,
  wanted: References,
  ids: { objectId: string }[],
): void {
  for (let i = 0; from !== undefined && i < from.length; i++) {
    const { name, value } = from[i]!;
    if (value === undefined || name === '[[Prototype]]') continue;
    if (value.objectId === undefined) into[name] = primitive(value);
    else {
      wanted[wanted.length] = { slots: into, name };
      define(ids, ids.length, { objectId: value.objectId });
    }
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
 * Object.prototype or Array.prototype. It is set aside for the time of the question.
 */
function hideToJson(): (() => void) | undefined {
  const fromObject = setAside(objectPrototype, 'toJSON');
  const fromArray = setAside(arrayPrototype, 'toJSON');
  if (!fromObject && !fromArray) return undefined;
  return () => {
    fromObject?.();
    fromArray?.();
  };
}
