/** Which modules get `module` and `require` as Node makes them, and that others stay as they are. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { compileScript } from '../../src/compile/index.js';

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-modules-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** The code that runs, without the names of what the runtime hands to it. */
async function compiled(files: Record<string, string>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  const { code } = await compileScript(path.join(folder, Object.keys(files)[0]!));
  return code;
}

const times = (code: string, name: string): number => code.split(`$$${name}(`).length - 1;

it('leaves programs alone that ask for nothing', async () => {
  const code = await compiled({
    'plain.cjs': `const umd = require('umd'); module.exports = { umd, [typeof require]: require('./beside.cjs') };`,
    'beside.cjs': `exports.parent = { children: [] }.parent;`,
    'node_modules/umd/index.js': `(function (root, factory) {
      if (typeof module === 'object' && module.exports) module.exports = factory(require('fs'));
      else if (typeof module !== 'undefined' && module) root.umd = factory();
    })(this, function (module) { return { module, id: module && module.id } });`,
  });
  expect(['describe', 'requireOf', 'requiring', 'loaded', 'failed'].map((name) => times(code, name))).toEqual([0, 0, 0, 0, 0]);
});

it('describes the entry and who asks, and nobody else, for what a module knows by itself', async () => {
  const code = await compiled({
    'main.cjs': `require('./silent.cjs'); if (require.main === module) console.log(require('./id.cjs'));`,
    'silent.cjs': 'exports.a = 1;',
    'id.cjs': 'module.exports = module.id;',
  });
  expect(['describe', 'requireOf', 'requiring', 'loaded', 'failed'].map((name) => times(code, name))).toEqual([2, 0, 0, 2, 0]);
});

it('describes all modules, and says who requires whom, where one asks for another', async () => {
  const code = await compiled({
    'graph.cjs': `require('./silent.cjs'); require('returns');`,
    'silent.cjs': 'exports.a = 1;',
    'node_modules/returns/index.js': `'use strict';
      if (module.parent) return void (exports.a = 1);
      if (require.cache) return;
      throw new Error('never here');`,
  });
  expect(['describe', 'requireOf', 'requiring', 'loaded', 'failed'].map((name) => times(code, name))).toEqual([3, 1, 2, 5, 1]);
});
