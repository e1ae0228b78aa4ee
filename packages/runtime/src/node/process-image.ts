/**
 * A whole process as an image file: `meta` (JSON: settings, limits, number of its last output chunk), `bundle` (JSON, named by its hash in
 * the header) and `page/<n>`, the pages of its heap. Self-contained: nothing else is needed to run it again elsewhere.
 * Keeps true: everything is verified before it is parsed, and refused as a whole. It holds the environment of the process: keep it private.
 */

import { createHash } from 'node:crypto';
import { GodwitError } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import { checkCompatible, type ImageHeader, readImage, writeImage } from '@godwit/checkpoint/image';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { BundlePlaces, type Place } from '../guest/places.js';
import type { CaptureReport, ServiceCounts } from '../guest/protocol.js';
import { isPid, isSystemPid } from '../process/index.js';
import type { GuestMeta, HostedGuest } from './guests.js';

/** What travels in `meta`. */
export interface ImageMeta extends GuestMeta {
  readonly name: string;
  readonly lastSeq: number;
  readonly memoryBytes: number;
}

/** What the header says of the process beside what every header says. */
export interface ProcessSummary {
  readonly pid: number;
  readonly epoch: number;
  readonly objects: number;
  readonly heapBytes: number;
  readonly encodeMs: number;
  /** Innermost first. */
  readonly frames: readonly { name: string; place: Place | null }[];
  readonly types: readonly { name: string; objects: number; bytes: number }[];
  readonly services: ServiceCounts;
}

export interface ProcessImage {
  readonly header: ImageHeader;
  readonly meta: ImageMeta;
  /** The bundle's text, whose hash is its name. */
  readonly bundle: Uint8Array;
  readonly pages: Uint8Array[];
}

export interface ImageSource {
  readonly guest: HostedGuest;
  readonly name: string;
  readonly pages: readonly Uint8Array[];
  readonly report: CaptureReport;
  readonly nowMs: number;
}

/** @throws GODWIT_IMAGE_TOO_LARGE */
export function encodeProcessImage({ guest, name, pages, report, nowMs }: ImageSource): Promise<Uint8Array> {
  const { lastSeq, heapBytes } = report;
  const meta: ImageMeta = { ...guest.meta, name, lastSeq, memoryBytes: heapBytes };
  return writeImage(
    {
      requiredFeatures: ['heap-1', 'process-1'],
      nodeVersion: process.versions.node,
      v8Version: process.versions.v8,
      bundleHash: guest.meta.bundleName,
      createdAtMs: nowMs,
      guest: { name, argv: guest.meta.settings.argv.slice(1) },
      summary: { ...summaryOf(guest, report) },
    },
    [
      { name: 'meta', bytes: encodeJson(meta) },
      { name: 'bundle', bytes: Buffer.from(guest.bundle) },
      ...pages.map((bytes, index) => ({ name: `page/${index}`, bytes })),
    ],
  );
}

/** Verified, then parsed. @throws GODWIT_IMAGE_* with one line for a person */
export async function decodeProcessImage(
  bytes: Uint8Array,
  versions: { node: string } = process.versions,
): Promise<ProcessImage> {
  const { header, sections } = await readImage(bytes);
  checkCompatible(header, versions);
  const meta = sections.get('meta');
  const bundle = sections.get('bundle');
  if (!meta || !bundle) throw notProcess('it holds no process');
  if (createHash('sha256').update(bundle).digest('hex') !== header.bundleHash) throw notProcess('its code is not what it names');
  const pages = [...sections].filter(([name]) => name.startsWith('page/')).map(([, page]) => page);
  return { header, meta: parseMeta(meta, header.bundleHash), bundle, pages };
}

/** The summary of a header that decodeProcessImage took. */
export function processSummary(header: ImageHeader): ProcessSummary {
  return header.summary as unknown as ProcessSummary; // written by encodeProcessImage, sealed by the header's digest
}

function summaryOf({ pid, epoch, bundle }: HostedGuest, report: CaptureReport): ProcessSummary {
  const { objects, heapBytes, encodeMs, types, services } = report;
  const frames = placesOf(JSON.parse(Buffer.from(bundle).toString('utf8')) as Bundle, report).reverse();
  return { pid, epoch, objects, heapBytes, encodeMs, frames, types, services };
}

function placesOf(bundle: Bundle, { frames }: CaptureReport) {
  const places = new BundlePlaces(bundle);
  return frames.map((frame) => ({ name: frame.name, place: places.ofFrame(frame) ?? null }));
}

function parseMeta(bytes: Uint8Array, bundleHash: string): ImageMeta {
  const value = decodeJson(bytes, 'description of a process') as Partial<Record<keyof ImageMeta, unknown>>;
  const settings = value.settings as { pid?: unknown; argv?: unknown; env?: unknown; cwd?: unknown } | null | undefined;
  const good =
    value.bundleName === bundleHash &&
    typeof value.name === 'string' &&
    [value.lastSeq, value.memoryBytes].every((count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    typeof settings === 'object' &&
    isPid(settings?.pid) &&
    !isSystemPid(settings.pid) &&
    Array.isArray(settings.argv) &&
    typeof settings.env === 'object' &&
    typeof settings.cwd === 'string';
  if (!good) throw notProcess('its description is malformed');
  return value as unknown as ImageMeta; // what a restore decides by was looked at above
}

function notProcess(state: string): GodwitError {
  return new GodwitError('GODWIT_IMAGE_CORRUPT', `Cannot read image: ${state}`);
}
