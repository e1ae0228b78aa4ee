/** cluster-check: compiles a script and says whether it can run; nothing is started. */

import { BundleStore } from '../node/bundles.js';
import { command, main } from './command.js';
import { compileGuest } from './run.js';

const program = command('cluster-check', 'compiles a script and says what is in its way')
  .argument('<script>', 'the script')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-check script.mjs')
  .action(async (script: string, options: { json?: boolean }) => {
    const { entry, hash, imports, code, metas } = await compileGuest(script, new BundleStore(process.env));
    const found = { entry, hash, imports, codeBytes: Buffer.byteLength(code), functions: metas.length };
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.check/1', ...found })}\n`);
    else
      process.stdout.write(
        `${entry}: can run (${found.functions} functions, ${found.codeBytes} bytes; uses ${imports.join(', ') || 'no built-in modules'})\n`,
      );
  });

await main(program);
