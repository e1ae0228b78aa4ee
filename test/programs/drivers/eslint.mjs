// The linter with all of its rules over other packages' sources, and its fixes applied.

import all from '@eslint/js';
import { Linter } from 'eslint';
import { digest, files, pick, random, read, rounds } from './rounds.cjs';

const linter = new Linter({ configType: 'flat' });
const sources = [
  ...files('lodash', '.js', 20_000),
  ...files('three/src', '.js', 30_000),
  ...files('eslint/lib/rules', '.js', 30_000),
];
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  for (let i = 0; i < 3; i++) {
    const text = read(pick(chance, sources));
    const sourceType = /^\s*(import|export)\b/m.test(text) ? 'module' : 'commonjs';
    const config = [{ ...all.configs.all, languageOptions: { ecmaVersion: 'latest', sourceType } }];
    const messages = linter.verify(text, config);
    const { output, messages: left } = linter.verifyAndFix(text, config);
    const list = messages.map(({ ruleId, line, column, message }) => `${ruleId} ${line}:${column} ${message}`).join('\n');
    console.log(round, messages.length, digest(list), left.length, digest(output));
  }
}
