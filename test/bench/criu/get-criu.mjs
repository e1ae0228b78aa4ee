/**
 * CRIU for this machine, without installing anything: from Debian's archive, of a later suite than the machine's own may be, with its
 * libraries and its loader, unpacked into a folder. The archive is the one this machine is set up with.
 * Gives a command, or why there is none: who cannot run CRIU here is told so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { debianSource } from './apt-source.mjs';

/** @returns {{ command: string, version: string, origin: string } | { missing: string }} */
export function getCriu({ given, suite, folder }) {
  if (process.platform !== 'linux') return { missing: `CRIU is for Linux, this is ${process.platform}` };
  if (process.getuid() !== 0) return { missing: 'CRIU needs root here' };
  for (const needed of ['unshare', 'ip'])
    if (spawnSync('which', [needed]).status !== 0) return { missing: `there is no "${needed}" (util-linux, iproute2)` };
  try {
    const command = given ?? unpacked(suite, folder);
    const told = spawnSync(command, ['check'], { encoding: 'utf8' });
    if (told.status !== 0)
      return { missing: `"criu check": ${told.stderr?.trim() || told.error?.message || `ended with ${told.status}`}` };
    const version = /Version: (\S+)/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' }))?.[1];
    return { command, version, origin: given ? 'given' : `Debian ${suite}` };
  } catch (error) {
    return { missing: `CRIU could not be had: ${error.message.trim().split('\n').at(-1)}` };
  }
}

function unpacked(suite, folder) {
  const root = path.join(folder, 'root');
  const state = Object.fromEntries(
    ['lists/partial', 'cache/archives/partial', 'root'].map((name) => [name, path.join(folder, name)]),
  );
  for (const each of Object.values(state)) fs.mkdirSync(each, { recursive: true });
  const [list, status] = ['sources.list', 'status'].map((name) => path.join(folder, name));
  fs.writeFileSync(list, debianSource(aptSources(), fs.readFileSync('/etc/os-release', 'utf8'), suite));
  fs.writeFileSync(status, ''); // as if nothing were installed: the loader and every library come along
  const settings = {
    'Dir::Etc::sourcelist': list,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.dirname(state['lists/partial']),
    'Dir::State::status': status,
    'Dir::Cache': path.join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'Debug::NoLocking': '1',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args) => execFileSync('apt-get', [...options, '-q', '-y', ...args], { encoding: 'utf8', stdio: 'pipe' });
  apt('update');
  apt('install', '--no-install-recommends', '--download-only', 'criu');
  const archives = path.dirname(state['cache/archives/partial']);
  for (const name of fs.readdirSync(archives).filter((each) => each.endsWith('.deb')))
    execFileSync('dpkg', ['-x', path.join(archives, name), root]);
  return loaderScript(folder, root);
}

/** With the loader and the libraries it was built for: the machine's own C library may be too old for it. */
function loaderScript(folder, root) {
  const folders = fs.readdirSync(path.join(root, 'usr/lib')).map((name) => path.join(root, 'usr/lib', name));
  const loaders = folders.flatMap((each) =>
    fs.statSync(each).isDirectory()
      ? fs
          .readdirSync(each)
          .filter((name) => /^ld-linux.*\.so/.test(name))
          .map((name) => path.join(each, name))
      : [],
  );
  if (loaders.length !== 1) throw new Error(`one loader was expected, not ${loaders.length}`);
  const script = path.join(folder, 'criu.sh');
  const command = [loaders[0], '--library-path', path.dirname(loaders[0]), path.join(root, 'usr/sbin/criu')];
  fs.writeFileSync(script, `#!/bin/sh\nexec ${command.map((word) => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o755 });
  return script;
}

/** Every list of sources that apt reads here. */
function aptSources() {
  const parts = '/etc/apt/sources.list.d';
  const names = fs.existsSync(parts) ? fs.readdirSync(parts).map((name) => path.join(parts, name)) : [];
  return ['/etc/apt/sources.list', ...names]
    .filter((file) => fs.existsSync(file) && /\.(list|sources)$/.test(file))
    .map((file) => fs.readFileSync(file, 'utf8'));
}
