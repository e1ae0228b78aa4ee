/** The guest side of checkpointing, for code that runs inside a guest's worker thread. */
export { labelBefore, PutOff } from '../capture/frames.js';
export type { Outlook } from '../capture/look.js';
export type { PausedFrame } from '../capture/session.js';
export { MODULE_FUNCTION } from '../compile/context.js';
export { lineAndColumn, lineStarts } from '../compile/lines.js';
export { isParcel, type ParcelSource, type Wish } from '../heap/index.js';
export { brand, identityOf } from './brand.js';
export { addSource, mark, noteError, noteObject, unmarked, whyNotClean } from './cleanness.js';
export type { RequireHost } from './commonjs.js';
export { Guest, type GuestOptions, MainActivity, prepareRealm, type Snapshot, setProgram } from './guest.js';
export { hostClosureKind } from './host-closures.js';
export {
  type Activity,
  type AsyncContext,
  areRejectionsLeft,
  CallbackJob,
  drain,
  enqueueMicrotask,
  enqueueTick,
  type JobHost,
  JobState,
  markReported,
  perform,
  Queue,
  reportRejections,
  setJobHost,
  state,
  uncaught,
} from './jobs.js';
export { keepingLastMatch } from './last-match.js';
export { loosenBuiltIns } from './loosened-built-ins.js';
export { withOriginals } from './original-built-ins.js';
export {
  GuestPromise,
  isGuestPromise,
  newPromise,
  promiseState,
  rejectPromise,
  resolvePromise,
  setAdoption,
} from './promises.js';
export { type Frame, Realm, type RealmHost } from './realm.js';
export { Rehearsal, type RehearsalOptions } from './rehearsal.js';
export { likeNative, standInClass } from './stand-ins.js';
export {
  installHeirs,
  installTouching,
  touchArguments,
  touchingClass,
  touchingModule,
  wholeArguments,
  wholeEverything,
} from './touching.js';
export { finalize, setFinalizeLater } from './weak.js';
