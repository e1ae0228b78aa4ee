import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GodwitError } from '../../src/base/index.js';
import { encodeHeader, type ImageHeader } from '../../src/image/header.js';
import { checkCompatible, type ImageFields, readImage, readImageHeader, writeImage } from '../../src/image/index.js';
import { compress, decompress, loadZstdCodec } from '../../src/image/zstd.js';

const fields: ImageFields = {
  requiredFeatures: ['heap-1'],
  nodeVersion: '20.19.0',
  v8Version: '11.3.244.8-node.26',
  bundleHash: 'ab'.repeat(32),
  createdAtMs: 1_700_000_000_000,
  guest: { name: 'counter', argv: ['--from', '1'] },
};

/** Bytes that do not compress, from a fixed seed. */
function noise(length: number): Uint8Array {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 24;
  });
}

const text = new TextEncoder().encode('the quick brown godwit '.repeat(200));
const sections = [
  { name: 'meta', bytes: text },
  { name: 'empty', bytes: new Uint8Array(0) },
  { name: 'noise', bytes: noise(300) },
  { name: 'tail', bytes: text.slice(0, 500) },
];

async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof GodwitError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('writeImage() and readImage()', () => {
  it('give back header and sections, compressing what gains and storing what does not', async () => {
    const image = await writeImage(fields, sections);
    const { header, sections: read } = await readImage(image);
    expect([...read.keys()]).toStrictEqual(sections.map((section) => section.name));
    for (const { name, bytes } of sections) expect(Buffer.from(read.get(name)!).equals(bytes)).toBe(true);
    expect(header).toMatchObject(fields);
    expect(header.sections.map((entry) => entry.codec)).toStrictEqual(['zstd', 'store', 'store', 'zstd']);
    expect(header.sizes.rawBytes).toBe(text.length + 300 + 500);
    expect(image.length).toBeLessThan(header.sizes.rawBytes);
  });

  it('read the header alone, from bytes and from a file', async () => {
    const image = await writeImage(fields, sections);
    const folder = mkdtempSync(join(tmpdir(), 'godwit-image-'));
    try {
      const file = join(folder, 'guest.image');
      writeFileSync(file, image.subarray(0, image.length - header(image).sizes.storedBytes));
      expect(readImageHeader(file)).toStrictEqual(header(image));
      writeFileSync(file, image.subarray(0, 30));
      expect(await codeOf(() => readImageHeader(file))).toBe('GODWIT_IMAGE_TRUNCATED');
      writeFileSync(file, 'hello, world');
      expect(await codeOf(() => readImageHeader(file))).toBe('GODWIT_IMAGE_MAGIC');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuse every image with one flipped bit, wherever it is', async () => {
    const image = await writeImage(fields, sections);
    const codes = new Set<string>();
    for (let at = 0; at < image.length; at++) {
      const damaged = Uint8Array.from(image);
      damaged[at]! ^= 1 << (at & 7);
      const code = await codeOf(() => readImage(damaged));
      expect(code, `bit ${at & 7} of byte ${at}`).toMatch(/^GODWIT_IMAGE_(MAGIC|VERSION|CORRUPT|TRUNCATED)$/);
      codes.add(code);
    }
    expect(codes).toContain('GODWIT_IMAGE_MAGIC');
    expect(codes).toContain('GODWIT_IMAGE_VERSION');
    expect(codes).toContain('GODWIT_IMAGE_CORRUPT');
  });

  it('refuse every image that is cut short, and one that is too long', async () => {
    const image = await writeImage(fields, sections);
    for (let length = 0; length < image.length; length++) {
      expect(await codeOf(() => readImage(image.subarray(0, length))), `${length} bytes`).toBe('GODWIT_IMAGE_TRUNCATED');
    }
    expect(await codeOf(() => readImage(Buffer.concat([image, Buffer.from([0])])))).toBe('GODWIT_IMAGE_CORRUPT');
  });

  it('name the damaged section', async () => {
    const image = await writeImage(fields, sections);
    const damaged = Uint8Array.from(image);
    damaged[image.length - 1]! ^= 1;
    await expect(readImage(damaged)).rejects.toThrow('Cannot read image section "tail": its checksum does not match');
  });

  it('refuse a required feature this version does not know, but still show the header', async () => {
    const image = await writeImage({ ...fields, requiredFeatures: ['heap-1', 'time-travel'] }, sections);
    expect(readImageHeader(image).requiredFeatures).toContain('time-travel');
    await expect(readImage(image)).rejects.toThrow('it requires "time-travel"');
    expect(await codeOf(() => checkCompatible(header(image), { node: '20.20.0' }))).toBe('GODWIT_IMAGE_FEATURE');
  });

  it('refuse a header that is sealed but lacks a field', async () => {
    const bare = encodeHeader({ formatVersion: 3, sections: [] } as unknown as ImageHeader);
    expect(await codeOf(() => readImage(bare))).toBe('GODWIT_IMAGE_CORRUPT');
  });

  it('refuse two sections of one name', async () => {
    expect(await codeOf(() => writeImage(fields, [sections[0]!, sections[0]!]))).toBe('GODWIT_IMAGE_SECTION');
  });
});

describe('checkCompatible()', () => {
  it('accepts the same Node major and refuses another', async () => {
    const image = header(await writeImage(fields, []));
    expect(() => checkCompatible(image, { node: '20.20.2' })).not.toThrow();
    expect(() => checkCompatible(image, { node: '22.1.0' })).toThrow('it needs Node 20, this is Node 22.1.0');
  });
});

describe('compress() and decompress()', () => {
  it('carry more than one chunk, and the WebAssembly codec reads their frames', async () => {
    const raw = new Uint8Array(2_500_000).map((_, i) => (i * 7 + (i >> 9)) & 63);
    const packed = (await compress(raw))!;
    expect(Buffer.from(await decompress(packed, raw.length)).equals(raw)).toBe(true);
    const codec = await loadZstdCodec();
    const frame = packed.subarray(8, 8 + Buffer.from(packed).readUInt32BE(4));
    expect(Buffer.from((await codec.decompress(frame, 1 << 20))!).equals(raw.subarray(0, 1 << 20))).toBe(true);
    const theirs = await codec.compress(raw.subarray(0, 1000));
    const head = Buffer.alloc(8);
    head.writeUInt32BE(1000, 0);
    head.writeUInt32BE(theirs.length, 4);
    expect(Buffer.from(await decompress(Buffer.concat([head, theirs]), 1000)).equals(raw.subarray(0, 1000))).toBe(true);
  });

  it('refuse chunks whose lengths do not add up', async () => {
    const packed = (await compress(text))!;
    expect(await codeOf(() => decompress(packed, text.length - 1))).toBe('GODWIT_IMAGE_CORRUPT');
    expect(await codeOf(() => decompress(packed, text.length + 1))).toBe('GODWIT_IMAGE_CORRUPT');
    expect(await codeOf(() => decompress(packed.subarray(0, packed.length - 3), text.length))).toBe('GODWIT_IMAGE_CORRUPT');
  });
});

function header(image: Uint8Array): ImageHeader {
  return readImageHeader(image);
}
