/**
 * What all commands share: the options every one has, how an error becomes one line and an exit code, the way out.
 * Keeps true: nothing is cut off: stdout and stderr are empty before the process ends.
 */

import { constants } from 'node:os';
import { GodwitError, type Host, type LogLevel, messageOf, realHost } from '@godwit/checkpoint/base';
import { isPool, schedulerLimits } from '@godwit/scheduler';
import { Command, CommanderError, InvalidArgumentError } from 'commander';

export interface CommonOptions {
  readonly cluster?: string;
  readonly debug?: boolean;
}

export function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--cluster <url>', 'the cluster (else GODWIT_CLUSTER, else the one on this machine)')
    .option('--debug', 'show where an error comes from')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${name}: `)) })
    .showHelpAfterError(false);
}

/** Parses, runs, exits. `failureCode` is for errors of Godwit. */
export async function main(program: Command, failureCode = 1): Promise<never> {
  let code = 0;
  process.exitCode = undefined;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endUnread);
  process.once('beforeExit', () => {
    process.stderr.write(`${program.name()}: Cannot go on: nothing is left to wait for\n`);
    process.exit(failureCode);
  });
  try {
    await program.parseAsync();
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    code = report(error, program, failureCode);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

export function commandHost(): Host {
  return realHost((process.env.GODWIT_LOG as LogLevel | undefined) ?? 'error');
}

/** `60`, `60ms`, `1.5s`, `2m` as milliseconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('expected a time such as 100ms or 2s');
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[(match[2] ?? 'ms') as 'ms'];
}

/** `512m`, `2g` as MiB. */
export function megabytes(text: string): number {
  const match = /^(\d+)(m|g)b?$/i.exec(text);
  if (!match || Number(match[1]) === 0) throw new InvalidArgumentError('expected a size such as 512m or 2g');
  return Number(match[1]) * (match[2]!.toLowerCase() === 'g' ? 1024 : 1);
}

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

/** Size of a cluster made for one command. */
export function nodeCount(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > 32) throw new InvalidArgumentError('expected 1 to 32');
  return count;
}

export function poolName(text: string): string {
  if (!isPool(text)) throw new InvalidArgumentError('expected a name of letters, digits, - . and _');
  return text;
}

/** How much a process is taken to want until it was measured, in cores. */
export function weightNumber(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= schedulerLimits.maxWeightCores) || text.trim() === '')
    throw new InvalidArgumentError(`expected a number from 0 to ${schedulerLimits.maxWeightCores}`);
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number above 0');
  return value;
}

function report(error: unknown, program: Command, failureCode: number): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const isDebugged = process.argv.includes('--debug') || !(error instanceof GodwitError);
  const text = isDebugged && error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`${program.name()}: ${text}\n`);
  return failureCode;
}

/** Whoever reads no more (`| head`) wants no more: the end that SIGPIPE brings to ps and cat. */
function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(128 + constants.signals.SIGPIPE);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.errored) resolve();
    else stream.write('', () => resolve());
  });
}
