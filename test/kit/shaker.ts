/**
 * Runs a script as a guest in this process and moves it from worker to worker again and again, through a real capture and restore.
 * What a cluster adds (nodes, bus, epochs) is left out: this is the kit for the language tests.
 */
import path from 'node:path';
import { type Bundle, compileScript } from '@godwit/checkpoint/compile';
import { guestCompileOptions } from '../../packages/runtime/dist/guest/modules.js';
import { CaptureRecord } from '../../packages/runtime/dist/node/capture-record.js';
import { GuestWorker } from '../../packages/runtime/dist/node/guest-worker.js';
import { WorkerInspector } from '../../packages/runtime/dist/node/inspector.js';
import { setGuestFlags } from '../../packages/runtime/dist/node/v8-flags.js';

setGuestFlags();

export interface ShakenRun {
  stdout: string;
  stderr: string;
  code: number;
  moves: number;
  /** How often captures were tried; most are put off. */
  tries: number;
  putOff: string[];
}

let inspector: WorkerInspector | undefined;

export const compileGuest = (file: string): Promise<Bundle> => compileScript(file, guestCompileOptions);

/** Runs `file` to its end; with `everyMs` it is moved to a fresh worker after each `everyMs` of running. */
export async function runGuest(file: string, options: { everyMs?: number; argv?: string[] } = {}): Promise<ShakenRun> {
  inspector ??= new WorkerInspector();
  const bundle = await compileGuest(file);
  const settings = {
    pid: 101,
    argv: [process.execPath, bundle.entry, ...(options.argv ?? [])],
    execArgv: [],
    env: {},
    cwd: path.dirname(file),
    tty: undefined,
  };
  const run: ShakenRun = { stdout: '', stderr: '', code: -1, moves: 0, tries: 0, putOff: [] };
  const chunks: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  let lastSeq = 0;
  let finish: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    finish = resolve;
  });
  let over = false;
  ended.then(() => {
    over = true;
  });
  const events = {
    output(fd: 1 | 2, seq: number, bytes: Uint8Array) {
      if (seq !== lastSeq + 1) throw new Error(`output chunk ${seq} after ${lastSeq}`);
      lastSeq = seq;
      chunks[fd].push(Buffer.from(bytes));
    },
    send() {},
    running() {},
    ended: (end: { code: number; reason?: string }) => {
      if (end.reason) chunks[2].push(Buffer.from(`${end.reason}\n`));
      finish(end.code);
    },
  };
  const ready = async (): Promise<GuestWorker> => {
    const worker = new GuestWorker(inspector!);
    await worker.ready();
    return worker;
  };
  let current = await ready();
  // The next worker is ready before the guest runs on, so that the guest's time is spent between moves.
  let next = options.everyMs === undefined ? undefined : await ready();
  current.start(bundle, settings, events);
  while (options.everyMs !== undefined && !over) {
    const spare = next ?? (await ready());
    next = undefined;
    await Promise.race([new Promise((resolve) => setTimeout(resolve, options.everyMs)), ended]);
    if (over) {
      await spare.terminate();
      break;
    }
    const record = new CaptureRecord();
    try {
      const captured = await current.capture({ hold: true, timeoutMs: 2000, record });
      run.putOff.push(...record.putOff.map((p) => p.reason));
      await spare.restore(bundle, settings, captured.pages, events);
      const source = current;
      current = spare;
      current.run();
      await source.terminate();
      run.moves++;
    } catch (error) {
      await spare.terminate();
      if (over) break;
      if ((error as { code?: string }).code !== 'GODWIT_PUT_OFF') throw error;
      run.putOff.push((error as Error).message);
    } finally {
      run.tries += record.tries;
    }
  }
  run.code = await ended;
  run.stdout = Buffer.concat(chunks[1]).toString();
  run.stderr = Buffer.concat(chunks[2]).toString();
  return run;
}
