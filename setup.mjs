/** Sets everything up on a bare machine: installs what the lockfile names when it is not there yet, then builds. Used by npm start and npm test. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(fileURLToPath(import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Cannot set up Godwit: Node ${process.version} is too old; install Node 20.19 or newer`);
  process.exit(1);
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`Cannot set up Godwit: "${command} ${args.join(' ')}" ${error ? error.message : `ended with ${status}`}`);
    process.exit(1);
  }
}

const installed = path.join(root, 'node_modules/.package-lock.json');
const locked = path.join(root, 'package-lock.json');
// `npm ci` refuses a lockfile without the optional packages of other platforms; install keeps to the locked versions all the same.
if (!fs.existsSync(installed) || fs.statSync(installed).mtimeMs < fs.statSync(locked).mtimeMs)
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-b']);
run(process.execPath, [path.join(root, 'packages/runtime/single-files.mjs')]);
