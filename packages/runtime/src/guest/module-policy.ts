/**
 * What a built-in of Node's own does to a move: nothing, or it pins, for good once it is used (pinning-module.ts) or until it has answered. The one table that the guest's realm
 * (globals.ts) and cluster-check both go by. Modules that Godwit brings itself are in modules.ts.
 */

/** Modules whose functions hold nothing between calls. */
const pure = new Set([
  'path', 'path/posix', 'path/win32', 'url', 'util', 'util/types', 'querystring', 'string_decoder', 'buffer', 'assert', 'assert/strict', 'events', 'stream',
  'os', 'punycode', 'constants', 'v8', 'module', 'console', 'stream/web', 'diagnostics_channel', 'async_hooks',
]); // biome-ignore format: one table

/** Modules that are exact for synchronous calls; a callback or promise pins until it is answered. */
const answering = new Set(['fs', 'fs/promises', 'crypto', 'zlib', 'dns', 'dns/promises']);
/** Functions of those that open something with no end we can see. */
const opening = /^(create(Read|Write)Stream|watch|watchFile|open|openSync|opendir|opendirSync)$/;

/** `answers`: asynchronous calls pin until they are answered. `pins`: from the first call of one of its functions on. */
export type ModuleEffect = 'pure' | 'answers' | 'pins';

export function moduleEffect(name: string): ModuleEffect {
  if (pure.has(name)) return 'pure';
  return answering.has(name) ? 'answers' : 'pins';
}

export const opensForGood = (functionName: string): boolean => opening.test(functionName);

/** Globals that pin once they are used. */
export const pinningGlobals: readonly string[] = ['fetch', 'WebSocket', 'BroadcastChannel', 'MessageChannel', 'EventSource'];

/**
 * What gives an object that has no exact form: by module (`` for globals), names of functions and classes. An object of these that is held
 * keeps its process where it is. test/e2e/check.test.ts tries some of them.
 */
const nativeObjects: Readonly<Record<string, RegExp>> = {
  '': /^(Blob|File|Headers|FormData|Request|Response|Intl\.PluralRules|Proxy\.revocable|PerformanceObserver|performance\.timerify|WebAssembly\.(Memory|Module|Instance|Table|Global|compile|instantiate)\w*|(Readable|Writable|Transform|Compression|Decompression|TextEncoder|TextDecoder)Stream)$/,
  async_hooks: /^createHook$/,
  assert: /^CallTracker$/,
  console: /^Console$/,
  buffer: /^(Blob|File)$/,
  crypto: /^(create(Hash|Hmac|Cipheriv|Decipheriv|Sign|Verify|SecretKey|PublicKey|PrivateKey|ECDH|DiffieHellman\w*)|generateKeySync|X509Certificate)$/,
  dns: /^Resolver$/,
  'dns/promises': /^Resolver$/,
  module: /^createRequire$/,
  net: /^(BlockList|SocketAddress)$/,
  perf_hooks: /^(createHistogram|monitorEventLoopDelay|PerformanceObserver)$/,
  'stream/web': /Stream$/,
  util: /^(MIMEType|MIMEParams)$/,
  v8: /^(Default)?(Des|S)erializer$/,
  zlib: /^create[A-Z]/,
}; // biome-ignore format: one table

export const givesNativeObject = (module: string, name: string): boolean => nativeObjects[module]?.test(name) ?? false;

/** Synchronous functions that compute for long in one native call. */
export const isLongCall = (module: string, name: string): boolean =>
  module === 'crypto' && /^(pbkdf2|scrypt|generateKeyPair|generatePrime)Sync$/.test(name);
