/**
 * Which guests may come in parcels (docs/adr/0018): of each kind of thing that cannot be captured, a guest that holds one far from its roots is
 * put off or comes whole; one that holds what users' programs hold comes in parcels, all of which can be written.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileGuest } from '../kit/shaker.js';
import { HostedGuest } from './machine/dist/hosted-guest.js';

const imports = `
  import assert from 'node:assert'; import crypto from 'node:crypto'; import events from 'node:events'; import fs from 'node:fs';
  import os from 'node:os'; import path from 'node:path'; import stream from 'node:stream'; import util from 'node:util'; import zlib from 'node:zlib';
  import { AsyncLocalStorage } from 'node:async_hooks'; import { createRequire } from 'node:module';`;

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-clean-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

let programs = 0;

/** What becomes of a guest that has run `text` and waits: 'parcels', 'whole' with the reasons, or why it is put off. */
async function moved(text: string, captures = 1): Promise<string> {
  const file = path.join(folder, `${programs++}.mjs`);
  fs.writeFileSync(
    file,
    `${imports}
     const far = [[{ held: [] }]];
     const hold = (...values) => far[0][0].held.push(...values);
     const later = () => new Promise((resolve) => setTimeout(resolve, 1e6));
     ${text};
     console.log('ready');
     setInterval(() => far, 1e6);`,
  );
  const bundle = await compileGuest(file);
  const settings = { pid: 101, argv: [process.execPath, file], execArgv: [], env: {}, cwd: folder, tty: undefined };
  const guest = new HostedGuest(new SharedArrayBuffer(64), false, true);
  try {
    await guest.start(bundle, settings);
    const output = (): string => [...guest.output.values()].map(({ bytes }) => Buffer.from(bytes).toString()).join('');
    await expect.poll(output, { timeout: 20_000 }).toContain('ready');
    for (;;) {
      const event = await guest.capture();
      if (event?.type === 'putOff') return `put off: ${event.reason}`;
      if (event?.type !== 'captured') throw new Error(`no capture: ${JSON.stringify(event)}`);
      if (--captures === 0) {
        expect(await guest.drain()).toBe(undefined);
        return event.isPartial ? 'parcels' : `whole: ${event.unclean.join('; ')}`;
      }
      guest.goOn();
    }
  } finally {
    await guest.terminate();
  }
}

const neverInParcels: Record<string, string> = {
  'an array iterator': 'hold([1, 2].values())',
  'an iterator of an array that a method hands out':
    'class L { [Symbol.iterator]() { return [1][Symbol.iterator](); } } hold(new L()[Symbol.iterator]())',
  'an iterator of what is like an array, in a loop':
    'const like = { length: 1, [Symbol.iterator]: [][Symbol.iterator] }; hold((async () => { for (const x of like) await later(); })())',
  'an iterator of a typed array in a loop':
    'hold((async () => { for (const x of new Uint8Array(3).entries()) await later(); })())',
  'matches of a regular expression': "hold('ab'.matchAll(/./g))",
  'an iterator of a Map': 'hold(new Map([[1, 2]]).keys())',
  'an iterator of search parameters': "hold(new URLSearchParams('a=1').keys())",
  'what a function that was taken from arrays gives':
    'const { call } = Function.prototype; const f = [].values; hold(call.call(f, [1]))',
  'a hash': "hold(crypto.createHash('md5'))",
  'a stream of zlib': 'hold(zlib.createGzip())',
  'a blob': "hold(new Blob(['a']))",
  'a blob by a name that is worked out': "hold(new globalThis['Bl' + 'ob'](['a']))",
  WebAssembly: 'hold(new WebAssembly.Memory({ initial: 1 }))',
  'a formatter': "hold(new Intl.NumberFormat('en').format)",
  'rules of plurals': "hold(new Intl.PluralRules('en'))",
  'a TextDecoder with a converter': "hold(new TextDecoder('utf-16le'))",
  'a TextDecoder in the midst of a character':
    'const d = new TextDecoder(); d.decode(new Uint8Array([0xe2]), { stream: true }); hold(d)',
  'an error of a class of Node': 'try { Buffer.from(5); } catch (error) { hold(error); }',
  'such an error from a promise': 'hold((async () => path.join(5))().catch((error) => later(error)))',
  'statistics with large integers': "hold(fs.statSync('.', { bigint: true }))",
  'places of a stack': 'Error.prepareStackTrace = (_, sites) => sites; hold(new Error().stack)',
  'a private method': 'class A { #m() {} take() { return this.#m; } } hold(new A().take())',
  'a generator in a finally block':
    'function* g() { try { yield 1; } finally { yield 2; } } const it = g(); it.next(); it.return(); hold(it)',
  'classes that need each other': 'class A {} class B extends A {} Object.setPrototypeOf(B, function () {}.bind(B)); hold(B)',
  'a function of a text with a with statement': "hold(new Function('with ({}) { return () => 1; }')())",
  'a require of its own': 'hold(createRequire(import.meta.url))',
  'a measurement': "hold(performance.mark('a'))",
  'a module that is not named': "hold(process.getBuiltinModule?.('v' + '8').getHeapSnapshot ?? performance.mark('a'))",
  'a frozen toJSON': 'Object.defineProperty(Object.prototype, "toJSON", { value: undefined, configurable: false }); hold({})',
  'a built-in that cannot be put aside':
    'const { push } = Array.prototype; Object.defineProperty(Array.prototype, "push", { value(...given) { return push.apply(this, given); }, writable: false, configurable: false })',
  'a mime type': "hold(new util.MIMEType('a/b'))",
};

const inParcels: Record<string, string> = {
  'plain data, functions and classes':
    'class A { #x = 1; get x() { return this.#x; } } hold({ a: new A(), f: () => 1, d: new Date(), r: /a/g })',
  'collections, and loops over them that wait':
    'const map = new Map([[1, 2], [3, 4]]); hold(map, (async () => { for (const [k] of map.entries()) await later(); })())',
  'iterators that are gone through at once':
    'const m = new Map([[1, 2]]); hold([...[1, 2].entries()], Array.from(m.values()), m.keys().next().value, new Set([1].values()))',
  'generators and async functions':
    'function* g() { try { yield* [1, 2]; } finally { hold(1); } } const it = g(); it.next(); hold(it, (async () => { try { await later(); } finally { await 1; } })())',
  'what fs, path and os answer':
    "hold(fs.statSync('.'), fs.readdirSync('.', { withFileTypes: true }), fs.readFileSync('0.mjs'), path.parse('/a/b'), os.cpus(), os.userInfo())",
  'what fs answers later':
    "hold(await fs.promises.stat('.'), await fs.promises.readdir('.'), await util.promisify(fs.readFile)('0.mjs'))",
  'errors of the system and of assertions':
    "try { fs.readFileSync('/none'); } catch (e) { hold(e); } try { assert.equal(1, 2); } catch (e) { hold(e); } class E extends Error {} try { throw new E(); } catch (e) { hold(e); }",
  'what crypto and zlib compute':
    "hold(crypto.randomUUID(), crypto.randomBytes(4), crypto.scryptSync('a', 'b', 8), zlib.gzipSync('a'))",
  'emitters, streams and storages':
    "hold(new events.EventEmitter().on('a', () => 1), new stream.PassThrough(), stream.Readable.from(['a']), new AsyncLocalStorage())",
  'signals and events':
    "const c = new AbortController(); c.signal.addEventListener('abort', () => 1); hold(c, new EventTarget(), new Event('a'))",
  'addresses and coders': "const u = new URL('http://a/?b=1'); hold(u, u.searchParams, new TextEncoder(), new TextDecoder())",
  'functions of util': 'hold(util.promisify((done) => done()), util.inspect({ a: 1 }), util.inherits, util.types)',
};

describe('a guest that holds something far from its roots', () => {
  for (const [what, text] of Object.entries(neverInParcels))
    it(`does not come in parcels: ${what}`, async () => expect(await moved(text)).not.toBe('parcels'));
  for (const [what, text] of Object.entries(inParcels))
    it(`comes in parcels: ${what}`, async () => expect(await moved(text)).toBe('parcels'));
});

describe('a guest that was captured whole', () => {
  it('is clean again when it holds nothing of the kind any more', async () => {
    const text =
      "crypto.createHash('md5').update('a').digest('hex'); [...'ab'.matchAll(/./g)]; new Intl.NumberFormat('en').format(1)";
    expect(await moved(text)).toMatch(/^whole: uses crypto\.createHash; .*uses Intl\.NumberFormat$/);
    expect(await moved(text, 2)).toBe('parcels');
  });

  it('is not when it holds what gives such things', async () => {
    expect(await moved('hold(WebAssembly.instantiate)', 2)).toMatch(/^whole: holds globalThis\.WebAssembly\.instantiate$/);
    expect(await moved("hold(new Intl.NumberFormat('en'))", 2)).toMatch(
      /^whole: holds globalThis\.Intl\.NumberFormat\.prototype$/,
    );
    expect(await moved('hold(new Set([1]).values())', 2)).toMatch(/^whole: holds an iterator of a built-in$/);
    expect(await moved('const { iterator } = Symbol; hold(Symbol.iterator)', 2)).toMatch(
      /^whole: its text takes Symbol.iterator for a value$/,
    );
  });
});
