// What every driver needs: how many rounds, chance with a seed, a digest, and the text files of a package in one order.
const fs = require('node:fs');
const path = require('node:path');

const rounds = Number(process.argv[2] ?? 1);
const modules = path.join(__dirname, 'node_modules');

// Numbers from 0 to below 1, the same ones for the same seed (mulberry32).
function random(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Packages that draw ids by chance draw the same ones each time.
Math.random = random(1);

const pick = (chance, list) => list[Math.floor(chance() * list.length)];

function digest(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

// Paths of the files in a folder of node_modules whose names end so, none larger than `most` characters.
function files(folder, ends, most = 60_000) {
  const root = path.join(modules, folder);
  return fs
    .readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(ends) && !name.includes('node_modules'))
    .sort()
    .map((name) => path.join(root, name))
    .filter((file) => fs.statSync(file).isFile() && fs.statSync(file).size <= most);
}

const read = (file) => fs.readFileSync(path.isAbsolute(file) ? file : path.join(modules, file), 'utf8');

module.exports = { rounds, random, pick, digest, files, read };
