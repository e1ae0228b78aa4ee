/**
 * One guest in a worker with breakpoints, as a mover sees it: start or restore, then events in the order in which they happened, each of
 * which the mover answers. Takes no time into account: a guest is captured where its plan says.
 */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Wish } from '@godwit/checkpoint/heap/wish';
import {
  END,
  type FromWorker,
  GO_ON,
  type GuestSettings,
  HOLD_REQUEST,
  PARCELS_REQUEST,
  REQUEST,
  type ToWorker,
  VERDICT,
  WORDS,
} from '../../../../packages/runtime/dist/guest/protocol.js';
import { WorkerInspector } from '../../../../packages/runtime/dist/node/inspector.js';
import { PagePort } from '../../../../packages/runtime/dist/node/page-port.js';
import { machineLimits } from './limits.js';

export type GuestEvent =
  | { type: 'captured'; pages: Uint8Array[]; isPartial: boolean; lastSeq: number; paused: boolean; unclean: string[] }
  | { type: 'putOff'; reason: string; pinned: boolean; paused: boolean }
  | { type: 'loaded' }
  /** `isLost`: it was captured, and what was left of it did not come or did not fit. */
  | { type: 'ended'; code: number; reason?: string; isLost?: boolean };

const main = new URL('../../../../packages/runtime/dist/guest/main.js', import.meta.url).href;
const HEAP_LIMIT_MB = 512;

let inspector: WorkerInspector | undefined;

export class HostedGuest {
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  private readonly pages = new PagePort(this.words);
  private readonly events: GuestEvent[] = [];
  private wake: (() => void) | undefined;
  private started: () => void = () => {};
  private readonly ready: Promise<void>;
  /** Output by the number of its chunk. */
  readonly output = new Map<number, { fd: 1 | 2; bytes: Uint8Array }>();
  pins: string[] = [];
  over = false;
  /** There is more of it than what its capture gave. */
  private isPartial = false;
  private captures = 0;

  /** `neighbours`: of one that comes and goes by pages, objects that come with one that is touched. */
  constructor(plan: SharedArrayBuffer, usesInspector: boolean, neighbours: number | undefined) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    if (usesInspector) inspector ??= new WorkerInspector();
    const pages = this.pages.other;
    const inParcels = { paging: 'touched', parcelBytes: machineLimits.parcelBytes, neighbours };
    this.worker = new Worker(usesInspector ? new URL('./worker.js', import.meta.url) : new URL(main), {
      workerData: { port: port2, words: this.words.buffer, pages, plan, main, ...(neighbours !== undefined ? inParcels : {}) },
      transferList: [port2, pages],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MB },
    });
    const loaded = new Promise<void>((resolve) => {
      this.started = resolve;
    });
    this.ready = Promise.all([loaded, usesInspector ? inspector!.ready(this.worker) : undefined]).then(() => {});
    this.port.on('message', (message: FromWorker) => this.receive(message));
    this.worker.on('error', (error) => this.emit({ type: 'ended', code: 125, reason: error.message }));
    this.worker.on('exit', (code) => setImmediate(() => this.emit({ type: 'ended', code, reason: 'the worker stopped' })));
  }

  async start(bundle: Bundle, settings: GuestSettings): Promise<void> {
    await this.ready;
    this.post({ type: 'start', bundle, settings });
  }

  /** Loads what was captured of `source`, which has the rest; resolves when the guest stands ready, with the reason when it cannot. */
  async restore(
    bundle: Bundle,
    settings: GuestSettings,
    { pages, isPartial }: { pages: Uint8Array[]; isPartial: boolean },
    source: HostedGuest,
  ): Promise<string | undefined> {
    await this.ready;
    this.pages.onWish((wanted) => void this.relay(source, wanted));
    this.post({ type: 'restore', bundle, settings, pages, isPartial });
    const event = await this.nextUntil(performance.now() + machineLimits.restoreMs);
    if (!event) return 'its restore does not end';
    return event.type === 'loaded' ? undefined : event.type === 'ended' ? (event.reason ?? 'it ended') : event.type;
  }

  /** A parcel comes when it is asked for, and not before. */
  private async relay(source: HostedGuest, wanted: Wish | undefined): Promise<void> {
    const answer = await source.pages.ask({ wanted, bytes: machineLimits.parcelBytes });
    if ('failed' in answer) this.emit({ type: 'ended', code: 125, reason: answer.failed, isLost: true });
    else if (answer.parcel) this.pages.feed(answer.parcel);
  }

  /** Captures a guest that is idle, in parcels if it is clean, and holds it. */
  capture(): Promise<GuestEvent | undefined> {
    const id = ++this.captures;
    Atomics.store(this.words, REQUEST, id | HOLD_REQUEST | PARCELS_REQUEST);
    this.post({ type: 'capture', id, hold: true });
    return this.nextUntil(performance.now() + machineLimits.captureMs);
  }

  /** Writes what is left of a guest that is held; gives the reason when that cannot be. */
  async drain(): Promise<string | undefined> {
    if (!this.isPartial) return undefined;
    for (;;) {
      const answer = await this.pages.ask({ wanted: undefined, bytes: machineLimits.drainBytes });
      if ('failed' in answer) return answer.failed;
      if (answer.isLast) return undefined;
    }
  }

  run(): void {
    this.post({ type: 'run' });
  }

  private async next(): Promise<GuestEvent> {
    while (this.events.length === 0)
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    return this.events.shift()!;
  }

  /** The next event, or undefined when the time is over. */
  async nextUntil(untilMs: number): Promise<GuestEvent | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), Math.max(1, untilMs - performance.now()));
    });
    const event = await Promise.race([this.next(), late]);
    clearTimeout(timer);
    return event;
  }

  /** Lets a guest go on that was captured or put off. */
  goOn(): void {
    Atomics.store(this.words, VERDICT, GO_ON);
    this.pages.wake();
  }

  /** Ends the worker; a guest that is held never runs again. */
  async terminate(): Promise<void> {
    this.over = true;
    const done = inspector ? inspector.end(this.worker) : this.worker.terminate();
    Atomics.store(this.words, VERDICT, END);
    this.pages.wake();
    await done;
    this.port.close();
    this.pages.close();
  }

  private emit(event: GuestEvent): void {
    if (this.over) return;
    if (event.type === 'ended') this.over = true;
    this.events.push(event);
    this.wake?.();
  }

  private post(message: ToWorker): void {
    this.port.postMessage(message);
  }

  private receive(message: FromWorker): void {
    if (message.type === 'ready') this.started();
    else if (message.type === 'paused') inspector!.goOn(this.worker.threadId);
    else if (message.type === 'output') {
      if (!this.over) this.output.set(message.seq, { fd: message.fd, bytes: message.bytes });
    } else if (message.type === 'pins') this.pins = message.reasons;
    else if (message.type === 'send') {
      if (message.service === 'pins') this.pins = message.message as string[];
    } else {
      if (message.type === 'captured') this.isPartial = message.isPartial;
      const event = eventOf(message);
      if (event) this.emit(event);
    }
  }
}

function eventOf(message: FromWorker): GuestEvent | undefined {
  switch (message.type) {
    case 'loaded':
      return { type: 'loaded' };
    case 'captured':
      return {
        type: 'captured',
        pages: message.pages,
        isPartial: message.isPartial,
        lastSeq: message.report.lastSeq,
        paused: message.paused,
        unclean: message.report.unclean,
      };
    case 'putOff':
      return { type: 'putOff', reason: message.reason, pinned: message.pinned, paused: message.paused };
    case 'exit':
      return { type: 'ended', code: message.code };
    case 'failed':
      return { type: 'ended', code: 125, reason: message.message };
    case 'crashed':
      return { type: 'ended', code: 125, reason: message.reason, isLost: true };
    case 'signalDefault':
      return { type: 'ended', code: 143, reason: message.name };
    default:
      return undefined;
  }
}
