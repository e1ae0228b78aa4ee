/**
 * A child process that judges programs one after another, so that one that takes its process with it takes no other. It is sent a list and
 * tells the beginning and the result of each.
 */
import process from 'node:process';
import { closeMoves } from './moves.js';
import { judge, type Options, type Result, type Task } from './verdict.js';

export interface BatchOrder {
  tasks: Task[];
  options: Options;
}
export type BatchNews = { type: 'begun'; name: string } | { type: 'judged'; result: Result } | { type: 'done' };

const tell = (news: BatchNews): void => {
  process.send!(news);
};

// The command that gave the order is gone.
process.on('disconnect', () => process.exit());
process.on('message', async ({ tasks, options }: BatchOrder) => {
  for (const task of tasks) {
    tell({ type: 'begun', name: task.name });
    tell({ type: 'judged', result: await judge(task, options) });
  }
  await closeMoves();
  tell({ type: 'done' });
  process.disconnect();
});
