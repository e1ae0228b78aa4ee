// marked from npm over the Markdown files of every installed package.
import fs from 'node:fs';
import path from 'node:path';
import { marked } from 'marked';

const modules = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../../node_modules');
const rounds = Number(process.argv[2] ?? 6);
const files = fs
  .readdirSync(modules, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.md'))
  .sort();
for (let round = 0; round < rounds; round++) {
  let hash = round;
  let bytes = 0;
  for (const file of files) {
    const text = fs.readFileSync(path.join(modules, file), 'utf8');
    if (text.length > 100_000) continue;
    const html = marked.parse(text, { gfm: round % 2 === 0 });
    for (let i = 0; i < html.length; i++) hash = (Math.imul(hash, 31) + html.charCodeAt(i)) | 0;
    bytes += html.length;
  }
  console.log(round, files.length, bytes, hash);
}
