/**
 * The store of bundles, by content: `<home>/bundles/<sha256>.json`, shared by all nodes of a user on a machine. A node that lacks one
 * asks on the bus, `bundle.<name>`, whoever has it, piece by piece.
 * Keeps true: what is loaded has the hash it is named by, checked before it is parsed.
 */

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { GodwitError } from '@godwit/checkpoint/base';
import type { Bundle } from '@godwit/checkpoint/compile';
import type { Bus, Environment, Subscription } from '../cluster/index.js';
import { decodeJson, encodeJson } from '../cluster/json.js';
import { bundleSubject } from './control.js';
import { nodeLimits } from './limits.js';

const hashOf = (text: Uint8Array) => createHash('sha256').update(text).digest('hex');
const namePattern = /^[0-9a-f]{64}$/;

export class BundleStore {
  readonly folder: string;
  readonly #loaded = new Map<string, Bundle>();
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

  /** The text of a bundle that was loaded. @throws GODWIT_NO_BUNDLE when it is damaged */
  textOf(name: string, bundle: Bundle): Uint8Array {
    const text = this.#read(name) ?? Buffer.from(JSON.stringify(bundle));
    if (hashOf(text) !== name) throw noBundle(name, 'its file is damaged');
    return text;
  }

  /** @throws GODWIT_NO_BUNDLE when nobody has it */
  async load(name: string, bus: Bus): Promise<Bundle> {
    if (!namePattern.test(name)) throw noBundle(name, 'it is no name of a bundle');
    const known = this.#loaded.get(name);
    if (known) return known;
    const text = this.#read(name) ?? (await this.#fetch(name, bus));
    const bundle = JSON.parse(text.toString('utf8')) as Bundle; // its hash says that it is what a compiler wrote
    this.#loaded.set(name, bundle);
    for (const oldest of this.#loaded.keys()) {
      if (this.#loaded.size <= nodeLimits.bundlesLoaded) break;
      this.#loaded.delete(oldest);
      this.#offers.get(oldest)?.stop();
      this.#offers.delete(oldest);
    }
    this.offer(name, bus);
    return bundle;
  }

  /** Answers others who ask for it. */
  offer(name: string, bus: Bus): void {
    if (this.#offers.has(name)) return;
    const answer = ({ payload, respond }: { payload: Uint8Array; respond: (bytes: Uint8Array) => void }) => {
      const { from } = decodeJson(payload, 'request for a bundle');
      const text = this.#read(name);
      if (!text || typeof from !== 'number') return;
      respond(
        encodeJson({ size: text.length, piece: text.subarray(from, from + nodeLimits.controlPieceBytes).toString('base64') }),
      );
    };
    this.#offers.set(
      name,
      bus.subscribe(bundleSubject(name), (message) =>
        answer({ payload: message.payload, respond: (bytes) => message.respond(bytes) }),
      ),
    );
  }

  #read(name: string): Buffer | undefined {
    const file = join(this.folder, `${name}.json`);
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file);
    return hashOf(text) === name ? text : undefined; // damaged: fetched anew
  }

  #write(name: string, text: Uint8Array): void {
    const file = join(this.folder, `${name}.json`);
    if (this.#read(name)) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, text, { mode: 0o600 });
    renameSync(draft, file);
  }

  async #fetch(name: string, bus: Bus): Promise<Buffer> {
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
    return text;
  }
}

function noBundle(name: string, state: string, cause?: unknown): GodwitError {
  return new GodwitError('GODWIT_NO_BUNDLE', `Cannot load the bundle "${name.slice(0, 64)}": ${state}`, { cause });
}
