// Minifies other packages' files, with two passes and mangled names; then reads its own output again.
import { minify } from 'terser';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const sources = [
  ...files('lodash', '.js', 20_000),
  ...files('eslint/lib/rules', '.js'),
  ...files('three/src', '.js'),
  ...files('katex/dist', 'katex.js', 1e6),
];
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  for (let i = 0; i < 4; i++) {
    const text = read(pick(chance, sources));
    const module = /^\s*(import|export)\b/m.test(text);
    const once = await minify(text, {
      module,
      compress: { passes: 2, unsafe: chance() < 0.5 },
      mangle: { toplevel: chance() < 0.5 },
      sourceMap: true,
    });
    const twice = await minify(once.code, { module, mangle: false, format: { beautify: true } });
    console.log(round, once.code.length, digest(once.code), digest(once.map), digest(twice.code));
  }
}
