/** cluster-check: compiles a script and says whether it can run, and what in it would pin it or put a move off, where. Nothing is started. */

import { findHindrances, type Hindrance } from '@godwit/checkpoint/compile';
import { BundleStore } from '../node/bundles.js';
import { checkPolicy } from './check-policy.js';
import { countOf, linesOf } from './check-text.js';
import { command, main } from './command.js';
import { compileGuest } from './run.js';

const program = command('cluster-check', 'compiles a script and says what is in its way')
  .argument('<script>', 'the script')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-check script.mjs\n  cluster-check --json script.mjs')
  .action(async (script: string, options: { json?: boolean }) => {
    const bundle = await compileGuest(script, new BundleStore(process.env));
    const { entry, hash, imports, code, metas } = bundle;
    const hindrances = findHindrances(bundle, checkPolicy);
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
  return `${head}${countOf(hindrances)}\n${linesOf(hindrances).join('\n')}\n`;
}
