/**
 * The header of an image file: everything a person or a node wants to know before touching the payload.
 *
 *   0        magic           "GODWIT" 00
 *   7        format version  03
 *   8        header length   u32, big endian
 *   12       header          JSON (ImageHeader), UTF-8
 *   12+n     header digest   SHA-256 of all bytes before it
 *   44+n     sections        stored bytes, one after another, in the order of header.sections; nothing after the last
 *
 * What it keeps true: nothing is parsed before its digest was verified; every later byte is covered by a digest in the header.
 * A change of layout raises the version byte; a change that old readers must not ignore adds a required feature.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';

export const formatVersion = 3;
/** Features this reader knows; an image that requires any other is refused. heap-1: pages of the codec; process-1: a whole process with its bundle. */
export const knownFeatures: readonly string[] = ['heap-1', 'process-1'];

export type SectionCodec = 'zstd' | 'store';

/** One section as the header lists it. Lengths in bytes, digest of the stored bytes. */
export interface SectionEntry {
  readonly name: string;
  readonly rawLength: number;
  readonly storedLength: number;
  readonly codec: SectionCodec;
  readonly sha256: string;
}

/** What the writer of an image states about it. */
export interface ImageFields {
  readonly requiredFeatures: readonly string[];
  readonly nodeVersion: string;
  readonly v8Version: string;
  readonly bundleHash: string;
  /** Wall clock, milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly guest: { readonly name: string; readonly argv: readonly string[] };
  /** Anything else worth showing without the payload: heap statistics, PID, epoch … */
  readonly summary?: Readonly<Record<string, unknown>>;
}

export interface ImageHeader extends ImageFields {
  readonly formatVersion: number;
  readonly sizes: { readonly rawBytes: number; readonly storedBytes: number };
  readonly sections: readonly SectionEntry[];
}

const magic = Buffer.from('GODWIT\0', 'latin1');
const prefixBytes = magic.length + 1 + 4;
const digestBytes = 32;

/** Magic, version, length, JSON and digest as they stand at the start of a file. */
export function encodeHeader(header: ImageHeader): Uint8Array {
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  if (json.length > limits.imageHeaderBytes) {
    throw new GodwitError('GODWIT_IMAGE_TOO_LARGE', `Cannot write image: its header has ${json.length} bytes`);
  }
  const prefix = Buffer.alloc(prefixBytes);
  magic.copy(prefix);
  prefix[magic.length] = formatVersion;
  prefix.writeUInt32BE(json.length, magic.length + 1);
  const digest = createHash('sha256').update(prefix).update(json).digest();
  return Buffer.concat([prefix, json, digest]);
}

/**
 * The verified header of an image, given its bytes (or at least its start) or a file's path; the payload is not read.
 * Throws GODWIT_IMAGE_MAGIC, GODWIT_IMAGE_VERSION, GODWIT_IMAGE_TRUNCATED, GODWIT_IMAGE_CORRUPT.
 */
export function readImageHeader(source: Uint8Array | string): ImageHeader {
  return typeof source === 'string' ? headerOfFile(source).header : decodeHeader(source).header;
}

/** The header and where the first section starts. */
export function decodeHeader(bytes: Uint8Array): { header: ImageHeader; payloadAt: number } {
  const length = headerLength(bytes);
  const payloadAt = prefixBytes + length + digestBytes;
  if (bytes.length < payloadAt) truncated(bytes.length, payloadAt);
  const covered = bytes.subarray(0, prefixBytes + length);
  const digest = createHash('sha256').update(covered).digest();
  if (!digest.equals(bytes.subarray(prefixBytes + length, payloadAt))) {
    throw new GodwitError('GODWIT_IMAGE_CORRUPT', 'Cannot read image header: its checksum does not match');
  }
  const header: unknown = JSON.parse(Buffer.from(covered.subarray(prefixBytes)).toString('utf8'));
  if (!isHeader(header))
    throw new GodwitError('GODWIT_IMAGE_CORRUPT', 'Cannot read image header: fields are missing or of the wrong type');
  return { header, payloadAt };
}

function headerOfFile(path: string): { header: ImageHeader; payloadAt: number } {
  const file = openSync(path, 'r');
  try {
    const prefix = readUpTo(file, 0, prefixBytes);
    return decodeHeader(readUpTo(file, 0, prefixBytes + headerLength(prefix) + digestBytes));
  } finally {
    closeSync(file);
  }
}

function readUpTo(file: number, position: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const got = readSync(file, bytes, filled, length - filled, position + filled);
    if (got === 0) break;
    filled += got;
  }
  return bytes.subarray(0, filled);
}

function headerLength(bytes: Uint8Array): number {
  if (!magic.equals(bytes.subarray(0, magic.length))) {
    // A prefix of the magic is a file cut short, anything else is not ours.
    if (bytes.length < magic.length && magic.subarray(0, bytes.length).equals(bytes)) truncated(bytes.length, prefixBytes);
    throw new GodwitError('GODWIT_IMAGE_MAGIC', 'Cannot read image: this is not a Godwit image');
  }
  if (bytes.length < prefixBytes) truncated(bytes.length, prefixBytes);
  const version = bytes[magic.length]!;
  if (version !== formatVersion) {
    throw new GodwitError(
      'GODWIT_IMAGE_VERSION',
      `Cannot read image: format version ${version}, this Godwit reads ${formatVersion}`,
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(magic.length + 1);
  if (length > limits.imageHeaderBytes) {
    throw new GodwitError('GODWIT_IMAGE_CORRUPT', `Cannot read image header: impossible length ${length}`);
  }
  return length;
}

function truncated(have: number, need: number): never {
  throw new GodwitError(
    'GODWIT_IMAGE_TRUNCATED',
    `Cannot read image: it ends after ${have} bytes, at least ${need} were expected`,
  );
}

function isHeader(value: unknown): value is ImageHeader {
  const h = value as Partial<Record<keyof ImageHeader, unknown>> | null;
  if (typeof h !== 'object' || h === null || h.formatVersion !== formatVersion) return false;
  const guest = h.guest as { name?: unknown; argv?: unknown } | undefined;
  return (
    isTexts(h.requiredFeatures) &&
    typeof h.nodeVersion === 'string' &&
    typeof h.v8Version === 'string' &&
    typeof h.bundleHash === 'string' &&
    typeof h.createdAtMs === 'number' &&
    typeof guest?.name === 'string' &&
    isTexts(guest.argv) &&
    Array.isArray(h.sections) &&
    h.sections.every(isSection)
  );
}

function isSection(value: unknown): value is SectionEntry {
  const s = value as Partial<Record<keyof SectionEntry, unknown>> | null;
  return (
    typeof s === 'object' &&
    s !== null &&
    typeof s.name === 'string' &&
    isLength(s.rawLength) &&
    isLength(s.storedLength) &&
    (s.codec === 'zstd' || (s.codec === 'store' && s.rawLength === s.storedLength)) &&
    typeof s.sha256 === 'string'
  );
}

const isLength = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every((item) => typeof item === 'string');
