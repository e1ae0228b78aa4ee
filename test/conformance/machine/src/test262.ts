/**
 * Tests of tc39/test262 as programs: harness and test in one CommonJS script, the way a guest is run; of a module test a module beside the
 * files that it imports, the harness a module of its own that makes globals. What needs a real global script (top-level `var` on globalThis,
 * say) fails on plain node in the same way and is told apart there. Reads a clone; nothing of it is kept.
 */
import { createHash } from 'node:crypto';
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
  if (needsMore.test(text)) return { tasks: [], notTaken: 'needs another realm, agents or document.all' };
  if (includes.some((include) => moreHarness.includes(include))) return { tasks: [], notTaken: 'needs agents' };
  const raw = flags.includes('raw');
  const isAsync = flags.includes('async');
  const files = raw ? [] : ['assert.js', 'sta.js', ...(isAsync ? ['doneprintHandle.js'] : []), ...includes];
  const harness = files.map((include) => fs.readFileSync(path.join(root, 'harness', include), 'utf8')).join('\n');
  const isModule = flags.includes('module');
  const modes = isModule || raw || flags.includes('noStrict') ? [''] : flags.includes('onlyStrict') ? ['strict'] : ['', 'strict'];
  const feature = features[0] ?? path.dirname(name).split('/').slice(0, 3).join('/');
  const tasks = modes.map((mode): Task => {
    const made = isModule
      ? writeModule(file, name, text, raw ? '' : harness, output)
      : path.join(output, `${name.replace(/\.js$/, '').replaceAll('/', '__')}${mode ? '.strict' : ''}.cjs`);
    if (!isModule) fs.writeFileSync(made, `${mode ? '"use strict";\n' : ''}${raw ? '' : `${host}${harness}\n`}${text}`);
    const task: Task = { name: mode ? `${name} (strict)` : name, feature, file: made };
    if (/^(parse|early|resolution)$/.test(negative?.phase ?? '')) task.isRefused = true;
    else if (negative) task.throws = negative.type;
    if (isAsync) task.prints = 'Test262:AsyncTestComplete';
    return task;
  });
  return { tasks, notTaken: undefined };
}

/** Folders whose imported files are there already. */
const copied = new Set<string>();

/** Writes a module test where its relative imports, of itself too, lead to the same files as in the clone. */
function writeModule(file: string, name: string, text: string, harness: string, output: string): string {
  const root = path.join(output, 'modules');
  const folder = path.join(root, path.dirname(name));
  if (!copied.has(folder)) {
    copied.add(folder);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(root, 'package.json'), '{ "type": "module" }');
    for (const entry of fs.readdirSync(path.dirname(file), { withFileTypes: true, recursive: true }))
      if (entry.isFile() && entry.name.includes('_FIXTURE')) {
        const from = path.join(entry.parentPath ?? entry.path, entry.name);
        const to = path.join(folder, path.relative(path.dirname(file), from));
        fs.mkdirSync(path.dirname(to), { recursive: true });
        fs.copyFileSync(from, to);
      }
  }
  const made = path.join(root, name);
  const globals = path.join(root, `harness-${createHash('sha256').update(harness).digest('hex').slice(0, 16)}.js`);
  fs.writeFileSync(globals, `${host}${harness}\nObject.assign(globalThis, { ${[...topNames(harness)].join(', ')} });\n`);
  const first = path.relative(path.dirname(made), globals);
  fs.writeFileSync(made, harness === '' ? text : `import './${first}'; ${text}`);
  return made;
}

function* topNames(script: string): Iterable<string> {
  for (const [, name] of script.matchAll(/^(?:async )?(?:function\*?|var|let|const|class)\s+([\w$]+)/gm)) yield name!;
}
