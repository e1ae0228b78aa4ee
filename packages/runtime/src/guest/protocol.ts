/**
 * Messages between a node daemon's main thread and a guest's worker, over one MessagePort, in order both ways.
 * Words of shared memory stand beside the port because a busy or paused guest reads no messages:
 *   REQUEST  set by the host before it pauses the guest: the number of the wanted capture and how it is wanted, 0 for none
 *   VERDICT  what is to become of a captured guest that is held
 *   WAKE     counts up when VERDICT changed or something came on the page port
 *   FILLED   counts up when some of what came in parcels was made whole, between two turns or as it was touched
 *   HURRY    set by the host when a capture waits for all of it
 * A second port carries parcels of the heap (guest/pages.ts).
 */
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Outlook, Wish } from '@godwit/checkpoint/guest';

/** Global under which the node finds functions of the thread's (hooks.ts) before the guest starts. */
export const hooksName = '$$godwit';

export interface Hooks {
  /** `heap,external` in bytes, after a full collection if wanted. */
  memory(isCollected: boolean): string;
  /** What a capture would come to now; undefined when no answer to the request is owed any more. */
  look(): Outlook | undefined;
}

/** A bundle, or its text as JSON, which threads can share; whoever runs it parses it. */
export type BundleForm = Bundle | Uint8Array;

export const REQUEST = 0;
export const VERDICT = 1;
export const WAKE = 2;
export const FILLED = 3;
export const HURRY = 4;
export const WORDS = 5;

/** Of REQUEST: the guest is to stand still until there is a verdict. */
export const HOLD_REQUEST = 1 << 30;
/** It may come in parcels, of which the capture gives the first. */
export const PARCELS_REQUEST = 1 << 29;
/** Whether it is all of the guest may be looked at when it is on its way already; the answer is a `proof`. */
export const PROVE_LATER_REQUEST = 1 << 28;
/** The capture's number. */
export const REQUEST_NUMBER = 0xffffff;

/** VERDICT values. */
export const HOLD = 0;
export const GO_ON = 1;
/** Stays: a capture that is under way when its guest is ended must not wait for a verdict that was given. */
export const END = 2;

export interface GuestSettings {
  pid: number;
  argv: string[];
  execArgv: string[];
  env: Record<string, string>;
  cwd: string;
  /** Terminal facts of the stdio that the process was started with. */
  tty: { columns: number; rows: number; colors: boolean } | undefined;
}

export type ToWorker =
  | { type: 'start'; bundle: BundleForm; settings: GuestSettings }
  /** `formerPid`: the PID under which it was captured, when it gets another. */
  /** Rehearse captures with this program until the guest comes. */
  | { type: 'warmUp'; bundle: Bundle }
  /** Makes the realm of a bundle whose guest will be restored here, ahead of its pages. */
  | { type: 'prepare'; bundle: BundleForm }
  | {
      type: 'restore';
      bundle: BundleForm | undefined;
      settings: GuestSettings;
      pages: Uint8Array[];
      /** The pages are parcels, and not all. */
      isPartial?: boolean;
      formerPid?: number | undefined;
    }
  | { type: 'run' }
  | { type: 'capture'; id: number; hold: boolean }
  | { type: 'deliver'; service: string; messages: readonly unknown[] }
  | { type: 'signal'; name: string };

export interface CaptureReport {
  objects: number;
  heapBytes: number;
  heldBytes: HeldBytes;
  encodeMs: number;
  /** Innermost last; see Snapshot of the checkpoint package. */
  frames: { name: string; fid: number; statement: number }[];
  types: { name: string; objects: number; bytes: number }[];
  /** Number of the last chunk of output it wrote. */
  lastSeq: number;
  services: ServiceCounts;
  /** Why it comes whole where it could have come in parcels (docs/adr/0018). */
  unclean: string[];
}

/** What a guest's thread holds, garbage and the runtime included. */
export interface HeldBytes {
  readonly heap: number;
  /** The part of the heap that is not of late: little of it is garbage. */
  readonly old: number;
  /** Outside of the heap: buffers. */
  readonly external: number;
}

/** What a guest had under way outside its heap. */
export interface ServiceCounts {
  timers: number;
  immediates: number;
  microtasks: number;
  ticks: number;
  /** Chunks written to stdout and stderr. */
  outputChunks: number;
  /** Things that keep it alive through services: sockets, servers. */
  handles: number;
  /** Messages of services it has not handled yet. */
  messages: number;
}

export type FromWorker =
  /** `osThread` is the kernel's id of this thread, where it has one that can be asked for. */
  | { type: 'ready'; osThread: number | undefined }
  | { type: 'warm' }
  | { type: 'prepared' }
  | { type: 'loaded' }
  | { type: 'running'; atMs: number }
  /** Of a guest that came in parcels: nothing of it is hollow any more. */
  | { type: 'whole' }
  | { type: 'output'; fd: 1 | 2; seq: number; bytes: Uint8Array }
  /** V8 stopped the thread: it goes on when what the pause is for has happened and the node has said so through the inspector. */
  | { type: 'paused' }
  /** `isPartial`: more parcels of it are to be had at the page port. `isProven`: it is all of the guest; else a proof follows. */
  | {
      type: 'captured';
      id: number;
      pages: Uint8Array[];
      isPartial: boolean;
      isProven: boolean;
      report: CaptureReport;
      paused: boolean;
      stoppedAtMs: number;
    }
  /** Of what was captured last: is it all? If not, the guest must go on here and be captured again. */
  | { type: 'proof'; isProven: boolean }
  /** `at`: where the guest's frames stand from the one in the way outwards, as offsets in the bundle's code. */
  | { type: 'putOff'; id: number; reason: string; at: readonly number[]; paused: boolean; pinned: boolean }
  | { type: 'send'; service: string; message: unknown }
  | { type: 'pins'; reasons: string[] }
  /** The guest ended; its thread stands still until the node ends it. */
  | { type: 'exit'; code: number }
  /** So did the runtime in this thread. */
  | { type: 'crashed'; reason: string }
  | { type: 'signalDefault'; name: string }
  | { type: 'failed'; code: string; message: string };

/** To a worker that holds a guest: one more parcel of about so many bytes, if possible with what is wanted. */
export interface PageRequest {
  readonly wanted: Wish | undefined;
  readonly bytes: number;
}

/** Without a parcel there are no more. */
export type PageAnswer =
  | {
      readonly parcel: Uint8Array | undefined;
      readonly isLast: boolean;
      /** Objects in this parcel and those before it, and those that are known and in none yet. */
      readonly written: number;
      readonly left: number;
    }
  /** The guest cannot be captured after all. */
  | { readonly failed: string };

/** From a worker whose guest waits for a parcel, and again, with the time, when it has one; and of each parcel, when it is about to be read. */
export type PageWish = { readonly wanted: Wish | undefined; readonly waitedMs?: number } | { readonly isRead: true };
