/**
 * The page channel of one move: stays the same while links come and go under it.
 * Keeps true: a message that arrives before its handler is set waits, within the link's credit window.
 * Not a protocol: what page messages mean is between the two drivers.
 */

import { GodwitError } from '@godwit/checkpoint/base';
import type { PageChannel } from './driver.js';
import type { Link } from './link.js';

export const controlChannel = 0;
export const pageChannelNumber = 1;

export class MovePages implements PageChannel {
  #link: Link | undefined;
  #handler: ((bytes: Uint8Array) => void | Promise<void>) | undefined;
  #waiting: (() => void)[] = [];
  #onLink: ((state: 'lost' | 'restored') => void) | undefined;

  /** `onTraffic` hears of every message either way. */
  constructor(private readonly onTraffic: () => void) {}

  async send(bytes: Uint8Array): Promise<void> {
    const link = this.#link;
    if (!link) throw new GodwitError('GODWIT_LINK_LOST', 'Cannot send pages: there is no link at the moment');
    this.onTraffic();
    await link.send(pageChannelNumber, bytes);
  }

  onMessage(handler: (bytes: Uint8Array) => void | Promise<void>): void {
    this.#handler = handler;
    for (const resume of this.#waiting.splice(0)) resume();
  }

  onLink(handler: (state: 'lost' | 'restored') => void): void {
    this.#onLink = handler;
  }

  /** The link now in use. */
  attach(link: Link): void {
    const isFirst = this.#link === undefined && this.#onLink === undefined;
    this.#link = link;
    link.onMessage(pageChannelNumber, async (bytes) => {
      if (!this.#handler) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.onTraffic();
      await this.#handler?.(bytes);
    });
    if (!isFirst) this.#onLink?.('restored');
  }

  /** That link is gone. */
  detach(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#onLink?.('lost');
  }
}
