/**
 * Judges tasks in child processes, several at a time; what a batch had not done when its process died is given to another. A program during
 * which a process died is tried again: V8's debugger now and then ends a process in which many workers with breakpoints come and go.
 */
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
      const crashes = new Map<string, number>();
      for (let left = batch; left.length > 0; ) left = await runBatch(left, options, each, crashes);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
}

/** Runs one batch; what is left of it when its process died. */
function runBatch(
  tasks: Task[],
  options: Options,
  each: (result: Result) => void,
  crashes: Map<string, number>,
): Promise<Task[]> {
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
      const times = (crashes.get(task.name) ?? 0) + 1;
      crashes.set(task.name, times);
      if (times < machineLimits.crashes && signal !== 'SIGKILL') return resolve(tasks.slice(next));
      const reason = `its process ended with ${signal ?? code} ${said.trim()}`;
      const { name, feature } = task;
      each({
        name,
        feature,
        verdict: 'crashed',
        reason,
        mode: 'every',
        hits: 0,
        moves: 0,
        inParcels: 0,
        unclean: {},
        putOff: {},
      });
      resolve(tasks.slice(next + 1));
    });
    child.send({ tasks, options } satisfies BatchOrder);
  });
}
