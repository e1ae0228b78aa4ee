/**
 * The process as Node's own modules see it. A guest has a process object of its own; what runs inside Node (node:test, say) writes to the
 * thread's, asks it for news of the end and of errors, and sets its exit code. Here these reach the guest's (folder, environment and the like:
 * thread-process.ts). Only programs that are pinned have such modules running.
 */
import { processState } from '../services/process/state.js';
import type { GuestOutput } from '../services/stdio/stdio.js';

type Listener = (...args: unknown[]) => unknown;
type NodeEvent = 'beforeExit' | 'uncaughtException' | 'unhandledRejection';

export class NodeProcess {
  /** What listened before the guest began: the runtime, and Node for the thread itself. */
  readonly #before = new Map<string, Listener[]>();
  readonly #real: NodeJS.Process;

  constructor(real: NodeJS.Process) {
    this.#real = real;
  }

  /** From now on whoever begins to listen is one of Node's modules. */
  begin(): void {
    for (const name of ['stdout', 'stderr'] as const) lead(this.#real[name], () => processState()[name]);
    for (const event of ['beforeExit', 'uncaughtException', 'unhandledRejection'])
      this.#before.set(event, this.#real.listeners(event as 'exit') as Listener[]);
  }

  /** Tells Node's modules; false if none listens. */
  emit(event: NodeEvent, ...args: unknown[]): boolean {
    const listeners = this.#listeners(event);
    for (const listener of listeners) listener.apply(this.#real, args);
    return listeners.length > 0;
  }

  listens(event: NodeEvent): boolean {
    return this.#listeners(event).length > 0;
  }

  #listeners(event: NodeEvent): Listener[] {
    const before = this.#before.get(event) ?? [];
    return (this.#real.listeners(event as 'exit') as Listener[]).filter((listener) => !before.includes(listener));
  }

  get exitCode(): number | string | null | undefined {
    return this.#real.exitCode;
  }
}

/** What is written to a stream of the thread's, which Node needs as it is, becomes output of the guest's. */
function lead(stream: NodeJS.WriteStream, output: () => GuestOutput): void {
  const { fd, isTTY, columns, rows } = output();
  Object.assign(stream, {
    _writev: undefined,
    _write(chunk: unknown, encoding: unknown, done: () => void) {
      output().write(chunk, encoding);
      done();
    },
    fd,
    ...(isTTY && { isTTY, columns, rows }),
    getColorDepth: () => output().getColorDepth(),
    hasColors: () => output().hasColors(),
  });
}
