/**
 * A guest's worker in which every safepoint carries a breakpoint. Its condition counts the safepoint and says whether to stop; when it does,
 * the guest's own handler captures, as if the node had asked V8 for a pause at exactly this place. When no capture is wanted any more, a last
 * stop takes the breakpoints away. Everything else is the runtime's worker.
 * What runs at a safepoint uses nothing that the guest can change: it would see calls that no node makes.
 */
import inspector from 'node:inspector';
import { workerData } from 'node:worker_threads';
import { lineAndColumn, lineStarts } from '../../../../packages/checkpoint/dist/compile/lines.js';
import { parsePrinted } from '../../../../packages/checkpoint/dist/compile/table.js';
import { Guest } from '../../../../packages/checkpoint/dist/guest/guest.js';
import { Realm } from '../../../../packages/checkpoint/dist/guest/realm.js';
import { plainProperty } from '../../../../packages/checkpoint/dist/heap/own-properties.js';
import { endsWith, reflectApply, reflectDefine, startsWith } from '../../../../packages/checkpoint/dist/heap/primordials.js';
import { HOLD_REQUEST, PARCELS_REQUEST, REQUEST } from '../../../../packages/runtime/dist/guest/protocol.js';
import { AGAIN, BEGUN, CAPTURE_ID, HITS, LAST, NEVER, NEXT } from './plan.js';
import { type Mark, type MarkedBundle, positionsOf } from './positions.js';

type Paused = Parameters<Guest['frames']>[0];
interface Place extends Mark {
  starts: number[];
}

const plan = new Int32Array(workerData.plan as SharedArrayBuffer);
const words = new Int32Array(workerData.words as SharedArrayBuffer);
const session = new inspector.Session();
const { add, exchange, store } = Atomics;
const places: Place[] = [];
let realm: Realm | undefined;
let stoppedAt: Place | undefined;
/** The runtime captures or restores; what it calls of the guest's built-ins is no safepoint of the guest. */
let inRuntime = false;
/** No capture is wanted any more. */
let isOver = false;
const breakpoints: string[] = [];

/** Counts a safepoint; says what to do there. */
function reached(isLoop: boolean): 'go on' | 'capture' | 'be over' {
  if (isOver || inRuntime || plan[BEGUN] === 0 || exchange(plan, AGAIN, 0) === 1) return 'go on';
  const hit = add(plan, HITS, 1);
  if (hit >= plan[LAST]! || plan[NEXT] === NEVER) {
    isOver = true;
    return 'be over';
  }
  if (hit < plan[NEXT]!) return 'go on';
  store(plan, AGAIN, isLoop ? 1 : 0);
  store(words, REQUEST, CAPTURE_ID | HOLD_REQUEST | PARCELS_REQUEST);
  return 'capture';
}

/** Of the guest's code: V8 stops when this is true. */
function reachedPlace(index: number): boolean {
  const place = places[index]!;
  if (place.isAuthors) plan[BEGUN] = 1;
  const what = reached(place.position.kind === 'loop');
  if (what === 'capture') stoppedAt = place;
  return what !== 'go on';
}

/** Of the runtime's loop over jobs, which looks by itself whether a capture is wanted. */
workerData.reachedIdle = (): boolean => reached(false) === 'be over';

function post(method: string, params: object): Record<string, unknown> {
  let answer: Record<string, unknown> = {};
  session.post(method, params, (_error, result) => {
    answer = (result as Record<string, unknown>) ?? {};
  });
  return answer;
}

interface Heard {
  params: { scriptId: string; url: string };
}

session.connect();
// In the place of EventEmitter's own, which calls `apply` of each listener.
reflectDefine(session, 'emit', {
  value(name: string, { params }: Heard): void {
    if (name === 'Debugger.paused' && isOver) takeAway();
    if (name !== 'Debugger.scriptParsed') return;
    if (startsWith(params.url, 'godwit-')) markScript(params.scriptId, params.url);
    else if (endsWith(params.url, '/guest/main.js')) markIdle(params.scriptId);
  },
});
session.post('Debugger.enable');

/** Not in a condition: V8 goes on with what it knows of the breakpoint that it is just asking about. */
function takeAway(): void {
  for (let i = 0; i < breakpoints.length; i++) post('Debugger.removeBreakpoint', { breakpointId: breakpoints[i]! });
  breakpoints.length = 0;
}

function markScript(scriptId: string, url: string): void {
  const table = realm?.scriptTable(url);
  if (!table || isOver) return;
  const text = post('Debugger.getScriptSource', { scriptId }).scriptSource as string;
  const starts = lineStarts(text);
  const marks =
    url === realm!.scriptName
      ? (realm!.bundle as MarkedBundle).marks
      : positionsOf(parsePrinted(text), table).map((position) => ({ position, isAuthors: true }));
  for (const { position, isAuthors } of marks) {
    const { line, column } = lineAndColumn(starts, position.from);
    const index = places.push({ position, starts, isAuthors }) - 1;
    const location = { scriptId, lineNumber: line, columnNumber: column };
    const made = post('Debugger.setBreakpoint', { location, condition: `$$skip.reached(${index})` });
    const actual = made.actualLocation as { lineNumber: number; columnNumber?: number } | undefined;
    const at = actual && starts[actual.lineNumber]! + (actual.columnNumber ?? 0);
    if (at !== undefined && (at < position.from || at >= position.to))
      post('Debugger.removeBreakpoint', { breakpointId: made.breakpointId });
    else if (at !== undefined) breakpoints.push(made.breakpointId as string);
  }
}

/** Between two jobs the runtime looks for requests: a safepoint too, with no frame on the stack. */
function markIdle(scriptId: string): void {
  const lines = (post('Debugger.getScriptSource', { scriptId }).scriptSource as string).split('\n');
  const line = lines.findIndex((text) => text.includes('words[REQUEST] !== 0'));
  const location = { scriptId, lineNumber: line, columnNumber: lines[line]!.search(/\S/) };
  const made = post('Debugger.setBreakpoint', { location, condition: 'workerData.reachedIdle()' });
  breakpoints.push(made.breakpointId as string);
}

const { load } = Realm.prototype;
Realm.prototype.load = function (this: Realm): void {
  realm = this;
  (this as unknown as { skip: { reached: typeof reachedPlace } }).skip.reached = reachedPlace; // a name that all guest code sees
  reflectApply(load, this, []);
};

function asRuntime<T>(action: () => T): T {
  inRuntime = true;
  try {
    return action();
  } finally {
    inRuntime = false;
  }
}

const { frames, snapshot, restore } = Guest.prototype;
Guest.prototype.frames = function (this: Guest, paused: Paused) {
  return asRuntime(() => {
    if (stoppedAt) atSafepoint(paused[0]!, stoppedAt);
    stoppedAt = undefined;
    return reflectApply(frames, this, [paused]);
  });
};
// Of its own breakpoints, which are where pauses come from here.
Guest.prototype.acceptPauses = () => {};
Guest.prototype.snapshot = function (this: Guest, ...args) {
  return asRuntime(() => reflectApply(snapshot, this, args));
};
Guest.prototype.restore = function (this: Guest, ...args) {
  return asRuntime(() => reflectApply(restore, this, args));
};

/** What V8 would have reported at the safepoint that the breakpoint stands for. */
function atSafepoint(top: Paused[number], { position, starts }: Place): void {
  const { line, column } = lineAndColumn(starts, position.report);
  top.location = { ...top.location, lineNumber: line, columnNumber: column };
  const shown: Paused[number]['scopeChain'] = [];
  for (let i = 0; i < top.scopeChain.length; i++) {
    const scope = top.scopeChain[i]!;
    const { type, startLocation } = scope;
    const isBegun =
      type !== 'block' ||
      !startLocation ||
      starts[startLocation.lineNumber]! + (startLocation.columnNumber ?? 0) < position.scopesBefore;
    if (isBegun) reflectDefine(shown, shown.length, plainProperty(scope));
  }
  top.scopeChain = shown;
}

await import(workerData.main);
