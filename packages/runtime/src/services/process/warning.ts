/** `process.emitWarning` as in Node: a 'warning' event one tick later, and the text on stderr. */
import { CallbackJob, enqueueTick } from '@godwit/checkpoint/guest';
import type { GuestProcess } from './process.js';
import { wrongType } from './refusals.js';
import { processState } from './state.js';

type Warning = Error & { code?: unknown; detail?: unknown };

export function warn(process: GuestProcess, given: unknown, typeOrOptions?: unknown, givenCode?: unknown): void {
  const options = typeof typeOrOptions === 'object' && typeOrOptions !== null ? (typeOrOptions as Record<string, unknown>) : {};
  const type = typeof typeOrOptions === 'string' ? typeOrOptions : options.type;
  const code = typeof givenCode === 'string' ? givenCode : options.code;
  if (typeof given !== 'string' && !(given instanceof Error))
    throw wrongType('warning', 'of type string or an instance of Error', given);
  const warning: Warning = given instanceof Error ? given : new Error(given);
  if (typeof given === 'string') {
    warning.name = String(type || 'Warning');
    if (code !== undefined) warning.code = code;
    if (typeof options.detail === 'string') warning.detail = options.detail;
  }
  if (warning.name === 'DeprecationWarning' && (process as { noDeprecation?: unknown }).noDeprecation) return;
  enqueueTick(new CallbackJob(emitWarning as () => unknown, [process, warning]));
}

function emitWarning(process: GuestProcess, warning: Warning): void {
  if (process.env.NODE_NO_WARNINGS !== '1') processState().stderr.write(textOf(process, warning));
  process.emit('warning', warning);
}

function textOf(process: GuestProcess, warning: Warning): string {
  let text = `(node:${process.pid}) ${warning.code ? `[${warning.code}] ` : ''}${String(warning)}`;
  if (typeof warning.detail === 'string') text += `\n${warning.detail}`;
  const state = processState();
  if (state.hasWarned) return `${text}\n`;
  state.hasWarned = true;
  const flag = warning.name === 'DeprecationWarning' ? '--trace-deprecation' : '--trace-warnings';
  return `${text}\n(Use \`node ${flag} ...\` to show where the warning was created)\n`;
}

/** What pending ticks refer to: images need their names. */
export const warningFunctions = { emitWarning };
