/**
 * What a built-in of Node's own does to a move: nothing, or it pins, for good or until it has answered. The one table that the guest's realm
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

/** `answers`: asynchronous calls pin until they are answered. `pins`: from its import on. */
export type ModuleEffect = 'pure' | 'answers' | 'pins';

export function moduleEffect(name: string): ModuleEffect {
  if (pure.has(name)) return 'pure';
  return answering.has(name) ? 'answers' : 'pins';
}

export const opensForGood = (functionName: string): boolean => opening.test(functionName);

/** Globals that pin once they are used. */
export const pinningGlobals: readonly string[] = ['fetch', 'WebSocket', 'BroadcastChannel', 'MessageChannel', 'EventSource'];
