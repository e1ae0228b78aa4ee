/** The cache of compiled programs gives what a compile would give, and knows without one when nothing has changed. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compileToText } from '../../src/compile/cache.js';
import { type Bundle, compileScript } from '../../src/compile/index.js';

let folder: string;
let cacheDir: string;
const longAgo = new Date(Date.now() - 60_000);

beforeEach(() => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-cache-'));
  folder = path.join(root, 'program');
  cacheDir = path.join(root, 'cache');
  write('main.mjs', "import { part } from './part';\nimport { thing } from 'thing';\nconsole.log(part + thing);\n");
  write('part.js', "export const part = 'first part';\n");
  write('node_modules/thing/package.json', '{ "name": "thing", "type": "module", "main": "a.js" }');
  write('node_modules/thing/a.js', "export const thing = 'thing a';\n");
  write('node_modules/thing/b.js', "export const thing = 'thing b';\n");
});
afterEach(() => fs.rmSync(path.dirname(folder), { recursive: true }));

/** Writes a file of the program, as if long ago. */
function write(name: string, text: string): void {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  settle();
}

function settle(): void {
  for (const name of fs.readdirSync(folder, { recursive: true }) as string[])
    fs.utimesSync(path.join(folder, name), longAgo, longAgo);
  fs.utimesSync(folder, longAgo, longAgo);
}

const compile = (): Promise<Bundle> => compileScript(path.join(folder, 'main.mjs'), { cacheDir });
const origins = (): string[] => fs.readdirSync(cacheDir).filter((name) => name.startsWith('origin-'));

/** Marks the bundles in the cache: one that comes back marked was read, not made. */
function markCached(): void {
  const edit = (name: string, changes: object): string => {
    const file = path.join(cacheDir, name);
    const text = JSON.stringify({ ...JSON.parse(fs.readFileSync(file, 'utf8')), ...changes });
    fs.writeFileSync(file, text);
    return createHash('sha256').update(text).digest('hex').slice(0, 32);
  };
  for (const name of origins()) {
    const { key } = JSON.parse(fs.readFileSync(path.join(cacheDir, name), 'utf8'));
    edit(name, { sha256: edit(`${key}.json`, { hash: 'from the cache' }) });
  }
}

it('finds an unchanged program without bundling it', async () => {
  const first = await compile();
  markCached();
  expect(await compile()).toEqual({ ...first, hash: 'from the cache' });
});

it('does not look at files that no import could find', async () => {
  write('main.mjs', "import { part } from './part.js';\nimport { thing } from 'thing';\nconsole.log(part + thing);\n");
  fs.writeFileSync(path.join(folder, 'output.txt'), 'written by the program a moment ago');
  const first = await compile();
  markCached();
  fs.writeFileSync(path.join(folder, 'part.mjs'), 'export {}');
  expect(await compile()).toEqual({ ...first, hash: 'from the cache' });
});

it('gives the same as text', async () => {
  const first = await compile();
  const again = await compileToText(path.join(folder, 'main.mjs'), { cacheDir });
  expect(JSON.parse(Buffer.from(again).toString('utf8'))).toEqual(JSON.parse(JSON.stringify(first)));
});

it('does not take a bundle that is not the one that was written', async () => {
  const first = await compile();
  for (const name of fs.readdirSync(cacheDir)) {
    const file = path.join(cacheDir, name);
    if (!name.startsWith('origin-')) fs.writeFileSync(file, fs.readFileSync(file, 'utf8').slice(0, -1));
  }
  expect(await compile()).toEqual(first);
});

it('makes it again when a torn file is all there is', async () => {
  const first = await compile();
  for (const name of fs.readdirSync(cacheDir)) fs.writeFileSync(path.join(cacheDir, name), '{ "half');
  expect(await compile()).toEqual(first);
});

for (const [what, change, text] of [
  ['a file that changed', () => write('part.js', "export const part = 'second part';\n"), 'second part'],
  [
    'a package.json that points elsewhere',
    () => write('node_modules/thing/package.json', '{ "name": "thing", "type": "module", "main": "b.js" }'),
    'thing b',
  ],
] as const) {
  it(`sees ${what}, even if its time is the same`, async () => {
    await compile();
    markCached();
    change();
    expect((await compile()).code).toContain(text);
  });
}

it('sees a file that is now found first', async () => {
  await compile();
  markCached();
  fs.writeFileSync(path.join(folder, 'part.ts'), "export const part: string = 'typed part';\n");
  expect((await compile()).code).toContain('typed part');
});

it('sees a link that leads elsewhere now', async () => {
  write('linked/one.js', "export const part = 'one';\n");
  write('linked/two.js', "export const part = 'two';\n");
  write('main.mjs', "import { part } from './link.js';\nconsole.log(part);\n");
  const link = path.join(folder, 'link.js');
  fs.symlinkSync(path.join(folder, 'linked/one.js'), link);
  fs.lutimesSync(link, longAgo, longAgo);
  settle();
  await compile();
  fs.rmSync(link);
  fs.symlinkSync(path.join(folder, 'linked/two.js'), link);
  expect((await compile()).code).toContain('two');
});

it('sees a package that is now nearer', async () => {
  const near = path.join(folder, 'lib');
  write('lib/main.mjs', "import { thing } from 'thing';\nconsole.log(thing);\n");
  write('lib/node_modules/other/package.json', '{ "name": "other" }');
  const entry = path.join(near, 'main.mjs');
  expect((await compileScript(entry, { cacheDir })).code).toContain('thing a');
  markCached();
  fs.mkdirSync(path.join(near, 'node_modules/thing'));
  fs.writeFileSync(path.join(near, 'node_modules/thing/package.json'), '{ "name": "thing", "type": "module", "main": "c.js" }');
  fs.writeFileSync(path.join(near, 'node_modules/thing/c.js'), "export const thing = 'thing c';\n");
  expect((await compileScript(entry, { cacheDir })).code).toContain('thing c');
});

it('does not enter what has only just been written', async () => {
  fs.writeFileSync(path.join(folder, 'part.js'), "export const part = 'new part';\n");
  await compile();
  expect(origins()).toEqual([]);
  settle();
  await compile();
  expect(origins()).toHaveLength(1);
});
