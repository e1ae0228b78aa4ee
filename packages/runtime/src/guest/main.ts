/**
 * A guest's worker thread: prepares the realm, runs or restores one guest, answers captures. One guest a thread, ever.
 */
import { isAscii } from 'node:buffer';
import { createRequire } from 'node:module';
import { workerData } from 'node:worker_threads';
import { GodwitError, messageOf } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import {
  areRejectionsLeft,
  CallbackJob,
  drain,
  type Frame,
  Guest,
  installHeirs,
  installTouching,
  isParcel,
  state as jobs,
  loosenBuiltIns,
  MainActivity,
  markReported,
  noteError,
  type Outlook,
  type ParcelSource,
  type PausedFrame,
  PutOff,
  perform,
  prepareRealm,
  promiseState,
  reportRejections,
  type Snapshot,
  setJobHost,
  setProgram,
  type Wish,
  whyNotClean,
  withOriginals,
} from '@godwit/checkpoint/guest';
import { guestClock } from '../services/process/clock.js';
import { listenersOf } from '../services/process/emitter.js';
import { announceExit, exitCode, setProcessHost } from '../services/process/functions.js';
import { GuestProcess, newProcessState, processClasses } from '../services/process/process.js';
import {
  adoptProcessState,
  changeDirectory,
  type ProcessState,
  processState,
  savedProcessState,
} from '../services/process/state.js';
import { restoreStdio, type StdioState, setOutput, stdioClasses, stdioState } from '../services/stdio/stdio.js';
import {
  restoreTimers,
  schedule,
  setAfterTurn,
  type TimerState,
  timerClasses,
  timerState,
  timersPending,
} from '../services/timers/timers.js';
import { HostChannel, type HostChannelState, hostChannelClasses } from './channel.js';
import { bringAll } from './child-processes.js';
import { directoryAt, loadEnvFile } from './directory.js';
import { installStackFormatter, SourcePlaces, uncaughtText } from './errors.js';
import { globalsClasses, installRealmServices, moduleNames, namedModules, type RealmServices, takesApart } from './globals.js';
import { heldBytes, hideHooks, showHooks } from './hooks.js';
import { NodeProcess } from './node-process.js';
import { nodeKeepsOpen, openResources, rememberOpen } from './open-resources.js';
import { osThreadId } from './os-thread.js';
import { Pages } from './pages.js';
import { naming } from './pinning-module.js';
import {
  type BundleForm,
  type CaptureReport,
  FILLED,
  type FromWorker,
  GO_ON,
  type GuestSettings,
  HOLD,
  HOLD_REQUEST,
  HURRY,
  PARCELS_REQUEST,
  PROVE_LATER_REQUEST,
  REQUEST,
  REQUEST_NUMBER,
  type ServiceCounts,
  type ToWorker,
  VERDICT,
} from './protocol.js';
import { answerForGuest, installSystem } from './thread-process.js';
import { asRehearsed, warmUp } from './warm-up.js';

const port = workerData.port as import('node:worker_threads').MessagePort;
const words = new Int32Array(workerData.words as SharedArrayBuffer);
const pages = new Pages(workerData.pages as import('node:worker_threads').MessagePort, words);
/** Objects made whole with one that is touched: half a millisecond. */
const NEIGHBOURS = 500;
/** Bytes of one parcel. Tests have many small ones, and few neighbours. */
const parcelBytes = workerData.parcelBytes as number | undefined;
const neighbours = (workerData.neighbours as number | undefined) ?? NEIGHBOURS;
const restUntilMs = workerData.restUntilMs as BigInt64Array | undefined;
/** Guests may come by pages: those that hold much, or all; what they touch first, the rest when there is time ('touched': never, for tests). */
const paging = workerData.paging as 'large' | 'all' | 'touched' | undefined;
const byPages = paging !== undefined;
const post = port.postMessage.bind(port);
const timeOrigin = performance.timeOrigin;
const now = () => timeOrigin + performanceNow();
const performanceNow = performance.now.bind(performance);
const nativeQueueMicrotask = queueMicrotask;
const nativeSetImmediate = setImmediate;
const nativeSetTimeout = setTimeout;
const { add, compareExchange, exchange, load, wait } = Atomics;
const nothing = new Int32Array(new SharedArrayBuffer(4));

/** The services' part of an image. */
class ServiceState {
  constructor(
    readonly process: GuestProcess,
    readonly processState: ProcessState,
    readonly timers: TimerState,
    readonly stdio: StdioState,
    readonly clock: { originMs: number; lastMs: number },
    readonly channel: HostChannelState,
    readonly main: { promise: object | undefined; done: boolean },
    /** Of the process: the node looks at them at any time (node/signals.ts), in the midst of a parcel too, so they are whole from the start. */
    readonly listeners: object,
  ) {}
}

const serviceClasses = {
  ...processClasses,
  ...timerClasses,
  ...stdioClasses,
  ...hostChannelClasses,
  ...globalsClasses,
  MainActivity,
  ServiceState,
};

let guest: Guest;
let guestProcess: GuestProcess;
let services: RealmServices;
const nodeProcess = new NodeProcess(process);
/** Does Node itself hold something of the guest's? */
let isPinned = (): boolean => false;
let esm = true;
const channel = new HostChannel(
  (service, message, transfer) => send({ type: 'send', service, message }, transfer),
  (activity) => {
    if (jobs.activity !== undefined) return false;
    perform(activity);
    drain();
    afterTurn();
    return true;
  },
);
let mainState: { promise: object | undefined; done: boolean } = { promise: undefined, done: false };
let ended = false;

const send = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void => post(message, transfer as ArrayBuffer[]);

process.on('uncaughtException', (error) => {
  // Of a callback that Node itself called, or of the runtime.
  if (isPinned() && !ended) {
    // Node's modules that listen are told by Node.
    const isTold = guestProcess.listenerCount('uncaughtException') === 0 && nodeProcess.listens('uncaughtException');
    if (!isTold) uncaught(error, 'uncaughtException');
    return;
  }
  ended = true;
  send({ type: 'crashed', reason: messageOf(error) });
  standStill();
});
showHooks(look);
prepareRealm();
loosenBuiltIns();
if (byPages) installHeirs();
installSystem();
setOutput((fd, seq, bytes) => send({ type: 'output', fd, seq, bytes }));
setJobHost({
  wake: once(nativeQueueMicrotask, () => {
    drain();
    afterTurn();
  }),
  betweenJobs() {
    // Not atomic: a request seen a job later is early enough.
    if (words[REQUEST] !== 0) answerRequest();
  },
  uncaught,
  rejectionsLeft: once(nativeQueueMicrotask, () => {
    reportRejections();
    afterTurn();
  }),
  reportUnhandled(rejections) {
    for (const { promise, context } of rejections) {
      const record = promiseState(promise);
      if (record.handled) continue;
      jobs.context = context;
      if (guestProcess.listenerCount('unhandledRejection') > 0) guestProcess.emit('unhandledRejection', record.value, promise);
      else if (!nodeProcess.emit('unhandledRejection', record.value, promise)) uncaught(record.value, 'unhandledRejection');
      markReported(promise);
      jobs.context = undefined;
    }
  },
  reportHandled(promises) {
    for (const promise of promises) guestProcess.emit('rejectionHandled', promise);
  },
});
setProcessHost({
  exit,
  nodesExitCode: () => nodeProcess.exitCode,
  kill: (pid, signal) => send({ type: 'send', service: 'process', message: { op: 'kill', pid, signal } }),
  current: () => guestProcess,
  openResources,
  chdir: (directory) => changeDirectory(directoryAt(directory, processState().cwd)),
  loadEnvFile,
  builtin: (name) => services.builtin(name),
});
setAfterTurn(afterTurn);

function uncaught(error: unknown, origin: string): void {
  noteError(error);
  const { uncaughtCallback, stderr } = processState();
  guestProcess.emit('uncaughtExceptionMonitor', error, origin);
  if (uncaughtCallback !== null) {
    uncaughtCallback(error);
    return;
  }
  if (guestProcess.listenerCount('uncaughtException') > 0) {
    guestProcess.emit('uncaughtException', error, origin);
    return;
  }
  if (nodeProcess.emit('uncaughtException', error, origin)) return;
  stderr.write(
    origin === 'unhandledRejection' && !(error instanceof Error)
      ? `[UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "${String(error)}".] {\n  code: 'ERR_UNHANDLED_REJECTION'\n}\n\nNode.js ${process.version}\n`
      : uncaughtText(error, esm),
  );
  processState().exitCode = 1;
  try {
    announceExit();
  } finally {
    exit(1);
  }
}

function exit(code: number): never {
  ended = true;
  bringAll();
  // What a system would make of it.
  send({ type: 'exit', code: Number(code) & 0xff });
  return standStill();
}

/** Until the node ends the thread: one that ended by itself could meet a message of the node's inspector, which would abort the node (adr/0008). */
function standStill(): never {
  for (;;) wait(nothing, 0, 0);
}

/** After each turn: has the guest ended? Asked again when V8's microtasks have run, which may settle what the guest waits for. */
function afterTurn(): void {
  if (isAtEnd()) endLater();
}
const endLater = once(nativeSetImmediate, () => {
  if (!isAtEnd()) return;
  if (waitsForNode()) askAgain();
  else end();
});
const askAgain = once((action) => void nativeSetTimeout(action, ASK_AGAIN_MS).unref(), afterTurn);
/** How often a pinned guest that has nothing left to do itself is asked whether Node has. */
const ASK_AGAIN_MS = 10;

/** Does Node itself keep something open for the guest: a server, a child process, a request of a module that pins? */
const waitsForNode = (): boolean => isPinned() && nodeKeepsOpen();

/** Queues an action, which is not queued again until it runs. */
function once(queue: (action: () => void) => void, action: () => void): () => void {
  let isQueued = false;
  return () => {
    if (isQueued) return;
    isQueued = true;
    queue(() => {
      isQueued = false;
      action();
    });
  };
}

function isAtEnd(): boolean {
  if (ended || jobs.activity !== undefined || !mainState.done) return false;
  if (timersPending() || channel.active() || channel.pending() > 0) return false;
  return jobs.microtasks.length + jobs.ticks.length === 0 && !areRejectionsLeft();
}

function end(): void {
  const code = exitCode();
  guestProcess.emit('beforeExit', code);
  drain();
  // What Node's modules do then takes their own turns: a runner of tests tells its results.
  if (nodeProcess.emit('beforeExit', code)) nativeSetImmediate(endUnlessBusy);
  else endUnlessBusy();
}

function endUnlessBusy(): void {
  if (!isAtEnd() || waitsForNode()) {
    afterTurn();
    return;
  }
  if (mainState.promise && promiseState(mainState.promise).status === 0) {
    processState().stderr.write(`Warning: Detected unsettled top-level await at ${guest.realm.bundle.entry}\n`);
    processState().exitCode = 13;
  }
  announceExit();
  exit(Number(exitCode()));
}

let endWarmUp: () => void = () => {};

function rehearse(bundle: Bundle): void {
  const settings = { ...nobody, argv: [] };
  adoptProcessState(newProcessState(settings));
  const actor = new GuestProcess(settings);
  const named = { 'godwit:services': serviceClasses };
  const options = { bundle, named, services: () => serviceState(actor), inParcels: byPages && paging !== 'large' };
  endWarmUp = warmUp(options, restUntilMs, () => send({ type: 'warm' }));
}

/** Functions made ahead: some 50 µs each, in a thread that waits. */
const MOST_PREPARED = 20_000;

/** What a process that is yet to come stands in for; its own settings are part of its image. */
const nobody = { pid: 0, execArgv: [], env: {}, cwd: '/', tty: undefined };

/** Everything of a restore that does not need the guest's state, done while the guest still runs at the source. */
function prepare(form: BundleForm): void {
  const bundle = bundleOf(form);
  setUp(bundle, { ...nobody, argv: [process.execPath, bundle.entry] }, true);
  guest.realm.prepareFactories(MOST_PREPARED);
  send({ type: 'prepared' });
}

const bundleOf = (form: BundleForm): Bundle => (form instanceof Uint8Array ? (JSON.parse(textOf(form)) as Bundle) : form);

/** Most are ASCII, which is read five times as fast. */
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(isAscii(bytes) ? 'latin1' : 'utf8');

/** `isArrival`: of a guest that comes from elsewhere, which may be in parcels. */
function setUp(bundle: Bundle, settings: GuestSettings, isArrival: boolean): void {
  endWarmUp();
  hideHooks();
  rememberOpen();
  esm = !bundle.sloppy;
  adoptProcessState(newProcessState(settings));
  guestProcess = new GuestProcess(settings);
  nodeProcess.begin();
  const require = createRequire(bundle.entry);
  if (byPages && isArrival) installTouching();
  const names = moduleNames(bundle);
  const isNamed = (name: string): boolean => names.has(name) || name === 'process' || name === 'godwit:host';
  services = installRealmServices(guestProcess, channel, require, bundle.entry, byPages, isNamed);
  isPinned = services.isPinned;
  installStackFormatter(new SourcePlaces(bundle, () => guest.realm), esm);
  guest = new Guest({
    bundle,
    host: {
      importModule: (specifier) => services.importModule(specifier),
      importDynamic: (specifier) => services.importDynamic(specifier),
      require: services.require,
      requireOf: services.requireOf,
      refuse: (_code, message) => {
        processState().stderr.write(`${message}\n`);
        return exit(126);
      },
      filename: bundle.entry,
      dirname: bundle.entry.slice(0, bundle.entry.lastIndexOf('/')) || '/',
    },
    named: {
      'godwit:require': services.require,
      'godwit:services': serviceClasses,
      ...namedModules(names, services),
    },
    onPaused,
    onLost,
    onWhole: () => send({ type: 'whole' }),
    onTouched: () => void add(words, FILLED, 1),
    takesApart,
    neighbours,
  });
  guest.acceptPauses(false);
  services.adopt(guestProcess);
  answerForGuest(guestProcess);
  emptyBytes = heldBytes().old;
  setProgram(guest.realm, (threw, value) => {
    mainState.done = true;
    if (threw) uncaught(value, 'uncaughtException');
    else if (bundle.topLevelAwait) mainState.promise = value as object;
  });
}

function start(form: BundleForm, settings: GuestSettings): void {
  const bundle = bundleOf(form);
  setUp(bundle, settings, false);
  send({ type: 'running', atMs: now() });
  jobs.microtasksFirst = esm;
  perform(new MainActivity());
  drain();
  beginTurns();
}

/** The first turn comes when V8's own microtasks have run. */
function beginTurns(): void {
  schedule();
  afterTurn();
}

/** V8's old generation before the guest has anything in it. */
let emptyBytes = 0;
/** As much more is a guest that holds much: each MB of it is some 60 ms of a pause. */
const LARGE_HEAP_BYTES = 12 * 2 ** 20;
/** Objects made whole between two turns: a millisecond or so. */
const OBJECTS_BETWEEN_TURNS = 2_000;
/** The same when a capture waits for all of them. */
const OBJECTS_IN_A_HURRY = 20_000;

/** A parcel, or some objects, between two turns. */
const fillOn = once(nativeSetImmediate, () => {
  if (ended) return;
  const parcel = pages.take();
  if (parcel) guest.add(parcel);
  const count = load(words, HURRY) === 0 ? OBJECTS_BETWEEN_TURNS : OBJECTS_IN_A_HURRY;
  if (!parcel && (paging === 'touched' || !guest.fillSome(count))) return;
  add(words, FILLED, 1);
  fillOn();
});

/** Nothing of the guest runs from here on: nobody could catch what it was about to be told wrongly. */
function onLost(reason: string): never {
  ended = true;
  send({ type: 'crashed', reason });
  return standStill();
}

let settle: (() => void) | undefined;
function restore(message: Extract<ToWorker, { type: 'restore' }>): void {
  if (message.bundle) setUp(bundleOf(message.bundle), message.settings, true);
  const inParcels = isParcel(message.pages[0]!);
  if (inParcels) pages.begin(message.pages);
  if (message.isPartial) pages.onParcel(fillOn);
  const next = inParcels ? (wanted: Wish | undefined) => pages.next(wanted) : undefined;
  const restored = asRehearsed(() => naming(() => guest.restore(message.pages, next))) as ServiceState;
  guestProcess = restored.process;
  adoptProcessState(restored.processState);
  // A program that put something else there keeps it.
  if (guestProcess.pid === message.formerPid) Object.defineProperty(guestProcess, 'pid', { value: message.settings.pid });
  services.adopt(guestProcess);
  answerForGuest(guestProcess);
  restoreStdio(restored.stdio);
  guestClock.restore(restored.clock);
  mainState = restored.main;
  settle = () => {
    settle = undefined;
    pages.go();
    restoreTimers(restored.timers);
    channel.restore(restored.channel);
    send({ type: 'running', atMs: now() });
    guest.resume();
    drain();
    beginTurns();
    channel.flush();
    if (paging !== 'touched') fillOn();
  };
  send({ type: 'loaded' });
}

// Captures -----------------------------------------------------------------------------------------------------------

function serviceState(process = guestProcess): ServiceState {
  const [state, clock, host] = [savedProcessState(), guestClock.save(), channel.save()];
  return new ServiceState(process, state, timerState(), stdioState(), clock, host, mainState, listenersOf(process));
}

function serviceCounts(): ServiceCounts {
  const { timers, immediates } = timerState();
  const { refs, inbox } = channel.save();
  return {
    timers: timers.length,
    immediates: immediates.length,
    microtasks: jobs.microtasks.length,
    ticks: jobs.ticks.length,
    outputChunks: stdioState().nextSeq - 1,
    handles: refs.size,
    messages: inbox.length,
  };
}

/** Takes the guest as data and hands it to the host, or says why not now. Returns whether the guest must be held. */
function capture(
  id: number,
  frames: Frame[] | undefined,
  refusal: unknown,
  paused: boolean,
  how: number,
  stoppedAtMs = now(),
): void {
  let held = false;
  let source: ParcelSource | undefined;
  try {
    if (!frames) throw refusal;
    // One that was idle; one that was paused is whole.
    guest.makeWhole();
    withOriginals(() => {
      const { message, source: rest } = taken(id, frames, paused, stoppedAtMs, how);
      source = rest;
      send(message);
      held = (how & HOLD_REQUEST) !== 0;
      if (!message.isProven) send({ type: 'proof', isProven: isProven() });
    });
  } catch (error) {
    // What was sent is not taken back: it is held, whatever failed then.
    if (held) send({ type: 'proof', isProven: false });
    const pinned = error instanceof GodwitError && error.code === 'GODWIT_CANNOT_CAPTURE';
    const at = error instanceof PutOff ? (error.at ?? []) : [];
    if (!held) send({ type: 'putOff', id, reason: messageOf(error), at, paused, pinned });
  }
  // Nothing of the guest may run until the host decides; a host that ends the guest terminates the thread here.
  if (held) pages.hold(source, nextParcel);
}

function isProven(): boolean {
  try {
    return asRehearsed(() => guest.isProven());
  } catch {
    // It is captured again, and says why then.
    return false;
  }
}

function taken(id: number, frames: Frame[], paused: boolean, stoppedAtMs: number, how: number) {
  const isProvenLater = (how & PROVE_LATER_REQUEST) !== 0;
  const isWanted =
    (how & PARCELS_REQUEST) !== 0 && byPages && (paging !== 'large' || heldBytes().old > emptyBytes + LARGE_HEAP_BYTES);
  // Why it cannot come in parcels, of whose later ones one could not be written; undefined if nobody wants it in parcels.
  const unclean = isWanted ? whyNotClean() : undefined;
  channel.drainPort(port);
  nativeSetImmediate(() => channel.flush()); // for a guest that stays: no message will wake it for what was drained
  const before = performanceNow();
  const snapshot = asRehearsed(() =>
    naming((): Snapshot & { source?: ParcelSource } =>
      unclean?.length === 0 ? firstParcel(frames, isProvenLater) : guest.snapshot(frames, serviceState(), isProvenLater),
    ),
  );
  const { source, stats } = snapshot;
  const report: CaptureReport = {
    objects: stats.objects,
    heapBytes: stats.bytes,
    heldBytes: heldBytes(),
    encodeMs: performanceNow() - before,
    frames: snapshot.frames,
    types: stats.types.slice(0, 40),
    lastSeq: stdioState().nextSeq - 1,
    services: serviceCounts(),
    unclean: unclean ?? [],
  };
  const isPartial = source?.isComplete === false;
  compareExchange(words, VERDICT, GO_ON, HOLD);
  const message: Extract<FromWorker, { type: 'captured' }> = {
    ...{ type: 'captured', id, pages: snapshot.pages, isPartial, isProven: !isProvenLater },
    ...{ report, paused, stoppedAtMs },
  };
  return { message, source };
}

function firstParcel(captured: Frame[], isProvenLater: boolean): Snapshot & { source: ParcelSource } {
  const { source, frames } = guest.parcels(captured, serviceState(), parcelBytes, isProvenLater);
  return { pages: [source.first()], stats: source.stats(), frames, source };
}

function nextParcel(source: ParcelSource, bytes: number, wanted: Wish | undefined, isCut: () => boolean): Uint8Array | undefined {
  return withOriginals(() => naming(() => source.next(bytes, wanted, isCut)));
}

/** Answers a request where no activity runs. One that a pause answered first is gone by now. */
function answerRequest(): void {
  const request = exchange(words, REQUEST, 0);
  if (request !== 0) capture(request & REQUEST_NUMBER, [], undefined, false, request);
}

/** Asked in an interrupt, wherever the guest is: most instants at which a capture would be put off need no pause to be known. */
function look(): Outlook | undefined {
  if (words[REQUEST] !== 0 && !ended) return guest.look(look);
  guest?.acceptPauses(false);
  return undefined;
}

function onPaused(paused: PausedFrame[]): void {
  const stoppedAtMs = now();
  send({ type: 'paused' });
  guest.acceptPauses(false);
  // Taken in one step: a host that gave up took it back in one step.
  const request = exchange(words, REQUEST, 0);
  // None: the capture was answered from a message while the pause was under way.
  if (request === 0 || ended) return;
  const id = request & REQUEST_NUMBER;
  try {
    const frames = guest.frames(paused);
    capture(id, frames, undefined, true, request, stoppedAtMs);
  } catch (error) {
    capture(id, undefined, error, true, 0);
  }
}

port.on('message', (message: ToWorker) => {
  try {
    receive(message);
  } catch (error) {
    send({
      type: 'failed',
      code: error instanceof GodwitError ? error.code : 'GODWIT_INTERNAL',
      message: error instanceof GodwitError ? error.message : String((error as Error)?.stack ?? error),
    });
  }
});

function receive(message: ToWorker): void {
  switch (message.type) {
    case 'start':
      start(message.bundle, message.settings);
      return;
    case 'warmUp':
      rehearse(message.bundle);
      return;
    case 'prepare':
      prepare(message.bundle);
      return;
    case 'restore':
      restore(message);
      return;
    case 'run':
      settle?.();
      return;
    case 'capture':
      // Already answered from a pause; the next request may be under way by now, and its answer would bear a wrong number.
      if ((load(words, REQUEST) & REQUEST_NUMBER) !== message.id) return;
      if (jobs.activity === undefined) answerRequest();
      else if (exchange(words, REQUEST, 0) !== 0)
        capture(message.id, undefined, new PutOff('the runtime itself is running'), false, 0);
      return;
    case 'deliver':
      channel.receive(message.service, message.messages);
      return;
    case 'signal':
      if (guestProcess.listenerCount(message.name) > 0) channel.run(new CallbackJob(emitSignal, [message.name]));
      else send({ type: 'signalDefault', name: message.name });
      return;
  }
}

function emitSignal(name: unknown): void {
  guestProcess.emit(name as string, name, 0);
}

send({ type: 'ready', osThread: osThreadId() });
