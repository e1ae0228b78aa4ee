/**
 * ArrayBuffer, SharedArrayBuffer and the views on them. Views refer to their buffer as an object, so sharing comes back as sharing;
 * a buffer's content is copied whole. SharedArrayBuffers stay shared inside the guest only.
 * A transferred (detached) buffer comes back detached: it is made empty and transferred away when its views exist.
 */
import { types } from 'node:util';
import type { IntrinsicKind } from './kinds.js';
import { bytesSet, isView, type List, list, reflectConstruct, uncurry } from './primordials.js';

/** Raw bytes among saved values; the encoder writes them as they are and the decoder gives back a Uint8Array. */
export class BytesPart {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The bytes of a part; undefined for any other value. A private field is asked, which no proxy can see. */
  static read(value: unknown): Uint8Array | undefined {
    return typeof value === 'object' && value !== null && #bytes in value ? value.#bytes : undefined;
  }
}

type Read<T> = (self: object) => T;
const getter = <T>(prototype: object, key: string): Read<T> | undefined => {
  const found = Object.getOwnPropertyDescriptor(prototype, key)?.get;
  return found && (uncurry(found) as Read<T>);
};
const Bytes = Uint8Array;
const BufferOf = ArrayBuffer;
const SharedOf = SharedArrayBuffer;
const clone = structuredClone;
const TypedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const viewName = getter<string>(TypedArrayPrototype, Symbol.toStringTag as unknown as string)!;
const viewBuffer = getter<object>(TypedArrayPrototype, 'buffer')!;
const viewOffset = getter<number>(TypedArrayPrototype, 'byteOffset')!;
/** The number of elements of a typed array. */
export const viewLength = getter<number>(TypedArrayPrototype, 'length')!;
const viewBytes = getter<number>(TypedArrayPrototype, 'byteLength')!;
const viewKeys = uncurry(Uint8Array.prototype.keys) as (self: object) => unknown;
const dataBuffer = getter<object>(DataView.prototype, 'buffer')!;
const dataOffset = getter<number>(DataView.prototype, 'byteOffset')!;
const dataLength = getter<number>(DataView.prototype, 'byteLength')!;
const lengthOf = getter<number>(ArrayBuffer.prototype, 'byteLength')!;
const maxLengthOf = getter<number>(ArrayBuffer.prototype, 'maxByteLength');
const resizable = getter<boolean>(ArrayBuffer.prototype, 'resizable');
const sharedLengthOf = getter<number>(SharedArrayBuffer.prototype, 'byteLength')!;
const sharedMaxLengthOf = getter<number>(SharedArrayBuffer.prototype, 'maxByteLength');
const growable = getter<boolean>(SharedArrayBuffer.prototype, 'growable');
const resizeMethod = (ArrayBuffer.prototype as { resize?: (size: number) => void }).resize;
const resize = resizeMethod && (uncurry(resizeMethod) as (self: object, size: number) => void);

const constructors: Record<string, new (buffer: object, offset: number, length?: number) => object> = Object.create(null);
for (const name of [
  'Int8',
  'Uint8',
  'Uint8Clamped',
  'Int16',
  'Uint16',
  'Int32',
  'Uint32',
  'Float16',
  'Float32',
  'Float64',
  'BigInt64',
  'BigUint64',
]) {
  const Class = (globalThis as Record<string, unknown>)[`${name}Array`];
  if (Class) constructors[`${name}Array`] = Class as never;
}
constructors.DataView = DataView as never;

/** Only a detached buffer refuses a view of it. */
const isDetached = (value: object): boolean => {
  if (lengthOf(value) !== 0) return false;
  try {
    new Bytes(value as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
};

function values(...parts: unknown[]): List<unknown> {
  const made = list<unknown>();
  for (let i = 0; i < parts.length; i++) made[i] = parts[i];
  return made;
}

const arrayBuffer: IntrinsicKind = {
  tag: 'ArrayBuffer',
  claims: types.isArrayBuffer,
  save(value) {
    if (isDetached(value)) return { create: values(null, undefined), fill: values(true) };
    const max = resizable?.(value) ? maxLengthOf!(value) : undefined;
    return { create: values(new BytesPart(new Bytes(value as ArrayBuffer)), max) };
  },
  create(parts) {
    const bytes = parts[0] as Uint8Array | null;
    if (bytes === null) return new BufferOf(0);
    const options = parts[1] === undefined ? undefined : { __proto__: null, maxByteLength: parts[1] };
    const made = reflectConstruct(BufferOf, [bytes.length, options]) as ArrayBuffer;
    bytesSet(new Bytes(made), bytes);
    return made;
  },
  fill(value) {
    clone(undefined, { transfer: [value as ArrayBuffer] });
  },
};

const sharedArrayBuffer: IntrinsicKind = {
  tag: 'SharedArrayBuffer',
  claims: types.isSharedArrayBuffer,
  save(value) {
    const max = growable?.(value) ? sharedMaxLengthOf!(value) : undefined;
    const copy = new Bytes(sharedLengthOf(value));
    bytesSet(copy, new Bytes(value as SharedArrayBuffer));
    return { create: values(new BytesPart(copy), max) };
  },
  create(parts) {
    const bytes = parts[0] as Uint8Array;
    const options = parts[1] === undefined ? undefined : { __proto__: null, maxByteLength: parts[1] };
    const made = reflectConstruct(SharedOf, [bytes.length, options]) as SharedArrayBuffer;
    bytesSet(new Bytes(made), bytes);
    return made;
  },
};

/** Whether a view is out of its buffer's bounds: only then do these operations throw. */
function outOfBounds(view: object): boolean {
  try {
    if (types.isDataView(view)) dataLength(view);
    else viewKeys(view);
    return false;
  } catch {
    return true;
  }
}

/**
 * A view made without a length follows its buffer's size; no property says so. It is found out by resizing the buffer for an
 * instant and back. Undefined: the two cannot be told apart.
 */
function followsBuffer(view: object, buffer: object, length: Read<number>, end: number): boolean | undefined {
  if (types.isSharedArrayBuffer(buffer)) {
    return !growable?.(buffer) || sharedLengthOf(buffer) === sharedMaxLengthOf!(buffer) ? false : undefined;
  }
  if (!resizable?.(buffer)) return false;
  if (outOfBounds(view)) return undefined;
  const size = lengthOf(buffer);
  const before = length(view);
  if (maxLengthOf!(buffer) - size >= 8) {
    resize!(buffer, size + 8);
    const follows = length(view) !== before;
    resize!(buffer, size);
    return follows;
  }
  if (before === 0) return undefined;
  const kept = new Bytes(size);
  bytesSet(kept, new Bytes(buffer as ArrayBuffer));
  // One byte less than a fixed view needs puts it out of bounds; one that follows only gets shorter.
  resize!(buffer, end - 1);
  const follows = !outOfBounds(view);
  resize!(buffer, size);
  bytesSet(new Bytes(buffer as ArrayBuffer), kept);
  return follows;
}

const view: IntrinsicKind = {
  tag: 'View',
  claims: isView,
  save(value, context) {
    const isData = types.isDataView(value);
    const buffer = (isData ? dataBuffer : viewBuffer)(value);
    if (!types.isSharedArrayBuffer(buffer) && isDetached(buffer)) {
      return { create: values(buffer, isData ? 'DataView' : viewName(value), 0, 0) };
    }
    const length = isData ? dataLength : viewLength;
    const offset = (isData ? dataOffset : viewOffset)(value);
    const follows = followsBuffer(value, buffer, length, offset + (isData ? dataLength : viewBytes)(value));
    if (follows === undefined) context.refuse('a view on a resizable buffer whose length cannot be told fixed or following');
    return { create: values(buffer, isData ? 'DataView' : viewName(value), offset, follows ? undefined : length(value)) };
  },
  create: (parts) => reflectConstruct(constructors[parts[1] as string]!, [parts[0], parts[2], parts[3]]) as object,
};

export const bufferKinds: readonly IntrinsicKind[] = [view, arrayBuffer, sharedArrayBuffer];
