/** cluster-check: compiles a script and says whether it can run, and what in it would pin it or put a move off, where. Nothing is started. */

import { findHindrances, type Hindrance, type HindrancePolicy } from '@godwit/checkpoint/compile';
import { ofPrelude } from '@godwit/checkpoint/compile/prelude';
import { moduleEffect, opensForGood, pinningGlobals } from '../guest/module-policy.js';
import { guestModules, nameOfModule } from '../guest/modules.js';
import { BundleStore } from '../node/bundles.js';
import { command, main } from './command.js';
import { compileGuest } from './run.js';

/** Made anew by the guest's realm, whatever Node's own would do. */
const ownModules = new Set([...Object.keys(guestModules), 'process', 'timers', 'timers/promises', 'perf_hooks']);

const policy: HindrancePolicy = {
  module: (name) =>
    ownModules.has(name) || moduleEffect(name) !== 'pins' ? undefined : { effect: 'pin', why: `uses node:${name}` },
  call: (module, name) => {
    if (ownModules.has(module) || moduleEffect(module) !== 'answers') return undefined;
    if (opensForGood(name)) return { effect: 'pin', why: `what ${module}.${name} opens stays open here` };
    const isAsked = module.endsWith('/promises') || !name.endsWith('Sync');
    return isAsked ? { effect: 'wait', why: `until ${module}.${name} has answered, where it is asynchronous` } : undefined;
  },
  global: (name) => (pinningGlobals.includes(name) ? { effect: 'pin', why: `uses ${name}` } : undefined),
  isAuthors: (file) => nameOfModule(file) === file && !ofPrelude.test(file),
};

const program = command('cluster-check', 'compiles a script and says what is in its way')
  .argument('<script>', 'the script')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-check script.mjs\n  cluster-check --json script.mjs')
  .action(async (script: string, options: { json?: boolean }) => {
    const bundle = await compileGuest(script, new BundleStore(process.env));
    const { entry, hash, imports, code, metas } = bundle;
    const hindrances = findHindrances(bundle, policy);
    const found = { entry, hash, imports, codeBytes: Buffer.byteLength(code), functions: metas.length, hindrances };
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.check/1', ...found })}\n`);
    else process.stdout.write(textOf(found));
  });

void main(program);

function textOf({
  entry,
  functions,
  codeBytes,
  imports,
  hindrances,
}: {
  entry: string;
  functions: number;
  codeBytes: number;
  imports: readonly string[];
  hindrances: readonly Hindrance[];
}): string {
  const uses = imports.join(', ') || 'no built-in modules';
  const head = `${entry}: can run (${functions} functions, ${codeBytes} bytes; uses ${uses})\n`;
  if (hindrances.length === 0) return `${head}nothing in it is known to keep it from moving\n`;
  const effects = { pin: 'pins', wait: 'pins', putOff: 'put off', differs: 'differs' };
  return head + hindrances.map(({ effect, why, file, line }) => `${file}:${line}: ${effects[effect]}: ${why}\n`).join('');
}
