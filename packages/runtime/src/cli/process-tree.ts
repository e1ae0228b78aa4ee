/** Processes under the daemon of the node that made them: the order of rows, and what stands before each command. */

import type { ProcessRow } from './process-rows.js';

export interface TreeRow {
  readonly row: ProcessRow;
  readonly branch: string;
}

/** Rows whose parent is not among them stand at the top. Siblings keep their order. */
export function processTree(rows: readonly ProcessRow[]): TreeRow[] {
  const pids = new Set(rows.map(({ pid }) => pid));
  const isTop = ({ parent }: ProcessRow) => parent === null || !pids.has(parent);
  return rows.filter(isTop).flatMap((row) => {
    const children = rows.filter(({ parent }) => parent === row.pid);
    const branches = children.map((child, n) => ({ row: child, branch: n === children.length - 1 ? '└─ ' : '├─ ' }));
    return [{ row, branch: '' }, ...branches];
  });
}
