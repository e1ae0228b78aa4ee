/** Plain node: a program run in a thread of its own, as the CommonJS or ES module it is. What passes here is what must pass everywhere else. */
import { Worker } from 'node:worker_threads';
import { machineLimits } from './limits.js';

export interface OracleRun {
  stdout: string;
  code: number;
  /** The uncaught error, if one ended it. */
  error: string;
}

const asGlobalScript = `const { workerData } = require('node:worker_threads');
require('node:vm').runInThisContext(require('node:fs').readFileSync(workerData, 'utf8'), { filename: workerData });`;

/** `isScript`: as a global script instead of as a module. */
export function runOracle(file: string, isScript = false): Promise<OracleRun> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let error = '';
    const worker = isScript
      ? new Worker(asGlobalScript, { eval: true, workerData: file, stdout: true, stderr: true })
      : new Worker(file, { stdout: true, stderr: true });
    worker.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    worker.on('error', (thrown: unknown) => {
      error = String((thrown as Error)?.stack ?? thrown);
    });
    const timer = setTimeout(() => {
      error = 'it takes too long';
      void worker.terminate();
    }, machineLimits.oracleMs);
    worker.on('exit', (code) => {
      clearTimeout(timer);
      setImmediate(() => resolve({ stdout: Buffer.concat(chunks).toString(), code: error ? 1 : code, error }));
    });
  });
}
