/**
 * cluster-ps: every process of the cluster, from the location table and what its owner says of it. A node that does not answer leaves
 * its cells empty; it never holds the list up for longer than one control request.
 */

import { askNode, type GuestReport } from '../node/control.js';
import type { Location } from '../process/index.js';
import { listNodes, openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { bytesText, table, timeText } from './table.js';

const program = command('cluster-ps', 'lists the processes of the cluster')
  .option('-a, --all', 'ended ones too')
  .option('-q, --quiet', 'PIDs only')
  .option('--no-trunc', 'whole commands')
  .option('--json', 'one JSON document')
  .addHelpText('after', '\nExamples:\n  cluster-ps -a\n  cluster-ps --json')
  .action(async (options: { all?: boolean; quiet?: boolean; trunc: boolean; json?: boolean; cluster?: string }) => {
    const host = commandHost();
    const cluster = await openRunningCluster(host, options.cluster);
    const nodes = await listNodes(cluster.bus);
    const asked = nodes.map(({ id }) => askNode<GuestReport[]>(cluster.bus, id, { op: 'list' }).catch((): GuestReport[] => []));
    const reports = new Map((await Promise.all(asked)).flat().map((report) => [report.pid, report]));
    // A lost process is news until it is cleared away; an ended one is not.
    const shown = (await cluster.locations.list()).filter(({ state }) => options.all || state !== 'ended');
    const rows = shown.map((location) => rowOf(location, reports.get(location.pid), host.nowMs()));
    if (options.json) process.stdout.write(`${JSON.stringify({ schema: 'godwit.ps/1', processes: rows })}\n`);
    else if (options.quiet) process.stdout.write(rows.map(({ pid }) => `${pid}\n`).join(''));
    else process.stdout.write(tableOf(rows, options.trunc));
    await cluster.close();
  });

await main(program);

type Row = ReturnType<typeof rowOf>;

function rowOf(location: Location, report: GuestReport | undefined, nowMs: number) {
  const { pid, home, node, state, moves, startedAtMs, endedAtMs, argv, name, exit, reason } = location;
  const stat = state === 'lost' ? 'X' : state === 'ended' ? 'Z' : report?.moving ? 'M' : 'R';
  return {
    ...{ pid, home, node, stat, moves, name },
    residentBytes: report?.memoryBytes ?? null,
    remoteBytes: 0, // images travel whole
    elapsedMs: (endedAtMs ?? nowMs) - startedAtMs,
    command: argv.join(' '),
    pinned: report?.pinned ?? [],
    exit: exit ?? null,
    reason: reason ?? null,
  };
}

function tableOf(rows: readonly Row[], isCut: boolean): string {
  const header = ['PID', 'HOME', 'NODE', 'STAT', '%CPU', 'MEM', 'MOVES', 'REMOTE', 'TIME', 'COMMAND', 'PINNED'];
  const cells = rows.map((row) => [
    ...[
      String(row.pid),
      String(row.home),
      String(row.node),
      row.stat,
      '-',
      row.residentBytes ? bytesText(row.residentBytes) : '-',
    ],
    ...[String(row.moves), bytesText(row.remoteBytes), timeText(row.elapsedMs)],
    isCut && row.command.length > 60 ? `${row.command.slice(0, 59)}…` : row.command,
    row.pinned.join('; '),
  ]);
  return table(header, cells);
}
