/** cluster-ps: every process of the cluster. What it lists is in process-rows.ts, how it is shown in process-columns.ts. */

import { openCluster } from '../cluster/settings.js';
import { pause } from '../node/control.js';
import { type CommandCluster, openRunningCluster } from './cluster.js';
import { command, commandHost, duration, main } from './command.js';
import { type Compare, columnList, columns, type Filter, filterList, sortKey, usualColumns } from './process-columns.js';
import { type ProcessRow, processRows } from './process-rows.js';
import { processTree } from './process-tree.js';
import { table } from './table.js';
import { tombstoneRows, tombstoneTable } from './tombstones.js';

interface Options {
  readonly all?: boolean;
  readonly filter?: Filter[];
  readonly columns?: string[];
  readonly sort?: Compare;
  readonly quiet?: boolean;
  readonly watch?: number | true;
  readonly trunc: boolean;
  readonly system?: boolean;
  readonly tree?: boolean;
  readonly tombstones?: boolean;
  readonly json?: boolean;
  readonly cluster?: string;
}

const watchIntervalMs = 1_000;
const commandChars = 60;

const program = command('cluster-ps', 'lists the processes of the cluster')
  .option('-a, --all', 'ended ones too')
  .option(
    '-f, --filter <key=value>',
    'only those; by pid, home, node, stat, name, command or pinned; may be repeated',
    filterList,
  )
  .option('-o, --columns <names>', `other columns: ${Object.keys(columns).join(',')}`, columnList)
  .option('--sort <column>', 'order by a column, -column for the largest first', sortKey)
  .option('-q, --quiet', 'PIDs only')
  .option('-w, --watch [time]', 'again and again, each second or as often as said', duration)
  .option('--no-trunc', 'whole commands')
  .option('--system', 'the processes of Godwit itself too (PIDs 1 to 100)')
  .option('--tree', 'under the node that made them')
  .option('--tombstones', 'what each mother keeps: state, and where each child lives')
  .option('--json', 'one JSON document')
  .addHelpText(
    'after',
    '\nSTAT: R running, S idle, M moving, P its node does not answer, T stopped, Z ended, X lost' +
      '\nREMOTE: what of a process that was moved is still at the node it left, about' +
      '\nExamples:\n  cluster-ps -a\n  cluster-ps -f node=1 --sort -cpu\n  cluster-ps -o pid,node,cpu,name -w 2s\n  cluster-ps --json',
  )
  .action(async (options: Options) => {
    if (options.watch && options.json) program.error('error: --watch and --json exclude each other');
    const host = commandHost();
    const cluster = await openRunningCluster(host, options.cluster);
    const { stride } = await openCluster(cluster.bus, host.nowMs());
    process.stdout.write(await listing(cluster, stride, options));
    // A reader that went away, as in `cluster-ps -w | head`, ends it.
    process.stdout.on('error', () => process.exit(0));
    while (options.watch) {
      await pause(host, options.watch === true ? watchIntervalMs : options.watch);
      const text = await listing(cluster, stride, options);
      process.stdout.write(process.stdout.isTTY ? `\x1b[H\x1b[2J${text}` : `\n${text}`);
    }
    await cluster.close();
  });

void main(program);

async function listing(cluster: CommandCluster, stride: number, options: Options): Promise<string> {
  const isSystemWanted = !options.tombstones && (options.system === true || options.tree === true);
  const all = await processRows(cluster, stride, { isEndedWanted: options.all === true, isSystemWanted });
  const rows = all.filter((row) => (options.filter ?? []).every((filter) => filter(row)));
  if (options.sort) rows.sort(options.sort);
  if (options.tombstones) return tombstoneListing(rows, options);
  if (options.json) return `${JSON.stringify({ schema: 'godwit.ps/1', processes: rows })}\n`;
  if (options.quiet) return rows.map(({ pid }) => `${pid}\n`).join('');
  return processTable(rows, options);
}

function tombstoneListing(rows: readonly ProcessRow[], options: Options): string {
  const entries = tombstoneRows(rows);
  if (options.json) return `${JSON.stringify({ schema: 'godwit.tombstones/1', tombstones: entries })}\n`;
  if (options.quiet) return entries.map(({ pid }) => `${pid}\n`).join('');
  return tombstoneTable(entries.map((entry) => ({ ...entry, command: cut(entry.command, options) })));
}

function processTable(rows: readonly ProcessRow[], options: Options): string {
  const shown = (options.columns ?? usualColumns).map((name) => ({ name, column: columns[name]! })); // columnList gives only these
  const ordered = options.tree ? processTree(rows) : rows.map((row) => ({ row, branch: '' }));
  const cells = ordered.map(({ row, branch }) =>
    shown.map(({ name, column }) => (name === 'command' ? branch + cut(row.command, options) : column.text(row))),
  );
  return table(
    shown.map(({ column }) => column.title),
    cells,
  );
}

function cut(text: string, { trunc }: Options): string {
  return trunc && text.length > commandChars ? `${text.slice(0, commandChars - 1)}…` : text;
}
