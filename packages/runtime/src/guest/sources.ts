/**
 * Which of Node's own globals and functions of modules give nothing but what can be captured; all others set the mark of the realm, by which a
 * guest comes whole (docs/adr/0018), when they are read or called. Lists of what is fine: what a newer Node adds is not in them.
 * What pins (module-policy.ts) needs no mark: the guest does not move.
 */
import Module from 'node:module';
import { addSource, likeNative, mark, standInClass } from '@godwit/checkpoint/guest';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Holder = Record<PropertyKey, unknown>;

const { apply, defineProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;
const { getPrototypeOf } = Object;

/** Of the language, and those of Node's that the runtime gives or the codec knows. */
const fineGlobals = new Set([
  'Object', 'Function', 'Array', 'Number', 'parseFloat', 'parseInt', 'Infinity', 'NaN', 'undefined', 'Boolean', 'String', 'Symbol', 'Date', 'Promise', 'RegExp', 'Error',
  'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'globalThis', 'JSON', 'Math', 'Intl', 'ArrayBuffer', 'Uint8Array',
  'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array', 'Uint8ClampedArray', 'BigUint64Array', 'BigInt64Array', 'DataView',
  'Map', 'BigInt', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'Proxy', 'Reflect', 'FinalizationRegistry', 'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent',
  'escape', 'unescape', 'eval', 'isFinite', 'isNaN', 'console', 'process', 'global', 'Buffer', 'URL', 'URLSearchParams', 'DOMException', 'TextEncoder', 'TextDecoder',
  'clearInterval', 'clearTimeout', 'setInterval', 'setTimeout', 'queueMicrotask', 'structuredClone', 'atob', 'btoa', 'clearImmediate', 'setImmediate', 'performance',
  'SharedArrayBuffer', 'Atomics', 'Iterator', 'crypto', 'fetch', 'WebSocket', 'BroadcastChannel', 'MessageChannel', 'EventSource',
]); // biome-ignore format: one table

/** Classes that libraries look at, and that mark when something is made with them. */
const lookedAt = /^(Blob|Event|EventTarget|CustomEvent|AbortController|AbortSignal)$/;

/** Of built-in objects that are fine otherwise: functions that are not. */
const calls: readonly { of: () => unknown; keys: readonly string[] }[] = [
  { of: () => Atomics, keys: ['waitAsync'] },
  { of: () => Array, keys: ['fromAsync'] },
  { of: () => (globalThis as Holder).Iterator, keys: ['from', 'concat', 'zip', 'zipKeyed'] },
  { of: () => (globalThis as { Iterator?: Holder }).Iterator?.prototype, keys: ['map', 'filter', 'take', 'drop', 'flatMap'] },
  { of: () => URLSearchParams.prototype, keys: ['keys', 'values', 'entries'] },
  { of: () => TextDecoder.prototype, keys: ['decode'] },
  { of: () => Module.prototype, keys: ['load', 'require', '_compile'] },
  { of: () => console, keys: ['Console', 'context', 'createTask', 'profile'] },
];

const finePerformance = /^(now|timeOrigin|toJSON|eventLoopUtilization|nodeTiming|clear\w+|constructor)$/;

/**
 * Functions of Node's modules that give what can be captured: strings, buffers, plain objects, errors, the guest's promises. Of modules that
 * are not here, every function.
 */
const fineFunctions: Readonly<Record<string, RegExp>> = {
  path: /./, 'path/posix': /./, 'path/win32': /./, url: /./, querystring: /./, os: /./, punycode: /./, constants: /./, timers: /./, 'timers/promises': /./,
  string_decoder: /./,
  async_hooks: /^(executionAsyncId|triggerAsyncId|asyncWrapProviders)$/, events: /^(?!on$|once$|addAbortListener$)/, stream: /^(?!finished$|pipeline$|addAbortSignal$|compose$)/,
  buffer: /^(?!Blob$|File$|resolveObjectURL$)/,
  assert: /^(?!CallTracker$|rejects$|doesNotReject$)/,
  'assert/strict': /^(?!CallTracker$|rejects$|doesNotReject$)/,
  console: /^(?!Console$|context$|createTask$|profile$)/,
  util: /^(?!MIMEType$|MIMEParams$|transferable|aborted$)/,
  'util/types': /./,
  perf_hooks: /^(performance|constants)$/,
  module: /^(builtinModules|isBuiltin|Module|_extensions|globalPaths|prototype|length|name)$/,
  v8: /^(getHeap(Space|Code)?Statistics|cachedDataVersionTag|serialize|deserialize|setFlagsFromString|writeHeapSnapshot)$/,
  fs: /^(access|appendFile|chmod|chown|close|copyFile|cp|exists|fchmod|fchown|fdatasync|fstat|fsync|ftruncate|futimes|lchmod|lchown|link|lstat|lutimes|mkdir|mkdtemp|open|opendir|read|readdir|readFile|readlink|readv|realpath|rename|rm|rmdir|stat|statfs|symlink|truncate|unlink|utimes|write|writeFile|writev|watch|watchFile|unwatchFile|create(Read|Write)Stream|_toUnixTimestamp)(Sync)?$|^(Stats|Dirent|constants|promises|[FRWX]_OK)$/,
  'fs/promises': /^(access|appendFile|chmod|chown|copyFile|cp|lchmod|lchown|link|lstat|lutimes|mkdir|mkdtemp|open|opendir|readdir|readFile|readlink|realpath|rename|rm|rmdir|stat|statfs|symlink|truncate|unlink|utimes|writeFile|watch|constants)$/,
  crypto: /^(randomBytes|pseudoRandomBytes|prng|rng|randomInt|randomUUID|randomFill(Sync)?|getRandomValues|pbkdf2(Sync)?|scrypt(Sync)?|hkdf(Sync)?|timingSafeEqual|getHashes|getCiphers|getCurves|getCipherInfo|hash|checkPrime(Sync)?|generatePrime(Sync)?|publicEncrypt|publicDecrypt|privateEncrypt|privateDecrypt|sign|verify|getFips|secureHeapUsed|constants)$/,
  zlib: /^((deflate|inflate|gzip|gunzip|unzip|deflateRaw|inflateRaw|brotliCompress|brotliDecompress|crc32)(Sync)?|codes|constants)$/,
  dns: /^(?!Resolver$)/,
  'dns/promises': /^(?!Resolver$)/,
}; // biome-ignore format: one table

/** The guest's own modules of these names take what they need of them. */
const own = new Set(['events', 'stream', 'stream/promises', 'async_hooks']);

const isFunctionName = (key: string): boolean => key[0]! >= 'a' && key[0]! <= 'z';

export const isFineFunction = (module: string, name: string): boolean => fineFunctions[module]?.test(name) ?? false;

/** Data of a module can be read. */
const isHarmless = (value: unknown): boolean => (typeof value !== 'object' && typeof value !== 'function') || value === null;

/** Puts the marks into a realm. Once, when the runtime has put its own there, and before built-ins are named. */
export function markSources(): void {
  for (const key of Object.getOwnPropertyNames(globalThis))
    if (lookedAt.test(key)) markClass(globalThis as never, key, key);
    else if (!fineGlobals.has(key) && !key.startsWith('$$')) markReads(globalThis as never, key, key);
  for (const { of, keys } of calls) {
    const holder = of() as Holder | undefined;
    for (const key of keys) if (holder && Object.hasOwn(holder, key)) markCalls(holder, key, key);
  }
  const { prototype } = URLSearchParams as unknown as { prototype: Holder };
  defineProperty(prototype, Symbol.iterator, {
    ...getOwnPropertyDescriptor(prototype, Symbol.iterator),
    value: prototype.entries,
  });
  for (const key of Object.getOwnPropertyNames(Intl)) {
    const Class = (Intl as unknown as Holder)[key];
    if (typeof Class === 'function' && 'prototype' in Class && key !== 'Locale') {
      markClass(Intl as never, key, `Intl.${key}`);
      // A bound function of an instance is made by a getter of the prototype.
      addSource(Class.prototype);
    }
  }
  const crypto = (globalThis as Holder).crypto as object;
  markReads(getPrototypeOf(crypto) as Holder, 'subtle', 'crypto.subtle', crypto);
  const performance = getPrototypeOf(globalThis.performance) as Holder;
  for (const key of Object.getOwnPropertyNames(performance))
    if (!finePerformance.test(key)) markReads(performance, key, `performance.${key}`);
}

/** Marks in a module of Node's as it stands in this realm. */
export function markModule(name: string, module: object): void {
  const isFine = fineFunctions[name];
  for (const key of ownKeys(module)) {
    if (typeof key !== 'string' || isFine?.test(key)) continue;
    const descriptor = getOwnPropertyDescriptor(module, key)!;
    if (!descriptor.configurable || ('value' in descriptor && isHarmless(descriptor.value))) continue;
    if (typeof descriptor.value === 'function' && isFunctionName(key)) markCalls(module as Holder, key, `node:${name}.${key}`);
    else if (!own.has(name)) markReads(module as Holder, key, `node:${name}.${key}`);
  }
}

/** A property sets the mark when it is looked at, and so does a heap in which what it gives is held. `self`: of an accessor, to know what that is. */
export function markReads(holder: Holder, key: string, name: string, self: object = holder): void {
  const descriptor = getOwnPropertyDescriptor(holder, key);
  if (!descriptor?.configurable) return;
  const { get, set, value, enumerable } = descriptor;
  const reason = `uses ${name}`;
  const found = (given: unknown): unknown => {
    if (isHarmless(given)) return given;
    noteSource(given as object);
    mark(reason);
    return given;
  };
  if (!get) found(value);
  const accessors = {
    get(this: unknown) {
      return found(get ? apply(get, self === holder ? holder : this, []) : value);
    },
    set(this: unknown, next: unknown) {
      if (get && set) apply(set, this, [next]);
      else defineProperty(holder, key, { value: next, writable: true, enumerable: enumerable ?? false, configurable: true });
    },
  };
  for (const [word, accessor] of Object.entries(accessors))
    defineProperty(accessor, 'name', { value: `${word} ${key}`, configurable: true });
  defineProperty(holder, key, { ...accessors, enumerable: enumerable ?? false, configurable: true });
}

/** What it holds itself is of its kind. */
function noteSource(value: object): void {
  addSource(value);
  for (const key of ownKeys(value)) {
    const own: unknown = getOwnPropertyDescriptor(value, key)?.value;
    if (typeof own === 'function' && key !== 'constructor') addSource(own);
  }
}

/** A function in the place of another sets the mark when it is called. */
function markCalls(holder: Holder, key: string, name: string): void {
  const native = holder[key] as AnyFunction;
  const reason = `uses ${name}`;
  const { made } = {
    made(this: unknown, ...given: unknown[]): unknown {
      if (key !== 'decode' || given.length > 1) mark(reason);
      return apply(native, this, given);
    },
  };
  put(holder, key, likeNative(made, native));
}

/** The same of a class: its instances keep their prototype. */
function markClass(holder: Holder, key: string, name: string): void {
  const reason = `uses ${name}`;
  put(
    holder,
    key,
    standInClass(holder[key] as AnyFunction, () => mark(reason)),
  );
}

function put(holder: Holder, key: string, value: AnyFunction): void {
  const { enumerable } = getOwnPropertyDescriptor(holder, key)!;
  defineProperty(holder, key, { value, writable: true, enumerable: enumerable ?? false, configurable: true });
}
