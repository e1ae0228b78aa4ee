/**
 * Intrinsic objects that no property path from globalThis reaches, and instances whose symbol keys and hidden prototypes
 * need names (an EventEmitter's capture flag, an AbortSignal's state). Evaluated before guest code.
 */
import { EventEmitter } from 'node:events';
import { Dirent } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { stackAccessor } from './error-stack.js';

/** Hidden intrinsics by name. */
export function hiddenIntrinsics(): Record<string, unknown> {
  const { getPrototypeOf } = Object;
  function* generator(): Generator {}
  async function* asyncGenerator(): AsyncGenerator {}
  const asyncFunction = async (): Promise<void> => undefined;
  const throwTypeError = Object.getOwnPropertyDescriptor(
    (function (this: unknown) {
      // biome-ignore lint/complexity/noArguments: the strict arguments object carries %ThrowTypeError%
      return arguments;
    })(),
    'callee',
  )!.get;
  const iterators = {
    arrayIterator: [][Symbol.iterator](),
    mapIterator: new Map().entries(),
    setIterator: new Set().entries(),
    stringIterator: ''[Symbol.iterator](),
    regExpStringIterator: ''.matchAll(/x/g),
  };
  const named: Record<string, unknown> = {
    '%GeneratorFunction%': getPrototypeOf(generator),
    '%AsyncGeneratorFunction%': getPrototypeOf(asyncGenerator),
    '%AsyncFunction%': getPrototypeOf(asyncFunction),
    '%TypedArray%': getPrototypeOf(Uint8Array),
    '%ThrowTypeError%': throwTypeError,
    // Node's class of every Buffer; packages that make many keep it.
    '%FastBuffer%': (Buffer as unknown as { [Symbol.species]: unknown })[Symbol.species],
    '%Error stack getter%': stackAccessor?.get,
    '%Error stack setter%': stackAccessor?.set,
  };
  for (const [name, iterator] of Object.entries(iterators)) named[`%${name}%`] = getPrototypeOf(iterator);
  const helperSource = (iterators.arrayIterator as { map?: (f: (x: unknown) => unknown) => object }).map;
  if (helperSource) named['%IteratorHelper%'] = getPrototypeOf(helperSource.call(iterators.arrayIterator, (x) => x));
  return named;
}

/** Instances that are walked only for what hangs on them. */
export function sampleInstances(): Record<string, object> {
  const controller = new AbortController();
  controller.signal.addEventListener('abort', () => undefined);
  return {
    ...listenersOf(controller.signal),
    EventEmitter: new EventEmitter({ captureRejections: true }),
    AbortController: controller,
    AbortSignal: controller.signal,
    EventTarget: new EventTarget(),
    Event: new Event('sample'),
    TextEncoder: new TextEncoder(),
    TextDecoder: new TextDecoder(),
    StringDecoder: new StringDecoder(),
    // The type of a Dirent stands under a symbol of Node's.
    Dirent: Reflect.construct(Dirent, ['name', 1, 'path']) as object,
  };
}

/** The list nodes that hold an EventTarget's listeners: they are entries of a Map, which no property path reaches. */
function listenersOf(target: EventTarget): Record<string, object> {
  for (const symbol of Object.getOwnPropertySymbols(target)) {
    const held: unknown = Object.getOwnPropertyDescriptor(target, symbol)?.value;
    if (!(held instanceof Map)) continue;
    for (const value of held.values()) if (typeof value === 'object' && value !== null) return { Listeners: value };
  }
  return {};
}

/** Constructors whose instances this codec recognises by their slots: an object that merely inherits from them is ordinary. */
export const openConstructors: readonly string[] = [
  ...[
    'Object',
    'Function',
    'Array',
    'Boolean',
    'Number',
    'String',
    'Symbol',
    'BigInt',
    'Date',
    'RegExp',
    'Promise',
    'Proxy',
    'Iterator',
  ],
  ...[
    'Error',
    'EvalError',
    'RangeError',
    'ReferenceError',
    'SyntaxError',
    'TypeError',
    'URIError',
    'AggregateError',
    'SuppressedError',
  ],
  ...['Map', 'Set', 'WeakMap', 'WeakSet', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView'],
  ...['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array'],
  ...['Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'],
];
