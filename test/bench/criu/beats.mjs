/**
 * What the programs that are moved have in common: they beat every 2 ms, note when a beat came late, and end when the file `stop` is in their
 * folder. Times are the wall clock's: the monotonic clock of a process that CRIU restored stood still with it.
 */
import fs from 'node:fs';

const beatMs = 2;
const gapsKept = 100_000;
const gaps = [];
let lastMs = Date.now();
let beatsSinceLook = 0;

export function beat() {
  const nowMs = Date.now();
  if (nowMs - lastMs > 2 * beatMs && gaps.length < gapsKept) gaps.push([lastMs, nowMs - lastMs]);
  lastMs = nowMs;
}

export function isToEnd(folder) {
  if (++beatsSinceLook % 25 !== 0) return false;
  return fs.existsSync(`${folder}/stop`);
}

/** Calls back when it is to end. */
export function beatOn(folder, end) {
  lastMs = Date.now();
  const timer = setInterval(() => {
    beat();
    if (!isToEnd(folder)) return;
    clearInterval(timer);
    end();
  }, beatMs);
}

export function ready(folder, what) {
  lastMs = Date.now();
  fs.writeFileSync(`${folder}/ready`, JSON.stringify(what));
}

/** In one step: who waits for the file finds all of it. */
export function result(folder, what) {
  fs.writeFileSync(`${folder}/result.part`, JSON.stringify({ gaps, ...what }));
  fs.renameSync(`${folder}/result.part`, `${folder}/result.json`);
}
