/**
 * The main thread's end of the inspector: one session for the process, one attachment for each worker. It only asks V8 to pause and
 * to go on; what is read in a pause is read inside the worker (checkpoint/capture/session.ts).
 */
import inspector from 'node:inspector';
import type { Worker } from 'node:worker_threads';
import { nodeLimits } from './limits.js';

/** What is used of V8's answers. */
interface Result {
  readonly result?: { readonly value?: unknown; readonly objectId?: string };
  readonly usedSize?: number;
  readonly backingStorageSize?: number;
}

export class WorkerInspector {
  private readonly session = new inspector.Session();
  private readonly attached = new Map<string, string>();
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly answers = new Map<number, (result: Result | undefined) => void>();
  /** Sessions whose worker V8 has told to be stopped, and those that shall go on as soon as it does. */
  private readonly stopped = new Set<string>();
  private readonly toResume = new Set<string>();
  private nextId = 0;

  constructor() {
    this.session.connect();
    this.session.on('NodeWorker.attachedToWorker', ({ params }) => {
      const { sessionId, workerInfo } = params;
      // workerId counts attachments, which come in any order when several workers start at once; the title names the thread.
      const thread = /^\[worker (\d+)\]/.exec(workerInfo.title)?.[1] ?? workerInfo.workerId;
      this.attached.set(thread, sessionId);
      this.send(sessionId, 'Debugger.enable');
      for (const done of this.waiting.get(thread) ?? []) done();
      this.waiting.delete(thread);
    });
    this.session.on('NodeWorker.detachedFromWorker', ({ params }) => {
      for (const [worker, sessionId] of this.attached) if (sessionId === params.sessionId) this.attached.delete(worker);
      this.stopped.delete(params.sessionId);
      this.toResume.delete(params.sessionId);
    });
    this.session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { id, method, result } = JSON.parse(params.message) as { id?: number; method?: string; result?: Result };
      if (id === undefined) return this.note(params.sessionId, method);
      this.answers.get(id)?.(result);
      this.answers.delete(id);
    });
    this.session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /** Resolves when the worker can be paused. */
  async ready(worker: Worker): Promise<void> {
    const key = String(worker.threadId);
    if (this.attached.has(key)) return;
    await new Promise<void>((resolve) => {
      const list = this.waiting.get(key) ?? [];
      list.push(resolve);
      this.waiting.set(key, list);
    });
  }

  /** Stops the worker's JavaScript at its next stack check. */
  pause(threadId: number): void {
    this.command(threadId, 'Debugger.pause');
  }

  /**
   * Lets a stopped worker go on, now or when V8 tells that it has stopped; harmless otherwise. Nothing is sent to a worker that runs: one
   * that is ending at this moment would take the process with it (Node 20 aborts in MainThreadInterface::Post).
   */
  resume(threadId: number): void {
    const sessionId = this.attached.get(String(threadId));
    if (sessionId === undefined) return;
    if (this.stopped.has(sessionId)) this.send(sessionId, 'Debugger.resume');
    else this.toResume.add(sessionId);
  }

  private note(sessionId: string, method: string | undefined): void {
    if (method === 'Debugger.resumed') this.stopped.delete(sessionId);
    else if (method === 'Debugger.paused') {
      this.stopped.add(sessionId);
      if (this.toResume.delete(sessionId)) this.send(sessionId, 'Debugger.resume');
    }
  }

  /** The value of an expression in the worker, even in one that is busy; undefined when there is none within `timeoutMs`. */
  async evaluate(threadId: number, expression: string, timeoutMs: number): Promise<unknown> {
    const params = { expression, returnByValue: true, silent: true };
    return (await this.ask(threadId, 'Runtime.evaluate', params, timeoutMs))?.result?.value;
  }

  /** Size of a worker's heap, buffers included where V8 tells; answered in the midst of a loop too, without running JavaScript. */
  async heapBytes(threadId: number, timeoutMs: number): Promise<number | undefined> {
    const answer = await this.ask(threadId, 'Runtime.getHeapUsage', {}, timeoutMs);
    return answer?.usedSize === undefined ? undefined : answer.usedSize + (answer.backingStorageSize ?? 0);
  }

  /** A handle to a function in the worker, to be called later whatever the worker did to its globals. */
  async functionIn(threadId: number, expression: string): Promise<string | undefined> {
    const result = await this.ask(threadId, 'Runtime.evaluate', { expression, silent: true }, nodeLimits.memoryAskMs);
    return result?.result?.objectId;
  }

  /** Calls such a function, even in a worker that is busy; undefined when there is no answer in time. */
  async call(threadId: number, objectId: string, argument: boolean): Promise<unknown> {
    const functionDeclaration = 'function (argument) { return this(argument); }';
    const params = { objectId, functionDeclaration, arguments: [{ value: argument }], returnByValue: true, silent: true };
    return (await this.ask(threadId, 'Runtime.callFunctionOn', params, nodeLimits.memoryAskMs))?.result?.value;
  }

  private ask(threadId: number, method: string, params: object, timeoutMs: number): Promise<Result | undefined> {
    const sessionId = this.attached.get(String(threadId));
    if (sessionId === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const id = this.nextId + 1;
      const timer = setTimeout(() => {
        this.answers.delete(id);
        resolve(undefined);
      }, timeoutMs);
      timer.unref();
      this.answers.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      this.send(sessionId, method, params);
    });
  }

  private command(threadId: number, method: string): void {
    const sessionId = this.attached.get(String(threadId));
    if (sessionId !== undefined) this.send(sessionId, method);
  }

  private send(sessionId: string, method: string, params: object = {}): void {
    this.session.post(
      'NodeWorker.sendMessageToWorker',
      { sessionId, message: JSON.stringify({ id: ++this.nextId, method, params }) },
      () => {},
    );
  }

  close(): void {
    this.session.disconnect();
  }
}
