/**
 * cluster-migrate: moves one process and waits until all of it is there: it runs there from its first parcel on, the rest comes behind it.
 * On a terminal stderr shows how much has come. `best` is the choice of the scheduler's policy.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import { askOwner, type MoveReport } from '../node/control.js';
import { type DrainFigures, type DrainReport, noDrain } from '../node/drain-record.js';
import { nodeLimits } from '../node/limits.js';
import { type CommandCluster, findNode, openRunningCluster } from './cluster.js';
import { command, commandHost, main } from './command.js';
import { followDrain, lost } from './drain.js';
import { pidArgument } from './processes.js';
import { type Progress, ProgressBar } from './progress-bar.js';
import { bytesText } from './table.js';

const program = command('cluster-migrate', 'moves a process to another node')
  .argument('<pid>', 'the process', pidArgument)
  .argument('[node]', 'a node, home or best', 'best')
  .option('--no-wait', 'return when the move has begun')
  .option('--json', 'one JSON document')
  .addHelpText(
    'after',
    '\nIt waits until all of the process is there. A process that runs there before that (cluster-ps: REMOTE) needs both nodes until then,' +
      '\nand goes on with its move if this command is ended.' +
      '\nExamples:\n  cluster-migrate 130\n  cluster-migrate 130 2\n  cluster-migrate --no-wait 130 home',
  )
  .action(async (pid: number, node: string, options: { json?: boolean; wait: boolean; cluster?: string }) => {
    const cluster = await openRunningCluster(commandHost(), options.cluster);
    const to = await target(cluster, pid, node);
    if (options.wait) await migrate(cluster, pid, to, options.json === true);
    else await sendOff(cluster, pid, to, options.json === true);
    await cluster.close();
  });

void main(program);

async function sendOff({ bus, host, locations }: CommandCluster, pid: number, to: number, isJson: boolean): Promise<void> {
  const request = { op: 'migrate', pid, to, isWaited: false } as const;
  const begun = await askOwner<{ from: number; to: number }>(bus, host, locations, pid, request, nodeLimits.controlTimeoutMs);
  if (isJson) process.stdout.write(`${JSON.stringify({ schema: 'godwit.migrate/1', pid, ...begun })}\n`);
  else process.stdout.write(`${pid}: node ${begun.from} -> ${begun.to}, begun\n`);
}

async function migrate(cluster: CommandCluster, pid: number, to: number, isJson: boolean): Promise<void> {
  const report = await arrival(cluster, pid, to);
  const drain = report.isPartial ? await drained(cluster, pid, report) : noDrain;
  // Offsets in the bundle's code say nothing without it; `--stats` of cluster-run has places.
  const putOff = report.putOff.map(({ reason, times, waitedMs }) => ({ reason, times, waitedMs }));
  if (isJson) process.stdout.write(`${JSON.stringify({ schema: 'godwit.migrate/1', pid, ...report, ...drain, putOff })}\n`);
  else process.stdout.write(`${pid}: node ${report.from} -> ${report.to}${costText(report, drain)}\n`);
}

/** Waits until it runs there. A node that dies meanwhile does not answer, but what becomes of the process is known. */
async function arrival({ bus, host, locations }: CommandCluster, pid: number, to: number): Promise<MoveReport> {
  const request = { op: 'migrate', pid, to, isWaited: true } as const;
  let fail: (error: Error) => void = () => {};
  const isLost = new Promise<never>((_, reject) => {
    fail = reject;
  });
  let isAsked = false;
  const watch = await locations.watch((changed, location) => {
    // One that was lost before is for the answer to say.
    if (isAsked && changed === pid && location?.state === 'lost') fail(lost(pid, to, location.reason ?? 'its node was lost'));
  });
  try {
    isAsked = true;
    const asked = askOwner<MoveReport>(bus, host, locations, pid, request, nodeLimits.migrateTimeoutMs);
    return await Promise.race([asked, isLost]);
  } finally {
    watch.stop();
  }
}

async function drained(cluster: CommandCluster, pid: number, report: MoveReport): Promise<DrainFigures | undefined> {
  const bar = new ProgressBar(process.stderr, process.env.TERM);
  const title = `${pid}: node ${report.from} -> ${report.to}`;
  try {
    const figures = await followDrain(cluster, { pid, ...report }, (look) => bar.draw(progress(title, look)));
    bar.end(figures?.drain === 'whole', figures && progress(title, { leftBytes: 0, figures }));
    return figures;
  } catch (error) {
    bar.end(false);
    throw error;
  }
}

function progress(title: string, { leftBytes, figures }: Pick<DrainReport, 'leftBytes' | 'figures'>): Progress {
  const { drainBytes: doneBytes, drainBytesPerS: bytesPerS, faults } = figures;
  return { title, doneBytes, leftBytes, bytesPerS, note: faultsText(faults) };
}

function costText({ pauseMs, essenceBytes, pages, isPartial }: MoveReport, drain: DrainFigures | undefined): string {
  const inPause = `, pause ${pauseMs.toFixed(1)} ms, ${bytesText(essenceBytes)} in ${pages} pages`;
  if (!drain) return inPause;
  const then = isPartial ? `, then ${bytesText(drain.drainBytes)} in ${(drain.drainMs / 1000).toFixed(1)} s` : '';
  return `${inPause}${then}, ${faultsText(drain.faults)}${drain.drain === 'ended' ? '; it ended before the rest was there' : ''}`;
}

const faultsText = (faults: number): string => `${faults} fault${faults === 1 ? '' : 's'}`;

async function target({ bus, host, locations }: CommandCluster, pid: number, node: string): Promise<number> {
  const location = await locations.read(pid);
  if (!location) throw new GodwitError('GODWIT_NO_PROCESS', `Cannot move process ${pid}: there is none`);
  if (node === 'home') return location.home;
  if (node !== 'best') return (await findNode(bus, node)).id;
  return (await askOwner<{ node: number }>(bus, host, locations, pid, { op: 'best', pid })).node;
}
