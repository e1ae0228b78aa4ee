/**
 * Image files: a guest as data. The header (see header.ts) lists sections by name; each is compressed if that is worth it, and has a
 * SHA-256 of its stored bytes.
 * What it keeps true: everything is verified (length, digest, raw length) before a caller sees a byte of any section.
 * It does not know what sections mean. Pages hold no code: a frame is resumed from the bundle, which the header names by its hash.
 */
import { createHash } from 'node:crypto';
import { GodwitError } from '../base/index.js';
import { limits } from '../limits.js';
import {
  decodeHeader,
  encodeHeader,
  formatVersion,
  type ImageFields,
  type ImageHeader,
  knownFeatures,
  type SectionEntry,
} from './header.js';
import { compress, decompress } from './zstd.js';

/** A section to be written. Names are unique within an image. */
export interface Section {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The bytes of an image file.
 * Example: `await writeImage(fields, [{ name: 'heap/0', bytes: pages[0] }])`.
 */
export async function writeImage(fields: ImageFields, sections: readonly Section[]): Promise<Uint8Array> {
  const names = new Set(sections.map((section) => section.name));
  if (names.size !== sections.length)
    throw new GodwitError('GODWIT_IMAGE_SECTION', 'Cannot write image: two sections have the same name');
  const entries: SectionEntry[] = [];
  const stored: Uint8Array[] = [];
  let rawBytes = 0;
  let storedBytes = 0;
  for (const { name, bytes } of sections) {
    const packed = await compress(bytes);
    const content = packed ?? bytes;
    const codec = packed ? 'zstd' : 'store';
    entries.push({ name, rawLength: bytes.length, storedLength: content.length, codec, sha256: digestOf(content) });
    stored.push(content);
    rawBytes += bytes.length;
    storedBytes += content.length;
  }
  if (storedBytes > limits.imageBytes)
    throw new GodwitError('GODWIT_IMAGE_TOO_LARGE', `Cannot write image: it has ${storedBytes} bytes`);
  const header: ImageHeader = { ...fields, formatVersion, sizes: { rawBytes, storedBytes }, sections: entries };
  return Buffer.concat([encodeHeader(header), ...stored]);
}

/**
 * The verified content of an image. Throws what readImageHeader throws, GODWIT_IMAGE_FEATURE for an unknown required feature,
 * GODWIT_IMAGE_TRUNCATED or GODWIT_IMAGE_CORRUPT for a damaged payload.
 */
export async function readImage(bytes: Uint8Array): Promise<{ header: ImageHeader; sections: Map<string, Uint8Array> }> {
  const { header, payloadAt } = decodeHeader(bytes);
  checkFeatures(header);
  const stored = sliceSections(bytes, payloadAt, header.sections);
  for (const [i, entry] of header.sections.entries()) {
    if (digestOf(stored[i]!) !== entry.sha256) {
      throw new GodwitError('GODWIT_IMAGE_CORRUPT', `Cannot read image section "${entry.name}": its checksum does not match`, {
        fields: { section: entry.name },
      });
    }
  }
  const sections = new Map<string, Uint8Array>();
  for (const [i, entry] of header.sections.entries()) {
    sections.set(entry.name, entry.codec === 'store' ? stored[i]! : await decompress(stored[i]!, entry.rawLength));
  }
  return { header, sections };
}

/** Throws GODWIT_IMAGE_NODE unless `versions` (process.versions) can run the image, GODWIT_IMAGE_FEATURE for unknown features. */
export function checkCompatible(header: ImageHeader, versions: { readonly node: string }): void {
  checkFeatures(header);
  const wanted = majorOf(header.nodeVersion);
  if (majorOf(versions.node) !== wanted) {
    throw new GodwitError('GODWIT_IMAGE_NODE', `Cannot restore image: it needs Node ${wanted}, this is Node ${versions.node}`, {
      fields: { needs: header.nodeVersion, has: versions.node },
    });
  }
}

function checkFeatures(header: ImageHeader): void {
  for (const feature of header.requiredFeatures) {
    if (!knownFeatures.includes(feature)) {
      throw new GodwitError(
        'GODWIT_IMAGE_FEATURE',
        `Cannot read image: it requires "${feature}", which this Godwit does not know`,
        {
          fields: { feature },
        },
      );
    }
  }
}

function sliceSections(bytes: Uint8Array, payloadAt: number, entries: readonly SectionEntry[]): Uint8Array[] {
  let at = payloadAt;
  const slices = entries.map((entry) => {
    const slice = bytes.subarray(at, at + entry.storedLength);
    at += entry.storedLength;
    return slice;
  });
  if (bytes.length < at) {
    throw new GodwitError(
      'GODWIT_IMAGE_TRUNCATED',
      `Cannot read image: it ends after ${bytes.length} bytes, ${at} were expected`,
    );
  }
  if (bytes.length > at)
    throw new GodwitError('GODWIT_IMAGE_CORRUPT', `Cannot read image: ${bytes.length - at} bytes follow its end`);
  return slices;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const majorOf = (version: string): string => version.replace(/^v/, '').split('.')[0]!;
