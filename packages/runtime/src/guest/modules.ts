/**
 * The built-in modules that a guest gets from Godwit instead of from Node: JavaScript in guest-lib that is bundled into the guest and
 * compiled with it, so that what they hold moves like any other state. The one place that decides it; every other built-in is
 * Node's own (globals.ts says which of those pin).
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CompileOptions } from '@godwit/checkpoint/compile';

const guestFolder = fileURLToPath(new URL('../../guest-lib', import.meta.url));
const guestFile = (name: string): string => `${guestFolder}/${name}`;
const { resolve } = createRequire(import.meta.url);
const streamsFolder = dirname(resolve('readable-stream/package.json'));

/** Built-in → the module in its place. */
export const guestModules: Readonly<Record<string, string>> = {
  async_hooks: guestFile('async-hooks.cjs'),
  events: guestFile('events.cjs'),
  stream: guestFile('stream.cjs'),
  'stream/promises': guestFile('stream-promises.cjs'),
  net: guestFile('net.cjs'),
  timers: guestFile('timers.cjs'),
  'timers/promises': guestFile('timers-promises.cjs'),
  util: guestFile('util.cjs'),
  'util/types': guestFile('util-types.cjs'),
};

/** What compileScript needs for a guest, beside the place of its cache. */
export const guestCompileOptions: CompileOptions = {
  prelude: [join(dirname(resolve('@godwit/checkpoint')), '../guest-lib/prelude.js')],
  preludeOnMention: [
    {
      pattern: /\b(?:EventTarget|AbortController|AbortSignal|CustomEvent)\b|\b(?:new|extends|instanceof) Event\b/,
      file: guestFile('web-events.cjs'),
    },
  ],
  replacements: { ...guestModules },
  aliases: { within: streamsFolder, names: { 'process/': 'node:process', 'string_decoder/': 'node:string_decoder' } },
  guestFolder,
};

/** How errors show a file: Godwit's modules under the names of those they stand for. */
export function nameOfModule(file: string): string {
  if (file.startsWith(`${streamsFolder}/`)) return 'node:stream';
  if (!file.startsWith(`${guestFolder}/`)) return file;
  return `node:${file.slice(guestFolder.length + 1).replace(/(-statics|-async-resource)?\.c?js$/, '')}`;
}
