/**
 * Descriptors 1 and 2 of a guest. For the system they are the node daemon's; what a guest writes to them with node:fs is its output like any
 * other, and closing them closes nothing.
 */
import fs from 'node:fs';
import { type GuestOutput, tellOutput } from '../services/stdio/stdio.js';
import { bringAll } from './child-processes.js';

// biome-ignore lint/suspicious/noExplicitAny: functions of Node's bindings, called with what Node gives them
type Native = (this: unknown, ...args: any[]) => unknown;
type Request = { oncomplete?: (error: null, result?: number) => void } | undefined;

const thread = process as NodeJS.Process & { binding(name: string): Record<string, Native> };
const bindingOf = thread.binding.bind(thread);
const { apply } = Reflect;
const { access } = fs;
const { from, concat } = Buffer;

/** By function of the binding: the bytes that its arguments behind the descriptor say, and where a request stands among them. */
const writers: Readonly<Record<string, { bytes: (...args: never[]) => Uint8Array; request: number }>> = {
  writeBuffer: {
    bytes: (data: ArrayBufferView, offset: number | null, length: number | null) => {
      const all = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const begin = offset ?? 0;
      return all.subarray(begin, begin + (length ?? all.byteLength - begin));
    },
    request: 5,
  },
  writeBuffers: {
    bytes: (list: ArrayBufferView[]) => concat(list.map((v) => new Uint8Array(v.buffer, v.byteOffset, v.byteLength))),
    request: 3,
  },
  writeString: {
    bytes: (text: string, _at: unknown, encoding: BufferEncoding | undefined) => from(text, encoding ?? 'utf8'),
    request: 4,
  },
  writeFileUtf8: { bytes: (text: string) => from(text), request: -1 },
};

const isOutput = (fd: unknown): fd is GuestOutput['fd'] => fd === 1 || fd === 2;

export function installDescriptors(): void {
  const binding = bindingOf('fs');
  for (const [name, { bytes, request }] of Object.entries(writers)) {
    const native = binding[name];
    if (!native) continue;
    binding[name] = function (this: unknown, fd: unknown, ...args: unknown[]) {
      if (!isOutput(fd)) return apply(native, this, [fd, ...args]);
      bringAll();
      const written = bytes(...(args as never[]));
      tellOutput(fd, written);
      return answered(args[request - 1] as Request, written.byteLength);
    };
  }
  const { close } = binding;
  binding.close = function (this: unknown, fd: unknown, ...rest: unknown[]) {
    return isOutput(fd) ? answered(rest[0] as Request) : apply(close!, this, [fd, ...rest]);
  };
}

/** As a native function answers: by its result, or by its request later. */
function answered(request: Request, ...result: [] | [number]): unknown {
  if (typeof request?.oncomplete !== 'function') return result[0];
  // A request of Node's own, so that the guest is seen to wait for it.
  access('/', () => request.oncomplete!(null, ...result));
  return undefined;
}
