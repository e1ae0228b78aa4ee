// Parsers of other languages: GraphQL schemas checked and queries answered, SQL there and back, a grammar through peggy, JSONata, CoffeeScript, TeX through KaTeX.
import CoffeeScript from 'coffeescript';
import { buildSchema, execute, introspectionFromSchema, lexicographicSortSchema, parse, printSchema, validate } from 'graphql';
import jsonata from 'jsonata';
import katex from 'katex';
import sql from 'node-sql-parser';
import peggy from 'peggy';
import { digest, pick, random, rounds } from './rounds.cjs';

const grammar = `
{{ function fold(first, rest) { return rest.reduce((left, [op, right]) => [op, left, right], first); } }}
Program = _ list:(@Statement ';' _)* { return list; }
Statement = name:Name '=' _ value:Sum { return ['set', name, value]; } / Sum
Sum = first:Product rest:(@[+-] _ @Product)* { return fold(first, rest); }
Product = first:Unary rest:(@[*/] _ @Unary)* { return fold(first, rest); }
Unary = '-' _ of:Unary { return ['neg', of]; } / Primary
Primary = '(' _ @Sum ')' _ / Name / Number
Name 'name' = name:$([a-z][a-z0-9]*) _ { return name; }
Number 'number' = digits:$([0-9]+ ('.' [0-9]+)?) _ { return +digits; }
_ 'space' = [ \\t\\n]*
`;

function program(chance, depth = 0) {
  if (depth > 4 || chance() < 0.3) return chance() < 0.5 ? pick(chance, ['a', 'bc', 'x9']) : String(Math.floor(chance() * 100));
  return `(${program(chance, depth + 1)} ${pick(chance, ['+', '-', '*', '/'])} ${program(chance, depth + 1)})`;
}

function schemaText(chance) {
  const types = Array.from({ length: 12 }, (_, i) => `T${i}`);
  const field = (i) => `f${i}(n: Int = ${Math.floor(chance() * 9)}): ${pick(chance, ['Int', 'String!', '[Float]', ...types])}`;
  return `interface Node { id: ID! } enum E { A B C } union U = T0 | T1\ntype Query { node: Node u: U ${types.map((t) => `${t.toLowerCase()}: ${t}`).join(' ')} }\n${types
    .map((t) => `type ${t} implements Node { id: ID! e: E ${Array.from({ length: 6 }, (_, i) => field(i)).join(' ')} }`)
    .join('\n')}`;
}

const queries = [
  'SELECT a, COUNT(*) AS n FROM t LEFT JOIN u ON t.id = u.id WHERE a > 5 AND b IN (1, 2, 3) GROUP BY a HAVING n > 2 ORDER BY n DESC LIMIT 10',
  'INSERT INTO t (a, b) VALUES (1, "x"), (2, "y")',
  'UPDATE t SET a = a + 1, b = CASE WHEN c THEN 1 ELSE 2 END WHERE id = (SELECT MAX(id) FROM u)',
  'WITH w AS (SELECT * FROM t UNION ALL SELECT * FROM u) SELECT DISTINCT w.a FROM w WHERE EXISTS (SELECT 1 FROM v WHERE v.x = w.a)',
];
const coffee = `
class Animal
  constructor: (@name, @legs = 4) ->
  move: (metres) -> "#{@name} moved #{metres}m on #{@legs}"
class Snake extends Animal
  move: -> super 5
squares = (x * x for x in [1..N] when x % 2)
{a, b: [c, ...rest]} = thing = {a: 1, b: [2, 3, 4]}
fill = (container, liquid = "coffee") -> container?.fill liquid
gen = -> yield i for i in [0...N]
switch N
  when 1, 2 then 'few'
  else (if N > 100 then 'some' else 'many')
`;
const tex = [
  '\\frac{-b \\pm \\sqrt{b^2-4ac}}{2a}',
  '\\int_0^\\infty e^{-x^2}\\,dx',
  '\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}',
  '\\sum_{i=1}^{n} \\binom{n}{i} x^i',
  '\\overbrace{a+b}^{\\text{sum}} \\to \\mathbb{R}',
];
const jsonatas = [
  '$sum(orders.(price * count))',
  'orders[price > 50]{name: $sum(count)}',
  '$map(orders, function($o, $i) { $i & ":" & $uppercase($o.name) })',
  'orders^(>price, name).name',
  '($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(10) + $count(orders))',
];

for (let round = 0; round < rounds; round++) {
  const chance = random(round);
  const parts = [];

  const schema = buildSchema(schemaText(chance));
  const document = parse(
    `{ node { id ... on T3 { e f1 } } ${Array.from({ length: 12 }, (_, i) => `t${i} { id e f0 f1(n: 4) f2 }`).join(' ')} }`,
  );
  parts.push(
    printSchema(lexicographicSortSchema(schema)),
    JSON.stringify(introspectionFromSchema(schema)),
    validate(schema, document).map(String).join(),
  );
  const simple = parse(`{ ${Array.from({ length: 12 }, (_, i) => `t${i} { id e __typename }`).join(' ')} }`);
  const rootValue = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [`t${i}`, async () => ({ id: i, e: () => pick(chance, ['A', 'B', 'C']) })]),
  );
  parts.push(JSON.stringify(await execute({ schema, document: simple, rootValue })));

  const parser = new sql.Parser();
  for (const query of queries) {
    const ast = parser.astify(
      query.replace(/\d+/g, () => String(Math.floor(chance() * 99))),
      { database: 'mysql' },
    );
    parts.push(parser.sqlify(ast, { database: pick(chance, ['mysql', 'postgresql', 'mariadb']) }));
  }

  const { parse: read } = peggy.generate(grammar, { cache: chance() < 0.5 });
  for (let i = 0; i < 10; i++) {
    const text = `v = ${program(chance)};\n-${program(chance)};`;
    try {
      parts.push(JSON.stringify(read(chance() < 0.2 ? text.replace(')', '') : text)));
    } catch (error) {
      parts.push(error.message);
    }
  }

  parts.push(CoffeeScript.compile(coffee.replaceAll('N', String(Math.floor(chance() * 120))), { bare: chance() < 0.5 }));
  for (const text of tex) parts.push(katex.renderToString(text.replaceAll(/\ba\b/g, pick(chance, ['a', '\\alpha', 'a_1']))));
  const orders = Array.from({ length: 50 }, () => ({
    name: pick(chance, ['nut', 'bolt', 'gear']),
    price: Math.floor(chance() * 100),
    count: Math.floor(chance() * 9),
  }));
  for (const text of jsonatas) parts.push(JSON.stringify(await jsonata(text).evaluate({ orders })));
  console.log(
    round,
    ...parts.map((part) => digest(part).slice(0, 4)),
    parts.reduce((sum, part) => sum + part.length, 0),
  );
}
