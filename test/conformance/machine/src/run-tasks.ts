/** Judges tasks in child processes, several at a time; what a batch had not done when its process died is given to another. */
import { fork } from 'node:child_process';
import type { BatchNews, BatchOrder } from './batch.js';
import { machineLimits } from './limits.js';
import type { Options, Result, Task } from './verdict.js';

/** Calls `each` with every result. */
export async function runTasks(
  tasks: readonly Task[],
  options: Options,
  processes: number,
  each: (result: Result) => void,
): Promise<void> {
  const waiting = [...tasks];
  const work = async (): Promise<void> => {
    for (let batch = waiting.splice(0, machineLimits.batch); batch.length > 0; batch = waiting.splice(0, machineLimits.batch)) {
      // A crash costs one program; the rest of the batch goes to a new process.
      for (let left = batch; left.length > 0; ) left = await runBatch(left, options, each);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
}

/** Runs one batch; what is left of it when its process died. */
function runBatch(tasks: Task[], options: Options, each: (result: Result) => void): Promise<Task[]> {
  return new Promise((resolve) => {
    const child = fork(new URL('./batch.js', import.meta.url), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-400);
    });
    let next = 0;
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const watch = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), machineLimits.silenceMs);
    };
    watch();
    child.on('message', (news: BatchNews) => {
      watch();
      if (news.type === 'judged') {
        next++;
        each(news.result);
      } else if (news.type === 'done') over = true;
    });
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const task = tasks[next];
      if (over || !task) return resolve([]);
      const reason = `its process ended with ${signal ?? code} ${said.trim()}`;
      const { name, feature } = task;
      each({ name, feature, verdict: 'crashed', reason, mode: 'every', hits: 0, moves: 0, putOff: {} });
      resolve(tasks.slice(next + 1));
    });
    child.send({ tasks, options } satisfies BatchOrder);
  });
}
