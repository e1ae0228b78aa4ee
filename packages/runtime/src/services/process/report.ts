/** `process.report` of a guest: reports are of the whole node; its settings are the guest's own and write nothing by themselves. */
import { processState } from './state.js';

/** Node makes it when it is first looked at. */
const nativeReport = (): NodeJS.ProcessReport => thread.report as NodeJS.ProcessReport;
const thread = process;

function getReport(error?: unknown): unknown {
  return nativeReport().getReport(error as Error);
}

/** Writes it as Node does, to a file of the guest's folder unless `directory` names another; gives the file's name. */
function writeReport(file?: unknown, error?: unknown): string {
  const { report, cwd } = processState() as unknown as { report: NodeJS.ProcessReport; cwd: string };
  const native = nativeReport();
  const { directory } = native;
  const name = typeof file === 'string' ? file : report.filename || undefined;
  const given = (typeof file === 'object' && file !== null ? file : error) as Error | undefined;
  native.directory = report.directory || cwd;
  try {
    return given === undefined
      ? name === undefined
        ? native.writeReport()
        : native.writeReport(name)
      : native.writeReport(name!, given);
  } finally {
    native.directory = directory;
  }
}

export const reportFunctions = { getReport, writeReport };

/** What Node's object has, with these functions. */
export function makeReport(): object {
  const report: Record<string, unknown> = { writeReport, getReport };
  for (const [key, value] of Object.entries(nativeReport())) if (typeof value !== 'function') report[key] = value;
  return report;
}
