/** Scenarios that need a realm of their own: what they do to built-ins stays in its thread. */
import { once } from 'node:events';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Runs a script in a thread; gives the first message that it sends. */
export async function inThread<Answer>(script: URL, options: WorkerOptions): Promise<Answer> {
  const worker = new Worker(script, options);
  try {
    const [answer] = (await once(worker, 'message')) as [Answer];
    return answer;
  } finally {
    await worker.terminate();
  }
}
