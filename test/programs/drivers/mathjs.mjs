// Every example of its own documentation, then symbols, matrices, fractions and big numbers.
import { all, create, docs as documentation } from 'mathjs';
import { digest, pick, random, rounds } from './rounds.cjs';

const math = create(all, { randomSeed: 'godwit' });
const big = create(all, { number: 'BigNumber', precision: 50 });
const docs = Object.entries(documentation).filter(([name]) => !/^(config|import|random|pickRandom|createUnit|help)/.test(name));
const formulas = [
  'x^3 + 2x^2 - sin(x)',
  'exp(x) / (1 + x^2)',
  'log(x + 2) * cos(3x)',
  'sqrt(x^2 + 1) * tan(x / 4)',
  '(x + 1)^5',
  'x^x',
];
for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  let text = '';
  for (const [name, { examples = [] }] of docs) {
    const parser = math.parser();
    for (const example of examples) {
      try {
        text += `${name}: ${math.format(parser.evaluate(example), { precision: 10 })}\n`;
      } catch (error) {
        text += `${name}: ${error.message}\n`;
      }
    }
  }
  let symbols = '';
  for (let i = 0; i < 20; i++) {
    const derived = math.derivative(pick(chance, formulas), 'x');
    symbols += `${derived} = ${math.simplify(derived)} = ${math.format(derived.evaluate({ x: chance() }), 10)}\n`;
    symbols += math.rationalize('(x + 1) / (x - 2) + x^2 / (x + 3)').toString();
  }
  const size = 10 + Math.floor(chance() * 10);
  const matrix = math.matrix(Array.from({ length: size }, () => Array.from({ length: size }, () => Math.floor(chance() * 100))));
  const exact = math.map(matrix, (value) => math.fraction(value, 7));
  const solved = math.lusolve(exact, math.ones(size));
  const eigen = math.eigs(math.add(matrix, math.transpose(matrix)));
  const pi = big.evaluate(`(${round} + sqrt(2)) ^ 7 / gamma(21) + atan(1/5) * 16 - 4 * atan(1/239)`);
  console.log(
    round,
    text.length,
    digest(text),
    digest(symbols),
    digest(math.format(solved)),
    math.format(math.det(matrix), 12),
    digest(math.format(eigen.values, 8)),
    String(pi),
  );
}
