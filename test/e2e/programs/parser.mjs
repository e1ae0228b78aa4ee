// acorn from npm over megabytes of other packages' source: every .js file of node_modules/{typescript,@vitest,fast-check…} up to a size.
import fs from 'node:fs';
import path from 'node:path';
import * as acorn from 'acorn';

const modules = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../../../node_modules');
const wanted = Number(process.argv[2] ?? 6) * 1e6;

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(file);
    else if (/\.(js|mjs)$/.test(entry.name) && entry.isFile()) yield file;
  }
}

const counts = new Map();
let read = 0;
let hash = 0;
for (const file of sources(modules)) {
  const text = fs.readFileSync(file, 'utf8');
  if (text.length > 200_000) continue;
  let tree;
  try {
    tree = acorn.parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true, locations: true });
  } catch {
    try {
      tree = acorn.parse(text, { ecmaVersion: 'latest', sourceType: 'script', allowHashBang: true });
    } catch (error) {
      console.log(path.relative(modules, file), error.message);
      continue;
    }
  }
  const work = [tree];
  while (work.length > 0) {
    const node = work.pop();
    counts.set(node.type, (counts.get(node.type) ?? 0) + 1);
    hash = (Math.imul(hash, 31) + node.start + node.end) | 0;
    for (const key of Object.keys(node)) {
      const value = node[key];
      if (Array.isArray(value)) work.push(...value.filter((item) => item?.type));
      else if (value?.type) work.push(value);
    }
  }
  read += text.length;
  if (read > wanted) break;
}
console.log(read, hash);
for (const [type, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(type, count);
