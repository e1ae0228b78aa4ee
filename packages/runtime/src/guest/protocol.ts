/**
 * Messages between a node daemon's main thread and a guest's worker, over one MessagePort, in order both ways.
 * Two words of shared memory stand beside the port because a busy or paused guest reads no messages:
 *   REQUEST  set by the host before it pauses the guest: the number of the wanted capture, 0 for none
 *   VERDICT  what a captured guest that is held waits for
 */
import type { Bundle } from '@godwit/checkpoint/compile';

export const REQUEST = 0;
export const VERDICT = 1;
export const WORDS = 2;

/** VERDICT values. */
export const HOLD = 0;
export const GO_ON = 1;

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
  | { type: 'start'; bundle: Bundle; settings: GuestSettings }
  | { type: 'restore'; bundle: Bundle; settings: GuestSettings; pages: Uint8Array[] }
  | { type: 'run' }
  | { type: 'capture'; id: number; hold: boolean }
  | { type: 'deliver'; service: string; message: unknown }
  | { type: 'signal'; name: string };

export interface CaptureReport {
  objects: number;
  heapBytes: number;
  encodeMs: number;
  frames: { name: string; line: number }[];
  types: { name: string; objects: number; bytes: number }[];
}

export type FromWorker =
  | { type: 'ready' }
  | { type: 'loaded' }
  | { type: 'running'; atMs: number }
  | { type: 'output'; fd: 1 | 2; seq: number; bytes: Uint8Array }
  | { type: 'captured'; id: number; pages: Uint8Array[]; report: CaptureReport; paused: boolean; stoppedAtMs: number }
  | { type: 'putOff'; id: number; reason: string; paused: boolean; pinned: boolean }
  | { type: 'send'; service: string; message: unknown }
  | { type: 'strayPause' }
  | { type: 'pins'; reasons: string[] }
  | { type: 'exit'; code: number }
  | { type: 'signalDefault'; name: string }
  | { type: 'failed'; code: string; message: string };
