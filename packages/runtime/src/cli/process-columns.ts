/**
 * How rows of processes are shown, chosen and ordered: the columns of cluster-ps, its filters and sort keys, each by the same names.
 * Keeps true: an unknown name is refused with the names there are.
 */

import { InvalidArgumentError } from 'commander';
import type { ProcessRow } from './process-rows.js';
import { bytesText, timeText } from './table.js';

export interface Column {
  readonly title: string;
  text(row: ProcessRow): string;
  /** What it is sorted by. */
  key(row: ProcessRow): number | string;
}

const none = '-';
const or = (value: number | null, text: (value: number) => string) => (value === null ? none : text(value));

export const columns: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', text: ({ pid }) => String(pid), key: ({ pid }) => pid },
  home: { title: 'HOME', text: ({ home }) => String(home), key: ({ home }) => home },
  node: { title: 'NODE', text: ({ node }) => String(node), key: ({ node }) => node },
  stat: { title: 'STAT', text: ({ stat }) => stat, key: ({ stat }) => stat },
  cpu: {
    title: '%CPU',
    text: ({ cpuPercent }) => or(cpuPercent, (percent) => percent.toFixed(1)),
    key: ({ cpuPercent }) => cpuPercent ?? -1,
  },
  mem: {
    title: 'MEM',
    text: ({ residentBytes }) => or(residentBytes, bytesText),
    key: ({ residentBytes }) => residentBytes ?? -1,
  },
  moves: { title: 'MOVES', text: ({ moves }) => String(moves), key: ({ moves }) => moves },
  remote: {
    title: 'REMOTE',
    text: ({ remoteBytes }) => (remoteBytes ? bytesText(remoteBytes) : none),
    key: ({ remoteBytes }) => remoteBytes ?? -1,
  },
  time: { title: 'TIME', text: ({ cpuMs }) => or(cpuMs, timeText), key: ({ cpuMs }) => cpuMs ?? -1 },
  command: { title: 'COMMAND', text: ({ command }) => command, key: ({ command }) => command },
  pinned: { title: 'PINNED', text: ({ pinned }) => pinned.join('; '), key: ({ pinned }) => pinned.length },
  name: { title: 'NAME', text: ({ name }) => name, key: ({ name }) => name },
  elapsed: { title: 'ELAPSED', text: ({ elapsedMs }) => timeText(elapsedMs), key: ({ elapsedMs }) => elapsedMs },
  epoch: { title: 'EPOCH', text: ({ epoch }) => String(epoch), key: ({ epoch }) => epoch },
  reason: { title: 'REASON', text: ({ reason }) => reason ?? '', key: ({ reason }) => reason ?? '' },
};

export const usualColumns: readonly string[] = [
  ...['pid', 'home', 'node', 'stat', 'cpu', 'mem', 'moves', 'remote', 'time', 'command', 'pinned'],
];

/** `pid,node,%cpu` as names of columns. @throws InvalidArgumentError */
export function columnList(text: string): string[] {
  return text.split(',').map(columnName);
}

export type Compare = (a: ProcessRow, b: ProcessRow) => number;

/** `cpu`, or `-cpu` for the largest first. @throws InvalidArgumentError */
export function sortKey(text: string): Compare {
  const isFalling = text.startsWith('-');
  const { key } = columns[columnName(text.replace(/^[-+]/, ''))]!; // columnName gives only these
  const compare = (a: number | string, b: number | string) => (a < b ? -1 : a > b ? 1 : 0);
  return (a, b) => (isFalling ? -1 : 1) * compare(key(a), key(b)) || a.pid - b.pid;
}

export type Filter = (row: ProcessRow) => boolean;

const filters: Readonly<Record<string, (row: ProcessRow, value: string) => boolean>> = {
  pid: ({ pid }, value) => String(pid) === value,
  home: ({ home }, value) => String(home) === value,
  node: ({ node }, value) => String(node) === value,
  stat: ({ stat }, value) => value.toUpperCase().includes(stat),
  name: ({ name }, value) => name.includes(value),
  command: ({ command }, value) => command.includes(value),
  pinned: ({ pinned }, value) => pinned.length > 0 === (value === 'yes'),
};

/** `node=1`; several must all hold. `stat=RS` is either, `name=` and `command=` are parts, `pinned=` is yes or no. @throws InvalidArgumentError */
export function filterList(text: string, before: Filter[] | undefined): Filter[] {
  const [, key = '', value = ''] = /^([a-z]+)=(.*)$/i.exec(text) ?? [];
  const filter = filters[key.toLowerCase()];
  if (!filter) throw new InvalidArgumentError(`expected key=value with one of ${Object.keys(filters).join(', ')}`);
  if (key === 'pinned' && value !== 'yes' && value !== 'no') throw new InvalidArgumentError('expected pinned=yes or pinned=no');
  return [...(before ?? []), (row) => filter(row, value)];
}

function columnName(text: string): string {
  const name = text.trim().toLowerCase().replace(/^%/, '');
  if (!Object.hasOwn(columns, name)) throw new InvalidArgumentError(`expected columns out of ${Object.keys(columns).join(', ')}`);
  return name;
}
