// Every kind of text it knows, formatted with options drawn by chance.
import * as babel from 'prettier/plugins/babel';
import * as estree from 'prettier/plugins/estree';
import * as markdown from 'prettier/plugins/markdown';
import * as postcss from 'prettier/plugins/postcss';
import * as typescript from 'prettier/plugins/typescript';
import * as yaml from 'prettier/plugins/yaml';
import * as prettier from 'prettier/standalone';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const plugins = [babel, estree, markdown, postcss, typescript, yaml];
const kinds = [
  ['babel', files('eslint/lib/rules', '.js', 20_000)],
  ['typescript', files('rxjs/src/internal', '.ts', 20_000)],
  ['less', files('bootstrap/less', '.less')],
  ['markdown', files('.', 'README.md', 20_000)],
];
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  for (const [parser, list] of kinds) {
    const file = pick(chance, list);
    const options = {
      printWidth: 40 + Math.floor(chance() * 100),
      semi: chance() < 0.5,
      singleQuote: chance() < 0.5,
      proseWrap: 'always',
    };
    const text = await prettier.format(read(file), { parser, plugins, ...options });
    const again = await prettier.check(text, { parser, plugins, ...options });
    console.log(round, parser, digest(text), text.length, again);
  }
}
