/**
 * Run as a program by guest/late-compiler.ts: prints the passes for code made at run time as one script, and keeps it as the file that is
 * named, where that can be written. Not part of the compiler itself.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const [, , file] = process.argv;
const { outputFiles } = buildSync({
  entryPoints: [fileURLToPath(new URL('./late.js', import.meta.url))],
  bundle: true,
  format: 'iife',
  globalName: 'late',
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  write: false,
  logLevel: 'error',
});
const text = outputFiles[0]!.text;
try {
  const folder = path.dirname(file!);
  for (const name of fs.readdirSync(folder))
    if (name.startsWith('late-passes-')) fs.rmSync(path.join(folder, name), { force: true });
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, text);
  fs.renameSync(partial, file!);
} catch {
  // An installation that cannot be written to: each guest that needs it makes it again.
}
process.stdout.write(text);
