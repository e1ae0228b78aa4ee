/**
 * Tests of tc39/test262 as programs: harness and test in one CommonJS script, the way a guest is run. What needs a real global script
 * (top-level `var` on globalThis, say) fails on plain node in the same way and is told apart there. Reads a clone; nothing of it is kept.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Task } from './verdict.js';

interface Frontmatter {
  flags: string[];
  includes: string[];
  features: string[];
  negative: { phase: string; type: string } | undefined;
}

/** Is the folder part of a clone of test262? Its root, then. */
export function test262Root(folder: string): string | undefined {
  for (let at = path.resolve(folder); at !== path.dirname(at); at = path.dirname(at))
    if (fs.existsSync(path.join(at, 'harness/assert.js')) && fs.existsSync(path.join(at, 'harness/sta.js'))) return at;
  return undefined;
}

export function frontmatterOf(text: string): Frontmatter {
  const yaml = /\/\*---([\s\S]*?)---\*\//.exec(text)?.[1] ?? '';
  const list = (key: string): string[] => {
    const inline = new RegExp(`^${key}:\\s*\\[([^\\]]*)\\]`, 'm').exec(yaml)?.[1];
    if (inline !== undefined)
      return inline
        .split(',')
        .map((s) => s.trim())
        .filter(Boolean);
    const lines = new RegExp(`^${key}:\\s*\\n((?:\\s+- .*\\n?)+)`, 'm').exec(yaml)?.[1];
    return lines
      ? lines
          .split('\n')
          .map((s) => s.replace(/^\s*-\s*/, '').trim())
          .filter(Boolean)
      : [];
  };
  const negative = /^negative:\s*\n((?:[ \t]+.*\n?)+)/m.exec(yaml)?.[1];
  const field = (key: string): string => new RegExp(`${key}:\\s*(\\S+)`).exec(negative ?? '')?.[1] ?? '';
  return {
    flags: list('flags'),
    includes: list('includes'),
    features: list('features'),
    negative: negative === undefined ? undefined : { phase: field('phase'), type: field('type') },
  };
}

/** `$262` as far as a guest has such things. */
const host = `globalThis.print = console.log;
globalThis.$262 = {
  global: globalThis,
  evalScript: (text) => (0, eval)(text),
  detachArrayBuffer: (buffer) => { structuredClone(buffer, { transfer: [buffer] }); return null; },
  gc() {},
};
`;
const needsMore = /\$262\.(createRealm|agent|AbstractModuleSource|IsHTMLDDA)|\bIsHTMLDDA\b/;
const moreHarness = ['atomicsHelper.js', 'nativeErrors.js'];

/** The tasks of one test: sloppy and strict where it is meant for both; or why it is not taken. */
export function tasksOf(file: string, root: string, output: string): { tasks: Task[]; notTaken: string | undefined } {
  const text = fs.readFileSync(file, 'utf8');
  const { flags, includes, features, negative } = frontmatterOf(text);
  const name = path.relative(path.join(root, 'test'), file);
  if (flags.includes('module') || negative?.phase === 'resolution') return { tasks: [], notTaken: 'a module' };
  if (needsMore.test(text)) return { tasks: [], notTaken: 'needs another realm, agents or document.all' };
  if (includes.some((include) => moreHarness.includes(include))) return { tasks: [], notTaken: 'needs agents' };
  const raw = flags.includes('raw');
  const isAsync = flags.includes('async');
  const files = raw ? [] : ['assert.js', 'sta.js', ...(isAsync ? ['doneprintHandle.js'] : []), ...includes];
  const harness = files.map((include) => fs.readFileSync(path.join(root, 'harness', include), 'utf8')).join('\n');
  const modes = raw || flags.includes('noStrict') ? [''] : flags.includes('onlyStrict') ? ['strict'] : ['', 'strict'];
  const feature = features[0] ?? path.dirname(name).split('/').slice(0, 3).join('/');
  const tasks = modes.map((mode): Task => {
    const made = path.join(output, `${name.replace(/\.js$/, '').replaceAll('/', '__')}${mode ? '.strict' : ''}.cjs`);
    fs.writeFileSync(made, `${mode ? '"use strict";\n' : ''}${raw ? '' : `${host}${harness}\n`}${text}`);
    const task: Task = { name: mode ? `${name} (strict)` : name, feature, file: made };
    if (negative?.phase === 'parse' || negative?.phase === 'early') task.isRefused = true;
    else if (negative) task.throws = negative.type;
    if (isAsync) task.prints = 'Test262:AsyncTestComplete';
    return task;
  });
  return { tasks, notTaken: undefined };
}
