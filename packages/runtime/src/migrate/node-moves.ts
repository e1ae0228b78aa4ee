/**
 * All moves of one node, out and in: the daemon makes one, gives it a driver, tells it when another node is lost.
 * Keeps true: one move of a guest at a time; each try has a number of its own within its epoch; an arrival stays known for
 * a while after its end, so that a source that missed the last word can ask again.
 */

import { assert, GodwitError, type Host, messageOf } from '@godwit/checkpoint/base';
import { migrateLimits } from '../limits.js';
import type { Locations } from '../process/locations.js';
import { Arrival } from './arrival.js';
import { Departure } from './departure.js';
import type { MigrationDriver } from './driver.js';
import type { Link } from './link.js';
import { type MoveNeeds, type MoveRef, moveName, type SourceMessage } from './messages.js';
import { controlChannel } from './pages.js';
import type { MoveOutcome } from './source.js';
import { dialLink, type LinkAddress, type LinkListener, listenForLinks } from './transport.js';
import { decodeControl, encodeControl } from './wire.js';

export interface NodeMovesOptions {
  readonly host: Host;
  readonly node: number;
  /** ClusterSettings.secret. */
  readonly secret: string;
  readonly driver: MigrationDriver;
  readonly locations: Locations;
  readonly listen?: { address?: string; port?: number };
}

export interface MoveRequest {
  readonly pid: number;
  /** The epoch under which this node owns the guest. */
  readonly epoch: number;
  readonly toNode: number;
  readonly to: LinkAddress;
  readonly needs: MoveNeeds;
}

/** A move under way. */
export interface MoveHandle {
  readonly move: MoveRef;
  /** Resolves when it is known whose the guest is; the drain may go on. */
  readonly decided: Promise<'moved' | MoveOutcome>;
  /** Resolves when the source is rid of it. */
  readonly outcome: Promise<MoveOutcome>;
  /** Calls it off if it was not committed yet. */
  abort(reason: string): void;
}

export class NodeMoves {
  readonly #departures = new Map<number, { move: MoveRef; departure: Departure }>();
  /** By move name, oldest first. */
  readonly #arrivals = new Map<string, Arrival>();
  /** The last attempt of each guest, under the epoch it was made. */
  readonly #attempts = new Map<number, { epoch: number; attempt: number }>();
  #listener: LinkListener | undefined;
  #isOver = false;

  private constructor(private readonly options: NodeMovesOptions) {}

  /** Begins to listen for arrivals. */
  static async start(options: NodeMovesOptions): Promise<NodeMoves> {
    const moves = new NodeMoves(options);
    moves.#listener = await listenForLinks(options, (link) => moves.#accept(link), options.listen);
    return moves;
  }

  /** Where other nodes reach this one; belongs into its NodeInfo. */
  get address(): LinkAddress {
    assert(this.#listener, 'a started NodeMoves listens');
    return { address: this.#listener.address, port: this.#listener.port };
  }

  /** Begins to move a guest away. @throws GODWIT_MOVING when it is being moved already */
  moveOut(request: MoveRequest): MoveHandle {
    const { pid, epoch, toNode } = request;
    const { host, driver, locations, node } = this.options;
    if (this.#departures.has(pid))
      throw new GodwitError('GODWIT_MOVING', `Cannot move process ${pid}: it is being moved already`, { fields: { pid } });
    const last = this.#attempts.get(pid);
    const attempt = last?.epoch === epoch ? last.attempt + 1 : 1;
    this.#attempts.set(pid, { epoch, attempt });
    const move: MoveRef = { pid, epoch, attempt, fromNode: node, toNode };
    const dial = () => dialLink(this.options, toNode, request.to);
    const departure = new Departure(move, { host, driver, locations, dial, isOver: () => this.#isOver });
    this.#departures.set(pid, { move, departure });
    const outcome = departure.outcome.then((result) => {
      this.#departures.delete(pid);
      if (result.kind !== 'kept') this.#attempts.delete(pid);
      return result;
    });
    departure.begin(request.needs);
    return { move, decided: departure.decided, outcome, abort: (reason) => departure.handle({ type: 'abort', reason }) };
  }

  /** The guest ended here, or is forgotten: its count of attempts goes too. */
  forget(pid: number): void {
    this.#attempts.delete(pid);
  }

  /** A node was declared lost (membership `lost`). */
  nodeLost(node: number): void {
    for (const { move, departure } of [...this.#departures.values()])
      if (move.toNode === node) departure.handle({ type: 'targetLost' });
    for (const arrival of [...this.#arrivals.values()])
      if (arrival.move.fromNode === node) arrival.handle({ type: 'sourceLost' });
  }

  /** Guests that are being moved away, or run elsewhere and need this node for the rest of them. */
  get departing(): MoveRef[] {
    return [...this.#departures.values()].map(({ move }) => move);
  }

  /** How many guests are on their way here and not settled. */
  get arriving(): number {
    return [...this.#arrivals.values()].filter((arrival) => !arrival.isDone).length;
  }

  /** Stops at once, deciding nothing more: for a node that ends or was fenced. Others find out from the location table. */
  async stop(): Promise<void> {
    this.#isOver = true;
    for (const { departure } of this.#departures.values()) departure.stop();
    for (const arrival of this.#arrivals.values()) arrival.stop();
    await this.#listener?.close();
  }

  #accept(link: Link): void {
    let current: Arrival | undefined;
    link.onSection((section) => {
      if (current) current.section(section);
      else link.close();
    });
    link.onMessage(controlChannel, (bytes) => {
      try {
        const { move, message } = decodeControl(bytes);
        current = this.#arrivalFor(link, move, message as SourceMessage);
        if (message.type !== 'offer') current?.hear(message as Exclude<SourceMessage, { type: 'offer' }>);
      } catch (error) {
        this.options.host.log('warn', 'move: a link said what it should not', { node: link.peerNode, reason: messageOf(error) });
        link.close();
      }
    });
  }

  /** The arrival a message is for; an OFFER of a new move makes one. */
  #arrivalFor(link: Link, move: MoveRef, message: SourceMessage): Arrival | undefined {
    const known = this.#arrivals.get(moveName(move));
    // Only the source itself may speak for a move, and only about moves to this node.
    const isRight = move.fromNode === link.peerNode && move.toNode === this.options.node;
    if (!isRight && message.type === 'offer') refuse(link, move, 'wrong-node', `this is node ${this.options.node}`);
    if (!isRight) return undefined;
    if (known) known.attach(link);
    if (known || message.type !== 'offer') return known;
    if (this.arriving >= migrateLimits.maxArrivals) {
      refuse(link, move, 'busy', 'as many guests are arriving as may at once');
      return undefined;
    }
    const { host, driver, locations } = this.options;
    const arrival = new Arrival(move, { host, driver, locations, isOver: () => this.#isOver });
    this.#arrivals.set(moveName(move), arrival);
    this.#forgetOldArrivals();
    arrival.begin(link, message.needs);
    return arrival;
  }

  #forgetOldArrivals(): void {
    for (const [name, arrival] of this.#arrivals) {
      if (this.#arrivals.size <= migrateLimits.rememberedArrivals) return;
      if (arrival.isDone) this.#arrivals.delete(name);
    }
  }
}

function refuse(link: Link, move: MoveRef, reason: 'wrong-node' | 'busy', detail: string): void {
  const message = { type: 'refuse', reason, detail } as const;
  // If the link is gone the source has its answer.
  link.send(controlChannel, encodeControl({ move, message })).catch(() => link.close());
}
