/**
 * Calls of Node's functions that ask V8 where they were called from, as node:test does to say where a test stands. V8 would name the runtime or
 * the compiled program; so they are called from a line of code that V8 takes for the author's.
 */
import vm from 'node:vm';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Caller = (call: AnyFunction, args: unknown[]) => unknown;

const callers = new Map<string, Caller>();
/** Tests made in a loop have one place; this many different ones are kept. */
const MOST_CALLERS = 1000;

/** Calls `native` as if the author's innermost frame did. */
export function callFromAuthor(native: AnyFunction, self: unknown, args: unknown[]): unknown {
  const found = /^ {4}at (?:.* \()?((?:file:\/\/)?\/[^()]+):(\d+):(\d+)\)?$/m.exec(String(new Error().stack));
  if (!found) return native.apply(self, args);
  const [, file, line, column] = found;
  const place = `${file}:${line}:${column}`;
  let caller = callers.get(place);
  if (!caller) {
    if (callers.size >= MOST_CALLERS) callers.clear();
    const code = `(call, args) =>\n${' '.repeat(Number(column) - 1)}call(...args)`;
    caller = new vm.Script(code, { filename: file!, lineOffset: Number(line) - 2 }).runInThisContext() as Caller;
    callers.set(place, caller);
  }
  return caller(native, args);
}
