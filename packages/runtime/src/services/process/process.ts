/**
 * The guest's `process`: an emitter with the members that members.ts lists. Argv, environment, folder, exit, signals, ticks and clocks
 * are of this guest alone.
 */
import type { GuestSettings } from '../../guest/protocol.js';
import { ServiceEmitter } from './emitter.js';
import { defineMembers, memberFunctions } from './members.js';
import { makeReport, reportFunctions } from './report.js';
import { ProcessState } from './state.js';
import { warningFunctions } from './warning.js';

/** What the runtime itself uses of it. */
export interface GuestProcess {
  env: Record<string, string | undefined>;
  execArgv: string[];
  pid: number;
  emitWarning(warning: unknown): void;
  reallyExit(code: number): never;
}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineMembers gives it what the interface says
export class GuestProcess extends ServiceEmitter {
  constructor(settings: GuestSettings) {
    super();
    defineMembers(this, settings);
  }
}
Object.defineProperty(GuestProcess, 'name', { value: 'process' });
Object.defineProperty(GuestProcess, 'length', { value: 0 });
Object.defineProperty(GuestProcess.prototype, Symbol.toStringTag, { value: 'process', configurable: true });

export const newProcessState = (settings: GuestSettings): ProcessState => new ProcessState(settings, makeReport());

/** What images refer to by name. */
export const processClasses = {
  GuestProcess,
  ServiceEmitter,
  ProcessState,
  ...warningFunctions,
  processFunctions: memberFunctions,
  reportFunctions,
};
