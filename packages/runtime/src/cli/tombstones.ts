/**
 * What each mother keeps of its children: the entry stays with the node that made the process, wherever that lives, and says where.
 * STATE: here, away (the entry is a tombstone then), moving, lost, ended.
 */

import type { ProcessRow } from './process-rows.js';
import { table } from './table.js';

export interface TombstoneRow {
  readonly home: number;
  readonly pid: number;
  readonly state: 'here' | 'away' | 'moving' | 'lost' | 'ended';
  /** Where it lives, or lived last. */
  readonly node: number;
  readonly epoch: number;
  readonly moves: number;
  readonly command: string;
}

/** By mother, then PID. */
export function tombstoneRows(rows: readonly ProcessRow[]): TombstoneRow[] {
  return rows
    .map((row) => {
      const { home, pid, node, epoch, moves, command } = row;
      return { home, pid, state: stateOf(row), node, epoch, moves, command };
    })
    .sort((a, b) => a.home - b.home || a.pid - b.pid);
}

export function tombstoneTable(rows: readonly TombstoneRow[]): string {
  const cells = rows.map(({ home, pid, state, node, epoch, moves, command }) => [
    ...[String(home), String(pid), state, String(node), String(epoch), String(moves), command],
  ]);
  return table(['HOME', 'PID', 'STATE', 'NODE', 'EPOCH', 'MOVES', 'COMMAND'], cells);
}

function stateOf({ stat, home, node }: ProcessRow): TombstoneRow['state'] {
  if (stat === 'X') return 'lost';
  if (stat === 'Z') return 'ended';
  if (stat === 'M') return 'moving';
  return home === node ? 'here' : 'away';
}
