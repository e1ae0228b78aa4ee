/** What the pages promise of commands and errors, compared with what is there: every command, every code. */

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './commands.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8');
const sourcesOf = (folder: string) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[jt]s$/.test(file))
    .map((file) => `${folder}/${file}`);
// Beside the commands stand the programs of nodes and guests, which nobody types.
const bins = readdirSync(`${root}packages/runtime/bin`)
  .filter((file) => file.startsWith('cluster-'))
  .map((file) => file.replace(/\.js$/, ''));

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.close());

describe('every command', () => {
  it('is linked, so that npx finds it in a clone', () => {
    const { bin } = JSON.parse(read('packages/runtime/package.json'));
    expect(Object.keys(bin).sort()).toEqual(bins.sort());
    for (const name of bins)
      expect(realpathSync(`${root}node_modules/.bin/${name}`)).toBe(realpathSync(`${root}packages/runtime/${bin[name]}`));
  });

  it.each(bins)('%s --help exits 0 and shows an example of itself', async (name) => {
    const { code, stdout, stderr } = await place.run(name.replace(/^cluster-/, ''), '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(String(stdout)).toMatch(new RegExp(`Examples:\\n  ${name} .*\\S`));
  });

  it.each(bins)('%s stands in the README with an example', (name) => {
    expect(read('README.md')).toMatch(new RegExp(`npx ${name} [^\\n]*\\S`));
  });
});

describe('docs/ERRORS.md', () => {
  it('lists every code in the source, and no other', () => {
    const files = readdirSync(`${root}packages`).flatMap((name) => sourcesOf(`packages/${name}/src`));
    const sources = files.map(read);
    const inSource = new Set(sources.flatMap((text) => [...text.matchAll(/'(GODWIT_[A-Z_]+)'/g)].map(([, code]) => code)));
    inSource.delete('GODWIT_CLUSTER'); // a variable of the environment
    const listed = new Set([...read('docs/ERRORS.md').matchAll(/\bGODWIT_[A-Z_]+\b/g)].map(([code]) => code));
    expect([...listed].sort()).toEqual([...inSource].sort());
  });
});
