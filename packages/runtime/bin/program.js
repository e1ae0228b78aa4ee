/**
 * Starts a program of Godwit: from the one file that single-files.mjs made of its modules, with the code V8 keeps for it, which takes a third of the
 * time of loading some hundred modules; or from dist, module by module.
 *
 * Keeps true: a single file is used only while dist is what it was made from, so that `tsc -b` alone is enough after a change. Nothing here is
 * needed for a program to be right: whatever is missing or does not fit is only a slower start.
 */
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { parentPort } = require('node:worker_threads');

const dist = path.join(__dirname, '../dist');
const folder = path.join(dist, 'programs');

/**
 * @param {'commands' | 'node' | 'guest'} file
 * @param {string} module which of its modules, below dist
 */
exports.start = (file, module) => {
  const single = load(file);
  if (single) single(module);
  else import(`../dist/${module}.js`);
};

function load(file) {
  try {
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'));
    if (!manifest.madeFrom.every(isUnchanged)) return undefined;
    return compile(path.join(folder, manifest.files[file]));
  } catch {
    return undefined; // not made, or being made anew
  }
}

function isUnchanged({ name, mtimeMs, sha256 }) {
  const place = path.join(dist, name);
  const now = fs.statSync(place, { throwIfNoEntry: false })?.mtimeMs;
  if (now === undefined || now === mtimeMs) return now === mtimeMs;
  return crypto.createHash('sha256').update(fs.readFileSync(place)).digest('hex') === sha256;
}

function compile(place) {
  const text = fs.readFileSync(place, 'latin1'); // it is ASCII
  const code = `${place}.code`;
  const script = new vm.Script(text, {
    filename: require('node:url').pathToFileURL(place).href,
    cachedData: fs.existsSync(code) ? fs.readFileSync(code) : undefined,
  });
  if (process.env.GODWIT_RECORD_CODE !== undefined) record(script, code);
  return script.runInThisContext()(require('node:module').createRequire(place), path.dirname(place));
}

/** For single-files.mjs: keeps the code of what ran, at the end of a process or when a worker is told to. V8 takes it back only under the same flags. */
function record(script, file) {
  const flags = process.env.GODWIT_RECORD_CODE.split(' ').filter(Boolean);
  const write = () => {
    for (const flag of flags) require('node:v8').setFlagsFromString(flag);
    fs.writeFileSync(`${file}.new`, script.createCachedData());
    fs.renameSync(`${file}.new`, file);
  };
  if (!parentPort) process.once('exit', write);
  else
    parentPort.once('message', () => {
      write();
      parentPort.postMessage('recorded');
    });
}
