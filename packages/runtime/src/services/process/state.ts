/**
 * What a guest's `process` keeps besides its properties: its folder, its streams, how it will end. Part of every image.
 * Its functions reach it here and not by `this`, because programs take them off the object.
 */
import type { GuestSettings } from '../../guest/protocol.js';
import { GuestInput, GuestOutput } from '../stdio/stdio.js';
import { environment, replaceEnvironment } from './environment.js';

export class ProcessState {
  /** As the system gives it: absolute, without links. */
  cwd: string;
  exitCode: number | string | null | undefined = undefined;
  isExiting = false;
  /** The hint behind the first warning was shown. */
  hasWarned = false;
  usesSourceMaps = false;
  /** Of setUncaughtExceptionCaptureCallback. */
  uncaughtCallback: ((error: unknown) => unknown) | null = null;
  /** What process.env holds while the guest is an image; `process.env` itself is Node's object in each thread. */
  variables: Record<string, string>;
  readonly stdout: GuestOutput;
  readonly stderr: GuestOutput;
  readonly stdin = new GuestInput();
  readonly report: object;
  /** Once it was looked at. */
  environmentFlags: ReadonlySet<string> | undefined = undefined;

  constructor(settings: GuestSettings, report: object) {
    this.cwd = settings.cwd;
    this.variables = { ...settings.env };
    this.stdout = new GuestOutput(1, settings.tty);
    this.stderr = new GuestOutput(2, settings.tty);
    this.report = report;
  }
}

export interface Emitter {
  emit(name: string, ...args: unknown[]): boolean;
  reallyExit(code: number): never;
  pid: number;
}

let state: ProcessState;
let onDirectory: (cwd: string) => void = () => {};

export const processState = (): ProcessState => state;

/** The guest's folder, to whoever makes relative paths absolute: told now and whenever it changes. */
export function followDirectory(follower: (cwd: string) => void): void {
  onDirectory = follower;
  if (state) onDirectory(state.cwd);
}

export function changeDirectory(cwd: string): void {
  state.cwd = cwd;
  onDirectory(cwd);
}

/** For an image. */
export function savedProcessState(): ProcessState {
  state.variables = { ...environment } as Record<string, string>;
  return state;
}

export function adoptProcessState(adopted: ProcessState): void {
  state = adopted;
  replaceEnvironment(state.variables);
  onDirectory(state.cwd);
}
