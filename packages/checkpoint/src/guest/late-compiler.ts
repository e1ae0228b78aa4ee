/**
 * The compiler of code that guests make at run time, in the guest's worker and out of the guest's reach: the passes run in a context of
 * their own, with built-ins of their own, and only texts and numbers go in and out. Nothing of it is loaded before it is first needed.
 *
 * The passes and their packages are put into one file beside this package's other files, once for each build of them, by esbuild in a
 * process of its own (the guest may have changed what esbuild would use here).
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import type { LateForm } from '../compile/late.js';

interface Passes {
  compileLateText(source: string, form: LateForm, firstFid: number, site: string, hidden: string): string;
  authorText(source: string, sourceMap: string, start: number, end: number): string;
}

const passes = fileURLToPath(new URL('../compile', import.meta.url));
const { execPath } = process;
const { readdirSync, readFileSync, statSync } = fs;
const { join } = path;
const { createContext, Script } = vm;

let loaded: Passes | undefined;

/** Answers what compileLateText answers, or a dash when the passes fail: then V8 runs the text as it is. */
export function compileLateText(source: string, form: LateForm, firstFid: number, site = '', hidden = ''): string {
  loaded ??= load();
  try {
    return loaded.compileLateText(source, form, firstFid, site, hidden);
  } catch {
    return '-';
  }
}

/** What the author wrote of the function from `start` to `end` in a bundle's text before lowering; empty of a built-in. */
export function authorText(bundle: { source: string; sourceMap: string }, start: number, end: number): string {
  loaded ??= load();
  return loaded.authorText(bundle.source, bundle.sourceMap, start, end);
}

function load(): Passes {
  const context = createContext({}, { name: 'godwit compiler' });
  // A name of Node's kind: neither the guest's scripts (godwit-…) nor anybody's file.
  const script = new Script(`${passesText()}; late`, { filename: 'node:internal/godwit/late' });
  return script.runInContext(context) as Passes;
}

/** One file for each state of the passes: its name tells sizes and times of what it was made from. */
function passesText(): string {
  let state = 17;
  const names = readdirSync(passes);
  for (let i = 0; i < names.length; i++) {
    const { size, mtimeMs } = statSync(join(passes, names[i]!));
    state = (state * 31 + size * 7 + (mtimeMs % 1e9)) % 2 ** 48;
  }
  const file = join(passes, '..', `late-passes-${Math.floor(state)}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return execFileSync(execPath, [join(passes, 'late-build.js'), file], {
      encoding: 'utf8',
      maxBuffer: MOST_BYTES,
      env: {},
      cwd: passes,
    });
  }
}

const MOST_BYTES = 64 * 1024 * 1024;
