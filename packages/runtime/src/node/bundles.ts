/**
 * The store of bundles, by content: `<home>/bundles/<sha256>.json`, shared by all nodes of a user on a machine. A node that lacks one
 * asks on the bus, `bundle.<name>`, whoever has it, piece by piece.
 * Keeps true: what is loaded has the hash it is named by, checked before it is parsed; a node's thread, by which it renews its lease, is not
 * held up by a large one: it reads it in pieces, and those who run it parse it.
 */

import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GodwitError } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Bus, Environment, Subscription } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { bundleSubject } from './control.js';
import { nodeLimits } from './limits.js';

/** The text of a bundle, in memory that threads share. */
export type BundleText = Uint8Array<SharedArrayBuffer>;

const hashOf = (text: Uint8Array) => createHash('sha256').update(text).digest('hex');
const namePattern = /^[0-9a-f]{64}$/;

export class BundleStore {
  readonly folder: string;
  readonly #loaded = new Map<string, BundleText>();
  readonly #offers = new Map<string, Subscription>();

  constructor(environment: Environment) {
    this.folder = join(environment.GODWIT_HOME || join(homedir(), '.godwit'), 'bundles');
  }

  /** Where the compiler may keep what it made. */
  get compileCache(): string {
    return join(this.folder, 'compiled');
  }

  /** Gives the name under which it can be loaded. */
  save(bundle: Bundle): string {
    return this.saveText(Buffer.from(JSON.stringify(bundle)));
  }

  /** The same, of a bundle's text. */
  saveText(text: Uint8Array): string {
    const name = hashOf(text);
    this.#write(name, text);
    return name;
  }

  /** @throws GODWIT_NO_BUNDLE when nobody has it */
  async load(name: string, bus: Bus): Promise<BundleText> {
    if (!namePattern.test(name)) throw noBundle(name, 'it is no name of a bundle');
    const known = this.#loaded.get(name);
    if (known) return known;
    let text = await this.#share(name);
    if (!text) {
      await this.#fetch(name, bus);
      text = await this.#share(name);
    }
    if (!text) throw noBundle(name, 'its file is damaged');
    this.#loaded.set(name, text);
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= nodeLimits.bundlesLoaded) break;
      this.#loaded.delete(oldest);
      this.#offers.get(oldest)?.stop();
      this.#offers.delete(oldest);
    }
    this.offer(name, bus);
    return text;
  }

  /** Answers others who ask for it. */
  offer(name: string, bus: Bus): void {
    if (this.#offers.has(name)) return;
    const answer = ({ payload, respond }: { payload: Uint8Array; respond: (bytes: Uint8Array) => void }) => {
      const { from } = decodeJson(payload, 'request for a bundle');
      if (typeof from !== 'number' || !existsSync(this.#fileOf(name))) return;
      const { size, piece } = pieceOf(this.#fileOf(name), from);
      respond(encodeJson({ size, piece: piece.toString('base64') }));
    };
    this.#offers.set(
      name,
      bus.subscribe(bundleSubject(name), (message) =>
        answer({ payload: message.payload, respond: (bytes) => message.respond(bytes) }),
      ),
    );
  }

  #fileOf(name: string): string {
    return join(this.folder, `${name}.json`);
  }

  /** Undefined when it is not here, or damaged: then it is fetched anew. */
  async #share(name: string): Promise<BundleText | undefined> {
    const file = this.#fileOf(name);
    const size = await stat(file).then(
      (found) => found.size,
      () => 0,
    );
    if (size === 0) return undefined;
    const text = new Uint8Array(new SharedArrayBuffer(size));
    const hash = createHash('sha256');
    let at = 0;
    for await (const piece of createReadStream(file, { highWaterMark: nodeLimits.bundleReadBytes, end: size - 1 })) {
      hash.update(piece);
      text.set(piece, at);
      at += piece.length;
    }
    return hash.digest('hex') === name ? text : undefined;
  }

  #write(name: string, text: Uint8Array): void {
    const file = this.#fileOf(name);
    if (existsSync(file) && hashOf(readFileSync(file)) === name) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  }

  async #fetch(name: string, bus: Bus): Promise<void> {
    const pieces: Buffer[] = [];
    for (let from = 0, size = 1; from < size; from += pieces.at(-1)!.length) {
      const request = bus.request(bundleSubject(name), encodeJson({ from }), nodeLimits.controlTimeoutMs);
      const answer = decodeJson(
        await request.catch((error: unknown) => Promise.reject(noBundle(name, 'no node has it', error))),
        'piece of a bundle',
      );
      size = Number(answer.size);
      const piece = Buffer.from(String(answer.piece), 'base64');
      if (!(size <= nodeLimits.bundleBytes) || piece.length === 0) throw noBundle(name, 'what came is malformed');
      pieces.push(piece);
    }
    const text = Buffer.concat(pieces);
    if (hashOf(text) !== name) throw noBundle(name, 'what came is not it');
    this.#write(name, text);
  }
}

/** A piece of a file; whoever asked for it checks the hash of the whole. */
function pieceOf(file: string, from: number): { size: number; piece: Buffer } {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const piece = Buffer.alloc(Math.max(0, Math.min(nodeLimits.controlPieceBytes, size - from)));
    return { size, piece: piece.subarray(0, readSync(fd, piece, 0, piece.length, from)) };
  } finally {
    closeSync(fd);
  }
}

function noBundle(name: string, state: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_NO_BUNDLE', `Cannot load the bundle "${name.slice(0, 64)}": ${state}`, { cause });
}
