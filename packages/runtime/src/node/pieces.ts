/**
 * Bytes handed from one member of the cluster to another over the bus, piece by piece, named by their SHA-256: an image on its way from a
 * node to a command or back. One who offers answers `bytes.<sha256>`; one who wants asks for each piece in turn.
 * Keeps true: what fetchBytes gives has the hash it was asked by. Offers are bounded in number and time. Not for moves: those have links.
 */

import { createHash } from 'node:crypto';
import { GodwitError, type Host, type TimerHandle } from '@godwit/checkpoint/base';
import type { Bus, Subscription } from '../cluster/index.js';
import { nodeLimits } from './limits.js';

/** Where bytes can be fetched. */
export interface OfferedBytes {
  readonly name: string;
  readonly size: number;
}

const subjectOf = (name: string) => `bytes.${name}`;
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const namePattern = /^[0-9a-f]{64}$/;

/** What one member offers. An offer ends when nobody asked for a piece for some time, or with stop(). */
export class Offers {
  readonly #offers = new Map<string, { subscription: Subscription; timer: TimerHandle }>();

  constructor(
    private readonly bus: Bus,
    private readonly host: Host,
  ) {}

  /** @throws GODWIT_BUSY when too much is on offer already */
  offer(bytes: Uint8Array): OfferedBytes {
    const name = hashOf(bytes);
    const offered = { name, size: bytes.byteLength };
    if (this.#offers.has(name)) return offered;
    if (this.#offers.size >= nodeLimits.imagesOffered)
      throw new GodwitError('GODWIT_BUSY', 'Cannot hand over an image: too many are on their way, try again later');
    const subscription = this.bus.subscribe(subjectOf(name), (message) => {
      const at = Buffer.from(message.payload);
      if (at.length !== 6) return;
      this.#renew(name);
      const from = at.readUIntBE(0, 6);
      message.respond(bytes.subarray(from, from + nodeLimits.imagePieceBytes));
    });
    this.#offers.set(name, { subscription, timer: this.#expire(name) });
    return offered;
  }

  stop(name: string): void {
    const offer = this.#offers.get(name);
    offer?.timer.cancel();
    offer?.subscription.stop();
    this.#offers.delete(name);
  }

  #renew(name: string): void {
    const offer = this.#offers.get(name);
    if (!offer) return;
    offer.timer.cancel();
    offer.timer = this.#expire(name);
  }

  #expire(name: string): TimerHandle {
    return this.host.after(nodeLimits.imageSilenceMs, () => this.stop(name));
  }
}

/** @throws GODWIT_NO_RESPONDERS, GODWIT_TIMEOUT, GODWIT_PROTOCOL when what came is not what was asked for */
export async function fetchBytes(bus: Bus, { name, size }: OfferedBytes): Promise<Uint8Array> {
  if (!namePattern.test(name) || !(size >= 0 && size <= nodeLimits.imageBytes)) throw malformed();
  const bytes = Buffer.alloc(size);
  for (let from = 0; from < size; ) {
    const at = Buffer.alloc(6);
    at.writeUIntBE(from, 0, 6);
    const piece = await bus.request(subjectOf(name), at, nodeLimits.controlTimeoutMs);
    if (piece.byteLength === 0 || from + piece.byteLength > size) throw malformed();
    bytes.set(piece, from);
    from += piece.byteLength;
  }
  if (hashOf(bytes) !== name) throw malformed();
  return bytes;
}

function malformed(): GodwitError {
  return new GodwitError('GODWIT_PROTOCOL', 'Cannot take over an image: what came is not what was offered');
}
