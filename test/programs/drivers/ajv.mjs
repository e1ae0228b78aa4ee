// Schemas compiled to functions at run time, then thousands of documents checked, right and wrong ones.
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import { digest, pick, random, rounds } from './rounds.cjs';

function schema(chance, depth) {
  const kind = depth > 3 ? Math.floor(chance() * 3) : Math.floor(chance() * 7);
  if (kind === 0)
    return { type: 'string', minLength: Math.floor(chance() * 3), pattern: pick(chance, ['^[a-z]*$', 'a', '^.{0,9}$']) };
  if (kind === 1) return { type: 'integer', minimum: Math.floor(chance() * 10), multipleOf: pick(chance, [1, 2, 3]) };
  if (kind === 2) return { enum: [null, true, 'x', 4] };
  if (kind === 3) return { type: 'array', items: schema(chance, depth + 1), uniqueItems: chance() < 0.5, maxItems: 5 };
  if (kind === 4) return { anyOf: [schema(chance, depth + 1), schema(chance, depth + 1)] };
  const names = ['a', 'b', 'c', 'd'].filter(() => chance() < 0.7);
  const properties = Object.fromEntries(names.map((name) => [name, schema(chance, depth + 1)]));
  return { type: 'object', properties, required: names.filter(() => chance() < 0.5), additionalProperties: chance() < 0.5 };
}

function value(chance, depth) {
  const kind = depth > 3 ? Math.floor(chance() * 4) : Math.floor(chance() * 7);
  if (kind === 0) return pick(chance, ['', 'a', 'abc', 'Hello you there']);
  if (kind === 1) return Math.floor(chance() * 30);
  if (kind === 2) return pick(chance, [null, true, 'x', 4]);
  if (kind === 3) return chance();
  if (kind === 4) return Array.from({ length: Math.floor(chance() * 7) }, () => value(chance, depth + 1));
  return Object.fromEntries(
    ['a', 'b', 'c', 'd', 'e'].filter(() => chance() < 0.6).map((name) => [name, value(chance, depth + 1)]),
  );
}

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const ajv = new (round % 2 ? Ajv : Ajv2020)({ allErrors: chance() < 0.5, strict: false });
  let right = 0;
  let errors = '';
  for (let i = 0; i < 4; i++) {
    const made = { type: 'object', properties: { root: schema(chance, 0) }, required: ['root'] };
    const validate = ajv.compile(made);
    for (let j = 0; j < 500; j++) {
      if (validate({ root: value(chance, 0) })) right++;
      else errors += ajv.errorsText(validate.errors);
    }
  }
  console.log(round, right, errors.length, digest(errors));
}
