/**
 * Zstandard, level 1, by node:zlib where this Node has it and zstd-codec elsewhere; either reads what the other wrote.
 * Content is cut into chunks of at most 1 MiB, because zstd-codec works in a fixed 16 MB heap.
 *
 *   chunk    raw length u32, stored length u32 (big endian), one zstd frame
 *
 * zstd-codec gives null or nothing for damaged input and reports no error: lengths are checked here, digests by the caller.
 */
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';

interface Zstd {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  decompress(bytes: Uint8Array, rawLength: number): Promise<Uint8Array | null>;
}

const chunkHeadBytes = 8;
const level = 1;

let loading: Promise<Zstd> | undefined;

/** Compressed chunks, or undefined when the content gains too little to be worth decompressing. */
export async function compress(raw: Uint8Array): Promise<Uint8Array | undefined> {
  if (raw.length === 0) return undefined;
  const zstd = await (loading ??= loadZstd());
  const pieces: Uint8Array[] = [];
  let stored = 0;
  for (let at = 0; at < raw.length; at += limits.imageChunkBytes) {
    const chunk = raw.subarray(at, at + limits.imageChunkBytes);
    const frame = await zstd.compress(chunk);
    const head = Buffer.alloc(chunkHeadBytes);
    head.writeUInt32BE(chunk.length, 0);
    head.writeUInt32BE(frame.length, 4);
    pieces.push(head, frame);
    stored += chunkHeadBytes + frame.length;
    // The first chunk is the probe: float arrays and pictures are given up after it.
    if (stored > (at + chunk.length) * limits.imageWorthRatio) return undefined;
  }
  return Buffer.concat(pieces, stored);
}

/** The inverse. Throws GODWIT_IMAGE_CORRUPT when lengths do not add up to `rawLength`. */
export async function decompress(stored: Uint8Array, rawLength: number): Promise<Uint8Array> {
  const zstd = await (loading ??= loadZstd());
  const raw = new Uint8Array(rawLength);
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  let at = 0;
  let filled = 0;
  while (at < stored.length) {
    if (at + chunkHeadBytes > stored.length) corrupt('a chunk is cut short');
    const chunkLength = view.getUint32(at);
    const frameLength = view.getUint32(at + 4);
    at += chunkHeadBytes;
    if (chunkLength === 0 || chunkLength > limits.imageChunkBytes || filled + chunkLength > rawLength)
      corrupt('impossible chunk length');
    if (at + frameLength > stored.length) corrupt('a chunk is cut short');
    const chunk = await zstd.decompress(stored.subarray(at, at + frameLength), chunkLength).catch(() => null);
    if (chunk === null || chunk.length !== chunkLength) corrupt('a chunk does not decompress');
    raw.set(chunk, filled);
    filled += chunkLength;
    at += frameLength;
  }
  if (filled !== rawLength) corrupt(`${filled} bytes where ${rawLength} were expected`);
  return raw;
}

function corrupt(what: string): never {
  throw new GodwitError('GODWIT_IMAGE_CORRUPT', `Cannot read image section: ${what}`);
}

// Node's own zstd arrived in 22.15; the types here are those of 20.
interface ZlibWithZstd {
  zstdCompress?: (bytes: Uint8Array, options: object, done: (error: Error | null, result: Buffer) => void) => void;
  zstdDecompress?: (bytes: Uint8Array, options: object, done: (error: Error | null, result: Buffer) => void) => void;
  constants: { ZSTD_c_compressionLevel?: number };
}

async function loadZstd(): Promise<Zstd> {
  const { zstdCompress, zstdDecompress, constants } = zlib as unknown as ZlibWithZstd;
  if (zstdCompress && zstdDecompress) {
    const params = { [constants.ZSTD_c_compressionLevel!]: level };
    const compressing = promisify(zstdCompress);
    const decompressing = promisify(zstdDecompress);
    return {
      // With the size in the frame's header: zstd-codec reads no other frames.
      compress: (bytes) => compressing(bytes, { params, pledgedSrcSize: bytes.length }),
      decompress: (bytes, rawLength) => decompressing(bytes, { maxOutputLength: rawLength }),
    };
  }
  return loadZstdCodec();
}

interface ZstdCodecModule {
  ZstdCodec: { run(ready: (codec: { Simple: new () => ZstdSimple }) => void): void };
}
interface ZstdSimple {
  compress(bytes: Uint8Array, level: number): Uint8Array | null;
  decompress(bytes: Uint8Array): Uint8Array | null;
}

/** The WebAssembly codec, also used by tests to prove that both read each other's output. */
export async function loadZstdCodec(): Promise<Zstd> {
  // The package has no types.
  const module = createRequire(import.meta.url)('zstd-codec') as ZstdCodecModule;
  const simple = await new Promise<ZstdSimple>((ready) => {
    module.ZstdCodec.run((codec) => ready(new codec.Simple()));
  });
  return {
    async compress(bytes) {
      const frame = simple.compress(bytes, level);
      if (frame === null) throw new GodwitError('GODWIT_IMAGE_TOO_LARGE', `Cannot compress image chunk: ${bytes.length} bytes`);
      return frame;
    },
    decompress: async (bytes) => simple.decompress(bytes),
  };
}
