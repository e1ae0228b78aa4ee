/**
 * Build step after `tsc -b`: puts the programs of Godwit into one file each (commands, node daemon, guest's worker), and lets each run once to keep the
 * code V8 makes for it. bin/program.js starts them and says when they count; without them everything works, slower.
 *   dist/programs/manifest.json        what the files were made from; written last
 *   dist/programs/<name>-<hash>.js     (function (require, __dirname) { … }), gives the function that runs one of its modules
 *   dist/programs/<name>-<hash>.js.code
 * Keeps true: no process has a module twice, since all it runs is in its one file. What finds files by their place is told where its module was.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');
const folder = path.join(dist, 'programs');
const manifestFile = path.join(folder, 'manifest.json');
const bin = (name) => path.join(here, 'bin', `${name}.js`);

const programs = {
  commands: fs
    .readdirSync(path.join(here, 'bin'))
    .flatMap((file) => (file.startsWith('cluster-') ? [`cli/${path.parse(file).name}`] : [])),
  node: ['node/main'],
  guest: ['guest/main'],
};

/** Packages with files of their own beside the code: loaded from where they are. */
const loadedFromTheirPlace = /^(esbuild|msgpackr-extract)$/;

/** What changes with each build, and with each installation. */
function madeFrom() {
  const names = ['checkpoint', 'natgateway', 'scheduler', 'runtime'].map((name) => `../../${name}/dist/.tsbuildinfo`);
  return [...names, '../../../node_modules/.package-lock.json', '../single-files.mjs']
    .filter((name) => fs.existsSync(path.join(dist, name)))
    .map((name) => {
      const file = path.join(dist, name);
      return {
        name,
        mtimeMs: fs.statSync(file).mtimeMs,
        sha256: createHash('sha256').update(fs.readFileSync(file)).digest('hex'),
      };
    });
}

function isUpToDate(sources) {
  try {
    const { madeFrom, files, node } = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    const same = (list) => JSON.stringify(list.map(({ name, sha256 }) => [name, sha256]));
    const exist = Object.values(files).every((file) => fs.existsSync(path.join(folder, `${file}.code`)));
    return node === process.version && exist && same(madeFrom) === same(sources);
  } catch {
    return false;
  }
}

async function makeFile(name, modules) {
  const cases = modules.map((module) => `${JSON.stringify(module)}: () => require(${JSON.stringify(`./${module}.js`)}),`);
  const { outputFiles, warnings } = await build({
    stdin: { contents: `const modules = {\n${cases.join('\n')}\n};\nstart = (name) => modules[name]();`, resolveDir: dist },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Code that V8 takes back from a file has no way to ask for a module, but `require` is handed in.
    supported: { 'dynamic-import': false },
    charset: 'ascii',
    legalComments: 'none',
    write: false,
    logLevel: 'error',
    define: { 'import.meta.url': 'moduleUrl' },
    plugins: [places()],
  });
  if (warnings.length > 0) throw new Error(`Cannot put ${name} into one file: ${warnings[0].text}`);
  // A guest meets functions of the runtime: they are strict, as in the modules they come from. Others have packages with them that are sloppy.
  const mode = name === 'guest' ? `'use strict'; ` : '';
  const text = `(function (require, __dirname) { ${mode}let start;\n${outputFiles[0].text}\nreturn start; })`;
  const file = `${name}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.js`;
  fs.writeFileSync(path.join(folder, file), text);
  return file;
}

/** Modules keep their place: `import.meta.url` is what it would be, and what is loaded from its place is found. */
function places() {
  const relative = (file) => JSON.stringify(path.relative(folder, file).replaceAll(path.sep, '/'));
  return {
    name: 'places',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: loadedFromTheirPlace }, ({ path: name, importer }) => {
        const file = createRequire(importer).resolve(name);
        return { path: JSON.parse(relative(file)), external: true };
      });
      onLoad({ filter: /\.m?js$/ }, ({ path: file }) => {
        const text = fs.readFileSync(file, 'utf8');
        if (!text.includes('import.meta.url')) return undefined;
        const url = `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${relative(file)})).href`;
        return { contents: `const moduleUrl = ${url};\n${text}` };
      });
    },
  };
}

/** A machine that needs longer than this for one step of a recording does without. */
const longestMs = 30_000;

/** Runs one small program in a cluster of its own. */
async function recordCode(home) {
  const script = path.join(home, 'hello.js');
  fs.writeFileSync(script, 'console.log("hello");\n');
  const { guestFlags } = await import('./dist/node/v8-flags.js');
  // At its end a process of the cluster has the flags of guests; its code is loaded before they are set.
  const unset = guestFlags.map((flag) => flag.replace('--no-', '--')).join(' ');
  const run = (...command) => {
    const environment = { ...process.env, GODWIT_HOME: home, GODWIT_CLUSTER: '', NODE_OPTIONS: '', GODWIT_RECORD_CODE: unset };
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      env: environment,
      encoding: 'utf8',
      timeout: longestMs,
    });
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stderr}`);
    return stdout.trim();
  };
  const node = run(bin('cluster-node'), 'start');
  try {
    run(bin('cluster-run'), script);
  } finally {
    run(bin('cluster-node'), 'stop', node);
  }
  run(bin('cluster-run'), script);
  await recordGuest(home, guestFlags);
}

async function recordGuest(home, flags) {
  const { setFlagsFromString } = await import('node:v8');
  const [{ compileScript }, { guestCompileOptions }] = await Promise.all([
    import('@godwit/checkpoint/compile/cache'),
    import('./dist/guest/modules.js'),
  ]);
  const script = path.join(home, 'wait.js');
  fs.writeFileSync(script, 'console.log("hello");\nsetTimeout(() => {}, 1e9);\n');
  const bundle = await compileScript(script, guestCompileOptions);
  for (const flag of flags) setFlagsFromString(flag);
  const { port1: port, port2 } = new MessageChannel();
  const words = new SharedArrayBuffer(64);
  const workerData = { port: port2, words };
  const worker = new Worker(bin('guest-worker'), { workerData, transferList: [port2], env: { GODWIT_RECORD_CODE: '' } });
  const recorded = new Promise((resolve, reject) => {
    worker.on('error', reject);
    setTimeout(() => reject(new Error('a guest did not end in time')), longestMs).unref();
    worker.on('message', resolve);
    const settings = { pid: 1, argv: [process.execPath, script], execArgv: [], env: {}, cwd: home };
    port.on('message', ({ type, ...rest }) => {
      if (type === 'ready') port.postMessage({ type: 'start', bundle, settings });
      else if (type === 'output') worker.postMessage('record');
      else if (type !== 'running')
        reject(new Error(`Cannot record the code of a guest: it says ${type} ${JSON.stringify(rest)}`));
    });
  });
  await recorded.finally(() => worker.terminate()).finally(() => port.close());
}

const sources = madeFrom();
if (!isUpToDate(sources)) {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const files = {};
  for (const [name, modules] of Object.entries(programs)) files[name] = await makeFile(name, modules);
  fs.writeFileSync(`${manifestFile}.new`, JSON.stringify({ node: process.version, madeFrom: sources, files }));
  fs.renameSync(`${manifestFile}.new`, manifestFile);
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'godwit-build-'));
  try {
    await recordCode(home);
  } catch (error) {
    console.error(`Godwit will start more slowly: ${error.message}`);
  }
  fs.rmSync(home, { recursive: true, force: true });
}
