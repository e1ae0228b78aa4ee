/**
 * The modes in which a program runs: as compiled, moved once at each of some safepoints, and moved at every safepoint (or as many of them as
 * it is allowed). Each move takes a real image from one worker to another. There are breakpoints only as long as safepoints are counted or
 * moves are wanted: the rest of a run is as fast as any.
 *
 * A run is the same each time it is made with the same hits: nothing here looks at a clock but to give up.
 */
import path from 'node:path';
import type { Bundle } from '@godwit/checkpoint/compile';
import { setGuestFlags } from '../../../../packages/runtime/dist/node/v8-flags.js';
import { type GuestEvent, HostedGuest } from './hosted-guest.js';
import { machineLimits } from './limits.js';
import { AGAIN, BEGUN, HITS, LAST, NEVER, NEXT, PLAN_WORDS } from './plan.js';
import { type MarkedBundle, markBundle } from './positions.js';

setGuestFlags();

/** How a program ended, and what befell it on its way. */
export interface Run {
  stdout: string;
  stderr: string;
  code: number;
  hits: number;
  moves: number;
  /** Of these, such as were made in parcels. */
  inParcels: number;
  /** Reasons for which others were not, and how often. */
  unclean: Record<string, number>;
  /** Reasons of captures put off, and how often. */
  putOff: Record<string, number>;
  /** Why it cannot move at all, if so. */
  pinned: string | undefined;
  /** What was captured and could not be restored: never to happen. */
  lost: string | undefined;
  timedOut: boolean;
  /** The hit at which the guest was taken that this run went on from. */
  movedAt: number | undefined;
}

export interface Program {
  bundle: Bundle;
  /** One of the program's files, or its folder. */
  cwd: string;
  /** Safepoints that are counted; machineLimits.mostHits without it. */
  mostHits?: number;
}

const shared = new SharedArrayBuffer(PLAN_WORDS * 4);
const plan = new Int32Array(shared);
/** Workers that wait for their guest: with breakpoints and without. */
const spares = new Map<string, HostedGuest>();

function takeWorker(usesInspector: boolean, neighbours?: number): HostedGuest {
  const kind = `${usesInspector} ${neighbours}`;
  const make = () => new HostedGuest(shared, usesInspector, neighbours);
  const taken = spares.get(kind) ?? make();
  spares.set(kind, make());
  return taken;
}

/** Ends the workers that wait. */
export async function closeMoves(): Promise<void> {
  await Promise.all([...spares.values()].map((spare) => spare.terminate()));
  spares.clear();
}

/** Runs as compiled, without breakpoints. */
export async function runCompiled(program: Program): Promise<Run> {
  const run = emptyRun();
  const guest = takeWorker(false);
  await guest.start(program.bundle, settingsOf(program));
  endRun(run, await guest.nextUntil(performance.now() + machineLimits.runMs), new Output(), guest);
  await guest.terminate();
  return { ...run, hits: 0 };
}

const markedBundles = new WeakMap<Bundle, MarkedBundle>();

function marked(bundle: Bundle): MarkedBundle {
  const made = markedBundles.get(bundle) ?? markBundle(bundle);
  markedBundles.set(bundle, made);
  return made;
}

const settingsOf = ({ bundle, cwd }: Program) => ({
  pid: 101,
  argv: [process.execPath, bundle.entry],
  execArgv: [],
  env: {},
  cwd: path.resolve(cwd),
  tty: undefined,
});

const emptyRun = (): Run => ({
  stdout: '',
  stderr: '',
  code: -1,
  hits: 0,
  moves: 0,
  inParcels: 0,
  unclean: {},
  putOff: {},
  pinned: undefined,
  lost: undefined,
  timedOut: false,
  movedAt: undefined,
});

class Output {
  private readonly chunks = new Map<number, { fd: 1 | 2; bytes: Uint8Array }>();
  constructor(before?: Output, lastSeq = 0) {
    for (const [seq, chunk] of before?.chunks ?? []) if (seq <= lastSeq) this.chunks.set(seq, chunk);
  }
  add(guest: HostedGuest): void {
    for (const [seq, chunk] of guest.output) this.chunks.set(seq, chunk);
  }
  writeTo(run: Run): void {
    const of = (fd: number) => {
      const list = [...this.chunks].filter(([, chunk]) => chunk.fd === fd).sort(([a], [b]) => a - b);
      return Buffer.concat(list.map(([, chunk]) => chunk.bytes)).toString();
    };
    run.stdout = of(1);
    run.stderr = of(2) + run.stderr;
  }
}

function endRun(run: Run, event: GuestEvent | undefined, output: Output, guest: HostedGuest): void {
  output.add(guest);
  run.hits = Math.min(plan[HITS]!, plan[LAST]!);
  run.pinned ??= guest.pins[0];
  if (event?.type === 'ended') {
    if (event.isLost) run.lost = event.reason;
    run.code = event.code;
    if (event.reason) run.stderr = `${event.reason}\n`;
  } else run.timedOut = true;
  output.writeTo(run);
}

/** Runs with breakpoints and counts safepoints, up to as many as are counted; with `hits` takes an image at each of them and runs each image to its end. */
export async function runForked(program: Program, hits: readonly number[]): Promise<{ run: Run; moved: Run[] }> {
  const bundle = marked(program.bundle);
  const run = emptyRun();
  const moved: Run[] = [];
  const output = new Output();
  const wanted = [...hits];
  resetPlan(program, wanted[0]);
  const guest = takeWorker(true);
  await guest.start(bundle, settingsOf(program));
  for (;;) {
    const event = await guest.nextUntil(performance.now() + machineLimits.runMs);
    if (event?.type !== 'captured' && event?.type !== 'putOff') {
      endRun(run, event, output, guest);
      break;
    }
    output.add(guest);
    const hit = plan[HITS]! - 1;
    while (wanted.length > 0 && wanted[0]! <= hit) wanted.shift();
    const tries = event.type === 'putOff' ? note(run, event) : 0;
    if (event.type === 'captured') moved.push(await runImage(program, event, guest, hit, new Output(output, event.lastSeq)));
    Atomics.store(plan, AGAIN, 0);
    plan[NEXT] = nextHit(tries, hit, wanted[0]);
    guest.goOn();
  }
  await guest.terminate();
  return { run, moved };
}

/** A guest that was moved once, to its end. */
async function runImage(
  program: Program,
  image: Extract<GuestEvent, { type: 'captured' }>,
  source: HostedGuest,
  hit: number,
  output: Output,
): Promise<Run> {
  const run = { ...emptyRun(), movedAt: hit };
  const untilMs = performance.now() + machineLimits.runMs;
  const guest = takeWorker(false);
  run.lost = await guest.restore(program.bundle, settingsOf(program), image, source);
  if (run.lost === undefined) {
    run.moves = 1;
    guest.run();
    endRun(run, await guest.nextUntil(untilMs), output, guest);
  }
  await guest.terminate();
  return run;
}

/**
 * Runs and moves at each of `hits`, from worker to worker; with `byPages` everything that can be is hollow after each move until it is touched, or
 * something near it.
 */
export async function runMoved(program: Program, hits: readonly number[], byPages = false): Promise<Run> {
  const run = emptyRun();
  const output = new Output();
  const wanted = [...hits];
  resetPlan(program, wanted[0]);
  const neighbours = () => (byPages ? machineLimits.neighbours[run.moves % 2] : undefined);
  let guest = takeWorker(true, neighbours());
  /** Where the guest was before: it has what has not been touched since. */
  let former: HostedGuest | undefined;
  const bundle = marked(program.bundle);
  await guest.start(bundle, settingsOf(program));
  for (;;) {
    const event = await guest.nextUntil(performance.now() + machineLimits.runMs);
    if (event?.type !== 'captured' && event?.type !== 'putOff') {
      endRun(run, event, output, guest);
      // What nobody has touched could have been captured as well.
      run.lost ??= await former?.drain();
      break;
    }
    const hit = plan[HITS]! - 1;
    while (wanted.length > 0 && wanted[0]! <= hit) wanted.shift();
    const tries = event.type === 'putOff' ? note(run, event) : 0;
    plan[NEXT] = nextHit(tries, hit, wanted[0]);
    const isLast = plan[NEXT] === NEVER;
    if (event.type === 'putOff') {
      Atomics.store(plan, AGAIN, 0);
      guest.goOn();
      continue;
    }
    output.add(guest);
    await former?.terminate();
    former = guest;
    guest = takeWorker(!isLast, neighbours());
    run.lost = await guest.restore(isLast ? program.bundle : bundle, settingsOf(program), event, former);
    if (run.lost !== undefined) break;
    run.moves++;
    if (byPages && event.unclean.length === 0) run.inParcels++;
    for (const reason of event.unclean) run.unclean[reason] = (run.unclean[reason] ?? 0) + 1;
    run.movedAt = hit;
    guest.run();
  }
  await former?.terminate();
  await guest.terminate();
  return run;
}

/** Notes a capture that was put off; how many were by now. */
function note(run: Run, event: Extract<GuestEvent, { type: 'putOff' }>): number {
  run.putOff[event.reason] = (run.putOff[event.reason] ?? 0) + 1;
  if (event.pinned) run.pinned ??= event.reason;
  return Object.values(run.putOff).reduce((sum, count) => sum + count, 0);
}

/** What was put off is tried again at the next safepoint, as the runtime would. */
function nextHit(tries: number, hit: number, wanted: number | undefined): number {
  if (tries > machineLimits.mostPutOff) return NEVER;
  return tries > 0 ? hit + 1 : (wanted ?? NEVER);
}

function resetPlan({ mostHits = machineLimits.mostHits }: Program, next: number | undefined): void {
  plan[BEGUN] = 0;
  plan[HITS] = 0;
  plan[NEXT] = next ?? mostHits;
  plan[LAST] = mostHits;
  plan[AGAIN] = 0;
}

/** Whether a moved program did what it does unmoved. */
export const isSame = (run: Run, unmoved: Run): boolean =>
  run.lost === undefined && !run.timedOut && run.code === unmoved.code && run.stdout === unmoved.stdout;

/** At most `most` of `total` hits, spread over the run; the same for the same seed. */
export function pickHits(total: number, most: number, seed: number): number[] {
  if (total <= most) return Array.from({ length: total }, (_, k) => k);
  const picked: number[] = [];
  let state = seed | 0;
  for (let i = 0; i < most; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const [from, to] = [Math.floor((i * total) / most), Math.floor(((i + 1) * total) / most)];
    picked.push(from + ((state >>> 8) % (to - from)));
  }
  return picked;
}
