/**
 * The main thread's end of the inspector: one session for the process, one attachment for each worker. It asks V8 to pause and reads values;
 * what is read in a pause is read inside the worker (checkpoint/capture/session.ts), by whose session alone pauses are taken: V8 describes
 * all frames once for each session that takes one.
 *
 * Keeps true: no message is posted to a worker that may be ending, because Node aborts the whole process for one that meets the worker's last
 * steps (docs/adr/0008). So workers end through end() only, not before they are attached, and after that nothing is sent to them but the
 * answer to a pause, which holds its thread until the answer is there. A worker whose session is attached never ends by itself.
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

type Answer = (result: Result | undefined) => void;

interface Attachment {
  readonly sessionId: string;
  /** Workers of others are attached too, and left alone. */
  isEnabled: boolean;
  isEnding: boolean;
  /** A pause it has not taken notice of yet. */
  isAskedToPause: boolean;
  readonly answers: Map<number, Answer>;
}

export class WorkerInspector {
  private readonly session = new inspector.Session();
  /** By thread. */
  private readonly attached = new Map<string, Attachment>();
  private readonly bySession = new Map<string, Attachment>();
  private readonly waiting = new Map<string, ((attachment: Attachment) => void)[]>();
  private nextId = 0;

  constructor() {
    this.session.connect();
    this.session.on('NodeWorker.attachedToWorker', ({ params }) => {
      // workerId counts attachments, which come in any order when several workers start at once; the title names the thread.
      const thread = /^\[worker (\d+)\]/.exec(params.workerInfo.title)?.[1] ?? params.workerInfo.workerId;
      this.attach(thread, params.sessionId);
    });
    this.session.on('NodeWorker.detachedFromWorker', ({ params }) => this.detach(params.sessionId));
    this.session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => this.receive(params.sessionId, params.message));
    this.session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
  }

  /** Resolves when the worker can be paused. */
  async ready(worker: Worker): Promise<void> {
    const attachment = await this.attachmentOf(String(worker.threadId));
    if (attachment.isEnding || attachment.isEnabled) return;
    attachment.isEnabled = true;
    this.send(attachment, 'Debugger.enable');
    this.send(attachment, 'Debugger.setSkipAllPauses', { skip: true });
  }

  /**
   * Calls a function of the worker's at its next stack check and stops its JavaScript there if its own session takes pauses then, which is for
   * the function to decide. Answers what the function does; undefined when the worker ends, or was asked before and has not answered yet.
   */
  async lookAndPause(threadId: number, objectId: string): Promise<unknown> {
    const attachment = this.attached.get(String(threadId));
    if (!attachment || attachment.isAskedToPause) return undefined;
    attachment.isAskedToPause = true;
    const answer = new Promise<Result | undefined>((resolve) => {
      this.request(attachment, 'Runtime.callFunctionOn', callOf(objectId, []), resolve);
    });
    // V8 handles both at one stack check, with none between them, unless the thread was faster than this one.
    this.request(attachment, 'Debugger.pause', {}, () => {
      attachment.isAskedToPause = false;
    });
    return (await answer)?.result?.value;
  }

  /**
   * Answers a pause of which the worker has told. Each is answered once, whatever else goes on: what a pause is for happens in the worker before
   * V8 reads this answer (interrupts are postponed until then), and nothing but this answer ends it. So the thread is not ending now, not even
   * when it was told to, and the answer cannot come too early or be lost.
   */
  goOn(threadId: number): void {
    const attachment = this.attached.get(String(threadId));
    if (attachment) this.send(attachment, 'Debugger.resume');
  }

  /**
   * Ends a worker; resolves when its thread is gone. Its JavaScript ends at its next stack check, or when a pause it is in is over.
   * A worker that was just made has its attachment under way, which must not meet its end either.
   */
  async end(worker: Worker): Promise<void> {
    const { threadId } = worker;
    if (threadId === -1) return;
    if (!this.attached.has(String(threadId))) {
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      await Promise.race([this.attachmentOf(String(threadId)), exited]);
      this.waiting.delete(String(threadId));
    }
    const attachment = this.attached.get(String(threadId));
    if (attachment) attachment.isEnding = true;
    await terminateSurely(worker);
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
    const params = callOf(objectId, [{ value: argument }]);
    return (await this.ask(threadId, 'Runtime.callFunctionOn', params, nodeLimits.memoryAskMs))?.result?.value;
  }

  private ask(threadId: number, method: string, params: object, timeoutMs: number): Promise<Result | undefined> {
    const attachment = this.attached.get(String(threadId));
    if (!attachment) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (id !== undefined) attachment.answers.delete(id);
        resolve(undefined);
      }, timeoutMs);
      timer.unref();
      const id = this.request(attachment, method, params, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
    });
  }

  /** Sends what is answered, with undefined at once or later if the worker ends; gives the number to forget it by. */
  private request(attachment: Attachment, method: string, params: object, answer: Answer): number | undefined {
    if (attachment.isEnding) {
      answer(undefined);
      return undefined;
    }
    const id = this.nextId + 1;
    attachment.answers.set(id, answer);
    this.send(attachment, method, params);
    return id;
  }

  private attach(thread: string, sessionId: string): void {
    const answers = new Map<number, Answer>();
    const attachment = { sessionId, isEnabled: false, isEnding: false, isAskedToPause: false, answers };
    this.attached.set(thread, attachment);
    this.bySession.set(sessionId, attachment);
    for (const done of this.waiting.get(thread) ?? []) done(attachment);
    this.waiting.delete(thread);
  }

  private async attachmentOf(thread: string): Promise<Attachment> {
    const known = this.attached.get(thread);
    if (known) return known;
    return new Promise((resolve) => {
      const list = this.waiting.get(thread) ?? [];
      list.push(resolve);
      this.waiting.set(thread, list);
    });
  }

  private detach(sessionId: string): void {
    const attachment = this.bySession.get(sessionId);
    this.bySession.delete(sessionId);
    for (const [thread, other] of this.attached) if (other === attachment) this.attached.delete(thread);
    for (const answer of attachment?.answers.values() ?? []) answer(undefined);
  }

  private receive(sessionId: string, message: string): void {
    const attachment = this.bySession.get(sessionId);
    if (!attachment) return;
    const { id, result } = JSON.parse(message) as { id?: number; result?: Result };
    if (id === undefined) return;
    const answer = attachment.answers.get(id);
    attachment.answers.delete(id);
    answer?.(result);
  }

  private send(attachment: Attachment, method: string, params: object = {}): void {
    const message = JSON.stringify({ id: ++this.nextId, method, params });
    this.session.post('NodeWorker.sendMessageToWorker', { sessionId: attachment.sessionId, message }, () => {});
  }
}

const callOf = (objectId: string, values: { value: unknown }[]) => ({
  objectId,
  functionDeclaration: 'function (...values) { return this(...values); }',
  arguments: values,
  returnByValue: true,
  silent: true,
});

/** V8 takes the end of a thread that is just evaluating something for us for the end of that evaluation only: tell it again until it is gone. */
async function terminateSurely(worker: Worker): Promise<void> {
  worker.setMaxListeners(0);
  let delayMs: number = nodeLimits.terminateAgainMinMs;
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    timer = setTimeout(() => {
      void worker.terminate();
      delayMs = Math.min(delayMs * 2, nodeLimits.terminateAgainMaxMs);
      again();
    }, delayMs);
  };
  const ended = worker.terminate();
  again();
  await ended;
  clearTimeout(timer);
}
