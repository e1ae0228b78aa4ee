// Modules of Node's take apart what they are given: objects that nothing has looked into since the program was moved.
import assert from 'node:assert';
import crypto from 'node:crypto';
import fs from 'node:fs';
import querystring from 'node:querystring';
import url from 'node:url';
import util from 'node:util';
import zlib from 'node:zlib';

const file = process.argv[1];
const stored = {
  append: { encoding: 'utf8', flag: 'a' },
  read: { encoding: 'latin1', flag: 'r' },
  stat: { bigint: false, throwIfNoEntry: false },
  remove: { force: true, recursive: true },
  query: { a: [1, 2, 3], b: 'x y', c: true },
  parts: { protocol: 'http:', hostname: 'host', pathname: '/p', query: { q: 1 } },
  gzip: { level: 9, chunkSize: 1024, params: { 1: 2 } },
  deep: { list: [{ n: 1 }, { n: [2, { m: 3 }] }], map: new Map([['k', { v: 1 }]]) },
  twin: { list: [{ n: 1 }, { n: [2, { m: 3 }] }], map: new Map([['k', { v: 1 }]]) },
  inspect: { depth: 0, compact: false, customInspect: false },
  plain: { x: { y: { z: { w: 1 } } }, list: Array.from({ length: 120 }, (_, i) => ({ i })) },
  hash: { outputLength: 16 },
  scrypt: { N: 16, r: 1, p: 1 },
  values: { s: 'text', o: { p: { q: 1 } } },
  arguments: { args: ['-f', '--bar', 'b'], options: { foo: { type: 'boolean', short: 'f' }, bar: { type: 'string' } } },
};
const count = (n) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i;
  return sum;
};
const results = [];
const uses = [
  () => fs.writeFileSync('/dev/null', 'text', stored.append),
  () => fs.readFileSync(file, stored.read).length,
  () => fs.statSync(`${file}.none`, stored.stat),
  () => fs.readFileSync(url.pathToFileURL(file), 'utf8').length,
  () => querystring.stringify(stored.query),
  () => url.format(stored.parts),
  () => zlib.gunzipSync(zlib.gzipSync('text '.repeat(50), stored.gzip)).length,
  () => util.isDeepStrictEqual(stored.deep, stored.twin),
  () => util.inspect(stored.plain, stored.inspect),
  () => util.inspect(stored.plain.x, { depth: 9, customInspect: false, showHidden: true }),
  () => util.format('%o %s %j', stored.values, stored.values.o, stored.values),
  () => util.types.isMap(stored.deep.map),
  () => assert.deepStrictEqual(stored.deep, stored.twin),
  () => crypto.scryptSync('secret', 'salt', 8, stored.scrypt).toString('hex'),
  () => crypto.createHash('shake128', stored.hash).update('x').digest('hex'),
  () => JSON.stringify(util.parseArgs(stored.arguments).values),
  () => new fs.Stats() instanceof fs.Stats && fs.statSync(file) instanceof fs.Stats,
  () => util.inspect(new Map([[stored.append, stored.read]])),
  () => fs.rmSync(`${file}.none`, stored.remove),
  () => fs.existsSync(file),
];
for (const use of uses) {
  count(2);
  results.push(use());
}
console.log(results.join('\n'));
