// less compiles Bootstrap 3 with other variables in each round; postcss and cssnano make it small; css-tree takes it apart.

import path from 'node:path';
import { generate, lexer, parse, walk } from 'css-tree';
import cssnano from 'cssnano';
import less from 'less';
import postcss from 'postcss';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const [main] = files('bootstrap/less', 'bootstrap.less');
const small = postcss([cssnano()]);
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const text = read(main).replace(/@import ".*";/g, (line) =>
    /variables|mixins/.test(line) || (chance() < 0.2 && !line.includes('navbar')) ? line : '',
  );
  const colour = `#${Math.floor(chance() * 0xffffff)
    .toString(16)
    .padStart(6, '0')}`;
  const modifyVars = {
    'brand-primary': colour,
    'font-size-base': `${10 + Math.floor(chance() * 10)}px`,
    'grid-columns': pick(chance, ['12', '16', '24']),
  };
  const { css } = await less.render(text, { filename: main, paths: [path.dirname(main)], syncImport: true, modifyVars });
  const result = await small.process(css, { from: undefined });
  const tree = parse(result.css, { positions: true });
  let declarations = 0;
  let wrong = 0;
  walk(tree, (node) => {
    if (node.type !== 'Declaration') return;
    declarations++;
    if (lexer.matchDeclaration(node).error) wrong++;
  });
  console.log(round, digest(css), css.length, digest(result.css), result.css.length, declarations, wrong, digest(generate(tree)));
}
