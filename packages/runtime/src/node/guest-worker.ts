/**
 * One guest's worker as the node daemon sees it: start, restore, capture, signal, end. A worker serves one guest and ends with it
 * (docs/adr/0002: own workers instead of piscina's, for the inspector, per-guest limits and immediate termination).
 *
 * Keeps true: at most one capture is under way, the next waits for it; a held guest is either released with goOn() or ended with terminate().
 */
import { getHeapStatistics } from 'node:v8';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { assert, GodwitError } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Outlook } from '@godwit/checkpoint/guest';
import {
  type BundleForm,
  type CaptureReport,
  END,
  FILLED,
  type FromWorker,
  GO_ON,
  type GuestSettings,
  HOLD,
  HOLD_REQUEST,
  type Hooks,
  HURRY,
  hooksName,
  PARCELS_REQUEST,
  type PageAnswer,
  type PageRequest,
  PROVE_LATER_REQUEST,
  REQUEST,
  REQUEST_NUMBER,
  type ToWorker,
  VERDICT,
  WORDS,
} from '../guest/protocol.js';
import { CaptureRecord } from './capture-record.js';
import type { WorkerInspector } from './inspector.js';
import { nodeLimits } from './limits.js';
import { PagePort } from './page-port.js';
import { type ThreadTimes, threadTimes } from './thread-times.js';

/** How a guest ended; `reason` is for a person when it did not end by itself. */
export type GuestEnd = { code: number; signal?: string; reason?: string };

export interface GuestEvents {
  output(fd: 1 | 2, seq: number, bytes: Uint8Array): void;
  send(service: string, message: unknown): void;
  /** The guest ended by itself or was ended; called once. */
  ended(end: GuestEnd): void;
  running(atMs: number): void;
}

export interface Captured {
  /** Of an image; or the first parcel. */
  pages: Uint8Array[];
  /** More parcels are to be had (parcel()) as long as it is held. */
  isPartial: boolean;
  report: CaptureReport;
  /** Wall time of the guest's last instruction. */
  stoppedAtMs: number;
  paused: boolean;
  /** Rejects with GODWIT_PUT_OFF when it was not all of the guest, which must be captured again (CaptureOptions.isProvenLater). */
  proof: Promise<void>;
}

export interface CaptureOptions {
  /** Keep the guest stopped until goOn() or terminate(). */
  hold: boolean;
  /** It may come in parcels, if it is held. */
  inParcels?: boolean;
  /** It may be given, of a guest that is held, before it is known to be all of it. */
  isProvenLater?: boolean;
  /** Give up after this long; the guest goes on. */
  timeoutMs: number;
  /** Is told what the capture takes, whether it succeeds or not. */
  record?: CaptureRecord;
}

/** Of one capture; nobody need wait for it. */
type Proof = ReturnType<typeof newProof>;

function newProof() {
  let resolve!: () => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<void>((...given) => {
    [resolve, reject] = given;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** What node gives a process's heap on this machine: the limit of a guest that has none of its own. */
export const defaultHeapBytes = getHeapStatistics().heap_size_limit;

/** Which guests move in parcels (docs/adr/0017): those with much to move; with GODWIT_PAGING=1 all that can, with 0 none. */
const asked = process.env.GODWIT_PAGING ?? '';
const paging = asked === '0' ? undefined : asked === '1' ? 'all' : 'large';
export const movesInParcels = paging !== undefined;

/** @throws GODWIT_BAD_SETTING when the environment says something else */
export function checkPaging(): void {
  if (asked !== '' && asked !== '0' && asked !== '1')
    throw new GodwitError('GODWIT_BAD_SETTING', `Cannot use GODWIT_PAGING "${asked}": expected 0 or 1`);
}

const GRACE_MS = 1;
const PAUSE_AGAIN_MS = 100;
const RETRY_MIN_MS = 1;
const RETRY_MAX_MS = 3;

export class GuestWorker {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  private readonly pages: PagePort;
  /** Its heap is not here to the end: it cannot be captured meanwhile. */
  private partial: Promise<void> | undefined;
  private whole: () => void = () => {};
  private events: GuestEvents | undefined;
  private nextCapture = 1;
  private captures: Promise<unknown> = Promise.resolve();
  private pendingCapture:
    | { id: number; settle: (message: Extract<FromWorker, { type: 'captured' | 'putOff' }>) => void }
    | undefined;
  private proof: Proof | undefined;
  private over = false;
  private isRunning = false;
  private fate: GuestEnd | undefined;
  /** Resolves when the guest has ended, or will not go on here. */
  readonly gone: Promise<void>;
  private resolveGone!: () => void;
  private hooks: Promise<Record<keyof Hooks, string | undefined>> | undefined;
  private loaded: { resolve: () => void; reject: (error: Error) => void } | undefined;
  private readonly readyPromise: Promise<void>;
  private osThread: number | undefined;
  pinReasons: string[] = [];
  private prepared: BundleForm | undefined;
  private endWarmUp: () => void = () => {};
  /** Its codec is compiled: a capture or restore takes as long as it ever will. */
  isWarm = false;

  constructor(
    private readonly inspector: WorkerInspector,
    options: { memoryMb?: number; restUntilMs?: BigInt64Array } = {},
  ) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.gone = new Promise((resolve) => {
      this.resolveGone = resolve;
    });
    this.pages = new PagePort(this.words);
    const pages = this.pages.other;
    this.worker = new Worker(new URL('../../bin/guest-worker.js', import.meta.url), {
      workerData: {
        port: port2,
        words: this.words.buffer,
        pages,
        restUntilMs: options.restUntilMs,
        paging,
      },
      transferList: [port2, pages],
      env: {},
      stdout: false,
      stderr: false,
      // Far above what the guest may hold: see memory-policy.ts.
      resourceLimits: {
        maxOldGenerationSizeMb: (options.memoryMb ?? Math.ceil(defaultHeapBytes / 2 ** 20)) + nodeLimits.memoryAboveLimitMb,
      },
    });
    this.readyPromise = new Promise((resolve, reject) => {
      this.port.once('message', () => resolve());
      this.worker.once('error', reject);
    });
    this.readyPromise.catch(() => {});
    this.port.on('message', (message: FromWorker) => this.receive(message));
    this.worker.on('error', (error: Error & { code?: string }) => {
      const reason = error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out of memory' : error.message;
      this.end({ code: error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 134 : 125, reason });
    });
    this.worker.on('exit', (code) => {
      // A message that the worker posted before it stopped may still be under way.
      setImmediate(() => this.end(this.fate ?? { code, reason: 'the worker stopped' }));
    });
  }

  /** Resolves when the worker has loaded its code and can be paused. */
  async ready(): Promise<void> {
    await Promise.all([this.readyPromise, this.inspector.ready(this.worker)]);
    this.hooks ??= this.findHooks();
    await this.hooks;
  }

  private async findHooks(): Promise<Record<keyof Hooks, string | undefined>> {
    const find = (name: keyof Hooks) => this.inspector.functionIn(this.threadId, `globalThis.${hooksName}.${name}`);
    const [memory, look] = await Promise.all([find('memory'), find('look')]);
    return { memory, look };
  }

  get threadId(): number {
    return this.worker.threadId;
  }

  /** CPU time of the thread since it began. */
  times(): ThreadTimes {
    return threadTimes(this.osThread, this.worker.performance.eventLoopUtilization());
  }

  start(bundle: BundleForm, settings: GuestSettings, events: GuestEvents): void {
    this.events = events;
    this.endWarmUp();
    this.post({ type: 'start', bundle, settings });
  }

  /** Compiles the codec in the time until the guest comes; resolves when that is done or cut short, `isWarm` says which. */
  warmUp(rehearsal: Bundle): Promise<void> {
    return new Promise((resolve) => {
      this.endWarmUp = resolve;
      this.post({ type: 'warmUp', bundle: rehearsal });
    });
  }

  /** Makes the realm of a bundle ahead of the image, so that a restore has less to do while the guest stands still. */
  prepare(bundle: BundleForm): Promise<void> {
    this.prepared = bundle;
    this.endWarmUp();
    return new Promise((resolve, reject) => {
      this.loaded = { resolve, reject };
      this.post({ type: 'prepare', bundle });
    });
  }

  /**
   * Loads an image, or the first parcel of a guest, of which feed() gives the others (`isPartial`); the guest stands still until run().
   */
  restore(
    bundle: BundleForm,
    settings: GuestSettings,
    pages: Uint8Array[],
    events: GuestEvents,
    { formerPid, isPartial = false }: { formerPid?: number; isPartial?: boolean } = {},
  ): Promise<void> {
    assert(!this.prepared || this.prepared === bundle, 'a worker restores what it was prepared for');
    this.events = events;
    this.endWarmUp();
    if (isPartial) {
      this.partial = new Promise((resolve) => {
        this.whole = resolve;
      });
    }
    return new Promise((resolve, reject) => {
      this.loaded = { resolve, reject };
      const form = this.prepared ? undefined : bundle;
      this.post({ type: 'restore', bundle: form, settings, pages, isPartial, formerPid });
    });
  }

  run(): void {
    this.post({ type: 'run' });
  }

  /** Of a guest that is held: its next parcel. */
  parcel(request: PageRequest): Promise<PageAnswer> {
    return this.pages.ask(request);
  }

  /** The parcel that it is about to give is long enough. */
  cutParcel(): void {
    this.pages.wake();
  }

  /** Gives a guest that goes on here its next parcel; resolves when that is read. */
  feed(parcel: Uint8Array, isLast: boolean): Promise<void> {
    const read = this.pages.feed(parcel);
    if (isLast) this.awaitWhole(performance.now() + nodeLimits.wholeLimitMs);
    return read;
  }

  /** Everything is here, and the thread says when it is in its place; a guest that has no turns meanwhile is made whole by its capture. */
  private awaitWhole(untilMs: number): void {
    const filled = Atomics.load(this.words, FILLED);
    const { cpuMs } = this.times();
    const look = (): void => {
      if (this.partial === undefined) return;
      const isLater = performance.now() > untilMs;
      if (Atomics.load(this.words, FILLED) !== filled && !isLater) this.awaitWhole(untilMs);
      // Its own time: on a busy machine a thread may have had none.
      else if (isLater || this.times().cpuMs - cpuMs >= nodeLimits.wholeWaitMs) this.isWhole();
      else setTimeout(look, nodeLimits.wholeLookMs).unref();
    };
    setTimeout(look, nodeLimits.wholeWaitMs).unref();
  }

  private isWhole(): void {
    this.partial = undefined;
    this.whole();
  }

  /** Is told what the guest stands still for, an object by its number or whatever comes next, and how long it did. */
  onWish(...told: Parameters<PagePort['onWish']>): void {
    this.pages.onWish(...told);
  }

  /** Its thread's words about that until now are heard. */
  hearOut(): void {
    this.pages.hearOut();
  }

  deliver(service: string, messages: readonly unknown[]): void {
    this.post({ type: 'deliver', service, messages });
  }

  signal(name: string): void {
    this.post({ type: 'signal', name });
  }

  /**
   * Captures the guest wherever it is, trying again while this instant cannot be exact.
   * Errors: GODWIT_PINNED (cannot move, with reasons), GODWIT_PUT_OFF (no good instant within timeoutMs), GODWIT_ENDED.
   */
  capture(options: CaptureOptions): Promise<Captured> {
    // A move that was called off may still have one under way: a large heap takes its time.
    const turn = this.captures.then(async () => {
      if (this.partial) Atomics.store(this.words, HURRY, 1);
      await this.partial;
      return this.captureNow(options);
    });
    this.captures = turn.catch(() => {});
    return turn;
  }

  private async captureNow(options: CaptureOptions): Promise<Captured> {
    assert(!this.pendingCapture, 'one capture at a time');
    const started = performance.now();
    const record = options.record ?? new CaptureRecord();
    let retryMs = RETRY_MIN_MS;
    for (;;) {
      if (this.over) throw new GodwitError('GODWIT_ENDED', 'Cannot capture the process: it has ended');
      if (this.pinReasons.length > 0) {
        const reason = `it ${this.pinReasons.join(', ')}`;
        record.tries++;
        record.add(reason, [], 0);
        throw new GodwitError('GODWIT_PINNED', `Cannot capture the process: ${reason}`);
      }
      if (!this.isRunning) {
        // Before its first instruction nothing in the thread can answer a pause, and nothing would end it.
        if (performance.now() - started > options.timeoutMs)
          throw new GodwitError('GODWIT_PUT_OFF', 'Cannot capture the process yet: it is being started');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        continue;
      }
      const attempt = performance.now();
      const answer = await this.attempt(options, started + options.timeoutMs);
      if (answer === undefined) throw new GodwitError('GODWIT_ENDED', 'Cannot capture the process: it has ended');
      record.tries++;
      record.waitedMs = performance.now() - started;
      if (answer.type === 'captured') {
        if (!options.hold) this.goOn();
        record.isCaptured = true;
        const { pages, isPartial, report, stoppedAtMs, paused } = answer;
        return { pages, isPartial, report, stoppedAtMs, paused, proof: this.proof?.promise ?? Promise.resolve() };
      }
      this.goOn();
      const elapsed = performance.now() - started;
      record.add(answer.reason, answer.at, performance.now() - attempt);
      if (elapsed > options.timeoutMs)
        throw new GodwitError(
          answer.pinned ? 'GODWIT_PINNED' : 'GODWIT_PUT_OFF',
          answer.pinned ? answer.reason : `Cannot capture the process yet: ${answer.reason}`,
          {
            fields: { reason: answer.reason, attempts: record.tries },
          },
        );
      await new Promise((resolve) => setTimeout(resolve, retryMs));
      retryMs = Math.min(RETRY_MAX_MS, retryMs * 1.5);
    }
  }

  private attempt(
    { hold, inParcels = false, isProvenLater = false }: CaptureOptions,
    untilMs: number,
  ): Promise<Extract<FromWorker, { type: 'captured' | 'putOff' }> | undefined> {
    const id = this.nextCapture++ & REQUEST_NUMBER;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const settle = (message: Extract<FromWorker, { type: 'captured' | 'putOff' }> | undefined) => {
        clearTimeout(timer);
        this.pendingCapture = undefined;
        resolve(message);
      };
      this.pendingCapture = { id, settle };
      const held = HOLD_REQUEST | (inParcels ? PARCELS_REQUEST : 0) | (isProvenLater ? PROVE_LATER_REQUEST : 0);
      const request = id | (hold ? held : 0);
      Atomics.store(this.words, REQUEST, request);
      // An idle guest answers the message; a busy one is stopped.
      this.post({ type: 'capture', id, hold });
      // A pause asked for while V8 still stands in the one before is swallowed: ask again until there is an answer.
      const askToPause = () => {
        // Given up only while the guest has not seen the request: one that has will answer.
        const isOver = performance.now() > untilMs && Atomics.compareExchange(this.words, REQUEST, request, 0) === request;
        if (isOver)
          return settle({
            type: 'putOff',
            id,
            reason: 'it is inside one long native call',
            at: [],
            paused: false,
            pinned: false,
          });
        timer = setTimeout(askToPause, PAUSE_AGAIN_MS);
        void this.look().then((outlook) => {
          // Taken back in one step: a request that is gone has its answer under way.
          const isRefused = typeof outlook === 'object' && this.pendingCapture?.id === id;
          if (isRefused && Atomics.compareExchange(this.words, REQUEST, request, 0) === request)
            settle({ type: 'putOff', id, ...outlook, paused: false, pinned: false });
        });
      };
      timer = setTimeout(askToPause, GRACE_MS);
    });
  }

  /** Stops a guest that stands where it may be captured; says what it is in the midst of if it does not. */
  private async look(): Promise<Outlook | undefined> {
    const found = (await this.hooks)?.look;
    return found === undefined ? undefined : ((await this.inspector.lookAndPause(this.threadId, found)) as Outlook | undefined);
  }

  /** Lets a held guest go on as if nothing had happened. */
  goOn(): void {
    Atomics.compareExchange(this.words, VERDICT, HOLD, GO_ON);
    this.pages.wake();
  }

  /** What the guest holds now, after a full collection if wanted; undefined when it does not answer. */
  async memory(isCollected: boolean): Promise<{ heapBytes: number; externalBytes: number } | undefined> {
    const found = (await this.hooks)?.memory;
    const answer = found && (await this.inspector.call(this.threadId, found, isCollected));
    if (typeof answer !== 'string') return undefined;
    const [heapBytes, externalBytes] = answer.split(',').map(Number);
    return { heapBytes: heapBytes!, externalBytes: externalBytes! };
  }

  /** Ends a guest that runs; what it wrote until then is not lost. */
  async endWith(end: GuestEnd): Promise<void> {
    this.fate = end;
    await this.stopThread();
  }

  /** Ends the worker at once; a guest that is held never runs again. */
  async terminate(): Promise<void> {
    this.over = true;
    this.resolveGone();
    this.whole();
    await this.stopThread();
    this.port.close();
    this.pages.close();
  }

  private async stopThread(): Promise<void> {
    const done = this.inspector.end(this.worker);
    // V8 postpones termination while it is paused: a held guest must leave its wait first; it ends at its next stack check, fenced off.
    Atomics.store(this.words, VERDICT, END);
    this.pages.wake();
    await done;
  }

  private post(message: ToWorker): void {
    this.port.postMessage(message);
  }

  private receive(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.osThread = message.osThread;
        return;
      case 'whole':
        this.isWhole();
        return;
      case 'warm':
        this.isWarm = true;
        this.endWarmUp();
        return;
      case 'prepared':
      case 'loaded':
        this.loaded?.resolve();
        this.loaded = undefined;
        return;
      case 'running':
        this.isRunning = true;
        this.events?.running(message.atMs);
        return;
      case 'output':
        if (!this.over) this.events?.output(message.fd, message.seq, message.bytes);
        return;
      case 'paused':
        this.inspector.goOn(this.threadId);
        return;
      case 'proof':
        if (message.isProven) this.proof?.resolve();
        else this.proof?.reject(new GodwitError('GODWIT_PUT_OFF', 'Cannot capture the process yet: it has changed built-ins'));
        return;
      case 'captured':
      case 'putOff':
        if (message.type === 'captured') this.proof = message.isProven ? undefined : newProof();
        if (this.pendingCapture?.id === message.id) this.pendingCapture.settle(message);
        return;
      case 'send':
        if (message.service === 'pins') this.pinReasons = message.message as string[];
        else this.events?.send(message.service, message.message);
        return;
      case 'pins':
        this.pinReasons = message.reasons;
        return;
      case 'exit':
        this.end({ code: message.code });
        return;
      case 'crashed':
        this.end({ code: 125, reason: message.reason });
        return;
      case 'signalDefault':
        this.events?.send('signalDefault', message.name);
        return;
      case 'failed': {
        const error = new GodwitError(message.code as never, message.message);
        if (this.loaded) {
          this.loaded.reject(error);
          this.loaded = undefined;
        } else this.end({ code: 125, reason: message.message });
        return;
      }
    }
  }

  private end(how: GuestEnd): void {
    this.endWarmUp();
    this.loaded?.reject(new GodwitError('GODWIT_ENDED', `Cannot load the image: ${how.reason ?? 'the worker ended'}`));
    this.loaded = undefined;
    const capture = this.pendingCapture;
    this.pendingCapture = undefined;
    this.proof?.reject(new GodwitError('GODWIT_ENDED', 'Cannot capture the process: it has ended'));
    if (this.over) return;
    this.over = true;
    this.resolveGone();
    (capture?.settle as ((m: undefined) => void) | undefined)?.(undefined);
    this.events?.ended(how);
    // Open until the thread is gone: a pause that it is in is told of here.
    this.whole();
    void this.inspector.end(this.worker).then(() => {
      this.port.close();
      this.pages.close();
    });
  }
}
