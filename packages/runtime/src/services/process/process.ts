/**
 * The guest's `process`: an emitter with the members that members.ts lists. Argv, environment, folder, exit, signals, ticks and clocks
 * are of this guest alone.
 */
import type { GuestSettings } from '../../guest/protocol.js';
import { ServiceEmitter } from './emitter.js';
import { NodeEnvironmentFlagsSet } from './environment-flags.js';
import { defineMembers, memberFunctions } from './members.js';
import { makeReport, reportFunctions } from './report.js';
import { ProcessState } from './state.js';
import { warningFunctions } from './warning.js';

/** What the runtime itself uses of it. */
export interface GuestProcess extends ServiceEmitter {
  env: Record<string, string | undefined>;
  execArgv: string[];
  pid: number;
  emitWarning(warning: unknown): void;
  reallyExit(code: number): never;
}

/** V8 names objects of a class in errors as the class was named when it was made. */
export const { process: GuestProcess } = {
  process: class extends ServiceEmitter {
    constructor(settings: GuestSettings) {
      super();
      defineMembers(this, settings);
    }
  } as { new (settings: GuestSettings): GuestProcess; prototype: GuestProcess },
};
Object.defineProperty(GuestProcess, 'length', { value: 0 });
Object.defineProperty(GuestProcess.prototype, Symbol.toStringTag, { value: 'process', configurable: true });

export const newProcessState = (settings: GuestSettings): ProcessState => new ProcessState(settings, makeReport());

/** What images refer to by name. */
export const processClasses = {
  GuestProcess,
  ServiceEmitter,
  ProcessState,
  NodeEnvironmentFlagsSet,
  ...warningFunctions,
  processFunctions: memberFunctions,
  reportFunctions,
};
