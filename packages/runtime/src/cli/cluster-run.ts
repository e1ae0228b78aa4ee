/** The command line of cluster-run; what it does is in run.ts. Options after the script are the script's. */

import { InvalidArgumentError } from 'commander';
import { command, commandHost, duration, main, megabytes, nodeCount, poolName, weightNumber } from './command.js';
import { run } from './run.js';

const program = command('cluster-run', 'runs a script as a cluster process')
  .argument('<script>', 'the script')
  .argument('[args...]', 'its arguments')
  .option('-d, --detach', 'print the PID and return', false)
  .option('--name <name>', 'a name for the process')
  .option('--node <node>', 'the node to start on')
  .option('--nodes <count>', 'size of a cluster made for this command', nodeCount)
  .option('--pin', 'never move it', false)
  .option('--pool <name>', 'run it on nodes of this pool only', poolName)
  .option('--weight <cores>', 'what it is taken to want until it was measured, in cores (1)', weightNumber)
  .option('--env <key=value>', 'a variable of its environment, may be repeated', pair, {})
  .option('--cwd <folder>', 'its working directory')
  .option('--memory <size>', 'limit of its heap, such as 512m', megabytes)
  .option('--shake <time>', 'move it to another node again and again, such as 100ms', duration)
  .option('--show-moves', 'say each move and the end of its drain on stderr as it happens, a line of JSON each', false)
  .option('--stats <file>', 'write what its moves and their drains cost, as JSON, at its end')
  .addHelpText(
    'after',
    '\nExamples:\n  cluster-run script.mjs one two\n  cluster-run --nodes 3 --shake 60ms --stats moves.json script.mjs',
  )
  .passThroughOptions()
  .action(async (script: string, args: string[], options) => {
    const { memory: memoryMb, shake: shakeMs, ...rest } = options;
    process.exitCode = await run({ script, args, memoryMb, shakeMs, ...rest }, commandHost());
  });

void main(program, 125);

function pair(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected KEY=VALUE');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
