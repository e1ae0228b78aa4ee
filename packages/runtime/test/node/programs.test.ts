/** How a program is started: from its single file while that is what dist gives, else from dist. In a folder laid out like the package, with a program of two lines. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
const write = (name: string, text: string) => {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
const start = () => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'bin/command.js')], { encoding: 'utf8' });
  return stdout + stderr;
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'godwit-programs-'));
  write('bin/package.json', '{ "type": "commonjs" }');
  copyFileSync(fileURLToPath(new URL('../../bin/program.js', import.meta.url)), join(root, 'bin/program.js'));
  write('bin/command.js', "require('./program.js').start('commands', 'cli/command');");
  write('dist/package.json', '{ "type": "module" }');
  write('dist/cli/command.js', "console.log('from dist');");
  write('dist/.tsbuildinfo', 'first build');
  const sha256 = createHash('sha256').update('first build').digest('hex');
  const madeFrom = [{ name: '.tsbuildinfo', mtimeMs: statSync(join(root, 'dist/.tsbuildinfo')).mtimeMs, sha256 }];
  write('dist/programs/manifest.json', JSON.stringify({ madeFrom, files: { commands: 'commands-1.js' } }));
  write(
    'dist/programs/commands-1.js',
    "(function (require, __dirname) { return (name) => console.log('single file, ' + name); })",
  );
});
afterEach(() => rmSync(root, { recursive: true }));

test('a program is started from its single file', () => expect(start()).toBe('single file, cli/command\n'));

test('a build that made nothing new leaves the single file in use', () => {
  utimesSync(join(root, 'dist/.tsbuildinfo'), 1, 1);
  expect(start()).toBe('single file, cli/command\n');
});

test('after a change the program is started from dist', () => {
  write('dist/.tsbuildinfo', 'second build');
  utimesSync(join(root, 'dist/.tsbuildinfo'), 1, 1);
  expect(start()).toBe('from dist\n');
});

test.each(['manifest.json', 'commands-1.js'])('without %s the program is started from dist', (name) => {
  rmSync(join(root, 'dist/programs', name));
  expect(start()).toBe('from dist\n');
});

test('code that V8 does not take back is compiled again', () => {
  write('dist/programs/commands-1.js.code', 'not what V8 wrote');
  expect(start()).toBe('single file, cli/command\n');
});
