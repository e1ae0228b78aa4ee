/**
 * The guest's stdout and stderr: each write is a numbered chunk sent to the node, which brings it to the terminal exactly once and
 * in order, wherever the guest runs. The numbers are part of the guest, so they go on over a move.
 */
import { CallbackJob, enqueueTick } from '@godwit/checkpoint/guest';
import { ServiceEmitter } from '../process/emitter.js';

export class StdioState {
  nextSeq = 1;
}

let state = new StdioState();
let output: (fd: 1 | 2, seq: number, bytes: Uint8Array) => void = () => {};
const fromString = Buffer.from;

export const stdioState = (): StdioState => state;
export const restoreStdio = (restored: StdioState): void => {
  state = restored;
};
export const setOutput = (sink: typeof output): void => {
  output = sink;
};

/** Brings what children wrote before to the guest's output, so that theirs and the guest's come in the order of writing. */
let childrenFirst: () => void = () => {};
export const setChildrenFirst = (bring: () => void): void => {
  childrenFirst = bring;
};

/** Tells the node what is written to the guest's stdout or stderr, by the guest or by a child that shares it. */
export function tellOutput(fd: 1 | 2, bytes: Uint8Array): void {
  if (bytes.byteLength > 0) output(fd, state.nextSeq++, copyOf.call(bytes));
}
const copyOf = Uint8Array.prototype.slice;

export class GuestOutput extends ServiceEmitter {
  readonly writable = true;
  isTTY: boolean | undefined;
  columns: number | undefined;
  rows: number | undefined;
  readonly _isStdio = true;
  constructor(
    readonly fd: 1 | 2,
    tty: { columns: number; rows: number; colors: boolean } | undefined,
  ) {
    super();
    if (tty) {
      this.isTTY = true;
      this.columns = tty.columns;
      this.rows = tty.rows;
    }
  }
  write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const done = typeof encoding === 'function' ? encoding : callback;
    let bytes: Uint8Array;
    if (typeof chunk === 'string')
      bytes = fromString(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
    else if (chunk instanceof Uint8Array) bytes = chunk;
    else {
      const error = new TypeError('The "chunk" argument must be of type string or an instance of Buffer or Uint8Array.');
      throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
    }
    childrenFirst();
    tellOutput(this.fd, bytes);
    if (typeof done === 'function') enqueueTick(new CallbackJob(done as () => unknown, [null]));
    return true;
  }
  end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    if (chunk !== undefined && typeof chunk !== 'function') this.write(chunk, encoding, callback);
    return this;
  }
  getColorDepth(): number {
    return this.isTTY ? 8 : 1;
  }
  hasColors(): boolean {
    return this.isTTY === true;
  }
  getWindowSize(): [number, number] {
    return [this.columns ?? 80, this.rows ?? 24];
  }
  cork(): void {}
  uncork(): void {}
  get writableLength(): number {
    return 0;
  }
  get writableHighWaterMark(): number {
    return 16_384;
  }
}

/** stdin of a guest: always at its end (docs/LIMITS.md). */
export class GuestInput extends ServiceEmitter {
  readonly fd = 0;
  readonly isTTY = undefined;
  readonly readable = true;
  override on(name: PropertyKey, listener: (...args: unknown[]) => unknown): this {
    super.on(name, listener);
    if (name === 'end') enqueueTick(new CallbackJob(listener, []));
    return this;
  }
  setEncoding(): this {
    return this;
  }
  resume(): this {
    return this;
  }
  pause(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  read(): null {
    return null;
  }
}

export const stdioClasses = { StdioState, GuestOutput, GuestInput };
