// Modern source to what old browsers ran: parser, all the plugins of preset-env, generator with source map.
import * as babel from '@babel/core';
import env from '@babel/preset-env';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const sources = [
  ...files('eslint/lib/rules', '.js', 30_000),
  ...files('three/src/math', '.js', 30_000),
  ...files('svelte/src/internal', '.js', 30_000),
];
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const file = pick(chance, sources);
  const targets = pick(chance, ['ie 11', 'chrome 60', 'safari 10', 'firefox 100']);
  const options = {
    configFile: false,
    babelrc: false,
    sourceMaps: true,
    filename: 'input.js',
    sourceType: 'unambiguous',
    presets: [[env, { targets, modules: 'commonjs' }]],
  };
  const { code, map } = babel.transformSync(read(file), options);
  console.log(round, targets, digest(code), code.length, digest(map.mappings));
}
