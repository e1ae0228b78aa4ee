/**
 * Packages as npm brings them: CommonJS that asks for modules which are not there, works out names when it runs, and leaves a semicolon out.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
beforeAll(() => {
  place = new Workplace();
});
afterAll(() => place.close());

function installPackage(name: string, text: string): void {
  const folder = join(place.folder, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.js'), text);
}

async function expectSame(script: string): Promise<string> {
  const [plain, guest] = [await place.node(script), await place.run('run', script)];
  expect(guest.stderr).toBe(plain.stderr);
  expect(String(guest.stdout)).toBe(String(plain.stdout));
  expect(guest.code).toBe(plain.code);
  return String(plain.stdout);
}

it('a module that is not there is found missing when it is asked for, with the code of Node', async () => {
  installPackage(
    'optional',
    `exports.caught = () => { try { return require('not-there'); } catch (error) { return [error.code, error.message.split('\\n')[0]]; } };
exports.thrown = () => require('nor-there');
exports.place = () => { try { return require.resolve('nor-this'); } catch (error) { return error.code; } };
exports.later = () => import('nor-that').catch((error) => error.code);`,
  );
  const script = place.script(
    'optional.mjs',
    `import optional from 'optional';
try { optional.thrown(); } catch (error) { console.log(error.code); }
console.log(optional.caught(), optional.place(), await optional.later());`,
  );
  expect(await expectSame(script)).toMatch(/^MODULE_NOT_FOUND\n.*'MODULE_NOT_FOUND'.*ERR_MODULE_NOT_FOUND/s);
});

it('names that are worked out: built-ins, JSON files, and what is neither', async () => {
  installPackage('dynamic', 'exports.given = (name) => { try { return require(name); } catch (error) { return error.code; } };');
  place.script('data.json', '\uFEFF{"a":[1]}');
  const script = place.script(
    'dynamic.mjs',
    `import path from 'node:path';
import dynamic from 'dynamic';
const file = path.join(path.dirname(process.argv[1]), 'data.json');
console.log(dynamic.given('path') === path, dynamic.given('node:path').sep, dynamic.given(file), dynamic.given(file) === dynamic.given(file));
console.log(dynamic.given('./nowhere'), dynamic.given('/nowhere.json'));`,
  );
  expect(await expectSame(script)).toContain('{ a: [ 1 ] } true');
});

it('a strict module that knows where it is, whatever stands around its directive', async () => {
  installPackage(
    'strict',
    `/* licence */ 'use strict'\nvar here = __dirname\nexports.strict = (function () { return this === undefined; })();`,
  );
  const script = place.script(
    'strict.cjs',
    `console.log(require('strict').strict, (function () { return this === undefined; })());`,
  );
  expect(await expectSame(script)).toBe('true false\n');
});
