/**
 * A guest's own folder, environment and child processes: as in plain node wherever its node was started, whether or not it calls
 * `process.chdir`, and after moves.
 */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Workplace } from './commands.js';

let place: Workplace;
/** Where programs run; the node is started in the folder above it. */
let folder: string;
beforeAll(async () => {
  place = new Workplace();
  folder = join(realpathSync(place.folder), 'elsewhere');
  mkdirSync(folder);
  await place.startNode();
});
afterAll(() => place.close());

/** Both run in `folder`; names that differ from run to run are replaced. */
async function bothWays(name: string, text: string): Promise<void> {
  const script = place.script(name, text);
  mkdirSync(join(folder, 'in'), { recursive: true });
  writeFileSync(join(folder, 'rel.txt'), 'relative');
  const plain = await place.beginIn(folder, 'node', script).result;
  const guest = await place.beginIn(folder, 'run', script).result;
  expect(plain.stderr).toBe('');
  expect(String(plain.stdout)).not.toBe('');
  expect([String(guest.stdout), guest.stderr, guest.code]).toEqual([String(plain.stdout), plain.stderr, plain.code]);
}

it('relative paths are those of the folder that the program was started in', () =>
  bothWays(
    'started.mjs',
    `import { execSync } from 'node:child_process';
     import fs from 'node:fs';
     import path from 'node:path';
     console.log(process.cwd(), path.resolve('x'), fs.readFileSync('rel.txt', 'utf8'), fs.readdirSync('.').join());
     console.log(String(execSync('pwd; ls')), await fs.promises.readFile('./rel.txt', 'utf8'));
     fs.createReadStream('rel.txt', 'utf8').on('data', console.log);
     for (const open of [() => fs.openSync('none'), () => fs.renameSync('none', 'other')])
       try { open(); } catch (error) { console.log(error.message, error.path, error.dest, error.stack.split('\\n')[0]); }`,
  ));

it('chdir leads all of them elsewhere', () =>
  bothWays(
    'changed.mjs',
    `import { execSync, fork } from 'node:child_process';
     import { once } from 'node:events';
     import fs from 'node:fs';
     import path from 'node:path';
     import { pathToFileURL } from 'node:url';
     const { chdir, cwd } = process;
     fs.mkdirSync('in', { recursive: true });
     chdir('in');
     console.log(cwd(), path.resolve(), path.relative('', '..'), pathToFileURL('x').href);
     fs.mkdirSync('a/b', { recursive: true });
     fs.writeFileSync('a/b/file.txt', 'x');
     console.log(fs.readdirSync('.', { recursive: true, withFileTypes: true }).map((e) => e.parentPath + ' ' + e.name).sort());
     for await (const entry of await fs.promises.opendir('a')) console.log(entry.parentPath, entry.name);
     console.log(fs.mkdtempSync('made-').length, await fs.promises.realpath('a/..'), fs.existsSync('rel.txt'), fs.existsSync('../rel.txt'));
     fs.cpSync('a', 'copy', { recursive: true, filter: (from, to) => console.log(from, to) ?? true });
     const seen = once(fs.createWriteStream('nowhere/x'), 'error');
     console.log((await seen)[0].message);
     fs.writeFileSync('child.cjs', 'process.send(process.cwd())');
     console.log(String(execSync('pwd')), String(execSync('pwd', { cwd: 'a' })), (await once(fork('child.cjs'), 'message'))[0]);
     for (const wrong of ['nowhere', 'child.cjs', 5])
       try { chdir(wrong); } catch (error) { console.log(error.message, error.code, error.errno, error.path, error.dest); }
     chdir('..');
     fs.rmSync('in', { recursive: true });
     console.log(cwd());`,
  ));

it('children have its environment, and write to its output in order', () =>
  bothWays(
    'children.mjs',
    `import { execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
     import { once } from 'node:events';
     import fs from 'node:fs';
     process.env.GIVEN = 7;
     delete process.env.HOME;
     console.log(String(execSync('echo $GIVEN \${HOME-none}')), String(execFileSync('env', { env: { ALONE: 'yes' } })));
     console.log('before');
     console.log(spawnSync('sh', ['-c', 'echo while; exit 3'], { stdio: 'inherit' }).status);
     const child = spawn('sh', ['-c', 'echo one; cat; echo two'], { stdio: 'inherit' });
     child.on('exit', (code) => console.log('ended', code, child.stdout));
     await once(child, 'close');
     fs.writeFileSync('child.cjs', 'console.log("forked", process.env.GIVEN, process.argv[2]); process.disconnect();');
     await once(fork('child.cjs', ['x']), 'exit');
     execSync('head -c 300000 /dev/zero', { stdio: 'inherit' });
     fs.writeSync(1, 'written\\n');
     spawn('sh', ['-c', 'head -c 300000 /dev/zero; echo last'], { stdio: ['ignore', process.stdout, 'ignore'] });`,
  ));

it('folder, environment and functions of process are there after moves', async () => {
  const script = place.script(
    'moved.mjs',
    `import * as held from 'node:process';
     import fs from 'node:fs';
     import path from 'node:path';
     const { cwd, env, nextTick } = process;
     process.chdir('in');
     env.ROUND = 0;
     let wrong = 0;
     let sum = 0;
     while (!fs.existsSync('end')) {
       for (let i = 0; i < 200_000; i++) sum = (sum + i) | 0;
       await new Promise((resolve) => nextTick(resolve));
       env.ROUND = Number(env.ROUND) + 1;
       const right = held.cwd() === cwd() && cwd() === process.argv[2] && path.resolve('x') === cwd() + '/x';
       if (!right || env !== process.env || held.env !== env || fs.readFileSync('../rel.txt', 'utf8') !== 'relative') wrong++;
     }
     console.log('wrong', wrong, Number(env.ROUND) > 0, fs.readdirSync('.').join());`,
  );
  mkdirSync(join(folder, 'in'), { recursive: true });
  writeFileSync(join(folder, 'rel.txt'), 'relative');
  const running = place.beginIn(folder, 'run', '--nodes', '2', '--shake', '60ms', '--show-moves', script, join(folder, 'in'));
  await running.untilSaid('"epoch"', 3);
  writeFileSync(join(folder, 'in', 'end'), '');
  const { code, stdout } = await running.result;
  expect([String(stdout), code]).toEqual(['wrong 0 true end\n', 0]);
}, 120_000);
